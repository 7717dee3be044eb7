//! The parser of domain XML. Any text gives a definition or an error, never a panic.

use super::elements::{attribute, child, elements};
use super::source;
use crate::model::{CpuSet, DiskDefinition, DomainDefinition, NicDefinition};
use crate::units::Bytes;
use roxmltree::{Document, Node};
use std::collections::BTreeMap;
use std::time::Duration;

/// Why a text is not the definition of a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// It is not well-formed; the text says where.
    #[error("not well-formed XML: {0}")]
    Malformed(String),
    /// Its root element has another name.
    #[error("not a domain but <{0}>")]
    NoDomain(String),
}

/// Parses the answer of `virDomainGetXMLDesc`.
pub fn parse(xml: &str) -> Result<DomainDefinition, XmlError> {
    let document = Document::parse(xml).map_err(|error| XmlError::Malformed(error.to_string()))?;
    let domain = document.root_element();
    if !domain.has_tag_name("domain") {
        return Err(XmlError::NoDomain(domain.tag_name().name().to_owned()));
    }
    let vcpu = child(domain, "vcpu");
    let vcpus_max = vcpu.and_then(|vcpu| number(vcpu.text()?));
    let os_type = child(domain, "os").and_then(|os| child(os, "type"));
    // Only a container has file systems in place of disks.
    let is_container = os_type.and_then(|os_type| os_type.text()).is_some_and(|os| os.trim() == "exe");
    let devices = child(domain, "devices");
    let balloon = devices.and_then(|devices| child(devices, "memballoon"));

    Ok(DomainDefinition {
        kind: attribute(domain, "type").unwrap_or_default(),
        title: text(domain, "title"),
        description: text(domain, "description"),
        machine: os_type.and_then(|os_type| attribute(os_type, "machine")),
        arch: os_type.and_then(|os_type| attribute(os_type, "arch")),
        vcpus_max,
        vcpus_current: vcpu.and_then(|vcpu| number(vcpu.attribute("current")?)).or(vcpus_max),
        pinned_to: vcpus_max.and_then(|vcpus| pinned_to(domain, vcpus)),
        memory_max: child(domain, "memory").and_then(size),
        balloon_model: balloon.and_then(|balloon| attribute(balloon, "model")),
        balloon_period: balloon
            .and_then(|balloon| number(child(balloon, "stats")?.attribute("period")?))
            .map(Duration::from_secs),
        disks: devices
            .into_iter()
            .flat_map(|devices| elements(devices))
            .filter_map(|node| if is_container { disk_or_filesystem(node) } else { disk(node) })
            .collect(),
        nics: devices
            .into_iter()
            .flat_map(|devices| elements(devices))
            .filter(|node| node.has_tag_name("interface"))
            .map(nic)
            .collect(),
    })
}

/// The host CPUs that the vCPUs may use. `None` if at least one vCPU may use all of them.
fn pinned_to(domain: Node<'_, '_>, vcpus: u32) -> Option<CpuSet> {
    let of_all = child(domain, "vcpu").and_then(|vcpu| CpuSet::parse(vcpu.attribute("cpuset")?));
    let pins = child(domain, "cputune").into_iter().flat_map(elements).filter(|node| node.has_tag_name("vcpupin"));
    let pins: BTreeMap<u32, CpuSet> = pins
        .filter_map(|pin| Some((number(pin.attribute("vcpu")?)?, CpuSet::parse(pin.attribute("cpuset")?)?)))
        .filter(|(vcpu, _)| *vcpu < vcpus)
        .collect();
    let has_others = pins.len() < vcpus as usize;
    let mut all = if has_others { of_all? } else { CpuSet::default() };
    pins.values().for_each(|pin| all.add(pin));
    (!all.is_empty()).then_some(all)
}

fn disk_or_filesystem(node: Node<'_, '_>) -> Option<DiskDefinition> {
    match node.tag_name().name() {
        "disk" => disk(node),
        "filesystem" => filesystem(node),
        _ => None,
    }
}

/// A disk. `None` without a target: statistics name a disk by its target.
fn disk(node: Node<'_, '_>) -> Option<DiskDefinition> {
    if !node.has_tag_name("disk") {
        return None;
    }
    let target = child(node, "target")?;
    let source = child(node, "source");
    let driver = child(node, "driver");
    let limits = child(node, "iotune").into_iter().flat_map(elements);
    let kind = attribute(node, "type").unwrap_or_default();
    Some(DiskDefinition {
        target: attribute(target, "dev")?,
        device: attribute(node, "device").unwrap_or_else(|| "disk".to_owned()),
        source: source.and_then(|source| source::of_disk(&kind, source)),
        kind,
        format: driver.and_then(|driver| attribute(driver, "type")),
        cache: driver.and_then(|driver| attribute(driver, "cache")),
        bus: attribute(target, "bus"),
        serial: text(node, "serial"),
        read_only: child(node, "readonly").is_some(),
        limit_group: child(node, "iotune").and_then(|limits| text(limits, "group_name")),
        limits: limits.filter_map(|limit| Some((limit.tag_name().name().to_owned(), number(limit.text()?)?))).collect(),
    })
}

