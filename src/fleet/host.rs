//! One host: how the connection to it is, its figures, its domains.

use super::HostId;
use super::domain::Domain;
use super::events::EventLog;
use super::metric::{DomainMetric, HostMetric};
use super::rates;
use super::track::{Tick, Timeline, Track};
use crate::model::{
    Call, DomainSample, Event, Failure, Groups, Hold, HostInfo, HostSample, HostUpdate, Lack, NodeSample, SampleDelta,
};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How the connection to a host is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// The first answer is still to come.
    #[default]
    Connecting,
    /// Samples arrive.
    Live,
    /// No samples at the moment; the figures on the screen are the last ones.
    Failing(Failure),
}

/// One host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Its place among the hosts.
    pub id: HostId,
    /// How the connection is.
    pub link: Link,
    /// What the host is, once connected.
    pub info: Option<Arc<HostInfo>>,
    /// The node as last read.
    pub node: NodeSample,
    /// Its figures.
    pub track: Track<HostMetric>,
    /// The time axis of all histories of this host.
    pub timeline: Timeline,
    /// Its domains.
    pub domains: BTreeMap<Uuid, Domain>,
    /// What happened, as far as it was told.
    pub events: EventLog,
    /// Calls that its driver lacks.
    pub lacks: Arc<Vec<Lack>>,
    /// When the last figures came.
    pub sampled_at: Option<Timestamp>,
    /// How long a sample takes, where that is longer than the interval.
    pub late: Option<Duration>,
    /// The connection was down since the last point on the time axis.
    outage: bool,
}

impl Host {
    /// Of which nothing is known yet.
    pub(super) fn new(id: HostId) -> Self {
        Self { id, ..Self::default() }
    }

    /// Takes one step.
    pub(super) fn apply(&mut self, update: HostUpdate) {
        match update {
            HostUpdate::Connecting => self.link = Link::Connecting,
            HostUpdate::Connected(info) => self.info = Some(info),
            HostUpdate::Keyframe(sample) => self.apply_keyframe(sample),
            HostUpdate::Delta(delta) => self.apply_delta(delta),
            HostUpdate::Event(event) => self.apply_event(event),
            HostUpdate::Late(took) => self.late = took,
            HostUpdate::Failed(failure) => self.link = Link::Failing(failure),
        }
    }

    fn apply_keyframe(&mut self, sample: HostSample) {
        self.domains.retain(|uuid, _| sample.domains.contains_key(uuid));
        for (uuid, domain) in sample.domains {
            self.read_domain(uuid, domain, sample.at, sample.asked);
        }
        self.finish(sample.at, sample.asked, sample.node, sample.lacks);
    }

    fn apply_delta(&mut self, delta: SampleDelta) {
        for uuid in &delta.vanished {
            self.domains.remove(uuid);
        }
        for domain in self.domains.values_mut() {
            if delta.changed.binary_search_by_key(&domain.uuid, |(uuid, _)| *uuid).is_err() {
                domain.read_same(delta.at, delta.asked);
            }
        }
        for (uuid, domain) in delta.appeared.into_iter().chain(delta.changed) {
            self.read_domain(uuid, domain, delta.at, delta.asked);
        }
        self.finish(delta.at, delta.asked, delta.node, delta.lacks);
    }

    fn apply_event(&mut self, event: Event) {
        if let Some(domain) = event.domain.as_ref().and_then(|domain| self.domains.get_mut(&domain.uuid)) {
            domain.hear(&event);
        }
        self.events.push(event);
    }

    fn read_domain(&mut self, uuid: Uuid, sample: DomainSample, at: Timestamp, wanted: Groups) {
        match self.domains.get_mut(&uuid) {
            Some(domain) => domain.read(sample, at, wanted),
            None => drop(self.domains.insert(uuid, Domain::new(uuid, sample, at, wanted))),
        }
    }

    fn finish(&mut self, at: Timestamp, asked: Groups, node: NodeSample, lacks: Arc<Vec<Lack>>) {
        let after_outage = std::mem::replace(&mut self.link, Link::Live) != Link::Live;
        self.lacks = lacks;
        self.outage |= after_outage;
        if asked == Groups::STATE {
            return;
        }
        rates::node(&mut self.track, &node, &self.node);
        self.node = node;
        let domains = &self.domains;
        let total = |metric| rates::sum(domains.values().map(|domain| domain.track.latest(metric)));
        let requests = [total(DomainMetric::ReadRequests), total(DomainMetric::WriteRequests)];
        let figures = [
            (HostMetric::DiskRead, total(DomainMetric::DiskRead)),
            (HostMetric::DiskWrite, total(DomainMetric::DiskWrite)),
            (HostMetric::DiskRequests, rates::sum(requests.into_iter())),
            (HostMetric::NetRx, total(DomainMetric::NetRx)),
            (HostMetric::NetTx, total(DomainMetric::NetTx)),
        ];
        for (metric, value) in figures {
            self.track.set(metric, value);
        }
        let tick = self.timeline.push(at, std::mem::take(&mut self.outage));
        self.commit(tick);
        self.sampled_at = Some(at);
    }

    fn commit(&mut self, tick: Tick) {
        self.track.commit(tick);
        for domain in self.domains.values_mut() {
            domain.commit(tick);
        }
    }

    /// How old the oldest figure of any domain is that could be read: what nobody looks at is read in turns.
    pub fn oldest(&self) -> Duration {
        let now = self.sampled_at;
        let ages = self.domains.values().filter_map(|domain| now?.since(domain.oldest_reading()?));
        ages.max().unwrap_or_default()
    }

    /// Why the driver gives no answer to a call; `None` where it does.
    pub fn lack(&self, call: Call) -> Option<&str> {
        self.lacks.iter().find(|lack| lack.call == call).map(|lack| lack.reason.as_str())
    }

    /// Whether calls hang in so many domains that the others are asked for nothing that could hang.
    pub fn is_degraded(&self) -> bool {
        self.domains.values().any(|domain| domain.held.is_some_and(|held| held.by == Hold::Host))
    }

    /// Host CPUs, once known.
    pub fn cpus(&self) -> Option<u32> {
        self.info.as_ref().map(|info| info.cpus)
    }
}
