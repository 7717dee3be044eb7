//! One host: its connection, its figures, its domains, its events.

use super::HostId;
use super::domain::Domain;
use super::history::Series;
use super::history::{Timeline, When};
use super::metric::HostMetric;
use crate::fleet::derive::host_totals::HostTotals;
use crate::fleet::derive::rates;
use crate::fleet::event_log::EventLog;
use crate::fleet::history::run_length::RunLength;
use crate::model::{
    Call, DomainSample, Event, EventKind, Failure, Groups, HostInfo, HostSample, HostUpdate, NodeSample, SampleDelta,
    SampleKind, UnsupportedCall,
};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The state of the connection to a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Connecting; no answer yet.
    #[default]
    Connecting,
    /// Samples arrive.
    Live,
    /// The connection failed; the last known values are shown.
    Failing(Failure),
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Its index in the list of hosts.
    pub id: HostId,
    /// What the user calls the host: its URI, or a name; empty where none is given.
    pub name: String,
    /// The state of the connection.
    pub link: Link,
    /// What the host is; `None` until it was connected once.
    pub info: Option<Arc<HostInfo>>,
    /// The last reading of the node.
    pub node: NodeSample,
    /// Its figures.
    pub series: Series<HostMetric>,
    /// The time axis of all its series.
    pub timeline: Timeline,
    /// Its domains.
    pub domains: BTreeMap<Uuid, Domain>,
    /// Its latest events.
    pub events: EventLog,
    /// Calls that its driver does not support.
    pub unsupported: Arc<Vec<UnsupportedCall>>,
    /// When the last full sample was taken; `None`: there was none yet.
    pub sampled_at: Option<Timestamp>,
    /// How long a sample takes, if that is longer than the interval; otherwise `None`.
    pub late: Option<Duration>,
    partial_sums: RunLength<Groups>,
    /// There was no figure for some time since the last point on the time axis: the connection was down, or samples were
    /// missed.
    outage: bool,
}

impl Host {
    /// A host that is not connected yet.
    pub(super) fn new(id: HostId, name: &str) -> Self {
        Self { id, name: name.to_owned(), ..Self::default() }
    }

    /// Applies one update.
    pub(super) fn apply(&mut self, update: HostUpdate) {
        match update {
            HostUpdate::Connecting => self.link = Link::Connecting,
            HostUpdate::Connected(info) => {
                self.info = Some(info);
                // The value is that of the previous connection.
                self.late = None;
            }
            HostUpdate::Keyframe(sample) => self.apply_keyframe(sample),
            HostUpdate::Delta(delta) => self.apply_delta(delta),
            HostUpdate::Event(event) => self.apply_event(event),
            HostUpdate::Missed => self.outage = true,
            HostUpdate::Late(took) => self.late = took,
            HostUpdate::Failed(failure) => self.link = Link::Failing(failure),
        }
    }

    fn apply_keyframe(&mut self, sample: HostSample) {
        self.domains.retain(|uuid, _| sample.domains.contains_key(uuid));
        let totals = self.begin(sample.at, sample.kind, sample.requested);
        self.read(totals, sample.domains, Vec::new(), sample.node, sample.unsupported);
    }

    fn apply_delta(&mut self, delta: SampleDelta) {
        for uuid in &delta.vanished {
            self.domains.remove(uuid);
        }
        let totals = self.begin(delta.at, delta.kind, delta.requested);
        self.read(totals, delta.changed, delta.appeared, delta.node, delta.unsupported);
    }

    fn apply_event(&mut self, mut event: Event) {
        if event.kind == EventKind::ControlError && !self.has_started(&event) {
            event.kind = EventKind::StartFailed;
        }
        if let Some(domain) = event.domain.as_ref().and_then(|domain| self.domains.get_mut(&domain.uuid)) {
            domain.apply_event(&event);
        }
        self.events.push(event);
    }

