//! What stands in a list, in which order.

use super::sort::{Order, SortKey};
use super::state::List;
use crate::fleet::{Domain, DomainId, Fleet, TimeCursor};
use std::cmp::Ordering;

/// A device of a domain, by what stays the same about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKey {
    /// A disk, by its target.
    Disk(String),
    /// A NIC, by the host's device.
    Nic(String),
    /// A vCPU, by its number.
    Vcpu(u32),
}

/// A row of a list: a domain, or one of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowId {
    /// A domain.
    Domain(DomainId),
    /// A device.
    Device(DomainId, DeviceKey),
}

impl RowId {
    /// The domain that the row is about.
    pub fn domain(&self) -> DomainId {
        match self {
            Self::Domain(id) | Self::Device(id, _) => *id,
        }
    }

    /// The device that the row is about.
    pub fn device(&self) -> Option<&DeviceKey> {
        match self {
            Self::Domain(_) => None,
            Self::Device(_, key) => Some(key),
        }
    }
}

/// Devices of a domain in the order of its screen: disks, NICs, vCPUs.
pub fn device_keys(domain: &Domain) -> Vec<DeviceKey> {
    let disks = domain.disks.iter().map(|disk| DeviceKey::Disk(disk.key.clone()));
    let nics = domain.nics.iter().map(|nic| DeviceKey::Nic(nic.key.clone()));
    let vcpus = domain.vcpus.iter().map(|vcpu| DeviceKey::Vcpu(vcpu.key));
    disks.chain(nics).chain(vcpus).collect()
}

/// The rows of a list: filtered, sorted; domains that are off come last.
pub(super) fn rows(
    fleet: &Fleet,
    list: List,
    filter: &str,
    (key, order): (SortKey, Order),
    cursor: TimeCursor,
) -> Vec<RowId> {
    let needle = filter.to_lowercase();
    let mut rows: Vec<(RowId, bool, Option<f64>, &str)> = Vec::new();
    for (id, host, domain) in fleet.domains() {
        let when = host.timeline.when(cursor);
        let mut add = |row: RowId| {
            let value = key.value(&row, domain, when);
            rows.push((row, domain.state.is_active(), value, domain.name.as_str()));
        };
        let named = matches(domain, &needle);
        match list {
            List::Table | List::Panes if named => add(RowId::Domain(id)),
            List::Table | List::Panes => {}
            List::Disks | List::Nics | List::Vcpus => {
                for device in device_keys(domain).into_iter().filter(|device| list.holds(device)) {
                    if named || device_matches(&device, &needle) {
                        add(RowId::Device(id, device));
                    }
                }
            }
        }
    }
    rows.sort_by(|a, b| {
        let active = b.1.cmp(&a.1);
        active.then_with(|| by_value(a.2, b.2, order)).then_with(|| {
            let names = a.3.cmp(b.3).then_with(|| a.0.device().cmp(&b.0.device()));
            let names = names.then_with(|| a.0.domain().cmp(&b.0.domain()));
            if key == SortKey::Name && order == Order::Descending { names.reverse() } else { names }
        })
    });
    rows.into_iter().map(|(row, ..)| row).collect()
}

fn by_value(a: Option<f64>, b: Option<f64>, order: Order) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match order {
            Order::Ascending => a.total_cmp(&b),
            Order::Descending => b.total_cmp(&a),
        },
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn matches(domain: &Domain, needle: &str) -> bool {
    let title = domain.definition.as_ref().and_then(|definition| definition.title.as_deref());
    needle.is_empty()
        || domain.name.to_lowercase().contains(needle)
        || title.is_some_and(|title| title.to_lowercase().contains(needle))
        || domain.state.name().contains(needle)
}

fn device_matches(device: &DeviceKey, needle: &str) -> bool {
    match device {
        DeviceKey::Disk(key) | DeviceKey::Nic(key) => key.to_lowercase().contains(needle),
        DeviceKey::Vcpu(_) => false,
    }
}
