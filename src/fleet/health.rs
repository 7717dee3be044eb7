//! What is wrong with a domain, so that the eye finds it: pure rules over its newest figures.

use super::metric::{DiskMetric, DomainMetric, HostMetric};
use super::{Domain, DomainId, Fleet, Host, TimeCursor, When};
use crate::model::{DomainState, Groups, Hold};
use std::time::Duration;

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
    /// How far beyond its limit, for an order among equals: 1 is at the limit.
    pub excess: f64,
    /// What is wrong, a few words without the domain's name.
    pub what: String,
}

/// Steal of a vCPU or of a domain's mean, in percent: (warning, critical).
pub const STEAL_LIMITS: (f64, f64) = (10.0, 30.0);
/// Mean time of a request to a disk, in nanoseconds: (warning, critical).
pub const LATENCY_LIMITS: (f64, f64) = (20e6, 50e6);
/// Packets a second that are dropped or have errors: (warning, critical).
pub const LOSS_LIMITS: (f64, f64) = (1.0, 100.0);

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
/// Before any other warning.
const PAST_IO_ERROR: f64 = 1000.0;

/// A host with busier CPUs is full, in percent of all of them.
const HOST_FULL: f64 = 90.0;
/// Nobody with a smaller share of the host is to blame for that alone, in percent.
const CULPRIT_SHARE: f64 = 25.0;
/// The culprit comes before its victims, who are no louder than it.
const CULPRIT: f64 = 100.0;

fn grade(value: f64, (warning, critical): (f64, f64)) -> Option<Severity> {
    match value {
        value if value >= critical => Some(Severity::Critical),
        value if value >= warning => Some(Severity::Warning),
        _ => None,
    }
}

impl Domain {
    /// What is wrong with it, the loudest first. What it had and has not any more is told too, unless it was before
    /// `seen` (a moment in monotonic time): who has seen what is the reader's business, not the fleet's.
    pub fn findings(&self, when: When, seen: Option<Duration>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut add = |severity, metric, excess, what| findings.push(Finding { severity, metric, excess, what });
        if self.reason.is_io_error(self.state) {
            add(Severity::Critical, None, 3.0, "paused on an I/O error".into());
        } else if self.state == DomainState::Paused && self.reason.0 == 10 {
            add(Severity::Critical, None, 3.0, "paused, the guest crashed".into());
        } else if self.state == DomainState::Crashed || (self.state == DomainState::ShutOff && self.reason.0 == 3) {
            add(Severity::Critical, None, 2.0, "crashed".into());
        }
        if let Some(held) = self.held.filter(|held| held.by != Hold::Host) {
            let length = self.read_at(Groups::STATE).and_then(|now| now.since(held.since)).unwrap_or_default();
            let what = format!("{} {} s", held.by.name(), length.as_secs());
            add(Severity::Critical, None, 2.5, what);
        }
        if let Some(what) = self.io_error_before(seen) {
            add(Severity::Warning, None, PAST_IO_ERROR, what);
        }
        if !self.state.is_active() {
            return findings;
        }
        for &(metric, limits) in LIMITS {
            let Some(value) = self.track.value(metric, when) else { continue };
            if let Some(severity) = grade(value, limits) {
                add(severity, Some(metric), value / limits.0, self.describe(metric, value, when));
            }
        }
        if let Some((value, severity)) = self.cpu_of_guest(when).and_then(|v| Some((v, grade(v, CPU_OF_GUEST)?))) {
            add(severity, Some(DomainMetric::Cpu), value / 100.0, format!("vCPUs {value:.0} % busy"));
        }
        if let Some((value, severity)) = self.memory_used_percent(when).and_then(|v| Some((v, grade(v, MEMORY_USED)?)))
        {
            add(severity, Some(DomainMetric::MemoryUsed), value / 90.0, format!("memory {value:.0} % used"));
        }
        findings.sort_by(|left, right| right.severity.cmp(&left.severity).then(right.excess.total_cmp(&left.excess)));
        findings
    }

    /// An I/O error that is over, and that nobody has seen.
    fn io_error_before(&self, seen: Option<Duration>) -> Option<String> {
        let pause = self.io_error.filter(|pause| pause.over && seen.is_none_or(|seen| seen < pause.at.monotonic))?;
        let now = match self.state {
            DomainState::Running | DomainState::Blocked => "resumed",
            state => state.name(),
        };
        let seconds = self.read_at(Groups::STATE).and_then(|read| read.since(pause.at)).unwrap_or_default().as_secs();
        let ago = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} min", seconds / 60),
            _ => format!("{} h", seconds / 3600),
        };
        Some(format!("had an I/O error {ago} ago, {now}"))
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
    /// Where the host's CPUs are full: who takes the most of them. The others' steal comes from there.
    fn culprit(&self, when: When) -> Option<(DomainId, Finding)> {
        let busy = self.track.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_FULL)?;
        let cpus = self.cpus()?;
        let share = |domain: &Domain| domain.cpu_of_host(cpus, when);
        let (share, domain) = self
            .domains
            .values()
            .filter_map(|domain| Some((share(domain)?, domain)))
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .filter(|(share, _)| *share >= CULPRIT_SHARE)?;
        let what = format!("takes {share:.0} % of a full host (CPU {busy:.0} %)");
        let finding = Finding { severity: Severity::Warning, metric: Some(DomainMetric::Cpu), excess: CULPRIT, what };
        Some((DomainId { host: self.id, uuid: domain.uuid }, finding))
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
        let mut all: Vec<_> = self
            .domains()
            .flat_map(|(id, host, domain)| {
                let when = host.timeline.when(cursor);
                domain.findings(when, seen(id)).into_iter().map(move |finding| (id, finding))
            })
            .collect();
        let hosts = self.hosts.iter();
        all.extend(hosts.filter_map(|host| host.culprit(host.timeline.when(cursor))));
        all.sort_by(|(_, left), (_, right)| {
            right.severity.cmp(&left.severity).then(right.excess.total_cmp(&left.excess))
        });
        all
    }
}
