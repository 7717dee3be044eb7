//! The lists of the screen.

use super::column::Column;
use super::devices::{DISKS, NICS, VCPUS};
use super::domains::DOMAINS;
use super::events::EVENTS;
use super::sort::SortKey;
use crate::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};
use crate::model::Groups;

/// A list of the screen. The keys `1` to `6` show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// A row for each domain.
    Table,
    /// A card for each domain.
    Panes,
    /// All disks.
    Disks,
    /// All NICs.
    Nics,
    /// All vCPUs.
    Vcpus,
    /// All events.
    Events,
}

impl List {
    /// All lists, in the order of their number keys.
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

    /// Its columns, from left to right. Cards have none, but are sorted by those of the table.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Table | Self::Panes => DOMAINS,
            Self::Disks => DISKS,
            Self::Nics => NICS,
            Self::Vcpus => VCPUS,
            Self::Events => EVENTS,
        }
    }

    /// The keys that it can be sorted by, in the order of its columns; a sum comes before its parts.
    pub fn sort_keys(self) -> Vec<SortKey> {
        let mut keys = Vec::new();
        for key in self.columns().iter().flat_map(|column| [column.sum, column.sort]).flatten() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The sort key of this list for a sort key of a letter ([`LETTERS`](super::LETTERS)): in the list of vCPUs, `P` sorts by the use
    /// of the vCPU instead of the CPU of its domain. `None`: this list cannot be sorted by `key`.
    pub fn own(self, key: SortKey) -> Option<SortKey> {
        let own = match (self, key) {
            (Self::Vcpus, SortKey::Domain(DomainMetric::Cpu)) => SortKey::Vcpu(VcpuMetric::Use),
            (Self::Vcpus, SortKey::Domain(DomainMetric::Steal)) => SortKey::Vcpu(VcpuMetric::Steal),
            _ => key,
        };
        self.sort_keys().contains(&own).then_some(own)
    }

    /// The key that it is sorted by until the user chooses another one.
    pub fn first_sort(self) -> SortKey {
        match self {
            Self::Table | Self::Panes => SortKey::Domain(DomainMetric::Cpu),
            Self::Disks => SortKey::Disk(DiskMetric::InFlight),
            Self::Nics => SortKey::Nic(NicMetric::RxBytes),
            Self::Vcpus => SortKey::Vcpu(VcpuMetric::Use),
            Self::Events => SortKey::Time,
        }
    }

    /// The group of statistics that its devices come from. Empty for the other lists.
    pub fn device_group(self) -> Groups {
        match self {
            Self::Disks => Groups::BLOCK,
            Self::Nics => Groups::NET,
            Self::Vcpus => Groups::VCPU,
            Self::Table | Self::Panes | Self::Events => Groups::empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_every_column_is_described() {
        for list in List::ALL {
            let mut ids = BTreeSet::new();
            for column in list.columns() {
                assert!(ids.insert(column.id), "{list:?} has two columns {}", column.id);
                assert!(column.about().ends_with('.'), "{list:?}, {}: {:?}", column.id, column.about());
                let is_event = list == List::Events;
                assert_eq!(column.source().is_empty(), is_event, "{list:?}, {}", column.id);
            }
        }
    }

    #[test]
    fn every_figure_sorts_its_list() {
        for list in List::ALL {
            let keys = list.sort_keys();
            for column in list.columns().iter().filter(|column| column.right) {
                assert!(column.sort.is_some_and(|key| keys.contains(&key)), "{list:?}, {}", column.id);
            }
            assert!(keys.contains(&list.first_sort()));
        }
        assert!(List::Disks.sort_keys().contains(&SortKey::Disk(DiskMetric::Errors)));
    }

    #[test]
    fn a_sum_comes_before_its_parts_and_only_once() {
        use SortKey::{DiskBytes, DiskRequests, Domain, Name, NetBytes, State, Time, Trouble};
        assert_eq!(List::Events.sort_keys(), [Trouble, Time, Name]);
        assert_eq!(
            List::Table.sort_keys(),
            [
                Trouble,
                State,
                Name,
                Domain(DomainMetric::Cpu),
                SortKey::CpuTime,
                SortKey::Vcpus,
                Domain(DomainMetric::Steal),
                Domain(DomainMetric::MemoryUsed),
                DiskBytes,
                DiskRequests,
                Domain(DomainMetric::WorstLatency),
                NetBytes,
                Domain(DomainMetric::RxPackets),
                Domain(DomainMetric::TxPackets),
                Domain(DomainMetric::NetDrops),
                Domain(DomainMetric::SwapIn),
                Domain(DomainMetric::Rss),
                Domain(DomainMetric::User),
                Domain(DomainMetric::System),
            ]
        );
        assert_eq!(
            List::Nics.sort_keys()[..4],
            [Name, NetBytes, SortKey::Nic(NicMetric::RxBytes), SortKey::Nic(NicMetric::TxBytes)]
        );
    }

    #[test]
    fn a_letter_means_a_vcpus_own_figure_among_vcpus() {
        let own = |metric| List::Vcpus.own(SortKey::Domain(metric));
        assert_eq!(own(DomainMetric::Cpu), Some(SortKey::Vcpu(VcpuMetric::Use)));
        assert_eq!(own(DomainMetric::Steal), Some(SortKey::Vcpu(VcpuMetric::Steal)));
        assert_eq!(own(DomainMetric::MemoryUsed), None);
        assert_eq!(List::Table.own(SortKey::Domain(DomainMetric::Cpu)), Some(SortKey::Domain(DomainMetric::Cpu)));
    }

    #[test]
    fn a_column_that_may_be_narrow_has_room_for_its_sort_mark() {
        for column in List::ALL.into_iter().flat_map(List::columns) {
            let fits = usize::from(column.width) > column.heading.chars().count();
            assert!(fits || column.sort.is_none() || !column.right || column.rank == 0, "{}", column.heading);
        }
    }
}
