//! Domain XML to a definition. Pure; whatever the XML holds, the answer is a definition or an error, never a panic.

use crate::model::{DiskDefinition, DomainDefinition, NicDefinition};
use crate::units::Bytes;
use roxmltree::{Document, Node};
use std::time::Duration;

/// Why some XML is no definition of a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    /// It is no XML; the words tell where it breaks.
    #[error("not well-formed XML: {0}")]
    Malformed(String),
    /// It is XML about something else.
    #[error("not a domain but <{0}>")]
    NoDomain(String),
}

/// Reads the answer of `virDomainGetXMLDesc`.
pub(crate) fn parse(xml: &str) -> Result<DomainDefinition, XmlError> {
    let document = Document::parse(xml).map_err(|error| XmlError::Malformed(error.to_string()))?;
    let domain = document.root_element();
    if !domain.has_tag_name("domain") {
        return Err(XmlError::NoDomain(domain.tag_name().name().to_owned()));
    }
    let vcpu = child(domain, "vcpu");
    let vcpus_max = vcpu.and_then(|vcpu| number(vcpu.text()?));
    let os_type = child(domain, "os").and_then(|os| child(os, "type"));
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
        memory_max: child(domain, "memory").and_then(size),
        balloon_model: balloon.and_then(|balloon| attribute(balloon, "model")),
        balloon_period: balloon
            .and_then(|balloon| number(child(balloon, "stats")?.attribute("period")?))
            .map(Duration::from_secs),
        disks: devices.into_iter().flat_map(|devices| elements(devices)).filter_map(disk_or_filesystem).collect(),
        nics: devices
            .into_iter()
            .flat_map(|devices| elements(devices))
            .filter(|node| node.has_tag_name("interface"))
            .map(nic)
            .collect(),
    })
}

fn disk_or_filesystem(node: Node<'_, '_>) -> Option<DiskDefinition> {
    match node.tag_name().name() {
        "disk" => disk(node),
        "filesystem" => filesystem(node),
        _ => None,
    }
}

/// A disk without a target cannot be named, neither here nor in a statistic.
fn disk(node: Node<'_, '_>) -> Option<DiskDefinition> {
    let target = child(node, "target")?;
    let source = child(node, "source");
    let driver = child(node, "driver");
    let limits = child(node, "iotune").into_iter().flat_map(elements);
    Some(DiskDefinition {
        target: attribute(target, "dev")?,
        kind: attribute(node, "type").unwrap_or_default(),
        device: attribute(node, "device").unwrap_or_else(|| "disk".to_owned()),
        source: source.and_then(|source| first_attribute(source, &["file", "dev", "name", "volume", "dir"])),
        format: driver.and_then(|driver| attribute(driver, "type")),
        cache: driver.and_then(|driver| attribute(driver, "cache")),
        bus: attribute(target, "bus"),
        serial: text(node, "serial"),
        read_only: child(node, "readonly").is_some(),
        limits: limits.filter_map(|limit| Some((limit.tag_name().name().to_owned(), number(limit.text()?)?))).collect(),
    })
}

/// What a container has instead of disks; its target is where it is mounted.
fn filesystem(node: Node<'_, '_>) -> Option<DiskDefinition> {
    let target = child(node, "target")?;
    let source = child(node, "source");
    let driver = child(node, "driver");
    Some(DiskDefinition {
        target: attribute(target, "dir")?,
        kind: attribute(node, "type").unwrap_or_default(),
        device: "filesystem".to_owned(),
        source: source.and_then(|source| first_attribute(source, &["dir", "file", "dev", "name"])),
        format: driver.and_then(|driver| attribute(driver, "format")),
        read_only: child(node, "readonly").is_some(),
        ..DiskDefinition::default()
    })
}

fn nic(node: Node<'_, '_>) -> NicDefinition {
    let kind = attribute(node, "type").unwrap_or_default();
    // A running NIC of a network names its bridge too; what the operator knows it by is the network.
    let plugs: &[&str] =
        if kind == "network" { &["network", "bridge"] } else { &["bridge", "network", "dev", "portgroup"] };
    let limits = child(node, "bandwidth").into_iter().flat_map(elements).flat_map(|direction| {
        let name = direction.tag_name().name().to_owned();
        direction
            .attributes()
            .filter_map(move |limit| Some((format!("{name} {}", limit.name()), number(limit.value())?)))
    });
    NicDefinition {
        target: child(node, "target").and_then(|target| attribute(target, "dev")),
        source: child(node, "source").and_then(|source| first_attribute(source, plugs)),
        mac: child(node, "mac").and_then(|mac| attribute(mac, "address")),
        model: child(node, "model").and_then(|model| attribute(model, "type")),
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

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|child| child.has_tag_name(name))
}

/// The text of a child element; an empty one says nothing.
fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An attribute; an empty one says nothing.
fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn first_attribute(node: Node<'_, '_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| attribute(node, name))
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}
