//! What a list can be sorted by.

use super::row::{DeviceKey, RowId};
use crate::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};
use crate::fleet::{Domain, Severity, When};
use crate::model::DomainState;
use std::time::Duration;

/// A column to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The loudest finding; of events, how loud they are.
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
        use crate::fleet::metric::Metric;
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

    /// The number to sort a row by; `None` sorts last in either order.
    pub(super) fn value(self, row: &RowId, domain: &Domain, when: When, seen: Option<Duration>) -> Option<f64> {
        let both = |a, b| match (domain.track.value(a, when), domain.track.value(b, when)) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
        };
        match self {
            Self::Name | Self::Time => None,
            Self::Trouble => domain.loudest(when, seen).map(|(severity, excess)| match severity {
                Severity::Critical => 1e6 + excess,
                Severity::Warning => excess,
            }),
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
            Self::Vcpus => domain.vcpu_count().map(f64::from),
            Self::Domain(metric) => domain.track.value(metric, when),
            Self::DiskBytes => both(DomainMetric::DiskRead, DomainMetric::DiskWrite),
            Self::DiskRequests => both(DomainMetric::ReadRequests, DomainMetric::WriteRequests),
            Self::NetBytes => both(DomainMetric::NetRx, DomainMetric::NetTx),
            Self::Disk(metric) => match row.device() {
                Some(DeviceKey::Disk(key)) => domain.disks.get(key)?.track.value(metric, when),
                _ => None,
            },
            Self::Nic(metric) => match row.device() {
                Some(DeviceKey::Nic(key)) => domain.nics.get(key)?.track.value(metric, when),
                _ => None,
            },
            Self::Vcpu(metric) => match row.device() {
                Some(DeviceKey::Vcpu(key)) => domain.vcpus.get(key)?.track.value(metric, when),
                _ => None,
            },
        }
    }
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
