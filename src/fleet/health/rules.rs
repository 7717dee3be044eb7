//! What is wrong with a domain, so that the eye finds it: pure rules over its newest figures.

use crate::fleet::metric::{DiskMetric, DomainMetric, HostMetric};
use crate::fleet::{Condition, Domain, DomainId, Fleet, Host, IoErrorPause, TimeCursor, When};
use crate::model::{Blocked, DomainState};
use crate::time::Timestamp;
use std::cmp::Ordering;
use std::time::Duration;
use uuid::Uuid;

/// How loud a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The guest suffers now.
    Critical,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How loud.
    pub severity: Severity,
    /// The figure that it is about; `None` for a state.
    pub metric: Option<DomainMetric>,
    /// What is wrong, a few words without the domain's name.
    pub what: String,
    /// Its state and the reason of it say the same.
    pub is_state: bool,
}

/// A finding without its words: who looks through all domains reads only the loudest.
#[derive(Clone, Copy, Debug)]
struct Grade {
    severity: Severity,
    /// How far beyond its limit, for an order among equals: 1 is at the limit.
    excess: f64,
    cause: Cause,
}

/// Who takes the most of a host whose CPUs are full: the others' steal comes from there.
#[derive(Clone, Copy, Debug)]
pub struct TopConsumer {
    uuid: Uuid,
    share: f64,
    busy: f64,
}

/// What a grade is for, with the figure.
#[derive(Clone, Copy, Debug)]
enum Cause {
    IoErrorPause,
    GuestCrashed,
    PostCopyFailed,
    Watchdog,
    Crashed,
    Blocked(Blocked),
    PastIoError(IoErrorPause),
    Limit(DomainMetric, f64),
    CpuOfGuest(f64),
    MemoryUsed(f64),
    TopConsumer(TopConsumer),
}

impl Grade {
    /// How loud it is among all: first who stands still, then who fills the host, then who suffers, and how much.
    fn weight(&self) -> f64 {
        let ranks =
            [self.severity == Severity::Critical, matches!(self.cause, Cause::TopConsumer(_)), self.stands_still()];
        let rank: f64 = ranks.iter().zip([1.0, 2.0, 4.0]).filter(|(is, _)| **is).map(|(_, rank)| rank).sum();
        // So fine that excesses that differ still do.
        rank * 1e9 + self.excess.min(1e9 - 1.0)
    }

    /// The loudest first.
    fn order(&self, other: &Self) -> Ordering {
        other.weight().total_cmp(&self.weight())
    }

    /// It is about a guest that does nothing at all, and that is not its own doing.
    fn stands_still(&self) -> bool {
        use Cause::{Blocked, GuestCrashed, IoErrorPause, PostCopyFailed, Watchdog};
        matches!(self.cause, IoErrorPause | GuestCrashed | PostCopyFailed | Watchdog | Blocked(_))
    }

    fn describe(self, domain: &Domain, when: When) -> Finding {
        let metric = match self.cause {
            Cause::Limit(metric, _) => Some(metric),
            Cause::CpuOfGuest(_) | Cause::TopConsumer(_) => Some(DomainMetric::Cpu),
            Cause::MemoryUsed(_) => Some(DomainMetric::MemoryUsed),
            _ => None,
        };
        let is_state = match self.cause {
            Cause::Blocked(_) => false,
            cause => self.stands_still() || matches!(cause, Cause::Crashed),
        };
        Finding { severity: self.severity, metric, what: self.cause.describe(domain, when), is_state }
    }
}

