//! One open connection and what is remembered along it.

use super::ffi::{CloseReason, Connection, LibvirtError, Records};
use super::{Calls, explain, host, uri};
use crate::model::{
    Call, Counter, DomainSample, DomainState, Groups, HostInfo, HostSample, NodeSample, SampleKind, StateReason,
    UnsupportedCall,
};
use crate::sources::libvirt::definition::cache::{Definitions, Marks, Present};
use crate::sources::libvirt::degraded::bypass;
use crate::sources::libvirt::degraded::bypass::Asking;
use crate::sources::libvirt::events::inbox::Inbox;
use crate::sources::libvirt::stats::bulk::Moments;
use crate::sources::libvirt::stats::connection_pool::ConnectionPool;
use crate::sources::libvirt::stats::looked_up::LookedUp;
use crate::sources::libvirt::stats::nowait_retry::NowaitRetry;
use crate::sources::libvirt::stats::per_domain::{self, Asker, Stop};
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::sources::libvirt::stats::{bulk, connection_pool};
use crate::sources::linux::{NodeFiles, QemuProcesses};
use crate::sources::{Bypass, Monitor, Notify, Request};
use crate::time::Timestamp;
use crate::units::Nanoseconds;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How old the list of domains that are off may get where no event says anything.
const ROSTER_EVERY: Duration = Duration::from_secs(10);

/// An open connection.
pub(crate) struct Session {
    connection: Connection,
    inbox: Arc<Inbox>,
    driver: String,
    /// Domains are asked one by one.
    per_domain: bool,
    /// Where the domains' processes are on this machine.
    processes: Option<QemuProcesses>,
    node_files: Option<NodeFiles>,
    /// Further connections to this machine's libvirtd.
    pool: Option<ConnectionPool>,
    unsupported: UnsupportedCalls,
    roster: Roster,
    memory: per_domain::PerDomainCache,
    looked_up: LookedUp,
    nowait_retry: NowaitRetry,
}

/// Who was there at the sample before. The steady call answers for active domains only; the others are remembered.
#[derive(Default)]
struct Roster {
    active: HashSet<Uuid>,
    off: BTreeMap<Uuid, DomainSample>,
    /// When the domains that are off were listed; `None`: list them at the next sample.
    listed: Option<Instant>,
}

impl Roster {
    fn is_due(&self) -> bool {
        self.listed.is_none_or(|at| at.elapsed() > ROSTER_EVERY)
    }

    fn remember(&mut self, domains: &BTreeMap<Uuid, DomainSample>, listed: bool) {
        if listed {
            let off = domains.iter().filter(|(_, sample)| sample.run.is_none());
            self.off = off.map(|(&uuid, sample)| (uuid, sample.clone())).collect();
            // A transient domain that ends is listed as off for a moment, and then goes without an event: so the list is
            // had once more.
            let has_ended = self.off.keys().any(|uuid| self.active.contains(uuid));
            self.listed = (!has_ended).then(Instant::now);
        }
        self.active = domains.iter().filter(|(_, sample)| sample.run.is_some()).map(|(&uuid, _)| uuid).collect();
    }
}

/// Why the bulk call gives no sample.
enum NoBulk {
    /// It says nothing but the state, or is not there at all: the domains are to be asked one by one.
    Useless,
    Failed(LibvirtError),
}

impl From<LibvirtError> for NoBulk {
    fn from(error: LibvirtError) -> Self {
        Self::Failed(error)
    }
}