/// A file system of a container, in place of a disk; its target is its mount point.
fn filesystem(node: Node<'_, '_>) -> Option<DiskDefinition> {
    let target = child(node, "target")?;
    let source = child(node, "source");
    let driver = child(node, "driver");
    let kind = attribute(node, "type").unwrap_or_default();
    Some(DiskDefinition {
        target: attribute(target, "dir")?,
        device: "filesystem".to_owned(),
        source: source.and_then(|source| source::of_disk(&kind, source)),
        kind,
        format: driver.and_then(|driver| attribute(driver, "format")),
        read_only: child(node, "readonly").is_some(),
        ..DiskDefinition::default()
    })
}

fn nic(node: Node<'_, '_>) -> NicDefinition {
    let kind = attribute(node, "type").unwrap_or_default();
    let limits = child(node, "bandwidth").into_iter().flat_map(elements).flat_map(|direction| {
        let name = direction.tag_name().name().to_owned();
        direction
            .attributes()
            .filter_map(move |limit| Some((format!("{name} {}", limit.name()), number(limit.value())?)))
    });
    NicDefinition {
        target: child(node, "target").and_then(|target| attribute(target, "dev")),
        source: child(node, "source").and_then(|source| source::of_nic(&kind, source)),
        bridge: child(node, "source").and_then(|source| attribute(source, "bridge")),
        mac: child(node, "mac").and_then(|mac| attribute(mac, "address")),
        model: child(node, "model").and_then(|model| attribute(model, "type")),
        unmanaged: child(node, "target").and_then(|target| target.attribute("managed")) == Some("no"),
        link_down: child(node, "link").and_then(|link| link.attribute("state")) == Some("down"),
        limits: limits.collect(),
        kind,
    }
}

/// A size with its unit, as `<memory unit='KiB'>`.
fn size(node: Node<'_, '_>) -> Option<Bytes> {
    let unit: u64 = match node.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1_000,
        "k" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "GiB" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "T" | "TiB" => 1 << 40,
        _ => return None,
    };
    Some(Bytes(number::<u64>(node.text()?)?.saturating_mul(unit)))
}

