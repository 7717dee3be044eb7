//! The `source` element of a disk, a file system or a NIC as one line. Each type has attributes of its own.

use super::elements::{attribute, child, elements, first_attribute};
use roxmltree::Node;

/// What a disk or a file system is stored in; `kind`: its `@type`. `None`: an empty drive, or a type that has no source.
pub(super) fn of_disk(kind: &str, source: Node<'_, '_>) -> Option<String> {
    let known = match kind {
        "network" => network(source),
        "volume" => volume(source),
        "nvme" => nvme(source),
        "vhostuser" => attribute(source, "path"),
        "ram" => attribute(source, "usage").map(|usage| with_unit(usage, source)),
        _ => None,
    };
    known.or_else(|| first_attribute(source, &["file", "dev", "dir", "name", "volume", "path"]))
}

/// What a NIC is connected to; `kind`: its `@type`. `None`: a type that has no source.
pub(super) fn of_nic(kind: &str, source: Node<'_, '_>) -> Option<String> {
    let known = match kind {
        // The NIC of a running domain in a network has the bridge of that network too. Operators know it by the network.
        "network" => attribute(source, "network"),
        "hostdev" => child(source, "address").and_then(pci_address),
        "mcast" | "server" | "client" | "udp" => socket_address(source),
        "vhostuser" => attribute(source, "path"),
        "vds" => first_attribute(source, &["portgroupid", "switchid"]),
        _ => None,
    };
    known.or_else(|| first_attribute(source, &["bridge", "network", "dev", "portgroup", "name", "path"]))
}

/// `PROTOCOL://HOST:PORT,HOST/NAME`; with a socket `PROTOCOL+unix:///NAME?socket=PATH`; without a host `PROTOCOL:NAME`.
fn network(source: Node<'_, '_>) -> Option<String> {
    let protocol = attribute(source, "protocol")?;
    let name = attribute(source, "name").unwrap_or_default();
    let path = name.trim_start_matches('/');
    let hosts = || elements(source).filter(|child| child.has_tag_name("host"));
    if let Some(socket) = hosts().find_map(|host| attribute(host, "socket")) {
        return Some(format!("{protocol}+unix:///{path}?socket={socket}"));
    }
    let hosts: Vec<String> = hosts().filter_map(host).collect();
    Some(match (hosts.is_empty(), path.is_empty()) {
        (true, _) => format!("{protocol}:{name}"),
        (false, true) => format!("{protocol}://{}", hosts.join(",")),
        (false, false) => format!("{protocol}://{}/{path}", hosts.join(",")),
    })
}

/// `HOST:PORT` of a `host` element.
fn host(host: Node<'_, '_>) -> Option<String> {
    let name = attribute(host, "name")?;
    Some(match attribute(host, "port") {
        Some(port) => format!("{}:{port}", in_brackets(name)),
        None => in_brackets(name),
    })
}

/// An IPv6 address in brackets, so that a port can follow; other names as they are.
fn in_brackets(name: String) -> String {
    if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name }
}

/// `POOL/VOLUME`.
fn volume(source: Node<'_, '_>) -> Option<String> {
    let volume = attribute(source, "volume")?;
    Some(match attribute(source, "pool") {
        Some(pool) => format!("{pool}/{volume}"),
        None => volume,
    })
}

/// The PCI address of an NVMe controller, and the namespace where it is not the first one.
fn nvme(source: Node<'_, '_>) -> Option<String> {
    let address = pci_address(child(source, "address")?)?;
    Some(match attribute(source, "namespace").filter(|namespace| namespace != "1") {
        Some(namespace) => format!("{address} namespace {namespace}"),
        None => address,
    })
}

/// `0000:01:00.0` of an `address` element.
fn pci_address(address: Node<'_, '_>) -> Option<String> {
    let number = |name| {
        let text = address.attribute(name)?.trim();
        match text.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    };
    let (bus, slot) = (number("bus")?, number("slot")?);
    let (domain, function) = (number("domain").unwrap_or(0), number("function").unwrap_or(0));
    Some(format!("{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"))
}

/// `ADDRESS:PORT`; a server that listens on all addresses has only the port.
fn socket_address(source: Node<'_, '_>) -> Option<String> {
    let address = attribute(source, "address").map(in_brackets);
    match (address, attribute(source, "port")) {
        (address, Some(port)) => Some(format!("{}:{port}", address.unwrap_or_default())),
        (address, None) => address,
    }
}

/// A size with the unit of its element.
fn with_unit(size: String, source: Node<'_, '_>) -> String {
    match attribute(source, "units") {
        Some(unit) => format!("{size} {unit}"),
        None => size,
    }
}

