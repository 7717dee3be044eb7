//! The domain that uses the most CPU of a host whose CPUs are full.

use super::limits::{HOST_CPU_FULL, TOP_CONSUMER_SHARE};
use crate::fleet::metric::HostMetric;
use crate::fleet::{Host, When};
use uuid::Uuid;

/// The domain that uses the most CPU of a full host: the other domains' steal comes from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopConsumer {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its CPU time, in percent of all host CPUs.
    pub share: f64,
    /// Busy time of all host CPUs, in percent.
    pub busy: f64,
}

impl Host {
    /// The top consumer of its CPUs. `None`: its CPUs are not full, or no single domain uses a large share of them.
    pub fn top_consumer(&self, when: When) -> Option<TopConsumer> {
        let busy = self.series.value(HostMetric::Cpu, when).filter(|busy| *busy >= HOST_CPU_FULL)?;
        let cpus = self.cpus()?;
        let shares = self.domains.values().filter_map(|domain| Some((domain.cpu_of_host(cpus, when)?, domain.uuid)));
        let (share, uuid) = shares.max_by(|left, right| left.0.total_cmp(&right.0))?;
        (share >= TOP_CONSUMER_SHARE).then_some(TopConsumer { uuid, share, busy })
    }
}
