//! The lists, siblings of each other.

use super::sort::SortKey;
use crate::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};

/// The lists, siblings of each other; a number key shows each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// A row a domain.
    Table,
    /// A card a domain.
    Panes,
    /// All disks.
    Disks,
    /// All NICs.
    Nics,
    /// All vCPUs.
    Vcpus,
    /// What happened.
    Events,
}

impl List {
    /// All, in the order of their number keys.
    pub const ALL: [List; 6] = [List::Table, List::Panes, List::Disks, List::Nics, List::Vcpus, List::Events];

    /// Its name on the tab line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Panes => "panes",
            Self::Disks => "disks",
            Self::Nics => "NICs",
            Self::Vcpus => "vCPUs",
            Self::Events => "events",
        }
    }

    /// What it can be sorted by, in the order of the columns.
    pub fn sort_keys(self) -> &'static [SortKey] {
        use SortKey::*;
        match self {
            Self::Table | Self::Panes => &[
                Trouble,
                State,
                Name,
                Domain(DomainMetric::Cpu),
                CpuTime,
                Vcpus,
                Domain(DomainMetric::Steal),
                Domain(DomainMetric::MemoryUsed),
                DiskBytes,
                DiskRequests,
                Domain(DomainMetric::WorstLatency),
                NetBytes,
                Domain(DomainMetric::NetDrops),
            ],
            Self::Disks => &[
                Name,
                Disk(DiskMetric::ReadBytes),
                Disk(DiskMetric::WriteBytes),
                Disk(DiskMetric::ReadRequests),
                Disk(DiskMetric::WriteRequests),
                Disk(DiskMetric::Flushes),
                Disk(DiskMetric::ReadLatency),
                Disk(DiskMetric::WriteLatency),
                Disk(DiskMetric::FlushLatency),
                Disk(DiskMetric::InFlight),
            ],
            Self::Nics => &[
                Name,
                Nic(NicMetric::RxBytes),
                Nic(NicMetric::TxBytes),
                Nic(NicMetric::RxPackets),
                Nic(NicMetric::TxPackets),
                Nic(NicMetric::RxDrops),
                Nic(NicMetric::TxDrops),
                Nic(NicMetric::RxErrors),
                Nic(NicMetric::TxErrors),
            ],
            Self::Events => &[Trouble, Time, Name],
            Self::Vcpus => &[Name, Vcpu(VcpuMetric::Use), Vcpu(VcpuMetric::Steal), Vcpu(VcpuMetric::Wait)],
        }
    }

    pub(super) fn first_sort(self) -> SortKey {
        match self {
            Self::Table | Self::Panes => SortKey::Domain(DomainMetric::Cpu),
            Self::Disks => SortKey::Disk(DiskMetric::InFlight),
            Self::Nics => SortKey::Nic(NicMetric::RxBytes),
            Self::Vcpus => SortKey::Vcpu(VcpuMetric::Use),
            Self::Events => SortKey::Time,
        }
    }
}