impl Cause {
    fn describe(self, domain: &Domain, when: When) -> String {
        match self {
            Self::IoErrorPause => "paused on an I/O error".into(),
            Self::GuestCrashed => "paused, the guest crashed".into(),
            Self::PostCopyFailed => "post-copy migration failed".into(),
            Self::Watchdog => "paused by its watchdog".into(),
            Self::Crashed => "crashed".into(),
            Self::Blocked(blocked) => format!("{} {} s", blocked.by.name(), domain.age(blocked.since, when).as_secs()),
            Self::PastIoError(pause) => domain.describe_past(pause, when),
            Self::Limit(metric, value) => domain.describe(metric, value, when),
            Self::CpuOfGuest(value) => format!("vCPUs {value:.0} % busy"),
            Self::MemoryUsed(value) => format!("memory {value:.0} % used"),
            Self::TopConsumer(TopConsumer { share, busy, .. }) => {
                format!("takes {share:.0} % of a full host (CPU {busy:.0} %)")
            }
        }
    }
}

/// Steal of a vCPU or of a domain's mean, in percent: (warning, critical).
pub const STEAL_LIMITS: (f64, f64) = (10.0, 30.0);
/// Mean time of a request to a disk, in nanoseconds: (warning, critical).
pub const LATENCY_LIMITS: (f64, f64) = (20e6, 50e6);
/// Packets a second that are dropped or have errors: (warning, critical).
pub const LOSS_LIMITS: (f64, f64) = (1.0, 100.0);

/// Busy CPUs of the host, in percent of all: (worth a look, full).
pub const HOST_CPU_LIMITS: (f64, f64) = (75.0, 95.0);
/// Used memory of the host, in percent: (warning, critical).
pub const HOST_MEMORY_LIMITS: (f64, f64) = (85.0, 95.0);

/// From (warning, critical) on, a figure is a finding.
const LIMITS: &[(DomainMetric, (f64, f64))] = &[
    (DomainMetric::Steal, STEAL_LIMITS),
    (DomainMetric::WorstLatency, LATENCY_LIMITS),
    (DomainMetric::SwapIn, (256.0 * 1024.0, 4.0 * 1024.0 * 1024.0)),
    (DomainMetric::NetDrops, LOSS_LIMITS),
    (DomainMetric::NetErrors, LOSS_LIMITS),
];
/// Shares of the own vCPUs, and of the own memory, in percent: (warning, critical). A guest at full CPU may just work
/// hard, so it never is critical by itself.
const CPU_OF_GUEST: (f64, f64) = (90.0, f64::INFINITY);
const MEMORY_USED: (f64, f64) = (90.0, 97.0);
/// Of those that stand still.
const IO_ERROR_PAUSE: f64 = 3.0;
const GUEST_CRASHED: f64 = 2.0;
const POST_COPY_FAILED: f64 = 1.8;
const WATCHDOG: f64 = 1.5;
const BLOCKED: f64 = 1.0;
/// Among the figures: it may have crashed long ago, and the one that suffers now is to be found.
const CRASHED: f64 = 2.0;
/// Before any other warning.
const PAST_IO_ERROR: f64 = 1000.0;

/// A host with busier CPUs is full, in percent of all of them.
const HOST_FULL: f64 = 90.0;
/// Nobody with a smaller share of the host is to blame for that alone, in percent.
const TOP_CONSUMER_SHARE: f64 = 25.0;

fn grade(value: f64, (warning, critical): (f64, f64)) -> Option<Severity> {
    match value {
        value if value >= critical => Some(Severity::Critical),
        value if value >= warning => Some(Severity::Warning),
        _ => None,
    }
}

impl Domain {
    /// What is wrong with it, the loudest first. What it had and has not any more is told too, unless it was before
    /// `seen` (a moment in monotonic time): who has seen what is the reader's business, not the fleet's. `top_consumer`: of its
    /// host.
    pub fn findings(&self, when: When, seen: Option<Duration>, top_consumer: Option<TopConsumer>) -> Vec<Finding> {
        let mut grades = Vec::new();
        self.grade(when, seen, top_consumer, |grade| grades.push(grade));
        grades.sort_by(Grade::order);
        grades.into_iter().map(|grade| grade.describe(self, when)).collect()
    }

