//! The one call that answers for all domains.

use crate::model::{Blocked, BlockedBy, Call, CpuSample, DomainSample, DomainState, Groups, StateReason};
use crate::sources::libvirt::definition::cache::{Marks, Present};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Control, Domain, LibvirtError, Record, Records};
use crate::sources::libvirt::stats::connection_pool::ConnectionPool;
use crate::sources::libvirt::stats::params::{self, Figures};
use crate::time::Timestamp;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;
use virt::sys;

/// Makes the call. A domain that dies meanwhile can fail it as a whole, so one failure says nothing yet.
pub(crate) fn call(connection: &Connection, groups: Groups, active_only: bool) -> Result<Records<'_>, LibvirtError> {
    let active = if active_only { sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE } else { 0 };
    let attempt =
        || without_waiting(connection, |nowait| connection.all_domain_stats(raw_groups(groups), active | nowait));
    attempt().or_else(|error| match error.code as u32 {
        sys::VIR_ERR_SYSTEM_ERROR | sys::VIR_ERR_NO_DOMAIN | sys::VIR_ERR_OPERATION_INVALID
            if connection.is_alive() =>
        {
            attempt()
        }
        _ => Err(error),
    })
}

/// Makes a call with the flag that it shall not wait for jobs, or without, where the driver does not know it.
fn without_waiting<T>(
    connection: &Connection,
    attempt: impl Fn(u32) -> Result<T, LibvirtError>,
) -> Result<T, LibvirtError> {
    if !connection.nowait.load(Ordering::Relaxed) {
        return attempt(0);
    }
    attempt(sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT).or_else(|error| match error.code as u32 {
        sys::VIR_ERR_INVALID_ARG => {
            connection.nowait.store(false, Ordering::Relaxed);
            attempt(0)
        }
        _ => Err(error),
    })
}

/// Asks some domains only, one call for all of them.
pub(crate) fn call_for<'connection>(
    connection: &'connection Connection,
    domains: &[Domain<'_>],
    groups: Groups,
) -> Result<Records<'connection>, LibvirtError> {
    let attempt = || without_waiting(connection, |nowait| connection.stats_of(domains, raw_groups(groups), nowait));
    attempt().or_else(|error| if connection.is_alive() { attempt() } else { Err(error) })
}

/// What one domain answered besides what all are asked for.
pub(crate) struct Answer {
    pub(crate) uuid: Uuid,
    /// How many vCPUs are plugged in, where that was asked.
    pub(crate) vcpus: Option<u64>,
    sample: DomainSample,
    groups: Groups,
    at: Timestamp,
}

/// Asks some domains for the same groups.
pub(crate) fn ask(
    connection: &Connection,
    domains: &[Domain<'_>],
    groups: Groups,
    driver: &str,
) -> Result<Vec<Answer>, LibvirtError> {
    let start = Timestamp::now();
    let records = call_for(connection, domains, groups)?;
    let moments = Moments::between(start, Timestamp::now(), records.len());
    let answer = |(record, at): (Record<'_>, Timestamp)| {
        let mut reading = read(&record, groups, driver);
        reading.note_hang();
        let Present { uuid, marks, .. } = reading.present;
        Answer { uuid, vcpus: marks.vcpus, sample: reading.sample, groups, at }
    };
    Ok(records.iter().zip(moments).map(answer).collect())
}

/// Asks domains for what is wanted of each besides what all are asked for: one call for every set of groups, so their
/// number does not grow with that of the domains; a long one is split up where there are `pool`, into so
/// many at most.
pub(crate) fn more<'a>(
    connection: &Connection,
    mut pool: Option<(&mut ConnectionPool, usize)>,
    domains: impl IntoIterator<Item = (Uuid, Domain<'a>)>,
    wanted: impl Fn(&Uuid) -> Groups,
    driver: &str,
    mut take: impl FnMut(Answer),
) -> Result<(), LibvirtError> {
    // In the order of their bits, so that the richest set comes last: that of the domain that is looked at.
    let mut sets: BTreeMap<u32, Vec<Domain<'a>>> = BTreeMap::new();
    for (uuid, domain) in domains {
        let groups = wanted(&uuid) - Groups::HOST_CPU;
        if !groups.is_empty() {
            sets.entry(groups.bits()).or_default().push(domain);
        }
    }
    for (groups, domains) in sets {
        let groups = Groups::from_bits_truncate(groups);
        let answers = match &mut pool {
            Some((pool, most)) => pool.ask(connection, &domains, groups, driver, *most)?,
            None => ask(connection, &domains, groups, driver)?,
        };
        answers.into_iter().for_each(&mut take);
    }
    Ok(())
}

/// What libvirt has to be asked of a domain because the kernel's books say nothing of it. `silent`: those of which they
/// do not; `None`: they were not looked into.
pub(crate) fn not_local(silent: Option<&BTreeSet<Uuid>>, uuid: &Uuid) -> Groups {
    if silent.is_some_and(|silent| silent.contains(uuid)) { Groups::CPU } else { Groups::empty() }
}

/// When each record of an answer was read. libvirt goes from domain to domain and says no times; with a hundred domains
/// there is half a second between the first and the last, and a rate over the time of the answer would be that wrong
/// whenever a domain gets another place in the order.
pub(crate) struct Moments {
    end: Timestamp,
    length: Duration,
    count: u32,
    next: u32,
}

impl Moments {
    /// Of a call that began at `start` and came back with `count` records.
    pub(crate) fn between(start: Timestamp, end: Timestamp, count: usize) -> Self {
        let length = end.since(start).unwrap_or_default();
        Self { end, length, count: u32::try_from(count).unwrap_or(u32::MAX).max(1), next: 0 }
    }
}

impl Iterator for Moments {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.next = (self.next + 1).min(self.count);
        Some(self.end.earlier(self.length / self.count * (self.count - self.next)))
    }
}

