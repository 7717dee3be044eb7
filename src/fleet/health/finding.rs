//! One problem of a domain: its severity, its place among all problems, and its words.

use super::{SharedCpus, TopConsumer};
use crate::fleet::metric::{DiskMetric, DomainMetric};
use crate::fleet::{AtLimit, Domain, IoErrorPause, When};
use crate::model::{Blocked, CpuSet, DomainState, Severity};
use std::cmp::Ordering;

/// One problem of a domain. Its words are formatted by [`Finding::what`] alone: most findings are only sorted and counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding<'a> {
    /// How serious it is.
    pub severity: Severity,
    /// What is wrong.
    pub problem: Problem<'a>,
    /// The order among findings of the same rank: how far a figure is above its limits (1 to 3, see `Limits::above`), or a
    /// fixed number.
    excess: f64,
    domain: &'a Domain,
    when: When,
}

/// What is wrong with a domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Problem<'a> {
    /// Paused because the host could not complete a disk request.
    IoErrorPause,
    /// Paused because the guest's kernel crashed.
    GuestCrashed,
    /// A post-copy migration failed.
    PostCopyFailed,
    /// Paused by its watchdog device.
    Watchdog,
    /// Its QEMU or its guest crashed, so it is off.
    Crashed {
        /// It ran within the kept history.
        lately: bool,
    },
    /// It is not read completely, because its monitor or libvirt does not answer.
    Blocked(Blocked),
    /// It was paused on an I/O error, which is over.
    PastIoError(IoErrorPause),
    /// A figure is above its limit.
    Figure(DomainMetric, f64),
    /// Requests of a disk wait because the disk is at this limit of its definition.
    DiskAtLimit(AtLimit),
    /// CPU time in percent of all of its vCPUs.
    CpuOfGuest(f64),
    /// Used memory in percent of its total.
    MemoryUsed(f64),
    /// It uses the most CPU of a full host.
    TopConsumer(TopConsumer),
    /// It is the first consumer of host CPUs to which another domain is pinned, which waits for them.
    TakesSharedCpus(SharedCpus<'a>),
    /// It waits for host CPUs to which it is pinned, and of which another domain is the first consumer.
    WaitsForSharedCpus(SharedCpus<'a>),
}

impl<'a> Finding<'a> {
    pub(super) fn new(domain: &'a Domain, when: When, severity: Severity, problem: Problem<'a>, excess: f64) -> Self {
        Self { severity, problem, excess, domain, when }
    }

    /// A number that sorts findings of all domains, the largest first: domains that do not run at all, then critical findings,
    /// then warnings; among these top consumers first, and then by how far the value is above its limit.
    pub fn weight(&self) -> f64 {
        let ranks = [
            matches!(self.problem, Problem::TopConsumer(_) | Problem::TakesSharedCpus(_)),
            self.severity == Severity::Critical,
            self.is_stopped(),
        ];
        let rank: f64 = ranks.iter().zip([1.0, 2.0, 4.0]).filter(|(applies, _)| **applies).map(|(_, rank)| rank).sum();
        rank * 100.0 + self.excess
    }

    /// The worst first.
    pub(super) fn worst_first(&self, other: &Self) -> Ordering {
        other.weight().total_cmp(&self.weight())
    }

    /// The figure that it is about; `None` for a state.
    pub fn metric(&self) -> Option<DomainMetric> {
        match self.problem {
            Problem::Figure(metric, _) => Some(metric),
            Problem::CpuOfGuest(_) | Problem::TopConsumer(_) | Problem::TakesSharedCpus(_) => Some(DomainMetric::Cpu),
            Problem::WaitsForSharedCpus(_) => Some(DomainMetric::Steal),
            Problem::DiskAtLimit(_) => Some(DomainMetric::WorstLatency),
            Problem::MemoryUsed(_) => Some(DomainMetric::MemoryUsed),
            _ => None,
        }
    }

    /// Whether the finding only repeats the domain's state and its reason, which a screen may show already.
    pub fn is_state(&self) -> bool {
        match self.problem {
            Problem::Blocked(_) => false,
            problem => self.is_stopped() || problem == Problem::Crashed { lately: false },
        }
    }

    /// Whether the guest does not run at all, without a command of an operator.
    fn is_stopped(&self) -> bool {
        use Problem::{Blocked, Crashed, GuestCrashed, IoErrorPause, PostCopyFailed, Watchdog};
        matches!(
            self.problem,
            IoErrorPause | GuestCrashed | PostCopyFailed | Watchdog | Blocked(_) | Crashed { lately: true }
        )
    }

    /// What is wrong, in a few words without the domain's name.
    pub fn what(&self) -> String {
        match self.problem {
            Problem::IoErrorPause => format!("paused on an I/O error{}", self.of_disk()),
            Problem::GuestCrashed => "paused, the guest crashed".into(),
            Problem::PostCopyFailed => "post-copy migration failed".into(),
            Problem::Watchdog => "paused by its watchdog".into(),
            Problem::Crashed { .. } => "crashed".into(),
            Problem::Blocked(blocked) => {
                let age = self.domain.age_of(blocked.since, self.when);
                format!("{} {} s", blocked.by.name(), age.as_secs())
            }
            Problem::PastIoError(pause) => self.past_io_error(pause),
            Problem::Figure(metric, value) => self.figure(metric, value),
            Problem::DiskAtLimit(limit) => self.at_limit(limit),
            Problem::CpuOfGuest(value) => format!("vCPUs {value:.0} % busy"),
            Problem::MemoryUsed(value) => format!("memory {value:.0} % used"),
            Problem::TopConsumer(TopConsumer { share, busy, .. }) => {
                format!("uses {share:.0} % of a full host (CPU {busy:.0} %)")
            }
            Problem::TakesSharedCpus(shared) => {
                let SharedCpus { waiting, steal, cpus, consumer_cpu, .. } = shared;
                let what = named(cpus);
                format!("CPU {consumer_cpu:.0} %, shares {what} with {} (steal {steal:.0} %)", waiting.name)
            }
            Problem::WaitsForSharedCpus(shared) => {
                let SharedCpus { steal, cpus, consumer, consumer_cpu, .. } = shared;
                let what = named(cpus);
                format!("steal {steal:.0} %, shares {what} with {} (CPU {consumer_cpu:.0} %)", consumer.name)
            }
        }
    }

    fn past_io_error(&self, pause: IoErrorPause) -> String {
        let now = match self.domain.condition(self.when).map(|condition| condition.state) {
            Some(DomainState::Running | DomainState::Blocked) => "running again",
            Some(state) => state.name(),
            None => "gone",
        };
        let seconds = self.domain.age_of(pause.at, self.when).as_secs();
        let age = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} min", seconds / 60),
            _ => format!("{} h", seconds / 3600),
        };
        format!("I/O error{} {age} ago; {now}", self.of_disk())
    }

    /// The disk of the newest I/O error, if it is known.
    fn of_disk(&self) -> String {
        self.domain.io_error_disk(self.when).map(|disk| format!(" of {disk}")).unwrap_or_default()
    }

    fn at_limit(&self, limit: AtLimit) -> String {
        match self.domain.worst_limited_latency(self.when) {
            Some((disk, limit, latency)) => {
                format!("{disk} at its limit of {} ({:.0} ms)", limit.describe(), latency / 1e6)
            }
            None => format!("a disk at its limit of {}", limit.describe()),
        }
    }

    fn figure(&self, metric: DomainMetric, value: f64) -> String {
        match metric {
            DomainMetric::Steal => format!("steal {value:.0} %"),
            DomainMetric::WorstLatency => match self.domain.worst_unlimited_latency(self.when) {
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

/// `host CPU 0`, `host CPUs 0-3,8`.
fn named(cpus: &CpuSet) -> String {
    format!("host CPU{} {cpus}", if cpus.len() == 1 { "" } else { "s" })
}

fn direction_word(metric: DiskMetric) -> &'static str {
    match metric {
        DiskMetric::WriteLatency => "write",
        DiskMetric::FlushLatency => "flush",
        _ => "read",
    }
}