impl Session {
    /// Opens a connection and listens to its events.
    pub(crate) fn open(uri: Option<&str>, calls: Calls, notify: Notify) -> Result<(Self, HostInfo), LibvirtError> {
        let mut connection = Connection::open_read_only(uri)?;
        let mut info = host::info(&connection);
        let here = calls == Calls::Auto && info.driver == "QEMU" && uri::is_local(&info.uri);
        if here {
            info.local = Groups::CPU;
        }
        let mut unsupported = UnsupportedCalls::default();
        let inbox = Arc::new(Inbox::new(notify));
        let receiver = Arc::clone(&inbox);
        if let Err(error) = connection.subscribe(Arc::new(move |event| receiver.receive(event))) {
            unsupported.add(Call::Events, explain::unsupported(&error, &info.driver));
        }
        let session = Self {
            connection,
            inbox,
            driver: info.driver.clone(),
            per_domain: calls == Calls::PerDomain,
            processes: here.then(QemuProcesses::default),
            node_files: here.then(NodeFiles::default),
            pool: here.then(|| ConnectionPool::to(uri)),
            unsupported,
            roster: Roster::default(),
            memory: per_domain::PerDomainCache::default(),
            looked_up: LookedUp::default(),
            nowait_retry: NowaitRetry::default(),
        };
        Ok((session, info))
    }

    /// Whether the connection stands, as far as this side knows.
    pub(crate) fn is_alive(&self) -> bool {
        self.inbox.closed().is_none() && self.connection.is_alive()
    }