/// `virDomainStatsTypes`. The state is always in it: it costs nothing, and no figure means much without it.
fn raw_groups(groups: Groups) -> u32 {
    [
        (Groups::CPU, sys::VIR_DOMAIN_STATS_CPU_TOTAL),
        (Groups::MEMORY, sys::VIR_DOMAIN_STATS_BALLOON),
        (Groups::VCPU, sys::VIR_DOMAIN_STATS_VCPU),
        (Groups::NET, sys::VIR_DOMAIN_STATS_INTERFACE),
        (Groups::BLOCK, sys::VIR_DOMAIN_STATS_BLOCK),
    ]
    .into_iter()
    .filter(|(group, _)| groups.contains(*group))
    .fold(sys::VIR_DOMAIN_STATS_STATE, |raw, (_, bit)| raw | bit)
}

/// One record, read.
pub(crate) struct Reading<'list> {
    pub(crate) present: Present<'list>,
    pub(crate) sample: DomainSample,
    /// There was anything besides the state.
    pub(crate) has_figures: bool,
}

impl Answer {
    /// Takes the place of the figures of the same groups, some of which did not come.
    pub(crate) fn replace(self, sample: &mut DomainSample) {
        if self.sample.run != sample.run {
            return;
        }
        sample.unanswered = Groups::empty();
        sample.blocked = None;
        if self.groups.contains(Groups::CPU) {
            sample.cpu.time = None;
        }
        self.complete(sample);
    }

    /// Completes the pulse of the same domain.
    pub(crate) fn complete(self, cheap: &mut DomainSample) {
        let Self { sample: whole, groups, at, .. } = self;
        if whole.run != cheap.run {
            // It has ended meanwhile, or begun anew.
            return;
        }
        // What the kernel's books say was read with the pulse.
        let own = if cheap.cpu.time.is_some() { groups - Groups::CPU } else { groups };
        cheap.own_time = Some((own, at));
        cheap.answered |= whole.answered;
        cheap.unanswered |= whole.unanswered;
        cheap.unsupported.extend(whole.unsupported);
        cheap.blocked = whole.blocked.or(cheap.blocked);
        if groups.contains(Groups::CPU) {
            let CpuSample { time, user, system, delay } = cheap.cpu;
            let whole = whole.cpu;
            cheap.cpu = match time {
                // Its parts from the same books, else from nowhere: a share of the time needs the same moment.
                Some(_) => CpuSample { time, user, system, delay },
                None => CpuSample { delay, ..whole },
            };
        }
        if groups.contains(Groups::MEMORY) {
            cheap.memory = whole.memory;
        }
        if groups.contains(Groups::VCPU) {
            cheap.vcpus = whole.vcpus;
        }
        if groups.contains(Groups::NET) {
            cheap.nics = whole.nics;
        }
        if groups.contains(Groups::BLOCK) {
            cheap.disks = whole.disks;
        }
    }
}

