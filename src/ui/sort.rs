//! What a list can be sorted by.

use super::row::{DeviceKey, RowId};
use crate::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Domain, Series, When};
use crate::model::DomainState;

/// A column to sort by. What sums up a domain's devices is, of one of them, the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The worst finding; of events, their severity.
    Trouble,
    /// The moment of an event.
    Time,
    /// The domain's name, then the device's.
    Name,
    /// The state: running ones first.
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

    /// The order in which it is read first: names from a to z, figures from the largest.
    pub fn natural(self) -> Order {
        match self {
            Self::Name => Order::Ascending,
            _ => Order::Descending,
        }
    }

    /// The number to sort a row by; `None` sorts last in either order. `weight`: of the worst finding of its domain.
    pub(super) fn value(
        self,
        row: &RowId,
        domain: &Domain,
        when: When,
        weight: impl FnOnce() -> Option<f64>,
    ) -> Option<f64> {
        match row.device() {
            None if self == Self::Trouble => weight(),
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

/// Both directions together; one that is not known counts as 0 beside one that is.
fn sum<M: Metric>(series: &Series<M>, parts: [M; 2], when: When) -> Option<f64> {
    parts.into_iter().filter_map(|part| series.value(part, when)).reduce(|a, b| a + b)
}

/// Which end comes first.
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