    /// How loud the loudest of its findings is, for an order of many domains; `None`: nothing is wrong.
    pub fn loudness(&self, when: When, seen: Option<Duration>, top_consumer: Option<TopConsumer>) -> Option<f64> {
        let mut loudest: Option<f64> = None;
        self.grade(when, seen, top_consumer, |grade| loudest = Some(loudest.unwrap_or(0.0).max(grade.weight())));
        loudest
    }

    fn grade(&self, when: When, seen: Option<Duration>, top_consumer: Option<TopConsumer>, mut add: impl FnMut(Grade)) {
        let mut add = |severity, excess, cause| add(Grade { severity, excess, cause });
        let Some(Condition { state, reason, blocked, io_error, .. }) = self.condition(when) else { return };
        if reason.is_io_error(state) {
            add(Severity::Critical, IO_ERROR_PAUSE, Cause::IoErrorPause);
        } else if state == DomainState::Paused && reason.0 == 10 {
            add(Severity::Critical, GUEST_CRASHED, Cause::GuestCrashed);
        } else if matches!((state, reason.0), (DomainState::Paused, 13) | (DomainState::Running, 11)) {
            add(Severity::Critical, POST_COPY_FAILED, Cause::PostCopyFailed);
        } else if state == DomainState::Paused && reason.0 == 6 {
            add(Severity::Critical, WATCHDOG, Cause::Watchdog);
        } else if state == DomainState::Crashed || (state == DomainState::ShutOff && reason.0 == 3) {
            add(Severity::Critical, CRASHED, Cause::Crashed);
        }
        if let Some(blocked) = blocked.filter(Blocked::is_own) {
            add(Severity::Critical, BLOCKED, Cause::Blocked(blocked));
        }
        // One that is over, and that nobody has seen.
        if let Some(pause) = io_error.filter(|it| it.over && seen.is_none_or(|seen| seen < it.at.monotonic)) {
            add(Severity::Warning, PAST_IO_ERROR, Cause::PastIoError(pause));
        }
        if !state.is_active() {
            return;
        }
        for &(metric, limits) in LIMITS {
            let Some(value) = self.series.value(metric, when) else { continue };
            if let Some(severity) = grade(value, limits) {
                add(severity, value / limits.0, Cause::Limit(metric, value));
            }
        }
        if let Some((value, severity)) = self.cpu_of_guest(when).and_then(|v| Some((v, grade(v, CPU_OF_GUEST)?))) {
            add(severity, value / 100.0, Cause::CpuOfGuest(value));
        }
        if let Some((value, severity)) = self.memory_used_percent(when).and_then(|v| Some((v, grade(v, MEMORY_USED)?)))
        {
            add(severity, value / 90.0, Cause::MemoryUsed(value));
        }
        if let Some(top_consumer) = top_consumer.filter(|top_consumer| top_consumer.uuid == self.uuid) {
            add(Severity::Warning, top_consumer.share / TOP_CONSUMER_SHARE, Cause::TopConsumer(top_consumer));
        }
    }

    /// How long ago a moment was, at the last sample or at a tick.
    pub(crate) fn age(&self, moment: Timestamp, when: When) -> Duration {
        let now = match when {
            When::Latest => self.sampled_at,
            When::Tick(_, stamp) => stamp,
        };
        now.since(moment).unwrap_or_default()
    }

