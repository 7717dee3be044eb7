//! A sample while calls hang in some domains: `virDomainListGetStats` for the rest, and for those with a busy monitor
//! what libvirt knows without it. Where libvirt keeps a domain locked no list can be had, so domains are looked up.

use super::bulk::{self, Reading};
use super::explain;
use super::ffi::{Connection, Domain, LibvirtError, OwnedDomain};
use crate::model::{DomainSample, Groups, Held, Hold};
use crate::sources::{Around, Monitor, Request};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Groups that no monitor is asked for.
const CHEAP: Groups = Groups::STATE.union(Groups::NET);

/// Domains that were looked up, kept for the next sample.
#[derive(Default)]
pub(super) struct LookedUp(BTreeMap<Uuid, OwnedDomain>);

/// All domains but the locked ones.
pub(super) fn sample(
    connection: &Connection,
    looked_up: &mut LookedUp,
    request: Request,
    around: &Around,
    driver: &str,
) -> Result<BTreeMap<Uuid, DomainSample>, LibvirtError> {
    if around.locked.is_empty() {
        let all = bulk::call(connection, CHEAP, false, &mut true)?;
        let domains: Vec<Domain<'_>> = all.iter().map(|record| record.domain).collect();
        let cheap = all.iter().map(|record| bulk::read(&record, CHEAP, driver));
        return with_dear(connection, cheap.collect(), &domains, request, around, driver);
    }
    let wanted = around.known.difference(&around.locked);
    let domains = looked_up.all(connection, wanted.copied())?;
    let all = bulk::call_for(connection, &domains, CHEAP)?;
    let cheap = all.iter().map(|record| bulk::read(&record, CHEAP, driver));
    with_dear(connection, cheap.collect(), &domains, request, around, driver)
}

/// Marks those that are busy, and replaces the cheap readings by whole ones where that cannot hang.
fn with_dear(
    connection: &Connection,
    cheap: Vec<Reading<'_>>,
    domains: &[Domain<'_>],
    request: Request,
    around: &Around,
    driver: &str,
) -> Result<BTreeMap<Uuid, DomainSample>, LibvirtError> {
    let mut samples: BTreeMap<_, _> = cheap.into_iter().map(|reading| (reading.present.uuid, reading.sample)).collect();
    // A look at the states finds out as well who is still busy: whoever is not is let go.
    for domain in domains.iter().filter(|domain| around.busy.contains(&domain.uuid())) {
        // It may have been destroyed for that it hangs: then there is no answer, and nothing that is busy.
        let length = domain.occupied().ok().flatten();
        let held = length.map(|length| Held { by: Hold::Monitor, since: Timestamp::now().earlier(length) });
        if let Some(sample) = samples.get_mut(&domain.uuid()) {
            sample.held = held;
        }
    }
    if CHEAP.contains(request.groups) {
        return Ok(samples);
    }
    let answers = |domain: &&Domain<'_>| !around.busy.contains(&domain.uuid()) && domain.id().is_some();
    let healthy: Vec<Domain<'_>> = domains.iter().filter(answers).copied().collect();
    let records = bulk::call_for(connection, &healthy, request.groups)?;
    for record in records.iter() {
        let mut reading = bulk::read(&record, request.groups, driver);
        if reading.is_cut_short() {
            reading.sample.held = hung(&reading.present.domain);
        }
        samples.insert(reading.present.uuid, reading.sample);
    }
    Ok(samples)
}

/// A monitor that has been at one command for less is at work, not hung.
const HUNG_AT_LEAST: Duration = Duration::from_secs(1);

/// Whether a domain whose figures came incomplete is one that hangs.
pub(super) fn hung(domain: &Domain<'_>) -> Option<Held> {
    let length = domain.occupied().ok().flatten().filter(|&length| length >= HUNG_AT_LEAST)?;
    Some(Held { by: Hold::Monitor, since: Timestamp::now().earlier(length) })
}

/// `virDomainGetControlInfo` of one domain.
pub(super) fn monitor(connection: &Connection, looked_up: &mut LookedUp, uuid: Uuid) -> Result<Monitor, LibvirtError> {
    let found = looked_up.all(connection, [uuid])?;
    let Some(domain) = found.first() else { return Ok(Monitor::Gone) };
    match domain.occupied() {
        Ok(Some(length)) => Ok(Monitor::Busy(length)),
        Ok(None) => Ok(Monitor::Free),
        Err(error) if explain::is_no_domain(&error) || domain.is_active() == Ok(false) => Ok(Monitor::Gone),
        Err(error) => Err(error),
    }
}

impl LookedUp {
    /// Those of the wanted domains that exist.
    fn all(
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

    /// Looked-up domains know the ID that they had then, so they are not kept for long.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