impl Reading<'_> {
    /// Where figures are missing because another client's call has the domain, this one was spared: it may hang.
    pub(crate) fn note_hang(&mut self) {
        if !self.sample.unanswered.is_empty() {
            self.sample.blocked = occupied(&self.present.domain);
        }
    }
}

/// Whether the monitor of a domain whose figures came incomplete is at a command, and since when.
fn occupied(domain: &Domain<'_>) -> Option<Blocked> {
    // A job of libvirt's own is no sign of a hang.
    let Ok(Control::Occupied(length)) = domain.control() else { return None };
    Some(Blocked { by: BlockedBy::Monitor, since: Timestamp::now().earlier(length) })
}

/// Reads a record of an answer to a call for `requested`.
pub(crate) fn read<'list>(record: &Record<'list>, requested: Groups, driver: &str) -> Reading<'list> {
    let domain: Domain<'list> = record.domain;
    let figures = params::read(record.params());
    let run = domain.id();
    let present = Present {
        domain,
        uuid: domain.uuid(),
        marks: Marks { name: domain.name(), run, vcpus: figures.vcpus_current },
    };
    let has_figures = !figures.answered.difference(Groups::STATE).is_empty();
    let sample = to_sample(present.marks.name.clone(), run, figures, requested, driver);
    Reading { present, sample, has_figures }
}

fn to_sample(name: CompactString, run: Option<u32>, figures: Figures, requested: Groups, driver: &str) -> DomainSample {
    let state = DomainState::from_raw(figures.state.unwrap_or(0));
    let mut sample = DomainSample::new(name, run, state, StateReason(figures.reason.unwrap_or(0)));
    if run.is_none() {
        // It has just ended, or is listed as off. libvirt gives figures even then, but not the domain's: "cpu.time" is
        // the daemon's own.
        return sample;
    }
    let mut answered = figures.answered;
    if driver == "QEMU" && figures.memory.rss.is_none() {
        // What libvirt knows by itself: nobody was asked.
        answered -= Groups::MEMORY;
    }
    sample.answered = requested.intersection(answered) | Groups::STATE;
    sample.cpu = figures.cpu;
    sample.memory = figures.memory;
    sample.vcpus = figures.vcpus;
    sample.disks = figures.disks;
    sample.nics = figures.nics;
    if driver == "QEMU" {
        sample.unanswered = requested.difference(answered | Groups::HOST_CPU | Groups::STATE);
    }
    sample
}

/// Whether the driver has no bulk call at all.
pub(crate) fn is_missing(error: &LibvirtError) -> bool {
    explain::is_unsupported(Call::BulkStats, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MemorySample;
    use crate::units::Bytes;

    #[test]
    fn what_libvirt_knows_of_memory_by_itself_is_no_answer_of_the_qemu() {
        let asked = |rss: Option<u64>, driver: &str| {
            let memory = MemorySample { current: Some(Bytes(1)), rss: rss.map(Bytes), ..MemorySample::default() };
            let figures = Figures { answered: Groups::MEMORY, memory, ..Figures::default() };
            to_sample("guest".into(), Some(1), figures, Groups::MEMORY, driver)
        };
        assert!(asked(Some(1), "QEMU").answered.contains(Groups::MEMORY));
        let nowait_retry = asked(None, "QEMU");
        assert!(!nowait_retry.answered.contains(Groups::MEMORY) && nowait_retry.unanswered == Groups::MEMORY);
        assert!(asked(None, "Xen").answered.contains(Groups::MEMORY), "it has no such figure");
    }

    #[test]
    fn records_are_spread_over_the_time_of_their_call() {
        let at = |ms| Timestamp::at(Duration::from_millis(ms), jiff::Timestamp::UNIX_EPOCH);
        let moments = |count| {
            let moments = Moments::between(at(100), at(200), count).take(count);
            moments.map(|at| at.monotonic.as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(moments(4), [125, 150, 175, 200]);
        assert_eq!(moments(1), [200]);
        assert!(moments(0).is_empty());
    }
}