    /// Why it closed by itself.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.inbox.closed()
    }

    /// One reading of all domains.
    pub(crate) fn sample(
        &mut self,
        request: &Request,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        // Before anything is asked: what happens from here on is seen by the next sample.
        let (changed, stale) = self.inbox.take();
        definitions.mark_stale(stale);
        if changed {
            self.roster.listed = None;
        }
        if !self.per_domain {
            match self.sample_in_bulk(request, definitions) {
                Ok(sample) => return Ok(sample),
                Err(NoBulk::Failed(error)) => return Err(error),
                Err(NoBulk::Useless) => self.per_domain = true,
            }
        }
        self.sample_per_domain(request, None, definitions)
    }

    /// The same while calls hang in some domains. Where the others are asked in bulk, definitions stay as they are known.
    pub(crate) fn sample_degraded(
        &mut self,
        request: &Request,
        bypass: &Bypass,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        let (changed, stale) = self.inbox.take();
        definitions.mark_stale(stale);
        // What was not read now is read when the list can be had again.
        self.roster.listed = None;
        if changed {
            self.looked_up.forget();
        }
        if !self.per_domain {
            match self.sample_degraded_in_bulk(request, bypass, definitions) {
                Ok(sample) => return Ok(sample),
                Err(NoBulk::Failed(error)) => return Err(error),
                Err(NoBulk::Useless) => self.per_domain = true,
            }
        }
        self.sample_per_domain(request, Some(bypass), definitions)
    }

    fn sample_degraded_in_bulk(
        &mut self,
        request: &Request,
        bypass: &Bypass,
        definitions: &mut Definitions,
    ) -> Result<HostSample, NoBulk> {
        let Self { connection, driver, pool, unsupported, looked_up, processes, node_files, nowait_retry, .. } = self;
        let processes = processes.as_mut().filter(|_| is_cheap_with_processes(request));
        let asking = Asking { request, bypass, processes, pool: pool.as_mut(), nowait_retry, driver };
        let (domains, at) = match bypass::sample(connection, looked_up, asking) {
            Err(error) if bulk::is_missing(&error) => {
                unsupported.add(Call::BulkStats, explain::unsupported(&error, driver));
                return Err(NoBulk::Useless);
            }
            sample => sample?,
        };
        let node = match request.kind == SampleKind::StateOnly {
            true => NodeSample::default(),
            false => node(node_files.as_mut(), || host::sample(connection, unsupported, driver))?,
        };
        Ok(finish(
            definitions,
            HostSample {
                at,
                kind: request.kind,
                requested: request.groups,
                node,
                domains,
                unsupported: unsupported.shared(),
            },
        ))
    }

    /// Whether a domain's QEMU answers.
    pub(crate) fn monitor(&mut self, domain: Uuid) -> Result<Monitor, LibvirtError> {
        self.looked_up.forget();
        bypass::monitor(&self.connection, &mut self.looked_up, domain)
    }

    fn sample_in_bulk(&mut self, request: &Request, definitions: &mut Definitions) -> Result<HostSample, NoBulk> {
        let Self { connection, driver, pool, unsupported, roster, processes, node_files, nowait_retry, .. } = self;
        let processes = processes.as_mut().filter(|_| is_cheap_with_processes(request));
        let groups = if processes.is_some() { request.groups - Groups::CPU } else { request.groups };
        let state_only = request.kind == SampleKind::StateOnly;
        let start = Timestamp::now();
        let records = match bulk::call(connection, groups, !state_only) {
            Err(error) if bulk::is_missing(&error) => {
                unsupported.add(Call::BulkStats, explain::unsupported(&error, driver));
                return Err(NoBulk::Useless);
            }
            records => records?,
        };
        let at = Timestamp::now();

        let mut domains = BTreeMap::new();
        let mut present = Vec::new();
        let (mut any_active, mut any_figures) = (false, false);
        let cheap = Groups::CHEAP.contains(groups);
        for (record, read_at) in records.iter().zip(Moments::between(start, at, records.len())) {
            let mut reading = bulk::read(&record, groups, driver);
            any_active |= reading.sample.run.is_some();
            any_figures |= reading.has_figures;
            if !cheap && reading.sample.run.is_some() {
                reading.note_hang();
                reading.sample.own_time = Some((groups, read_at));
            }
            domains.insert(reading.present.uuid, reading.sample);
            present.push(reading.present);
        }
        if !state_only && any_active && !any_figures && driver != "QEMU" {
            return Err(NoBulk::Useless);
        }
        let active = present.iter().filter(|present| present.marks.run.is_some());
        let active: Vec<_> = active.map(|present| (present.uuid, present.domain)).collect();
        let mut vcpus = BTreeMap::new();
        let silent = processes.map(|processes| processes.fill(&mut domains));
        let wanted = |uuid: &Uuid| request.extra_of(uuid) | bulk::not_local(silent.as_ref(), uuid);
        let pool = pool.as_mut().map(|pool| (pool, connection_pool::MOST));
        bulk::more(connection, pool, active.iter().copied(), wanted, driver, |answer| {
            vcpus.extend(answer.vcpus.map(|count| (answer.uuid, count)));
            if let Some(sample) = domains.get_mut(&answer.uuid) {
                answer.complete(sample);
            }
        })?;
        nowait_retry.ask_again(connection, &active, driver, &mut domains)?;
        for present in &mut present {
            present.marks.vcpus = present.marks.vcpus.or_else(|| vcpus.get(&present.uuid).copied());
        }
        if let Some(focus) = present.iter().find(|present| Some(present.uuid) == request.focus)
            && let Some(sample) = domains.get_mut(&focus.uuid).filter(|sample| sample.run.is_some())
        {
            let mut asker = Asker { connection, driver, domain: focus.domain, unsupported, found: Vec::new() };
            fill_host_cpus(&mut asker, sample)?;
        }
        let node = match state_only {
            true => NodeSample::default(),
            false => node(node_files.as_mut(), || host::sample(connection, unsupported, driver))?,
        };

        let vanished = roster.active.iter().any(|uuid| !domains.contains_key(uuid));
        let is_wanted = !state_only && (roster.is_due() || vanished);
        let others: Option<Records<'_>> = match is_wanted {
            true => match bulk::call(connection, Groups::STATE, false) {
                Err(error) if !connection.is_alive() => return Err(error.into()),
                others => others.ok(),
            },
            false => None,
        };
        // A list may be empty: the last domain may have gone.
        let listed = state_only || others.is_some();
        for record in others.iter().flat_map(Records::iter) {
            let reading = bulk::read(&record, Groups::STATE, driver);
            if let Entry::Vacant(place) = domains.entry(reading.present.uuid) {
                place.insert(reading.sample);
                present.push(reading.present);
            }
        }
        if !listed {
            for (uuid, sample) in &roster.off {
                domains.entry(*uuid).or_insert_with(|| sample.clone());
            }
        }
        roster.remember(&domains, listed);

        let all_read = definitions.bring_up_to_date(&present, request.focus, driver, |_| !connection.is_alive())?;
        if !all_read || (is_wanted && !listed) {
            // Domains that are off can be read from a list only, and one that has vanished may be among them.
            roster.listed = None;
        }
        Ok(finish(
            definitions,
            HostSample {
                at,
                kind: request.kind,
                requested: request.groups,
                node,
                domains,
                unsupported: unsupported.shared(),
            },
        ))
    }

    fn sample_per_domain(
        &mut self,
        request: &Request,
        bypass: Option<&Bypass>,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        let Self { connection, driver, unsupported, roster, memory, looked_up, .. } = self;
        let locked = bypass.filter(|bypass| !bypass.locked.is_empty());
        let list = if locked.is_some() { None } else { Some(connection.all_domains()?) };
        let listed = list.iter().flat_map(|list| list.iter());
        let known = match locked {
            Some(bypass) => looked_up.all(connection, bypass.known.difference(&bypass.locked).copied())?,
            None => Vec::new(),
        };
        let present: Vec<Present<'_>> = listed
            .chain(known)
            .map(|domain| Present {
                domain,
                uuid: domain.uuid(),
                marks: Marks { name: domain.name(), run: domain.id(), vcpus: None },
            })
            .collect();
        // First the definitions: they name the devices to ask about.
        definitions.bring_up_to_date(&present, request.focus, driver, |_| !connection.is_alive())?;

        let due = roster.is_due();
        let mut domains = BTreeMap::new();
        for present in &present {
            let run = present.marks.run;
            if run.is_none()
                && !due
                && let Some(known) = roster.off.get(&present.uuid)
            {
                domains.insert(present.uuid, DomainSample { name: present.marks.name.clone(), ..known.clone() });
                continue;
            }
            let mut asker = Asker { connection, driver, domain: present.domain, unsupported, found: Vec::new() };
            let definition = definitions.get(&present.uuid).0;
            let mut sample =
                DomainSample::new(present.marks.name.clone(), run, DomainState::Unknown, StateReason::default());
            let outcome = ask_domain(&mut asker, &mut sample, |asker, sample| {
                let groups = request.groups | request.extra_of(&present.uuid);
                if bypass.is_some_and(|bypass| bypass.busy.contains(&present.uuid)) {
                    sample.blocked = bypass::hang(&present.domain);
                    let cheap = groups & Groups::CHEAP;
                    return per_domain::fill(asker, sample, definition.as_deref(), cheap, present.uuid, memory);
                }
                per_domain::fill(asker, sample, definition.as_deref(), groups, present.uuid, memory)?;
                if request.focus == Some(present.uuid) || groups.contains(Groups::HOST_CPU) {
                    fill_host_cpus_of(asker, sample)?;
                }
                Ok(())
            });
            match outcome {
                Ok(()) | Err(Stop::Busy) => {
                    sample.own_time = Some((sample.answered, Timestamp::now()));
                    sample.unsupported = asker.found;
                    domains.insert(present.uuid, sample);
                }
                // Off, or not there at all.
                Err(Stop::Gone) => {
                    if let Ok((state, reason)) = present.domain.state() {
                        let (state, reason) = (DomainState::from_raw(state.into()), StateReason(reason.into()));
                        let off = DomainSample::new(present.marks.name.clone(), None, state, reason);
                        domains.insert(present.uuid, off);
                    }
                }
                Err(Stop::Lost(error)) => return Err(error),
            }
        }
        let at = Timestamp::now();
        let node = match request.kind == SampleKind::StateOnly {
            true => NodeSample::default(),
            false => host::sample(connection, unsupported, driver)?,
        };
        roster.remember(&domains, due && locked.is_none());
        memory.keep(|uuid| domains.contains_key(uuid));
        Ok(finish(
            definitions,
            HostSample {
                at,
                kind: request.kind,
                requested: request.groups,
                node,
                domains,
                unsupported: unsupported.shared(),
            },
        ))
    }
}

