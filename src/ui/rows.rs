//! The rows of a list and their order.

use super::seen::{self, Seen};

use crate::fleet::{Domain, DomainId, Fleet, HostId, TimeCursor, When};
use crate::model::Event;
use crate::table::query::{Query, Subject};
use crate::table::{DeviceKey, List, Order, RowId, SortKey};
use std::cmp::Ordering;

/// Devices of a domain in the order of its screen: disks, NICs, vCPUs.
pub fn device_keys(domain: &Domain) -> Vec<DeviceKey> {
    let disks = domain.disks.iter().map(|disk| DeviceKey::Disk(disk.key.clone()));
    let nics = domain.nics.iter().map(|nic| DeviceKey::Nic(nic.key.clone()));
    let vcpus = domain.vcpus.iter().map(|vcpu| DeviceKey::Vcpu(vcpu.key));
    disks.chain(nics).chain(vcpus).collect()
}

/// Devices of a domain that are in a list of one kind. Those of one that is off have no figures; its own screen has their
/// past.
fn keys_in(domain: &Domain, list: List, when: When) -> impl Iterator<Item = DeviceKey> {
    let is_on = domain.is_active(when);
    let disks = domain.disks.iter().filter(move |_| list == List::Disks).map(|disk| DeviceKey::Disk(disk.key.clone()));
    let nics = domain.nics.iter().filter(move |_| list == List::Nics).map(|nic| DeviceKey::Nic(nic.key.clone()));
    let vcpus = domain.vcpus.iter().filter(move |_| list == List::Vcpus).map(|vcpu| DeviceKey::Vcpu(vcpu.key));
    disks.chain(nics).chain(vcpus).filter(move |_| is_on)
}

/// The rows that a list has before the filter.
pub(super) fn count(fleet: &Fleet, list: List, cursor: TimeCursor) -> usize {
    let devices = |of: fn(&Domain) -> usize| {
        let domains = fleet.domains().filter(|(_, host, domain)| domain.is_active(host.timeline.when(cursor)));
        domains.map(|(_, _, domain)| of(domain)).sum()
    };
    match list {
        List::Table | List::Panes => fleet.domains().count(),
        List::Events => events(fleet, cursor).count(),
        List::Disks => devices(|domain| domain.disks.len()),
        List::Nics => devices(|domain| domain.nics.len()),
        List::Vcpus => devices(|domain| domain.vcpus.len()),
    }
}

/// What a list shows.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) list: List,
    pub(super) query: &'a Query,
    /// Domains that are off have no row, unless something is wrong with them.
    pub(super) hides_off: bool,
}

/// Rows in an order that the user holds; rows that are new come behind them.
pub(super) fn in_fixed_order(rows: Vec<RowId>, fixed: &[RowId]) -> Vec<RowId> {
    let (mut old, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| fixed.contains(row));
    old.sort_by_key(|row| fixed.iter().position(|known| known == row));
    old.extend(new);
    old
}

/// The rows of a list: filtered, sorted; domains that are off come last.
pub(super) fn rows(
    fleet: &Fleet,
    Shown { list, query, hides_off }: Shown<'_>,
    (key, order): (SortKey, Order),
    cursor: TimeCursor,
    seen: &Seen,
) -> Vec<RowId> {
    if list == List::Events {
        return event_rows(fleet, query, (key, order), cursor);
    }
    let mut rows: Vec<(RowId, bool, Option<f64>, &str)> = Vec::new();
    let consumers: Vec<_> = fleet.hosts().iter().map(|host| host.top_consumers(host.timeline.when(cursor))).collect();
    for (id, host, domain) in fleet.domains() {
        let when = host.timeline.when(cursor);
        let weight = || domain.worst_weight(when, seen.of(id), &consumers[id.host]);
        let mut add = |row: RowId| {
            let value = key.value(&row, domain, when, weight);
            rows.push((row, domain.is_active(when), value, domain.name.as_str()));
        };
        if hides_off && !domain.is_active(when) && weight().is_none() {
            continue;
        }
        match list {
            List::Table | List::Panes => {
                if query.finds(Subject { domain, device: None, list, when }) {
                    add(RowId::Domain(id));
                }
            }
            List::Disks | List::Nics | List::Vcpus | List::Events => {
                for device in keys_in(domain, list, when) {
                    if query.finds(Subject { domain, device: Some(&device), list, when }) {
                        add(RowId::Device(id, device));
                    }
                }
            }
        }
    }
    rows.sort_by(|a, b| {
        let active = b.1.cmp(&a.1);
        let value = by_value(a.2, b.2, order);
        // Sorted by trouble, a crashed domain comes among those with findings, although it is off.
        let first = if key == SortKey::Trouble { value.then(active) } else { active.then(value) };
        first.then_with(|| {
            let names = a.3.cmp(b.3).then_with(|| a.0.device().cmp(&b.0.device()));
            let names = names.then_with(|| a.0.domain().cmp(&b.0.domain()));
            if key == SortKey::Name && order == Order::Descending { names.reverse() } else { names }
        })
    });
    rows.into_iter().map(|(row, ..)| row).collect()
}

/// The events of all hosts up to the time that the screen shows.
pub(super) fn events(fleet: &Fleet, cursor: TimeCursor) -> impl Iterator<Item = (HostId, u64, &Event)> {
    let hosts = fleet.hosts().iter().enumerate();
    hosts.flat_map(move |(host, known)| seen::shown(known, cursor).map(move |(number, event)| (host, number, event)))
}

fn event_rows(fleet: &Fleet, query: &Query, (key, order): (SortKey, Order), cursor: TimeCursor) -> Vec<RowId> {
    let mut found: Vec<_> = events(fleet, cursor).filter(|(_, _, event)| query.finds_event(event)).collect();
    let name = |event: &Event| event.domain.as_ref().map(|domain| domain.name.clone());
    found.sort_by(|(host_a, number_a, a), (host_b, number_b, b)| {
        let newest = (b.at.monotonic, host_b, number_b).cmp(&(a.at.monotonic, host_a, number_a));
        let turned = |ordering: Ordering, natural| if order == natural { ordering } else { ordering.reverse() };
        match key {
            SortKey::Trouble => turned(b.kind.severity().cmp(&a.kind.severity()), Order::Descending).then(newest),
            SortKey::Name => turned(name(a).cmp(&name(b)), Order::Ascending).then(newest),
            _ => turned(newest, Order::Descending),
        }
    });
    let row = |(host, number, event): (HostId, u64, &Event)| {
        RowId::Event(host, number, event.domain.as_ref().map(|domain| DomainId { host, uuid: domain.uuid }))
    };
    found.into_iter().map(row).collect()
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
