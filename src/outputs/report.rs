//! Which records a report has, and when: for any number of hosts, without any I/O.

use crate::fleet::{Domain, Fleet, Host, HostId, Link, Unreached, UnreachedHost, When};
use crate::model::{Event, Failure};
use crate::table::query::{Query, Subject};
use crate::table::{DeviceKey, List};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// How long the first answer of a host may take. If no host has answered by then, the report ends with an error: otherwise
/// processes would accumulate where a timer starts vtop repeatedly.
pub const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The failure of a host whose libvirt accepts a connection and does not answer.
const CONNECTING: &str = "libvirt does not answer the attempt to connect";
const CONNECTING_ADVICE: &str = "it may be frozen or overloaded; vtop continues when it answers";
const CONNECTING_END_ADVICE: &str = "it may be frozen or overloaded: look at the daemon, libvirtd or virtqemud";

/// What is written of one host at one moment.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The host.
    pub host: &'a Host,
    /// When the sample was taken; of a failure: when the record was made.
    pub at: Timestamp,
    /// A sample, or why there is none.
    pub content: Content<'a>,
    /// Events since the record before, the oldest first.
    pub events: Vec<&'a Event>,
    /// How many more events there were, which the host's log does not have any more.
    pub events_left_out: u64,
    /// Which domains and devices are written.
    pub filter: Arc<Query>,
}

impl<'a> Record<'a> {
    /// The domains of the host that the filter finds, sorted by name.
    pub fn domains(&self) -> Vec<&'a Domain> {
        let is_found = |domain: &Domain| {
            self.filter.finds(Subject { domain, device: None, list: List::Table, when: When::Latest })
        };
        self.sorted(is_found)
    }

    /// The devices of one kind that the filter finds, with their domains, sorted by the name of the domain.
    pub fn devices<D: 'a, I: Iterator<Item = &'a D> + 'a>(
        &self,
        list: List,
        of: impl Fn(&'a Domain) -> I,
        key: impl Fn(&D) -> DeviceKey,
    ) -> Vec<(&'a Domain, &'a D)> {
        let domains = self.sorted(|_| true);
        let devices = domains.into_iter().flat_map(|domain| of(domain).map(move |device| (domain, device)));
        let is_found = |(domain, device): &(&Domain, &D)| {
            self.filter.finds(Subject { domain, device: Some(&key(device)), list, when: When::Latest })
        };
        devices.filter(is_found).collect()
    }

    fn sorted(&self, is_wanted: impl Fn(&Domain) -> bool) -> Vec<&'a Domain> {
        let mut domains: Vec<_> = self.host.domains.values().filter(|domain| is_wanted(domain)).collect();
        domains.sort_by(|left, right| left.name.cmp(&right.name).then(left.uuid.cmp(&right.uuid)));
        domains
    }
}

/// The content of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'a> {
    /// The host has a new sample.
    Sample {
        /// Time since the sample of the record before; `None`: the clock did not advance.
        elapsed: Option<Duration>,
    },
    /// The host cannot be reached.
    Failure {
        /// What failed and why.
        message: &'a str,
        /// What to do about it.
        advice: Option<&'a str>,
        /// When the next attempt follows; `None`: an attempt is under way, or the next sample is the attempt.
        retry_in: Option<Duration>,
    },
}

/// Decides which records are written.
#[derive(Clone, Debug)]
pub struct Report {
    interval: Duration,
    filter: Arc<Query>,
    hosts: Vec<Progress>,
    unreached: Unreached,
}

/// How far the report of one host is.
#[derive(Clone, Debug)]
struct Progress {
    /// The sample of the last record.
    sampled_at: Option<Timestamp>,
    /// The number of the first event that is in no record yet.
    next_event: u64,
    /// When the next record of a failure is due; `None`: not before the host fails.
    due: Option<Duration>,
    /// The present failure has a record.
    failure_recorded: bool,
}

impl Progress {
    fn new(now: Timestamp) -> Self {
        Self {
            sampled_at: None,
            next_event: 0,
            due: Some(now.monotonic + FIRST_ANSWER_WITHIN),
            failure_recorded: false,
        }
    }

    fn record<'a>(&mut self, host: &'a Host, at: Timestamp, content: Content<'a>, filter: &Arc<Query>) -> Record<'a> {
        let (events, events_left_out) = host.events.since(self.next_event);
        self.next_event = host.events.next_number();
        Record { host, at, content, events: events.collect(), events_left_out, filter: Arc::clone(filter) }
    }