/// Whether it is the pulse, with what the kernel's books say. Whoever asks everything of everybody asks libvirt.
fn is_cheap_with_processes(request: &Request) -> bool {
    request.groups.contains(Groups::CPU) && (Groups::CHEAP | Groups::CPU).contains(request.groups)
}

/// What the node does now: from its books where they are here, else from libvirt.
fn node<E>(processes: Option<&mut NodeFiles>, ask: impl FnOnce() -> Result<NodeSample, E>) -> Result<NodeSample, E> {
    match processes {
        Some(processes) => processes.sample(ask),
        None => ask(),
    }
}

/// State first, and figures where there can be any.
fn ask_domain(
    asker: &mut Asker<'_>,
    sample: &mut DomainSample,
    figures: impl FnOnce(&mut Asker<'_>, &mut DomainSample) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (state, reason) = match asker.domain.state() {
        Ok(state) => state,
        Err(error) if explain::is_no_domain(&error) => return Err(Stop::Gone),
        Err(error) if !asker.connection.is_alive() => return Err(Stop::Lost(error)),
        Err(error) => {
            asker
                .found
                .push(UnsupportedCall { call: Call::DomainInfo, reason: explain::unsupported(&error, asker.driver) });
            return Ok(());
        }
    };
    sample.state = DomainState::from_raw(state.into());
    sample.reason = StateReason(reason.into());
    if sample.run.is_some() && sample.state.is_active() { figures(asker, sample) } else { Ok(()) }
}