/// The text of a child element; `None` if it is empty.
fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYTHING: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/xml/qemu-everything.xml"));

    fn limit(name: &str, value: u64) -> (String, u64) {
        (name.to_owned(), value)
    }

    #[test]
    fn values_of_the_domain() {
        let domain = parse(EVERYTHING).unwrap();
        assert_eq!(domain.kind, "kvm");
        assert_eq!(domain.title.as_deref(), Some("Mail & calendar"));
        assert_eq!(domain.description.as_deref(), Some("Owner: ops\nSecond line"));
        assert_eq!((domain.machine.as_deref(), domain.arch.as_deref()), (Some("pc-q35-7.2"), Some("x86_64")));
        assert_eq!((domain.vcpus_max, domain.vcpus_current), (Some(8), Some(2)));
        assert_eq!(domain.memory_max, Some(Bytes(4 << 30)));
        assert_eq!(domain.balloon_model.as_deref(), Some("virtio"));
        assert_eq!(domain.balloon_period, Some(Duration::from_secs(5)));
    }

    #[test]
    fn disks_of_every_kind() {
        let disks = parse(EVERYTHING).unwrap().disks;
        let names: Vec<_> = disks.iter().map(|disk| disk.target.as_str()).collect();
        assert_eq!(names, ["vda", "sda", "vdb", "vdc", "sdb"], "a disk without a target is left out");
        assert_eq!(
            disks[0],
            DiskDefinition {
                target: "vda".to_owned(),
                kind: "file".to_owned(),
                device: "disk".to_owned(),
                source: Some("/var/lib/libvirt/images/root <1>.qcow2".to_owned()),
                format: Some("qcow2".to_owned()),
                cache: Some("none".to_owned()),
                bus: Some("virtio".to_owned()),
                serial: Some("ROOT-1".to_owned()),
                read_only: false,
                limits: vec![limit("total_iops_sec", 500), limit("read_bytes_sec", 10_485_760)],
                limit_group: Some("slow".to_owned()),
            }
        );
        let sources: Vec<_> = disks.iter().map(|disk| disk.source.as_deref()).collect();
        assert_eq!(
            sources[1..],
            [Some("/dev/mapper/data"), Some("rbd://ceph1:6789/pool/image"), Some("default/scratch"), None]
        );
        let read_only: Vec<_> = disks.iter().map(|disk| disk.read_only).collect();
        assert_eq!(read_only, [false, false, false, true, true]);
        assert_eq!((disks[1].device.as_str(), disks[4].device.as_str()), ("lun", "cdrom"));
    }

    #[test]
    fn disks_may_share_their_limits() {
        let xml = "<domain><devices><disk type='file'><target dev='vda'/><iotune><total_iops_sec>20</total_iops_sec>\
                   <group_name>slow</group_name></iotune></disk></devices></domain>";
        let disk = parse(xml).unwrap().disks.remove(0);
        assert_eq!((disk.limits, disk.limit_group.as_deref()), (vec![limit("total_iops_sec", 20)], Some("slow")));
    }

    #[test]
    fn nics_of_every_kind() {
        let nics = parse(EVERYTHING).unwrap().nics;
        let seen: Vec<_> =
            nics.iter().map(|nic| (nic.kind.as_str(), nic.target.as_deref(), nic.source.as_deref())).collect();
        assert_eq!(
            seen,
            [
                ("bridge", Some("vnet0"), Some("br0")),
                ("network", Some("vnet1"), Some("default")),
                ("user", None, None),
                ("direct", Some("macvtap0"), Some("eno1")),
                ("hostdev", None, Some("0000:01:10.0")),
            ]
        );
        assert_eq!(nics[1].bridge.as_deref(), Some("virbr0"));
        assert_eq!(nics[0].mac.as_deref(), Some("52:54:00:00:00:01"));
        assert_eq!(nics[1].model.as_deref(), Some("e1000e"));
        assert_eq!(nics.iter().map(|nic| nic.link_down).collect::<Vec<_>>(), [true, false, false, false, false]);
        assert_eq!(
            nics[0].limits,
            [
                limit("inbound average", 1000),
                limit("inbound peak", 5000),
                limit("inbound floor", 200),
                limit("inbound burst", 1024),
                limit("outbound average", 128),
            ]
        );
    }

    #[test]
    fn file_systems_of_a_container_are_its_disks() {
        let domain = parse(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/xml/lxc.xml"))).unwrap();
        let seen: Vec<_> = domain
            .disks
            .iter()
            .map(|disk| (disk.target.as_str(), disk.kind.as_str(), disk.source.as_deref(), disk.format.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("/", "mount", Some("/srv/web"), None),
                ("/data", "file", Some("/srv/data.qcow2"), Some("qcow2")),
                ("/tmp", "ram", Some("1048576 KiB"), None),
            ]
        );
        assert!(domain.disks.iter().all(|disk| disk.device == "filesystem"));
        assert!(domain.disks[1].read_only);
        assert_eq!(domain.nics[0].target.as_deref(), Some("vnet5"));
        assert_eq!((domain.machine, domain.balloon_model), (None, None));
    }

    #[test]
    fn only_a_container_has_file_systems_in_place_of_disks() {
        let devices = "<devices><filesystem type='mount'><source dir='/srv'/><target dir='share'/></filesystem>\
                       <disk type='file'><target dev='vda'/></disk></devices>";
        let targets = |kind: &str, os: &str| -> Vec<String> {
            let xml = format!("<domain type='{kind}'><os><type>{os}</type></os>{devices}</domain>");
            parse(&xml).unwrap().disks.into_iter().map(|disk| disk.target).collect()
        };
        assert_eq!(targets("kvm", "hvm"), ["vda"]);
        assert_eq!(targets("xen", "xen"), ["vda"]);
        assert_eq!(targets("lxc", "exe"), ["share", "vda"]);
    }

    #[test]
    fn a_device_that_libvirt_did_not_create_is_unmanaged() {
        let unmanaged = |target: &str| {
            let xml = format!("<domain><devices><interface type='ethernet'>{target}</interface></devices></domain>");
            parse(&xml).unwrap().nics[0].unmanaged
        };
        assert!(unmanaged("<target dev='mvt0' managed='no'/>"));
        assert!(
            !unmanaged("<target dev='mvt0' managed='yes'/>") && !unmanaged("<target dev='mvt0'/>") && !unmanaged("")
        );
    }

    #[test]
    fn missing_and_invalid_values_are_left_out() {
        let domain = parse(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/xml/bare.xml"))).unwrap();
        assert_eq!(
            domain,
            DomainDefinition {
                balloon_model: Some("none".to_owned()),
                nics: vec![NicDefinition::default()],
                ..DomainDefinition::default()
            }
        );
        assert_eq!(parse("<domain/>").unwrap(), DomainDefinition::default());
    }

    #[test]
    fn real_captures_are_parsed() {
        for (xml, kind, disks, nics) in [
            (
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures/loaded-disk.xml")),
                "qemu",
                2,
                1,
            ),
            (
                include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/tests/fixtures/captures/hot-plug-2-vdc-and-nic-added.xml"
                )),
                "qemu",
                3,
                2,
            ),
            (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures/inactive.xml")), "qemu", 2, 1),
            (include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures/lxc.xml")), "lxc", 1, 1),
            (
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures/test-driver.xml")),
                "test",
                1,
                1,
            ),
        ] {
            let domain = parse(xml).unwrap();
            assert_eq!((domain.kind.as_str(), domain.disks.len(), domain.nics.len()), (kind, disks, nics));
            assert!(domain.memory_max.is_some() && domain.vcpus_max.is_some());
        }
    }

    #[test]
    fn units_of_memory() {
        let memory = |unit: &str| {
            parse(&format!("<domain><memory{unit}>3</memory></domain>")).unwrap().memory_max.map(|size| size.0)
        };
        assert_eq!(memory(""), Some(3 << 10));
        assert_eq!(memory(" unit='bytes'"), Some(3));
        assert_eq!(memory(" unit='MB'"), Some(3_000_000));
        assert_eq!(memory(" unit='TiB'"), Some(3 << 40));
        assert_eq!(memory(" unit='EiB'"), None);
        let huge = parse("<domain><memory unit='TiB'>18446744073709551615</memory></domain>").unwrap();
        assert_eq!(huge.memory_max, Some(Bytes(u64::MAX)));
    }

    #[test]
    fn vcpus_are_pinned_by_their_own_element_or_by_that_of_all() {
        let pinned_to = |inside: &str| {
            let domain = parse(&format!("<domain>{inside}</domain>")).unwrap();
            domain.pinned_to.map(|cpus| cpus.to_string())
        };
        let pin = |vcpu: u32, cpus: &str| format!("<vcpupin vcpu='{vcpu}' cpuset='{cpus}'/>");
        let tuned = |vcpu: &str, pins: &str| format!("{vcpu}<cputune><shares>2048</shares>{pins}</cputune>");
        assert_eq!(pinned_to("<vcpu>2</vcpu>"), None);
        assert_eq!(pinned_to("<vcpu placement='static' cpuset='0-3,^1'>2</vcpu>").as_deref(), Some("0,2-3"));
        assert_eq!(pinned_to(&tuned("<vcpu>1</vcpu>", &pin(0, "5"))).as_deref(), Some("5"));
        assert_eq!(pinned_to(&tuned("<vcpu>2</vcpu>", &(pin(0, "1") + &pin(1, "4")))).as_deref(), Some("1,4"));
        assert_eq!(pinned_to(&tuned("<vcpu>2</vcpu>", &pin(0, "1"))), None, "vCPU 1 may use all");
        assert_eq!(pinned_to(&tuned("<vcpu cpuset='0-1'>2</vcpu>", &pin(0, "7"))).as_deref(), Some("0-1,7"));
        assert_eq!(pinned_to(&tuned("<vcpu>1</vcpu>", &pin(9, "1"))), None, "there is no vCPU 9");
        assert_eq!(pinned_to("<vcpu cpuset='nonsense'>1</vcpu>"), None);
    }

    #[test]
    fn malformed_xml_is_an_error() {
        for broken in
            ["", "<", "<domain>", "<domain></volume>", "nonsense", "<domain a='1' a='2'/>", "<domain>&x;</domain>"]
        {
            assert!(matches!(parse(broken), Err(XmlError::Malformed(_))), "{broken:?}");
        }
        assert_eq!(parse("<network/>"), Err(XmlError::NoDomain("network".to_owned())));
        // Entities that expand to a large text are refused.
        let bomb = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><domain>&b;</domain>";
        assert!(parse(bomb).is_err());
    }

    #[test]
    fn deep_nesting_does_not_end_the_process() {
        let deep = format!("<domain>{}{}</domain>", "<x>".repeat(100_000), "</x>".repeat(100_000));
        drop(parse(&deep));
    }

    proptest::proptest! {
        #[test]
        fn no_damaged_definition_causes_a_panic(at in 0..EVERYTHING.len(), byte: u8) {
            let mut bytes = EVERYTHING.as_bytes().to_vec();
            drop(parse(&String::from_utf8_lossy(&bytes[..at])));
            bytes[at] = byte;
            drop(parse(&String::from_utf8_lossy(&bytes)));
        }
    }
}
