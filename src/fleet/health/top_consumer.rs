//! Which domain uses the most of the host CPUs for which others wait.

use super::limits::{HOST_CPU_FULL, STEAL, TOP_CONSUMER_SHARE};
use crate::fleet::metric::{DomainMetric, HostMetric};
use crate::fleet::{Domain, Host, When};
use crate::model::{CpuSet, Severity};
use uuid::Uuid;

/// The domain that uses the most CPU of a full host, and so causes the steal of the other domains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopConsumer {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its CPU time, in percent of all host CPUs.
    pub share: f64,
    /// Busy time of all host CPUs, in percent.
    pub busy: f64,
    /// How serious it is: as the worst steal of the other domains, and at least a warning.
    pub severity: Severity,
}

/// A domain that waits for the host CPUs to which it is pinned, and the first consumer of these, whether or not the other CPUs
/// of the host are idle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedCpus<'a> {
    /// The domain that waits.
    pub waiting: &'a Domain,
    /// Its steal, in percent of one CPU.
    pub steal: f64,
    /// The host CPUs that it may use.
    pub cpus: &'a CpuSet,
    /// The domain that uses the most of them.
    pub consumer: &'a Domain,
    /// CPU time of that domain, in percent of one CPU, on all host CPUs that it uses.
    pub consumer_cpu: f64,
}

/// The top consumers of a host at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopConsumers<'a> {
    /// Of all CPUs of the host, if they are full.
    pub of_host: Option<TopConsumer>,
    /// Of the CPUs to which domains that wait are pinned. The largest steal first.
    shared: Vec<SharedCpus<'a>>,
}

impl<'a> TopConsumers<'a> {
    /// Who uses the host CPUs for which this domain waits; `None`: it does not wait, may use all host CPUs, or is itself the
    /// first consumer of those that it may use.
    pub(super) fn of_waiting(&self, uuid: Uuid) -> Option<SharedCpus<'a>> {
        self.shared.iter().find(|shared| shared.waiting.uuid == uuid).copied()
    }

    /// The domain that waits the most for host CPUs of which this domain is the first consumer.
    pub(super) fn by_consumer(&self, uuid: Uuid) -> Option<SharedCpus<'a>> {
        self.shared.iter().find(|shared| shared.consumer.uuid == uuid).copied()
    }
}

impl Host {
    /// The top consumer of all its CPUs. `None`: its CPUs are not full, or no single domain uses a large share of them.
    pub fn top_consumer(&self, when: When) -> Option<TopConsumer> {
        let busy = self.series.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_CPU_FULL)?;
        let cpus = self.cpus()?;
        let shares = self.domains.values().filter_map(|domain| Some((domain.cpu_of_host(cpus, when)?, domain.uuid)));
        let (share, uuid) = shares.max_by(|left, right| left.0.total_cmp(&right.0))?;
        let others = self.domains.values().filter(|domain| domain.uuid != uuid);
        let steal = others.filter_map(|domain| domain.series.value(DomainMetric::Steal, when));
        let severity = severity_of(steal.max_by(f64::total_cmp).unwrap_or_default());
        (share >= TOP_CONSUMER_SHARE).then_some(TopConsumer { uuid, share, busy, severity })
    }

    /// The top consumers of all its CPUs, and of those to which domains that wait are pinned.
    ///
    /// The CPUs to which a domain is pinned are those of today: their history is not kept.
    pub fn top_consumers(&self, when: When) -> TopConsumers<'_> {
        TopConsumers { of_host: self.top_consumer(when), shared: self.shared_cpus(when) }
    }

    fn shared_cpus(&self, when: When) -> Vec<SharedCpus<'_>> {
        let waiting = self.domains.values().filter_map(|domain| {
            let steal = domain.series.value(DomainMetric::Steal, when).filter(|steal| *steal >= STEAL.warning)?;
            let cpus = domain.pinned_to()?;
            self.cpus().is_none_or(|all| cpus.len() < all).then_some((domain, steal, cpus))
        });
        let mut waiting: Vec<_> = waiting.collect();
        if waiting.is_empty() {
            return Vec::new();
        }
        waiting.sort_by(|left, right| right.1.total_cmp(&left.1));
        let consumers = self.domains.values();
        let mut consumers: Vec<_> =
            consumers.filter_map(|domain| Some((domain, domain.series.value(DomainMetric::Cpu, when)?))).collect();
        consumers.sort_by(|left, right| right.1.total_cmp(&left.1));
        let shared = waiting.into_iter().filter_map(|(waiting, steal, cpus)| {
            let (consumer, consumer_cpu) = first_consumer(cpus, &consumers, self.cpus())?;
            (consumer.uuid != waiting.uuid).then_some(SharedCpus { waiting, steal, cpus, consumer, consumer_cpu })
        });
        shared.collect()
    }
}

/// How serious it is to cause this steal, in percent of one CPU: at least a warning.
fn severity_of(steal: f64) -> Severity {
    STEAL.severity(steal).unwrap_or(Severity::Warning)
}

impl SharedCpus<'_> {
    /// How serious it is for the domain that waits.
    pub(super) fn severity(&self) -> Severity {
        severity_of(self.steal)
    }
}

/// The domain that uses the most of these CPUs: its CPU time, taken as spread evenly over the CPUs that it may use. `None` if
/// that is no large share of them. `consumers`: with their CPU time in percent of one CPU, the largest first.
fn first_consumer<'a>(
    cpus: &CpuSet,
    consumers: &[(&'a Domain, f64)],
    host_cpus: Option<u32>,
) -> Option<(&'a Domain, f64)> {
    let mut first: Option<(&Domain, f64)> = None;
    let mut most = 0.0;
    for &(domain, cpu) in consumers {
        // None of the others uses as much, wherever it runs.
        if cpu <= most {
            break;
        }
        let part = match (domain.pinned_to(), host_cpus) {
            (Some(own), _) => f64::from(cpus.shared_with(own)) / f64::from(own.len().max(1)),
            (None, Some(all)) => f64::from(cpus.len()) / f64::from(all.max(1)),
            (None, None) => 0.0,
        };
        if cpu * part > most {
            most = cpu * part;
            first = Some((domain, cpu));
        }
    }
    first.filter(|_| most / f64::from(cpus.len().max(1)) >= TOP_CONSUMER_SHARE)
}