#[cfg(test)]
mod tests {
    use super::{of_disk, of_nic};
    use roxmltree::Document;

    fn disk(kind: &str, source: &str) -> Option<String> {
        of_disk(kind, Document::parse(source).unwrap().root_element())
    }

    fn nic(kind: &str, source: &str) -> Option<String> {
        of_nic(kind, Document::parse(source).unwrap().root_element())
    }

    #[test]
    fn every_type_of_disk() {
        for (kind, source, expected) in [
            ("file", "<source file='/srv/a.img' startupPolicy='optional'/>", "/srv/a.img"),
            ("block", "<source dev='/dev/sdb'/>", "/dev/sdb"),
            ("dir", "<source dir='/srv/floppy'/>", "/srv/floppy"),
            ("volume", "<source pool='ssd' volume='a.img' mode='host'/>", "ssd/a.img"),
            ("vhostvdpa", "<source dev='/dev/vhost-vdpa-0'/>", "/dev/vhost-vdpa-0"),
            (
                "vhostuser",
                "<source type='unix' path='/run/blk.sock'><reconnect enabled='yes'/></source>",
                "/run/blk.sock",
            ),
            (
                "nvme",
                "<source type='pci' managed='yes' namespace='1'>\
                 <address domain='0x0000' bus='0x0a' slot='0x1f' function='0x2'/></source>",
                "0000:0a:1f.2",
            ),
            (
                "nvme",
                "<source namespace='3'><address domain='0x10' bus='0x01' slot='0x00' function='0x0'/></source>",
                "0010:01:00.0 namespace 3",
            ),
            ("ram", "<source usage='64' units='MiB'/>", "64 MiB"),
            ("a type of later years", "<source path='/x'/>", "/x"),
        ] {
            assert_eq!(disk(kind, source).as_deref(), Some(expected), "{source}");
        }
        assert_eq!(disk("file", "<source/>"), None);
    }

    #[test]
    fn a_network_disk_has_protocol_host_and_name() {
        for (source, expected) in [
            (
                "<source protocol='rbd' name='pool/image'><host name='mon1' port='6789'/><host name='mon2'/>\
                 <snapshot name='s'/></source>",
                "rbd://mon1:6789,mon2/pool/image",
            ),
            ("<source protocol='rbd' name='pool/image'/>", "rbd:pool/image"),
            ("<source protocol='nbd'><host name='fd00::7' port='10809'/></source>", "nbd://[fd00::7]:10809"),
            (
                "<source protocol='nbd' name='export'><host transport='unix' socket='/run/nbd.sock'/></source>",
                "nbd+unix:///export?socket=/run/nbd.sock",
            ),
            (
                "<source protocol='https' name='/iso/a.iso' query='token=secret'><host name='example.org'/></source>",
                "https://example.org/iso/a.iso",
            ),
            (
                "<source protocol='iscsi' name='iqn.2026-01.org:disk/1'><host name='10.0.0.1' port='3260'/></source>",
                "iscsi://10.0.0.1:3260/iqn.2026-01.org:disk/1",
            ),
        ] {
            assert_eq!(disk("network", source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn every_type_of_nic() {
        for (kind, source, expected) in [
            ("bridge", "<source bridge='br0'/>", "br0"),
            ("network", "<source network='default' portid='1' bridge='virbr0'/>", "default"),
            ("network", "<source bridge='virbr0'/>", "virbr0"),
            ("direct", "<source dev='eno1' mode='bridge'/>", "eno1"),
            ("user", "<source dev='eno1'/>", "eno1"),
            ("vdpa", "<source dev='/dev/vhost-vdpa-1'/>", "/dev/vhost-vdpa-1"),
            ("vhostuser", "<source type='unix' path='/run/ovs.sock' mode='server'/>", "/run/ovs.sock"),
            ("internal", "<source name='inside'/>", "inside"),
            ("mcast", "<source address='230.0.0.1' port='5558'/>", "230.0.0.1:5558"),
            ("server", "<source port='5558'/>", ":5558"),
            ("udp", "<source address='fd00::1' port='7'><local address='::' port='8'/></source>", "[fd00::1]:7"),
            (
                "hostdev",
                "<source><address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x1'/></source>",
                "0000:03:10.1",
            ),
        ] {
            assert_eq!(nic(kind, source).as_deref(), Some(expected), "{source}");
        }
        assert_eq!(nic("null", "<source/>"), None);
    }

    #[test]
    fn an_address_that_is_none_is_left_out() {
        assert_eq!(nic("hostdev", "<source><address type='pci' bus='0xzz' slot='1'/></source>"), None);
        assert_eq!(disk("nvme", "<source/>"), None);
    }
}