    /// The record of the host's newest sample. `None` if that sample has a record already, and for the first sample of the report,
    /// which has no rates yet.
    fn sample<'a>(&mut self, host: &'a Host, filter: &Arc<Query>) -> Option<Record<'a>> {
        let at = host.sampled_at.filter(|at| self.sampled_at != Some(*at))?;
        let before = self.sampled_at.replace(at)?;
        Some(self.record(host, at, Content::Sample { elapsed: at.since(before) }, filter))
    }

    /// The record of a failure. `None` if the host can be reached.
    fn failure<'a>(
        &mut self,
        host: &'a Host,
        now: Timestamp,
        interval: Duration,
        filter: &Arc<Query>,
    ) -> Option<Record<'a>> {
        let content = match &host.link {
            Link::Failing(failure) => Content::Failure {
                message: &failure.message,
                advice: failure.advice.as_deref(),
                retry_in: failure.retry_in,
            },
            Link::Connecting => {
                Content::Failure { message: CONNECTING, advice: Some(CONNECTING_ADVICE), retry_in: None }
            }
            Link::Live => {
                self.due = None;
                return None;
            }
        };
        self.failure_recorded = true;
        self.due = Some(now.monotonic + interval);
        Some(self.record(host, now, content, filter))
    }
}

impl Report {
    /// A report of so many hosts. While a host cannot be reached, it has a record every `interval`.
    pub fn new(hosts: usize, interval: Duration, now: Timestamp) -> Self {
        let filter = Arc::default();
        Self { interval, filter, hosts: vec![Progress::new(now); hosts], unreached: Unreached::default() }
    }

    /// Only what a query finds is written.
    pub fn filtered(self, filter: Query) -> Self {
        Self { filter: Arc::new(filter), ..self }
    }

    /// When [`Report::overdue`] is to be called: the monotonic part of a [`Timestamp`]. `None`: not before the next update.
    pub fn due(&self) -> Option<Duration> {
        self.hosts.iter().filter_map(|progress| progress.due).min()
    }

    /// The record of a host after the fleet has applied an update of it.
    ///
    /// The error ends the report: no host was ever reached.
    pub fn updated<'a>(
        &mut self,
        fleet: &'a Fleet,
        id: HostId,
        now: Timestamp,
    ) -> Result<Option<Record<'a>>, Vec<UnreachedHost>> {
        if self.hosts.len() < fleet.hosts().len() {
            self.hosts.resize(fleet.hosts().len(), Progress::new(now));
        }
        let Some((host, progress)) = fleet.host(id).zip(self.hosts.get_mut(id)) else { return Ok(None) };
        match &host.link {
            Link::Live => {
                (progress.due, progress.failure_recorded) = (None, false);
                Ok(progress.sample(host, &self.filter))
            }
            Link::Connecting => {
                progress.due = progress.due.or(Some(now.monotonic + self.interval));
                Ok(None)
            }
            Link::Failing(_) if progress.failure_recorded => Ok(None),
            Link::Failing(failure) => self.fail(fleet, host, now, || failure.clone()),
        }
    }

    /// The records that are due at `now`: of hosts that cannot be reached, or have not answered yet.
    ///
    /// The error ends the report: no host was ever reached.
    pub fn overdue<'a>(&mut self, fleet: &'a Fleet, now: Timestamp) -> Result<Vec<Record<'a>>, Vec<UnreachedHost>> {
        let mut records = Vec::new();
        for host in fleet.hosts() {
            if self.hosts.get(host.id).and_then(|progress| progress.due).is_some_and(|due| due <= now.monotonic) {
                let failure = || match &host.link {
                    Link::Failing(failure) => failure.clone(),
                    Link::Connecting | Link::Live => no_answer(now),
                };
                records.extend(self.fail(fleet, host, now, failure)?);
            }
        }
        Ok(records)
    }

    /// A host fails at `now`. While no host has been reached, a failure has no record; when all hosts have failed, the
    /// report ends.
    fn fail<'a>(
        &mut self,
        fleet: &Fleet,
        host: &'a Host,
        now: Timestamp,
        failure: impl FnOnce() -> Failure,
    ) -> Result<Option<Record<'a>>, Vec<UnreachedHost>> {
        let progress = &mut self.hosts[host.id];
        if fleet.hosts().iter().any(|host| host.info.is_some()) {
            return Ok(progress.failure(host, now, self.interval, &self.filter));
        }
        progress.due = Some(now.monotonic + self.interval);
        self.unreached.add(fleet, host.id, failure()).map_or(Ok(None), Err)
    }
}

