//! The keys that a list can be sorted by, and the letters on the keyboard that choose them.

use super::row::{DeviceKey, RowId};
use crate::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Domain, Series, When};
use crate::model::{DomainState, Groups};

/// The key that the rows of a list are sorted by. Keys that are sums over the devices of a domain (such as [`SortKey::DiskBytes`])
/// mean the value of the single device in a list of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The worst finding of a domain; the severity of an event.
    Trouble,
    /// The moment of an event.
    Time,
    /// The domain's name, then the device's.
    Name,
    /// The state: running domains first.
    State,
    /// Total CPU time of this run.
    CpuTime,
    /// vCPUs online.
    Vcpus,
    /// A figure of the domain.
    Domain(DomainMetric),
    /// Disk reads and writes together, bytes.
    DiskBytes,
    /// Disk reads and writes together, requests.
    DiskRequests,
    /// Received and sent together, bytes.
    NetBytes,
    /// A figure of the disk.
    Disk(DiskMetric),
    /// A figure of the NIC.
    Nic(NicMetric),
    /// A figure of the vCPU.
    Vcpu(VcpuMetric),
}

impl SortKey {
    /// Its name in the footer.
    pub fn label(self) -> &'static str {
        match self {
            Self::Trouble => "trouble",
            Self::Time => "time",
            Self::Name => "name",
            Self::State => "state",
            Self::CpuTime => "CPU time",
            Self::Vcpus => "vCPUs",
            Self::Domain(metric) => metric.info().label,
            Self::DiskBytes => "disk B/s",
            Self::DiskRequests => "IOPS",
            Self::NetBytes => "net B/s",
            Self::Disk(metric) => metric.info().label,
            Self::Nic(metric) => metric.info().label,
            Self::Vcpu(metric) => metric.info().label,
        }
    }

    /// The order in which it sorts first: names from a to z, figures from the largest.
    pub fn natural(self) -> Order {
        match self {
            Self::Name => Order::Ascending,
            _ => Order::Descending,
        }
    }

    /// The groups of statistics that it needs; `of_device`: the group of the devices in a list of devices.
    pub(super) fn groups(self, of_device: Groups) -> Groups {
        match self {
            _ if !of_device.is_empty() => of_device,
            Self::Trouble => Groups::OVERVIEW,
            Self::Time | Self::Name | Self::State => Groups::empty(),
            Self::CpuTime => Groups::CPU,
            Self::Vcpus => Groups::VCPU,
            Self::Domain(metric) => metric.group(),
            Self::DiskBytes | Self::DiskRequests => Groups::BLOCK,
            Self::NetBytes => Groups::NET,
            Self::Disk(metric) => metric.group(),
            Self::Nic(metric) => metric.group(),
            Self::Vcpu(metric) => metric.group(),
        }
    }

    /// The number to sort a row by; `None` sorts last in both orders. `weight`: returns the weight of the domain's worst finding.
    pub fn value(self, row: &RowId, domain: &Domain, when: When, weight: impl FnOnce() -> Option<f64>) -> Option<f64> {
        match row.device() {
            None if self == Self::Trouble => weight(),
            device => self.value_of(domain, device, when),
        }
    }

    /// Its value of a domain, or of one of its devices.
    pub(super) fn value_of(self, domain: &Domain, device: Option<&DeviceKey>, when: When) -> Option<f64> {
        match device {
            None => self.of_domain(domain, when),
            Some(DeviceKey::Disk(key)) => self.of_disk(&domain.disks.get(key)?.series, when),
            Some(DeviceKey::Nic(key)) => self.of_nic(&domain.nics.get(key)?.series, when),
            Some(DeviceKey::Vcpu(key)) => self.of_vcpu(&domain.vcpus.get(key)?.series, when),
        }
    }

    fn of_domain(self, domain: &Domain, when: When) -> Option<f64> {
        let both = |a, b| sum(&domain.series, [a, b], when);
        match self {
            Self::Trouble | Self::Name | Self::Time | Self::Disk(_) | Self::Nic(_) | Self::Vcpu(_) => None,
            Self::State => Some(match domain.condition(when)?.state {
                DomainState::Running => 6.0,
                DomainState::Blocked => 5.0,
                DomainState::Paused => 4.0,
                DomainState::PmSuspended => 3.0,
                DomainState::ShuttingDown => 2.0,
                DomainState::Crashed => 1.0,
                DomainState::ShutOff | DomainState::Unknown => 0.0,
            }),
            Self::CpuTime => domain.cpu.time.map(|time| time.total() as f64),
            Self::Vcpus => domain.vcpu_count(when).map(f64::from),
            Self::Domain(metric) => domain.series.value(metric, when),
            Self::DiskBytes => both(DomainMetric::DiskRead, DomainMetric::DiskWrite),
            Self::DiskRequests => both(DomainMetric::ReadRequests, DomainMetric::WriteRequests),
            Self::NetBytes => both(DomainMetric::NetRx, DomainMetric::NetTx),
        }
    }

    fn of_disk(self, series: &Series<DiskMetric>, when: When) -> Option<f64> {
        use DiskMetric::{FlushLatency, ReadBytes, ReadLatency, ReadRequests, WriteBytes, WriteLatency, WriteRequests};
        match self {
            Self::Disk(metric) => series.value(metric, when),
            Self::DiskBytes => sum(series, [ReadBytes, WriteBytes], when),
            Self::DiskRequests => sum(series, [ReadRequests, WriteRequests], when),
            Self::Domain(DomainMetric::WorstLatency) => {
                let latencies = [ReadLatency, WriteLatency, FlushLatency];
                latencies.into_iter().filter_map(|metric| series.value(metric, when)).reduce(f64::max)
            }
            _ => None,
        }
    }

    fn of_nic(self, series: &Series<NicMetric>, when: When) -> Option<f64> {
        match self {
            Self::Nic(metric) => series.value(metric, when),
            Self::NetBytes => sum(series, [NicMetric::RxBytes, NicMetric::TxBytes], when),
            _ => None,
        }
    }

    fn of_vcpu(self, series: &Series<VcpuMetric>, when: When) -> Option<f64> {
        match self {
            Self::Vcpu(metric) => series.value(metric, when),
            _ => None,
        }
    }
}

