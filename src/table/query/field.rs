//! The names that a comparison can have: figures of the catalogues, and texts.

use crate::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::table::SortKey;
use crate::units::Unit;

/// A figure: what it is of a domain, and of each kind of device. A row of a device has the figure of the device if there is
/// one, and that of its domain otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) domain: Option<SortKey>,
    pub(super) disk: Option<SortKey>,
    pub(super) nic: Option<SortKey>,
    pub(super) vcpu: Option<SortKey>,
    pub(super) unit: Unit,
}

/// A text of a domain or of its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Name,
    Title,
    State,
    Uuid,
    Id,
    Device,
    Mac,
    Bridge,
    Source,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    Figure(Figure),
    Text(Text),
}

/// A name and what it is, for the help and for completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The name.
    pub name: String,
    /// What it is, as a sentence.
    pub about: &'static str,
}

const TEXTS: [(&str, Text, &str); 10] = [
    ("name", Text::Name, "Name of the domain."),
    ("title", Text::Title, "Title of the domain."),
    ("state", Text::State, "State of the domain, as virsh list writes it."),
    ("uuid", Text::Uuid, "UUID of the domain."),
    ("id", Text::Id, "ID of the run."),
    ("device", Text::Device, "Name of a disk or NIC: vda, vnet3."),
    ("mac", Text::Mac, "MAC address of a NIC."),
    ("bridge", Text::Bridge, "Bridge or network of a NIC."),
    ("source", Text::Source, "Image, device or URL of a disk."),
    ("path", Text::Source, "The same as source."),
];

/// Short names of figures that most type, and the sums that only the sort keys have.
const SHORT: [(&str, SortKey, Unit, &str); 12] = [
    ("lat", LATENCY, Unit::Nanoseconds, "Mean time of a request: the slowest of reads, writes and flushes."),
    ("latency", LATENCY, Unit::Nanoseconds, "The same as lat."),
    ("mem", SortKey::Domain(DomainMetric::MemoryUsed), Unit::Bytes, "Memory that the guest uses."),
    ("iops", SortKey::DiskRequests, Unit::OperationsPerSecond, "Reads and writes per second."),
    ("disk", SortKey::DiskBytes, Unit::BytesPerSecond, "Bytes read and written per second."),
    ("net", SortKey::NetBytes, Unit::BytesPerSecond, "Bytes received and sent per second."),
    ("drops", DROPS, Unit::PacketsPerSecond, "Dropped packets per second."),
    ("drop", DROPS, Unit::PacketsPerSecond, "The same as drops."),
    ("net_drop", DROPS, Unit::PacketsPerSecond, "The same as drops."),
    ("vcpus", SortKey::Vcpus, Unit::Count, "vCPUs that are online."),
    ("cpu_time", SortKey::CpuTime, Unit::Nanoseconds, "CPU time of this run."),
    ("rss", SortKey::Domain(DomainMetric::Rss), Unit::Bytes, "Resident memory of the domain's process on the host."),
];
const LATENCY: SortKey = SortKey::Domain(DomainMetric::WorstLatency);
const DROPS: SortKey = SortKey::Domain(DomainMetric::NetDrops);

/// The key of a figure without its unit: `disk_read` of `disk_read_bytes_per_second`.
fn without_unit<M: Metric>(metric: M) -> &'static str {
    let key = metric.key();
    let suffix = metric.info().unit.suffix();
    key.strip_suffix(suffix).map_or(key, |rest| rest.trim_end_matches('_'))
}

fn named<M: Metric>(names: &[&str]) -> Option<M> {
    let is = |metric: &&M, name: &str| metric.key() == name || without_unit(**metric) == name;
    names.iter().find_map(|name| M::ALL.iter().find(|metric| is(metric, name)).copied())
}