    fn describe_past(&self, pause: IoErrorPause, when: When) -> String {
        let now = match self.condition(when).map(|condition| condition.state) {
            Some(DomainState::Running | DomainState::Blocked) => "runs again",
            Some(state) => state.name(),
            None => "gone",
        };
        let seconds = self.age(pause.at, when).as_secs();
        let ago = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} min", seconds / 60),
            _ => format!("{} h", seconds / 3600),
        };
        format!("had an I/O error {ago} ago, {now}")
    }

    fn describe(&self, metric: DomainMetric, value: f64, when: When) -> String {
        match metric {
            DomainMetric::Steal => format!("steal {value:.0} %"),
            DomainMetric::WorstLatency => match self.worst_latency(when) {
                Some((disk, direction, latency)) => {
                    format!("{disk} {} {:.0} ms", direction_word(direction), latency / 1e6)
                }
                None => format!("disk latency {:.0} ms", value / 1e6),
            },
            DomainMetric::SwapIn => format!("swapping in {:.1} MiB/s", value / 1_048_576.0),
            DomainMetric::NetDrops => format!("{value:.0} packets/s dropped"),
            DomainMetric::NetErrors => format!("{value:.0} packet errors/s"),
            other => format!("{other:?} {value:.0}"),
        }
    }
}

fn direction_word(metric: DiskMetric) -> &'static str {
    match metric {
        DiskMetric::WriteLatency => "write",
        DiskMetric::FlushLatency => "flush",
        _ => "read",
    }
}

impl Host {
    /// Who takes the most of it, where its CPUs are full.
    pub fn top_consumer(&self, when: When) -> Option<TopConsumer> {
        let busy = self.series.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_FULL)?;
        let cpus = self.cpus()?;
        let shares = self.domains.values().filter_map(|domain| Some((domain.cpu_of_host(cpus, when)?, domain.uuid)));
        let (share, uuid) = shares.max_by(|left, right| left.0.total_cmp(&right.0))?;
        (share >= TOP_CONSUMER_SHARE).then_some(TopConsumer { uuid, share, busy })
    }

    /// The share of its memory that it uses, in percent.
    pub fn memory_share(&self, when: When) -> Option<f64> {
        let total = self.node.memory.map(|memory| memory.total.0 as f64)?;
        self.series.value(HostMetric::MemoryUsed, when).map(|used| 100.0 * used / total)
    }

    /// What is wrong with the host itself. A domain that fills its CPUs is named for that.
    pub fn findings(&self, when: When) -> Vec<(Severity, String)> {
        let share = self.memory_share(when);
        let memory = share.and_then(|share| Some((grade(share, HOST_MEMORY_LIMITS)?, share)));
        let memory = memory.map(|(severity, share)| (severity, format!("host memory {share:.0} % used")));
        let busy = self.series.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_CPU_LIMITS.1);
        let busy = busy.filter(|_| self.top_consumer(when).is_none());
        let cpu = busy.map(|busy| (Severity::Warning, format!("host CPU {busy:.0} % busy")));
        memory.into_iter().chain(cpu).collect()
    }
}

impl Fleet {
    /// Everything that is wrong, the loudest first: what the eye shall meet. `seen`: up to when the reader has seen a
    /// domain's events.
    pub fn findings(
        &self,
        cursor: TimeCursor,
        seen: impl Fn(DomainId) -> Option<Duration>,
    ) -> Vec<(DomainId, Finding)> {
        self.loudest(cursor, seen, usize::MAX).0
    }

    /// The loudest of everything that is wrong, so many at the most, and how much is wrong in all.
    pub fn loudest(
        &self,
        cursor: TimeCursor,
        seen: impl Fn(DomainId) -> Option<Duration>,
        most: usize,
    ) -> (Vec<(DomainId, Finding)>, usize) {
        let mut all: Vec<(DomainId, When, &Domain, Grade)> = Vec::new();
        for host in self.hosts() {
            let when = host.timeline.when(cursor);
            let id = |domain: &Domain| DomainId { host: host.id, uuid: domain.uuid };
            let top_consumer = host.top_consumer(when);
            for domain in host.domains.values() {
                domain.grade(when, seen(id(domain)), top_consumer, |grade| all.push((id(domain), when, domain, grade)));
            }
        }
        all.sort_by(|(.., left), (.., right)| left.order(right));
        let described = all.iter().take(most).map(|(id, when, domain, grade)| (*id, grade.describe(domain, *when)));
        (described.collect(), all.len())
    }
}