    /// Whether the guest of an event's domain had run. A domain that is not known is one whose creation failed.
    fn has_started(&self, event: &Event) -> bool {
        let known = event.domain.as_ref().and_then(|domain| self.domains.get(&domain.uuid));
        known.is_some_and(|domain| domain.state.is_active() && !domain.reason.is_start(domain.state))
    }

    fn begin(&mut self, at: Timestamp, kind: SampleKind, requested: Groups) -> HostTotals {
        self.outage |= std::mem::replace(&mut self.link, Link::Live) != Link::Live;
        match kind {
            SampleKind::Full => {
                let tick = self.timeline.push(at, std::mem::take(&mut self.outage));
                // Every full sample reads this group for the domain whose screen is open, without a request.
                HostTotals::new(at, requested | Groups::HOST_CPU, Some(tick))
            }
            SampleKind::StateOnly => HostTotals::new(at, requested, None),
        }
    }

    /// Applies the readings of domains, sorted by UUID. A known domain that is not in `named` has the same reading again; a
    /// domain that is not known is new, as are those in `appeared`.
    fn read(
        &mut self,
        mut totals: HostTotals,
        named: impl IntoIterator<Item = (Uuid, DomainSample)>,
        mut appeared: Vec<(Uuid, DomainSample)>,
        node: NodeSample,
        unsupported: Arc<Vec<UnsupportedCall>>,
    ) {
        // One pass over all domains: with many of them, cache misses dominate.
        let mut named = named.into_iter().peekable();
        for (uuid, domain) in &mut self.domains {
            while let Some(other) = named.next_if(|(next, _)| next < uuid) {
                appeared.push(other);
            }
            match named.next_if(|(next, _)| next == uuid) {
                Some((_, sample)) => domain.read(sample, totals.at, totals.requested),
                None => domain.read_same(totals.at, totals.requested),
            }
            totals.add(domain);
        }
        for (uuid, sample) in appeared.into_iter().chain(named) {
            if let Entry::Vacant(place) = self.domains.entry(uuid) {
                let domain = place.insert(Domain::new(uuid, totals.at));
                domain.read(sample, totals.at, totals.requested);
                totals.add(domain);
            }
        }
        self.unsupported = unsupported;
        if totals.tick.is_some() {
            rates::node(&mut self.series, &node, &self.node);
            self.node = node;
            self.sampled_at = Some(totals.at);
            if let Some((tick, partial_sums)) = totals.finish(&mut self.series) {
                self.partial_sums.commit(tick, partial_sums);
            }
        }
    }

    /// The age of the oldest reading of any domain that can be read: domains that are not on the screen are read in turns.
    pub fn oldest_reading_age(&self) -> Duration {
        let now = self.sampled_at;
        let ages = self.domains.values().filter_map(|domain| now?.since(domain.oldest_reading()?));
        ages.max().unwrap_or_default()
    }

    /// Groups whose sums over the domains leave out running domains: some were not read twice yet, or are blocked.
    pub fn partial_sums(&self, when: When) -> Groups {
        let tick = match when {
            When::Latest => self.timeline.last(),
            When::Tick(tick, _) => Some(tick),
        };
        tick.and_then(|tick| self.partial_sums.at(tick)).unwrap_or(Groups::empty())
    }

    /// Why the driver does not support a call, in words for the operator. `None`: the call has not failed so far.
    pub fn unsupported(&self, call: Call) -> Option<&str> {
        self.unsupported
            .iter()
            .find(|unsupported| unsupported.call == call)
            .map(|unsupported| unsupported.reason.as_str())
    }

    /// Whether too many domains are blocked, so that only state and network of the others are read.
    pub fn is_degraded(&self) -> bool {
        self.domains.values().any(|domain| domain.blocked.is_some_and(|blocked| !blocked.is_own()))
    }

    /// Host CPUs. `None` before the host is connected, and where libvirt does not return their number.
    pub fn cpus(&self) -> Option<u32> {
        self.info.as_ref().and_then(|info| info.cpus)
    }
}