fn no_answer(now: Timestamp) -> Failure {
    Failure {
        message: format!("{CONNECTING} for {} s", FIRST_ANSWER_WITHIN.as_secs()),
        advice: Some(CONNECTING_END_ADVICE.to_owned()),
        retry_in: None,
        at: now,
        is_bug: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::EVENTS_KEPT;
    use crate::model::{EventKind, Groups, HostSample, HostUpdate, NodeSample, SampleKind};
    use std::sync::Arc;

    const INTERVAL: Duration = Duration::from_secs(1);

    /// The failures of the hosts with which a report ends.
    fn messages(hosts: Vec<UnreachedHost>) -> String {
        hosts.into_iter().map(|host| host.failure.message).collect::<Vec<_>>().join("; ")
    }

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(milliseconds), jiff::Timestamp::UNIX_EPOCH)
    }

    fn sample(milliseconds: u64, requested: Groups) -> HostUpdate {
        let kind = if requested == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full };
        HostUpdate::Keyframe(HostSample {
            at: at(milliseconds),
            kind,
            requested,
            node: NodeSample::default(),
            domains: Default::default(),
            unsupported: Arc::default(),
        })
    }

    fn failed(message: &str) -> HostUpdate {
        HostUpdate::Failed(Failure { message: message.into(), advice: None, retry_in: None, at: at(0), is_bug: false })
    }

    fn rebooted(milliseconds: u64) -> HostUpdate {
        HostUpdate::Event(Event { at: at(milliseconds), domain: None, kind: EventKind::Rebooted })
    }

    /// What matters of a record: its host, its time in milliseconds, the message of a failure or the time since the
    /// sample before in milliseconds, and the number of its events.
    type Summary = (HostId, u64, Result<Option<u64>, String>, usize);

    fn summary(record: &Record<'_>) -> Summary {
        let milliseconds = |duration: Duration| duration.as_millis() as u64;
        let content = match record.content {
            Content::Sample { elapsed } => Ok(elapsed.map(milliseconds)),
            Content::Failure { message, .. } => Err(message.to_owned()),
        };
        (record.host.id, milliseconds(record.at.monotonic), content, record.events.len())
    }

    struct Rig {
        fleet: Fleet,
        report: Report,
    }

    impl Rig {
        fn new(hosts: usize) -> Self {
            Self { fleet: Fleet::new(hosts), report: Report::new(hosts, INTERVAL, at(0)) }
        }

        /// A host that is connected at 0.
        fn connected() -> Self {
            let mut rig = Self::new(1);
            assert_eq!(rig.apply(0, 0, HostUpdate::Connected(Arc::default())), Ok(None));
            rig
        }

        fn apply(&mut self, host: HostId, now: u64, update: HostUpdate) -> Result<Option<Summary>, String> {
            self.fleet.apply(host, update);
            let record = self.report.updated(&self.fleet, host, at(now)).map_err(messages)?;
            Ok(record.as_ref().map(summary))
        }

        fn overdue(&mut self, now: u64) -> Result<Vec<Summary>, String> {
            let records = self.report.overdue(&self.fleet, at(now)).map_err(messages)?;
            Ok(records.iter().map(summary).collect())
        }

        fn due(&self) -> Option<u64> {
            self.report.due().map(|due| due.as_millis() as u64)
        }
    }

    #[test]
    fn the_first_sample_and_a_poll_of_states_have_no_record() {
        let mut rig = Rig::connected();
        for (milliseconds, requested, elapsed) in [
            (0, Groups::OVERVIEW, None),
            (1000, Groups::OVERVIEW, Some(1000)),
            (1100, Groups::STATE, None),
            (2250, Groups::OVERVIEW, Some(1250)),
        ] {
            let record = rig.apply(0, 9000, sample(milliseconds, requested)).unwrap();
            assert_eq!(record, elapsed.map(|elapsed| (0, milliseconds, Ok(Some(elapsed)), 0)), "{milliseconds}");
            assert_eq!(rig.due(), None);
        }
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_elapsed_time() {
        let mut rig = Rig::connected();
        assert_eq!(rig.apply(0, 0, sample(5000, Groups::OVERVIEW)), Ok(None));
        assert_eq!(rig.apply(0, 0, sample(4000, Groups::OVERVIEW)), Ok(Some((0, 4000, Ok(None), 0))));
    }

    #[test]
    fn an_event_is_in_the_next_record_and_in_no_other() {
        let mut rig = Rig::connected();
        assert_eq!(rig.apply(0, 0, rebooted(0)), Ok(None));
        assert_eq!(rig.apply(0, 0, sample(0, Groups::OVERVIEW)), Ok(None));
        assert_eq!(rig.apply(0, 0, rebooted(500)), Ok(None), "an event makes no record");
        assert_eq!(rig.apply(0, 0, sample(1000, Groups::OVERVIEW)), Ok(Some((0, 1000, Ok(Some(1000)), 2))));
        assert_eq!(rig.apply(0, 0, sample(2000, Groups::OVERVIEW)), Ok(Some((0, 2000, Ok(Some(1000)), 0))));
        for _ in 0..EVENTS_KEPT + 3 {
            rig.apply(0, 0, rebooted(2500)).unwrap();
        }
        rig.fleet.apply(0, failed("gone"));
        let record = rig.report.updated(&rig.fleet, 0, at(3000)).unwrap().unwrap();
        assert_eq!((record.events.len(), record.events_left_out), (EVENTS_KEPT, 3));
        assert_eq!(rig.apply(0, 4000, sample(4000, Groups::OVERVIEW)), Ok(Some((0, 4000, Ok(Some(2000)), 0))));
    }

    #[test]
    fn a_failure_has_a_record_at_once_and_then_one_an_interval() {
        let mut rig = Rig::connected();
        rig.apply(0, 0, sample(0, Groups::OVERVIEW)).unwrap();
        let record = |now, message: &str| (0, now, Err(message.to_owned()), 0);
        assert_eq!(rig.apply(0, 500, failed("gone")), Ok(Some(record(500, "gone"))));
        assert_eq!(rig.due(), Some(1500));
        assert_eq!(rig.overdue(1499), Ok(vec![]));
        // Further attempts change the text, not the pace.
        assert_eq!(rig.apply(0, 700, HostUpdate::Connecting), Ok(None));
        assert_eq!(rig.apply(0, 800, failed("refused")), Ok(None));
        assert_eq!(rig.overdue(1500), Ok(vec![record(1500, "refused")]));
        assert_eq!(rig.apply(0, 1600, HostUpdate::Connecting), Ok(None));
        assert_eq!(rig.overdue(2600), Ok(vec![record(2600, "libvirt does not answer the attempt to connect")]));
        assert_eq!(rig.apply(0, 3000, sample(3000, Groups::OVERVIEW)), Ok(Some((0, 3000, Ok(Some(3000)), 0))));
        assert_eq!(rig.due(), None);
        assert_eq!(rig.apply(0, 3100, failed("gone again")), Ok(Some(record(3100, "gone again"))));
    }

    #[test]
    fn a_host_that_was_never_reached_ends_the_report() {
        let mut rig = Rig::new(1);
        assert_eq!(rig.apply(0, 0, HostUpdate::Connecting), Ok(None));
        assert_eq!(rig.apply(0, 100, failed("no such daemon")), Err("no such daemon".to_owned()));
        let mut rig = Rig::new(1);
        assert_eq!(rig.apply(0, 0, HostUpdate::Connecting), Ok(None));
        assert_eq!(rig.due(), Some(10_000));
        let silent = "libvirt does not answer the attempt to connect for 10 s";
        assert_eq!(rig.overdue(10_000), Err(silent.to_owned()));
    }

    #[test]
    fn a_host_that_was_never_reached_has_records_beside_one_that_was() {
        let mut rig = Rig::new(2);
        let record = |now| (0, now, Err("no such daemon".to_owned()), 0);
        assert_eq!(rig.apply(0, 100, failed("no such daemon")), Ok(None), "the other may still answer");
        assert_eq!(rig.overdue(1100), Ok(vec![]));
        assert_eq!(rig.apply(1, 1200, HostUpdate::Connected(Arc::default())), Ok(None));
        assert_eq!(rig.overdue(2100), Ok(vec![record(2100)]));
        assert_eq!(rig.apply(1, 2200, sample(2200, Groups::OVERVIEW)), Ok(None));
        assert_eq!(rig.apply(1, 3200, sample(3200, Groups::OVERVIEW)), Ok(Some((1, 3200, Ok(Some(1000)), 0))));
        assert_eq!(rig.overdue(3200), Ok(vec![record(3200)]));
    }

    #[test]
    fn the_report_ends_when_all_hosts_have_failed() {
        let mut rig = Rig::new(2);
        assert_eq!(rig.apply(1, 100, failed("no such daemon")), Ok(None));
        assert_eq!(rig.overdue(1100), Ok(vec![]));
        assert_eq!(rig.apply(0, 1200, failed("no such host")), Err("no such host; no such daemon".to_owned()));
        let mut rig = Rig::new(2);
        assert_eq!(rig.apply(1, 100, failed("no such daemon")), Ok(None));
        let both = "libvirt does not answer the attempt to connect for 10 s; no such daemon";
        assert_eq!(rig.overdue(10_000), Err(both.to_owned()));
    }
}
