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

    /// What it can be sorted by, in the order of the columns; what has no column of its own comes before its parts.
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
                DiskBytes,
                Disk(DiskMetric::ReadBytes),
                Disk(DiskMetric::WriteBytes),
                DiskRequests,
                Disk(DiskMetric::ReadRequests),
                Disk(DiskMetric::WriteRequests),
                Disk(DiskMetric::Flushes),
                Domain(DomainMetric::WorstLatency),
                Disk(DiskMetric::ReadLatency),
                Disk(DiskMetric::WriteLatency),
                Disk(DiskMetric::FlushLatency),
                Disk(DiskMetric::InFlight),
            ],
            Self::Nics => &[
                Name,
                NetBytes,
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

    /// What a letter sorts this list by: the figure that means the same here. `None` where there is none such.
    pub(super) fn own(self, key: SortKey) -> Option<SortKey> {
        let own = match (self, key) {
            (Self::Vcpus, SortKey::Domain(DomainMetric::Cpu)) => SortKey::Vcpu(VcpuMetric::Use),
            (Self::Vcpus, SortKey::Domain(DomainMetric::Steal)) => SortKey::Vcpu(VcpuMetric::Steal),
            _ => key,
        };
        self.sort_keys().contains(&own).then_some(own)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Action, BINDINGS, Key};

    /// The letters that sort, in the order of the help, which this list has an own figure for.
    fn letters(list: List) -> String {
        let all = BINDINGS.iter().flat_map(|binding| binding.actions);
        all.filter_map(|(key, action)| match (key, action) {
            (Key::Char(letter), Action::SortBy(key)) => list.own(*key).map(|_| *letter),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn a_letter_sorts_every_list_that_has_its_figure() {
        assert_eq!(List::ALL.map(letters), ["!PTMNWDILB", "!PTMNWDILB", "NDIL", "NB", "PNW", "!N"]);
    }

    #[test]
    fn a_letter_means_a_vcpus_own_figure_among_vcpus() {
        let own = |metric| List::Vcpus.own(SortKey::Domain(metric));
        assert_eq!(own(DomainMetric::Cpu), Some(SortKey::Vcpu(VcpuMetric::Use)));
        assert_eq!(own(DomainMetric::Steal), Some(SortKey::Vcpu(VcpuMetric::Steal)));
        assert_eq!(own(DomainMetric::MemoryUsed), None);
        assert_eq!(List::Table.own(SortKey::Domain(DomainMetric::Cpu)), Some(SortKey::Domain(DomainMetric::Cpu)));
    }
}
