//! The sums over a host's domains, while one sample is applied.

use crate::fleet::domain::Domain;
use crate::fleet::history::Series;
use crate::fleet::history::Tick;
use crate::fleet::history::arena::Arena;
use crate::fleet::metric::{DomainMetric, HostMetric};
use crate::model::Groups;
use crate::time::Timestamp;

/// Figures of the host that are sums over its domains, and the domain's figures that they add up.
const SUMS: [(HostMetric, &[DomainMetric]); 5] = [
    (HostMetric::DiskRead, &[DomainMetric::DiskRead]),
    (HostMetric::DiskWrite, &[DomainMetric::DiskWrite]),
    (HostMetric::DiskRequests, &[DomainMetric::ReadRequests, DomainMetric::WriteRequests]),
    (HostMetric::NetRx, &[DomainMetric::NetRx]),
    (HostMetric::NetTx, &[DomainMetric::NetTx]),
];

/// One sample of a host while it is applied: what all domains share, and the sums over them.
#[derive(Debug)]
pub(crate) struct HostTotals {
    /// When it was taken.
    pub(crate) at: Timestamp,
    /// Groups that were requested of every active domain.
    pub(crate) requested: Groups,
    /// Its place on the time axis; `None` for a state-only sample.
    pub(crate) tick: Option<Tick>,
    arena: Arena,
    /// `None` if no domain has the figure: unknown is not 0.
    sums: [Option<f64>; SUMS.len()],
    /// Groups of which at least one running domain has no rates now: their sums leave out that domain.
    partial: Groups,
}

impl HostTotals {
    pub(crate) fn new(at: Timestamp, requested: Groups, tick: Option<Tick>) -> Self {
        Self { at, requested, tick, arena: Arena::default(), sums: Default::default(), partial: Groups::empty() }
    }

    /// Adds a domain's figures to the sums, and writes them to its history.
    pub(crate) fn add(&mut self, domain: &mut Domain) {
        let Some(tick) = self.tick else { return };
        for (sum, (_, parts)) in self.sums.iter_mut().zip(SUMS) {
            for value in parts.iter().filter_map(|part| domain.series.latest(*part)) {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        self.partial |= domain.groups_without_rates();
        domain.commit(tick, &mut self.arena);
    }

    /// Writes the host's figures with the sums over its domains to its history. Returns the tick and the groups whose sums
    /// leave out running domains; `None` for a state-only sample.
    pub(crate) fn finish(mut self, series: &mut Series<HostMetric>) -> Option<(Tick, Groups)> {
        let tick = self.tick?;
        for (sum, (metric, _)) in self.sums.into_iter().zip(SUMS) {
            series.set(metric, sum);
        }
        series.commit(tick, 0, &mut self.arena);
        Some((tick, self.partial))
    }
}