/// The letters that sort, and their sort keys. A list of devices sorts by its [own](super::List::own) key for that letter.
pub const LETTERS: [(char, SortKey); 10] = [
    ('!', SortKey::Trouble),
    ('P', SortKey::Domain(DomainMetric::Cpu)),
    ('T', SortKey::CpuTime),
    ('M', SortKey::Domain(DomainMetric::MemoryUsed)),
    ('N', SortKey::Name),
    ('W', SortKey::Domain(DomainMetric::Steal)),
    ('D', SortKey::DiskBytes),
    ('I', SortKey::DiskRequests),
    ('L', SortKey::Domain(DomainMetric::WorstLatency)),
    ('B', SortKey::NetBytes),
];

/// The sort key of a letter. Panics if the letter does not sort; it is called in constants only, where a panic is a compile error.
pub const fn by_letter(letter: char) -> SortKey {
    let mut index = 0;
    while index < LETTERS.len() {
        if LETTERS[index].0 == letter {
            return LETTERS[index].1;
        }
        index += 1;
    }
    panic!("this letter does not sort")
}

/// The sum of both directions. `None` if both are unknown; if one is known, it is the sum.
fn sum<M: Metric>(series: &Series<M>, parts: [M; 2], when: When) -> Option<f64> {
    parts.into_iter().filter_map(|part| series.value(part, when)).reduce(|a, b| a + b)
}

/// The direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Small first, a before z.
    Ascending,
    /// Large first.
    Descending,
}

impl Order {
    /// The other one.
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}
