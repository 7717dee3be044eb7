//! One sample of a host, while its domains are read.

use crate::fleet::domain::Domain;
use crate::fleet::history::Series;
use crate::fleet::history::Tick;
use crate::fleet::history::arena::Arena;
use crate::fleet::metric::{DomainMetric, HostMetric};
use crate::model::Groups;
use crate::time::Timestamp;

/// Figures of the host that are sums over its domains, and of what.
const SUMS: [(HostMetric, &[DomainMetric]); 5] = [
    (HostMetric::DiskRead, &[DomainMetric::DiskRead]),
    (HostMetric::DiskWrite, &[DomainMetric::DiskWrite]),
    (HostMetric::DiskRequests, &[DomainMetric::ReadRequests, DomainMetric::WriteRequests]),
    (HostMetric::NetRx, &[DomainMetric::NetRx]),
    (HostMetric::NetTx, &[DomainMetric::NetTx]),
];

/// What its domains share, and what is gathered from them.
#[derive(Debug)]
pub(crate) struct HostTotals {
    /// When it was taken.
    pub(crate) at: Timestamp,
    /// Groups that it may have figures of, for every active domain.
    pub(crate) wanted: Groups,
    /// Its place on the time axis; `None` for a sample of the states only.
    pub(crate) tick: Option<Tick>,
    arena: Arena,
    /// `None` where no domain has the figure, so that "nothing known" does not become 0.
    sums: [Option<f64>; SUMS.len()],
    /// Groups of which a domain that runs has no figures now.
    partial: Groups,
}

impl HostTotals {
    pub(crate) fn new(at: Timestamp, wanted: Groups, tick: Option<Tick>) -> Self {
        Self { at, wanted, tick, arena: Arena::default(), sums: Default::default(), partial: Groups::empty() }
    }

    /// Writes a domain's figures down and counts them.
    pub(crate) fn keep(&mut self, domain: &mut Domain) {
        let Some(tick) = self.tick else { return };
        for (sum, (_, parts)) in self.sums.iter_mut().zip(SUMS) {
            for value in parts.iter().filter_map(|part| domain.series.latest(*part)) {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        self.partial |= domain.unknown();
        domain.commit(tick, &mut self.arena);
    }

    /// Writes the host's own figures down, with the sums over its domains; at which tick, and of which groups these are
    /// not of all.
    pub(crate) fn finish(mut self, series: &mut Series<HostMetric>) -> Option<(Tick, Groups)> {
        let tick = self.tick?;
        for (sum, (metric, _)) in self.sums.into_iter().zip(SUMS) {
            series.set(metric, sum);
        }
        series.commit(tick, 0, &mut self.arena);
        Some((tick, self.partial))
    }
}