/// What a name stands for: upper and lower case, `.`, `-` and `_` are the same. `None`: nothing.
pub(super) fn find(name: &str) -> Option<Field> {
    let name = name.to_lowercase().replace(['.', '-'], "_");
    if let Some((_, text, _)) = TEXTS.iter().find(|(known, ..)| *known == name) {
        return Some(Field::Text(*text));
    }
    if let Some((_, key, unit, _)) = SHORT.iter().find(|(known, ..)| *known == name) {
        let (disk, nic) = match key {
            SortKey::DiskRequests | SortKey::DiskBytes => (Some(*key), None),
            SortKey::NetBytes => (None, Some(*key)),
            key if *key == LATENCY => (Some(*key), None),
            _ => (None, None),
        };
        return Some(Field::Figure(Figure { domain: Some(*key), disk, nic, vcpu: None, unit: *unit }));
    }
    // A disk's `read` is a domain's `disk_read`.
    let of_disk = name.strip_prefix("disk_").unwrap_or(&name);
    let of_nic = name.strip_prefix("net_").unwrap_or(&name);
    let domain = named::<DomainMetric>(&[&name, &format!("disk_{name}"), &format!("net_{name}")]);
    let disk = named::<DiskMetric>(&[of_disk]);
    let nic = named::<NicMetric>(&[of_nic]);
    let vcpu = named::<VcpuMetric>(&[if name == "cpu" { "use" } else { &name }]);
    let unit = domain.map(|metric| metric.info().unit);
    let unit = unit.or(disk.map(|metric| metric.info().unit)).or(nic.map(|metric| metric.info().unit));
    let unit = unit.or(vcpu.map(|metric| metric.info().unit))?;
    Some(Field::Figure(Figure {
        domain: domain.map(SortKey::Domain),
        disk: disk.map(SortKey::Disk),
        nic: nic.map(SortKey::Nic),
        vcpu: vcpu.map(SortKey::Vcpu),
        unit,
    }))
}

/// All names, the texts and the short names first.
pub fn fields() -> Vec<FieldInfo> {
    let info = |name: &str, about| FieldInfo { name: name.to_owned(), about };
    let mut all: Vec<FieldInfo> = TEXTS.iter().map(|(name, _, about)| info(name, about)).collect();
    all.extend(SHORT.iter().map(|(name, _, _, about)| info(name, about)));
    fn of<M: Metric>() -> impl Iterator<Item = (&'static str, &'static str)> {
        M::ALL.iter().map(|metric| (without_unit(*metric), metric.info().about))
    }
    let figures = of::<DomainMetric>().chain(of::<DiskMetric>()).chain(of::<NicMetric>()).chain(of::<VcpuMetric>());
    for (name, about) in figures {
        if all.iter().all(|known| known.name != name) {
            all.push(info(name, about));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_offered_stands_for_something() {
        for field in fields() {
            assert!(find(&field.name).is_some(), "{}", field.name);
            assert!(!field.about.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn figures_have_the_names_of_the_catalogue_with_and_without_their_unit() {
        let domain = |name: &str| match find(name) {
            Some(Field::Figure(figure)) => figure.domain,
            _ => None,
        };
        for name in ["cpu", "CPU", "cpu_percent"] {
            assert_eq!(domain(name), Some(SortKey::Domain(DomainMetric::Cpu)), "{name}");
        }
        for name in ["net.drop", "net_drops", "drops"] {
            assert_eq!(domain(name), Some(DROPS), "{name}");
        }
        assert_eq!(domain("read"), Some(SortKey::Domain(DomainMetric::DiskRead)));
        assert_eq!(find("nonsense"), None);
    }

    #[test]
    fn a_device_has_its_own_figure() {
        let Some(Field::Figure(figure)) = find("steal") else { panic!("a figure") };
        assert_eq!(figure.vcpu, Some(SortKey::Vcpu(VcpuMetric::Steal)));
        let Some(Field::Figure(figure)) = find("disk.read") else { panic!("a figure") };
        assert_eq!(figure.disk, Some(SortKey::Disk(DiskMetric::ReadBytes)));
    }
}