/// CPU time per host CPU, of the domain that is looked at.
fn fill_host_cpus_of(asker: &mut Asker<'_>, sample: &mut DomainSample) -> Result<(), Stop> {
    let connection = asker.connection;
    if let Some(times) = asker.ask(Call::CpuStatsPerCpu, |domain| domain.cpu_stats_per_host_cpu(connection))? {
        sample.host_cpus = times.into_iter().map(|time| Counter(Nanoseconds(time))).collect();
        sample.answered |= Groups::HOST_CPU;
        // The domain that is looked at is asked last, so this was a moment ago.
        sample.own_time = sample.own_time.map(|(groups, at)| (groups | Groups::HOST_CPU, at));
    }
    Ok(())
}

/// The same after a bulk call: if the domain has ended meanwhile, its other figures still stand.
fn fill_host_cpus(asker: &mut Asker<'_>, sample: &mut DomainSample) -> Result<(), LibvirtError> {
    let outcome = fill_host_cpus_of(asker, sample);
    sample.unsupported.append(&mut asker.found);
    match outcome {
        Err(Stop::Lost(error)) => Err(error),
        Ok(()) | Err(Stop::Gone | Stop::Busy) => Ok(()),
    }
}

/// Puts the definitions to their domains.
fn finish(definitions: &mut Definitions, mut sample: HostSample) -> HostSample {
    definitions.keep(|uuid| sample.domains.contains_key(uuid));
    for (uuid, domain) in &mut sample.domains {
        let (definition, failure) = definitions.get(uuid);
        domain.definition = definition;
        domain.unsupported.extend(failure.cloned());
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_in_which_a_domain_has_ended_is_not_the_last_word_on_it() {
        let mut roster = Roster::default();
        let domain = |run| {
            BTreeMap::from([(Uuid::nil(), DomainSample::new("guest", run, DomainState::Unknown, StateReason(0)))])
        };
        roster.remember(&domain(Some(1)), true);
        assert!(!roster.is_due());
        roster.remember(&domain(None), true);
        assert!(roster.is_due(), "it ended, and may be gone in a moment");
        roster.remember(&domain(None), true);
        assert!(!roster.is_due(), "it stays");
    }
}
