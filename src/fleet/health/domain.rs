//! The rules: which problems a domain has, by its state and its figures.

use super::limits::{self, CPU_OF_GUEST, LATENCY, MEMORY_OF_GUEST, TOP_CONSUMER_SHARE};
use super::{Finding, Problem, TopConsumers};
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Condition, Domain, When};
use crate::model::{Blocked, DomainState, Groups, Severity, StateReason};
use std::time::Duration;

/// The place of these findings among the findings of domains that do not run at all: the one with the larger number is shown first.
const IO_ERROR_PAUSE: f64 = 3.0;
const GUEST_CRASHED: f64 = 2.0;
const POST_COPY_FAILED: f64 = 1.8;
const WATCHDOG: f64 = 1.5;
const BLOCKED: f64 = 1.0;
/// A disk that waits for its own limit comes behind figures that are above theirs: somebody decided it.
const DISK_AT_LIMIT: f64 = 0.9;
/// Busy vCPUs come behind all other warnings: a guest may need all of its CPU.
const VCPUS_BUSY: f64 = 0.5;
/// The order of a domain that crashed longer ago than the history reaches among critical findings: behind all figures, which are
/// of guests that are affected now. The same number puts one that crashed lately behind other domains that do not run at all.
const CRASHED: f64 = 0.9;
/// This finding is shown before all other warnings: the numbers of figures are below 2.
const PAST_IO_ERROR: f64 = 2.0;

impl Domain {
    /// What is wrong with the domain, the worst first. An I/O error that is over is not in it if it began at or before
    /// `seen` (monotonic time): the caller knows what its reader has seen. `consumers`: of the domain's host.
    pub fn findings<'a>(
        &'a self,
        when: When,
        seen: Option<Duration>,
        consumers: &TopConsumers<'a>,
    ) -> Vec<Finding<'a>> {
        let mut findings = Vec::new();
        self.each_finding(when, seen, consumers, |finding| findings.push(finding));
        findings.sort_by(Finding::worst_first);
        findings
    }

    /// The [weight](Finding::weight) of its worst finding; `None`: it has none. Arguments as in [`Self::findings`].
    pub fn worst_weight(&self, when: When, seen: Option<Duration>, consumers: &TopConsumers<'_>) -> Option<f64> {
        let mut worst: Option<f64> = None;
        self.each_finding(when, seen, consumers, |finding| {
            worst = Some(worst.map_or(finding.weight(), |worst| worst.max(finding.weight())));
        });
        worst
    }

    pub(super) fn each_finding<'a>(
        &'a self,
        when: When,
        seen: Option<Duration>,
        consumers: &TopConsumers<'a>,
        mut add: impl FnMut(Finding<'a>),
    ) {
        let mut add = |severity, excess, problem| add(Finding::new(self, when, severity, problem, excess));
        let Some(Condition { state, reason, blocked, io_error, .. }) = self.condition(when) else { return };
        match (state, reason) {
            (DomainState::Paused, StateReason::PAUSED_IOERROR) => {
                add(Severity::Critical, IO_ERROR_PAUSE, Problem::IoErrorPause);
            }
            (DomainState::Paused, StateReason::PAUSED_CRASHED) => {
                add(Severity::Critical, GUEST_CRASHED, Problem::GuestCrashed);
            }
            (DomainState::Paused, StateReason::PAUSED_POSTCOPY_FAILED)
            | (DomainState::Running, StateReason::RUNNING_POSTCOPY_FAILED) => {
                add(Severity::Critical, POST_COPY_FAILED, Problem::PostCopyFailed);
            }
            (DomainState::Paused, StateReason::PAUSED_WATCHDOG) => {
                add(Severity::Critical, WATCHDOG, Problem::Watchdog);
            }
            (DomainState::Crashed, _) | (DomainState::ShutOff, StateReason::SHUTOFF_CRASHED) => {
                add(Severity::Critical, CRASHED, Problem::Crashed { lately: self.was_active(when) });
            }
            _ => {}
        }
        if let Some(blocked) = blocked.filter(Blocked::is_own) {
            add(blocked.by.severity(), BLOCKED, Problem::Blocked(blocked));
        }
        if let Some(pause) = io_error.filter(|it| it.over && seen.is_none_or(|seen| seen < it.at.monotonic)) {
            add(Severity::Warning, PAST_IO_ERROR, Problem::PastIoError(pause));
        }
        if state.vcpus_run() {
            self.each_figure_above_limit(when, consumers, &mut add);
        }
        // The emulator of a domain whose vCPUs do not run can fill the host too (a block job).
        if !state.is_active() {
            return;
        }
        if let Some(of_host) = consumers.of_host.filter(|of_host| of_host.uuid == self.uuid) {
            add(of_host.severity, of_host.share / TOP_CONSUMER_SHARE, Problem::TopConsumer(of_host));
        } else if let Some(shared) = consumers.by_consumer(self.uuid) {
            add(shared.severity(), shared.consumer_cpu / 100.0, Problem::TakesSharedCpus(shared));
        }
    }

    fn each_figure_above_limit<'a>(
        &'a self,
        when: When,
        consumers: &TopConsumers<'a>,
        mut add: impl FnMut(Severity, f64, Problem<'a>),
    ) {
        for (metric, limits) in limits::DOMAIN {
            if let Some(value) = self.series.value(metric, when).filter(|value| limits.severity(*value).is_some())
                && let Some(value) = self.of_running_guest(metric, value, when)
                && let Some((severity, excess)) = limits.above(value)
            {
                let shared =
                    Some(metric).filter(|metric| *metric == DomainMetric::Steal).and(consumers.of_waiting(self.uuid));
                let problem = shared.map_or(Problem::Figure(metric, value), Problem::WaitsForSharedCpus);
                add(severity, excess, problem);
            }
        }
        if self.ran(Groups::BLOCK, when)
            && let Some((_, limit, latency)) = self.worst_limited_latency(when)
            && LATENCY.severity(latency).is_some()
        {
            add(Severity::Warning, DISK_AT_LIMIT, Problem::DiskAtLimit(limit));
        }
        if let Some(value) = self.cpu_of_guest(when)
            && let Some(severity) = CPU_OF_GUEST.severity(value)
        {
            add(severity, VCPUS_BUSY, Problem::CpuOfGuest(value));
        }
        if self.memory_used_with_cache(when) == Some(false)
            && let Some(value) = self.memory_used_percent(when)
            && let Some((severity, excess)) = MEMORY_OF_GUEST.above(value)
        {
            add(severity, excess, Problem::MemoryUsed(value));
        }
    }

    /// The part of a figure that can be a problem: not what gathered while the vCPUs did not run, nor packets that were
    /// dropped before the guest took any.
    fn of_running_guest(&self, metric: DomainMetric, value: f64, when: When) -> Option<f64> {
        match metric {
            DomainMetric::NetDrops => self.lost_packets(when),
            DomainMetric::WorstLatency => self.worst_unlimited_latency(when).map(|(_, _, latency)| latency),
            _ => Some(value),
        }
        .filter(|_| self.ran(metric.group(), when))
    }
}
