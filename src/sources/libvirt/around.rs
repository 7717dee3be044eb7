//! A sample while calls hang in some domains: `virDomainListGetStats` for the rest, and for those with a busy monitor
//! what libvirt knows without it. Where libvirt keeps a domain locked no list can be had, so domains are looked up.

use super::books::Books;
use super::bulk::{self, Moments, Reading};
use super::explain;
use super::ffi::{Connection, Control, Domain, LibvirtError, OwnedDomain};
use super::lanes::Lanes;
use super::spared::Spared;
use crate::model::{DomainSample, Groups, Held, Hold};
use crate::sources::{Around, Monitor, Request};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Domains that were looked up, kept for the next sample.
#[derive(Default)]
pub(super) struct LookedUp(BTreeMap<Uuid, OwnedDomain>);

/// What is asked, and who can be.
pub(super) struct Asking<'a> {
    pub(super) request: &'a Request,
    pub(super) around: &'a Around,
    pub(super) books: Option<&'a mut Books>,
    pub(super) lanes: Option<&'a mut Lanes>,
    pub(super) spared: &'a mut Spared,
    pub(super) driver: &'a str,
}

/// All domains but the locked ones, and when what has no moment of its own was read.
pub(super) fn sample(
    connection: &Connection,
    looked_up: &mut LookedUp,
    asking: Asking<'_>,
) -> Result<(BTreeMap<Uuid, DomainSample>, Timestamp), LibvirtError> {
    let Asking { around, driver, .. } = asking;
    if around.locked.is_empty() {
        let all = bulk::call(connection, Groups::PULSE, false)?;
        let at = Timestamp::now();
        let domains: Vec<Domain<'_>> = all.iter().map(|record| record.domain).collect();
        let cheap = all.iter().map(|record| bulk::read(&record, Groups::PULSE, driver));
        return Ok((with_dear(connection, cheap.collect(), &domains, asking)?, at));
    }
    let wanted = around.known.difference(&around.locked);
    let domains = looked_up.all(connection, wanted.copied())?;
    let all = bulk::call_for(connection, &domains, Groups::PULSE)?;
    let at = Timestamp::now();
    let cheap = all.iter().map(|record| bulk::read(&record, Groups::PULSE, driver));
    Ok((with_dear(connection, cheap.collect(), &domains, asking)?, at))
}

/// Marks those that are busy, and replaces the cheap readings by whole ones where that cannot hang.
fn with_dear(
    connection: &Connection,
    cheap: Vec<Reading<'_>>,
    domains: &[Domain<'_>],
    asking: Asking<'_>,
) -> Result<BTreeMap<Uuid, DomainSample>, LibvirtError> {
    let Asking { request, around, books, lanes, spared, driver } = asking;
    let mut samples: BTreeMap<_, _> = cheap.into_iter().map(|reading| (reading.present.uuid, reading.sample)).collect();
    // A look at the states finds out as well who is still busy: whoever is not is let go.
    for domain in domains.iter().filter(|domain| around.busy.contains(&domain.uuid())) {
        if let Some(sample) = samples.get_mut(&domain.uuid()) {
            sample.held = hang(domain);
        }
    }
    let answers = |domain: &&Domain<'_>| !around.busy.contains(&domain.uuid()) && domain.id().is_some();
    let healthy: Vec<Domain<'_>> = domains.iter().filter(answers).copied().collect();
    // They ask nobody, so they speak of those that hang, too.
    let silent = books.map(|books| books.fill(&mut samples));
    if silent.is_none() && !Groups::PULSE.contains(request.groups) {
        let start = Timestamp::now();
        let records = bulk::call_for(connection, &healthy, request.groups)?;
        let moments = Moments::between(start, Timestamp::now(), records.len());
        for (record, at) in records.iter().zip(moments) {
            let mut reading = bulk::read(&record, request.groups, driver);
            reading.notice_hang();
            reading.sample.own_time = Some((request.groups, at));
            samples.insert(reading.present.uuid, reading.sample);
        }
    }
    let wanted = |uuid: &Uuid| request.more_of(uuid) | bulk::unless_said(silent.as_ref(), uuid);
    let healthy: Vec<_> = healthy.into_iter().map(|domain| (domain.uuid(), domain)).collect();
    let asked = healthy.iter().copied();
    bulk::more(connection, lanes.map(|lanes| (lanes, around.calls)), asked, wanted, driver, |answer| {
        if let Some(sample) = samples.get_mut(&answer.uuid) {
            answer.complete(sample);
        }
    })?;
    spared.ask_again(connection, &healthy, driver, &mut samples)?;
    Ok(samples)
}

/// Whether the monitor of a domain in which a call hung is still busy.
pub(super) fn hang(domain: &Domain<'_>) -> Option<Held> {
    // It may have been destroyed for that it hangs: then there is no answer, and nothing that is busy.
    let length = match domain.control() {
        Ok(Control::Occupied(length)) => length,
        Ok(Control::Job) => Duration::ZERO,
        Ok(Control::Free) | Err(_) => return None,
    };
    Some(Held { by: Hold::Monitor, since: Timestamp::now().earlier(length) })
}

/// `virDomainGetControlInfo` of one domain.
pub(super) fn monitor(connection: &Connection, looked_up: &mut LookedUp, uuid: Uuid) -> Result<Monitor, LibvirtError> {
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

impl LookedUp {
    /// Those of the wanted domains that exist.
    pub(super) fn all(
        &mut self,
        connection: &Connection,
        wanted: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Domain<'_>>, LibvirtError> {
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        for &uuid in &wanted {
            if self.0.contains_key(&uuid) {
                continue;
            }
            match connection.look_up(uuid) {
                Ok(domain) => drop(self.0.insert(uuid, domain)),
                Err(error) if explain::is_no_domain(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted.iter().filter_map(|uuid| self.0.get(uuid)).map(OwnedDomain::view).collect())
    }

    /// Forgets those that are not wanted any more, once they are many.
    pub(super) fn keep(&mut self, wanted: &[Uuid]) {
        if self.0.len() > 2 * wanted.len() {
            self.0.retain(|uuid, _| wanted.contains(uuid));
        }
    }

    /// Looked-up domains know the ID that they had then, so they are not kept for long.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
