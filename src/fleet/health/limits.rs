//! The values from which on a figure is a problem: all limits of the program.

use crate::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};
use crate::model::Severity;
use std::time::Duration;

/// The values of a figure from which on it is a warning, and critical. In the unit of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// From this value on: [`Severity::Warning`].
    pub warning: f64,
    /// From this value on: [`Severity::Critical`]. Infinite: the figure alone is never critical.
    pub critical: f64,
}

impl Limits {
    const fn new(warning: f64, critical: f64) -> Self {
        Self { warning, critical }
    }

    const fn warning_only(warning: f64) -> Self {
        Self { warning, critical: f64::INFINITY }
    }

    /// The severity of a value; `None` below the limits.
    pub fn severity(self, value: f64) -> Option<Severity> {
        match value {
            value if value >= self.critical => Some(Severity::Critical),
            value if value >= self.warning => Some(Severity::Warning),
            _ => None,
        }
    }
}

impl Limits {
    /// The severity of a value, and its place on a scale that is the same for figures of every unit: 1 at the first limit, 2
    /// at the second, below 3 however large the value is. `None` below the limits.
    pub(super) fn above(self, value: f64) -> Option<(Severity, f64)> {
        let severity = self.severity(value)?;
        let place = match severity {
            Severity::Critical => 3.0 - self.critical / value,
            _ if self.critical.is_infinite() => 2.0 - self.warning / value,
            _ => 1.0 + (value - self.warning) / (self.critical - self.warning),
        };
        Some((severity, place))
    }
}

/// Steal of a vCPU, or the mean of a domain's vCPUs, in percent of one CPU.
pub(super) const STEAL: Limits = Limits::new(10.0, 30.0);
/// Mean time of a disk request, in nanoseconds.
pub(super) const LATENCY: Limits = Limits::new(20e6, 50e6);
/// Packets per second that were dropped or had errors.
const PACKET_LOSS: Limits = Limits::new(1.0, 100.0);
/// Failed disk requests per second. A single one is critical.
const DISK_ERRORS: Limits = Limits::new(f64::MIN_POSITIVE, f64::MIN_POSITIVE);
/// What a guest reads back from its swap, in bytes per second.
const SWAP_IN: Limits = Limits::new(256.0 * 1024.0, 4.0 * 1024.0 * 1024.0);
/// CPU time of one vCPU, in percent of one CPU. A guest may need all of its CPU, so this is never critical.
const VCPU_USE: Limits = Limits::warning_only(90.0);

/// CPU time of a domain, in percent of all of its vCPUs.
pub(super) const CPU_OF_GUEST: Limits = VCPU_USE;
/// Memory that a guest uses, in percent of its total.
pub(super) const MEMORY_OF_GUEST: Limits = Limits::new(90.0, 97.0);

/// Busy time of all host CPUs, in percent.
pub const HOST_CPU: Limits = Limits::new(75.0, 95.0);
/// Used memory of a host, in percent.
pub const HOST_MEMORY: Limits = Limits::new(85.0, 95.0);

/// Busy time of all host CPUs, in percent, from which on the host has a [`TopConsumer`](super::TopConsumer).
pub(super) const HOST_CPU_FULL: f64 = 90.0;
/// The smallest share of a host's CPUs, in percent, with which a domain is its top consumer.
pub(super) const TOP_CONSUMER_SHARE: f64 = 25.0;

/// The limits of the figures of a domain. A figure that is not in the list is never a problem.
pub(super) const DOMAIN: [(DomainMetric, Limits); 5] = [
    (DomainMetric::Steal, STEAL),
    (DomainMetric::WorstLatency, LATENCY),
    (DomainMetric::SwapIn, SWAP_IN),
    (DomainMetric::NetDrops, PACKET_LOSS),
    (DomainMetric::NetErrors, PACKET_LOSS),
];

/// The limits of a figure of a disk; `None`: no value of it is a problem.
pub(super) fn disk_limits(metric: DiskMetric) -> Option<Limits> {
    match metric {
        DiskMetric::ReadLatency | DiskMetric::WriteLatency | DiskMetric::FlushLatency => Some(LATENCY),
        DiskMetric::Errors => Some(DISK_ERRORS),
        _ => None,
    }
}

/// The limits of a figure of a NIC; `None`: no value of it is a problem.
pub(super) fn nic_limits(metric: NicMetric) -> Option<Limits> {
    match metric {
        NicMetric::RxDrops | NicMetric::TxDrops | NicMetric::RxErrors | NicMetric::TxErrors => Some(PACKET_LOSS),
        _ => None,
    }
}

/// The limits of a figure of a vCPU; `None`: no value of it is a problem.
pub(super) fn vcpu_limits(metric: VcpuMetric) -> Option<Limits> {
    match metric {
        VcpuMetric::Steal => Some(STEAL),
        VcpuMetric::Use => Some(VCPU_USE),
        _ => None,
    }
}

/// The age from which on the guest's memory figures are old: three statistics periods of the balloon, at least 15 s.
pub fn guest_figures_age_limit(balloon_period: Duration) -> Duration {
    (3 * balloon_period).max(Duration::from_secs(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_limit_has_the_severity_of_that_limit() {
        let limits = Limits::new(10.0, 30.0);
        let severities = [9.9, 10.0, 29.9, 30.0].map(|value| limits.severity(value));
        assert_eq!(severities, [None, Some(Severity::Warning), Some(Severity::Warning), Some(Severity::Critical)]);
        assert_eq!(limits.severity(f64::NAN), None);
    }

    #[test]
    fn a_limit_without_a_critical_value_stays_a_warning() {
        assert_eq!(vcpu_limits(VcpuMetric::Use).and_then(|it| it.severity(1e9)), Some(Severity::Warning));
    }

    #[test]
    fn every_unit_has_the_same_scale() {
        let place = |limits: Limits, value| limits.above(value).map(|(_, place)| place);
        for limits in [STEAL, LATENCY, PACKET_LOSS, SWAP_IN, MEMORY_OF_GUEST] {
            assert_eq!(place(limits, limits.warning), Some(1.0));
            assert_eq!(place(limits, limits.critical), Some(2.0));
            assert_eq!(place(limits, 2.0 * limits.critical), Some(2.5));
            assert!(place(limits, 1e18).is_some_and(|place| place <= 3.0));
        }
        assert_eq!(place(VCPU_USE, 180.0), Some(1.5), "never as far as one that is critical");
        assert_eq!(place(STEAL, 9.0), None);
    }

    #[test]
    fn one_failed_request_is_critical_and_none_is_not() {
        let severity = |errors| disk_limits(DiskMetric::Errors).and_then(|it| it.severity(errors));
        assert_eq!((severity(0.0), severity(0.1)), (None, Some(Severity::Critical)));
    }
}
