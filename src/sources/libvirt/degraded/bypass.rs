//! A sample while calls hang in some domains: `virDomainListGetStats` for the rest, and for those with a busy monitor
//! what libvirt knows without it. Where libvirt keeps a domain locked no list can be had, so domains are looked up.

use crate::model::{Blocked, BlockedBy, DomainSample, Groups};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Control, Domain, LibvirtError};
use crate::sources::libvirt::stats::bulk::{self, Moments, Reading};
use crate::sources::libvirt::stats::connection_pool::ConnectionPool;
use crate::sources::libvirt::stats::looked_up::LookedUp;
use crate::sources::libvirt::stats::nowait_retry::NowaitRetry;
use crate::sources::linux::QemuProcesses;
use crate::sources::{Bypass, Monitor, Request};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// What is asked, and who can be.
pub(crate) struct Asking<'a> {
    pub(crate) request: &'a Request,
    pub(crate) bypass: &'a Bypass,
    pub(crate) processes: Option<&'a mut QemuProcesses>,
    pub(crate) pool: Option<&'a mut ConnectionPool>,
    pub(crate) nowait_retry: &'a mut NowaitRetry,
    pub(crate) driver: &'a str,
}

/// All domains but the locked ones, and when what has no moment of its own was read.
pub(crate) fn sample(
    connection: &Connection,
    looked_up: &mut LookedUp,
    asking: Asking<'_>,
) -> Result<(BTreeMap<Uuid, DomainSample>, Timestamp), LibvirtError> {
    let Asking { bypass, driver, .. } = asking;
    if bypass.locked.is_empty() {
        let all = bulk::call(connection, Groups::CHEAP, false)?;
        let at = Timestamp::now();
        let domains: Vec<Domain<'_>> = all.iter().map(|record| record.domain).collect();
        let cheap = all.iter().map(|record| bulk::read(&record, Groups::CHEAP, driver));
        return Ok((with_expensive(connection, cheap.collect(), &domains, asking)?, at));
    }
    let wanted = bypass.known.difference(&bypass.locked);
    let domains = looked_up.all(connection, wanted.copied())?;
    let all = bulk::call_for(connection, &domains, Groups::CHEAP)?;
    let at = Timestamp::now();
    let cheap = all.iter().map(|record| bulk::read(&record, Groups::CHEAP, driver));
    Ok((with_expensive(connection, cheap.collect(), &domains, asking)?, at))
}

/// Marks those that are busy, and replaces the cheap readings by whole ones where that cannot hang.
fn with_expensive(
    connection: &Connection,
    cheap: Vec<Reading<'_>>,
    domains: &[Domain<'_>],
    asking: Asking<'_>,
) -> Result<BTreeMap<Uuid, DomainSample>, LibvirtError> {
    let Asking { request, bypass, processes, pool, nowait_retry, driver } = asking;
    let mut samples: BTreeMap<_, _> = cheap.into_iter().map(|reading| (reading.present.uuid, reading.sample)).collect();
    // A look at the states finds out as well who is still busy: whoever is not is let go.
    for domain in domains.iter().filter(|domain| bypass.busy.contains(&domain.uuid())) {
        if let Some(sample) = samples.get_mut(&domain.uuid()) {
            sample.blocked = hang(domain);
        }
    }
    let answers = |domain: &&Domain<'_>| !bypass.busy.contains(&domain.uuid()) && domain.id().is_some();
    let healthy: Vec<Domain<'_>> = domains.iter().filter(answers).copied().collect();
    // They ask nobody, so they speak of those that hang, too.
    let silent = processes.map(|processes| processes.fill(&mut samples));
    if silent.is_none() && !Groups::CHEAP.contains(request.groups) {
        let start = Timestamp::now();
        let records = bulk::call_for(connection, &healthy, request.groups)?;
        let moments = Moments::between(start, Timestamp::now(), records.len());
        for (record, at) in records.iter().zip(moments) {
            let mut reading = bulk::read(&record, request.groups, driver);
            reading.note_hang();
            reading.sample.own_time = Some((request.groups, at));
            samples.insert(reading.present.uuid, reading.sample);
        }
    }
    let wanted = |uuid: &Uuid| request.extra_of(uuid) | bulk::not_local(silent.as_ref(), uuid);
    let healthy: Vec<_> = healthy.into_iter().map(|domain| (domain.uuid(), domain)).collect();
    let asked = healthy.iter().copied();
    bulk::more(connection, pool.map(|pool| (pool, bypass.calls)), asked, wanted, driver, |answer| {
        if let Some(sample) = samples.get_mut(&answer.uuid) {
            answer.complete(sample);
        }
    })?;
    nowait_retry.ask_again(connection, &healthy, driver, &mut samples)?;
    Ok(samples)
}

/// Whether the monitor of a domain in which a call hung is still busy.
pub(crate) fn hang(domain: &Domain<'_>) -> Option<Blocked> {
    // It may have been destroyed for that it hangs: then there is no answer, and nothing that is busy.
    let length = match domain.control() {
        Ok(Control::Occupied(length)) => length,
        Ok(Control::Job) => Duration::ZERO,
        Ok(Control::Free) | Err(_) => return None,
    };
    Some(Blocked { by: BlockedBy::Monitor, since: Timestamp::now().earlier(length) })
}

/// `virDomainGetControlInfo` of one domain.
pub(crate) fn monitor(connection: &Connection, looked_up: &mut LookedUp, uuid: Uuid) -> Result<Monitor, LibvirtError> {
    let found = looked_up.all(connection, [uuid])?;
    let Some(domain) = found.first() else { return Ok(Monitor::Gone) };
    match domain.control() {
        Ok(Control::Occupied(length)) => Ok(Monitor::Busy(length)),
        Ok(Control::Job) => Ok(Monitor::AtWork),
        Ok(Control::Free) => Ok(Monitor::Free),
        Err(error) if explain::is_no_domain(&error) || domain.is_active() == Ok(false) => Ok(Monitor::Gone),
        Err(error) => Err(error),
    }
}
