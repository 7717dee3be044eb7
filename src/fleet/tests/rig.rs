//! Samples and updates of a host with one domain.

use crate::fleet::{Domain, DomainId, Fleet, TopConsumers, When};
use crate::model::*;
use crate::time::Timestamp;
use crate::units::{Bytes, Nanoseconds, Operations};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub(super) const UUID: Uuid = Uuid::from_u128(7);

pub(super) fn at(milliseconds: u64) -> Timestamp {
    Timestamp::at(Duration::from_millis(milliseconds), jiff::Timestamp::UNIX_EPOCH)
}

pub(super) fn domain(run: u32, cpu_ms: u64, disks: &[(&str, u64)]) -> DomainSample {
    let mut sample = DomainSample::new("guest", Some(run), DomainState::Running, StateReason::RUNNING_BOOTED);
    sample.answered = Groups::OVERVIEW;
    sample.cpu.time = Some(Counter(Nanoseconds(cpu_ms * 1_000_000)));
    sample.disks = disks
        .iter()
        .map(|&(name, bytes)| BlockSample {
            name: name.into(),
            read_bytes: Some(Counter(Bytes(bytes))),
            read_requests: Some(Counter(Operations(bytes / 512))),
            read_time: Some(Counter(Nanoseconds(bytes * 10))),
            ..BlockSample::default()
        })
        .collect();
    sample
}

pub(super) fn keyframe(
    at: Timestamp,
    requested: Groups,
    domains: impl IntoIterator<Item = DomainSample>,
) -> HostUpdate {
    HostUpdate::Keyframe(HostSample {
        at,
        kind: if requested == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full },
        requested,
        node: NodeSample::default(),
        domains: domains.into_iter().map(|domain| (UUID, domain)).collect::<BTreeMap<_, _>>(),
        unsupported: Arc::default(),
    })
}

pub(super) fn same(at: Timestamp) -> HostUpdate {
    HostUpdate::Delta(SampleDelta {
        at,
        kind: SampleKind::Full,
        requested: Groups::OVERVIEW,
        node: NodeSample::default(),
        appeared: vec![],
        vanished: vec![],
        changed: vec![],
        unsupported: Arc::default(),
    })
}

pub(super) fn only(fleet: &Fleet) -> &Domain {
    fleet.domain(DomainId { host: 0, uuid: UUID }).expect("the domain is there").1
}

pub(super) fn fleet(updates: impl IntoIterator<Item = HostUpdate>) -> Fleet {
    let mut fleet = Fleet::new(1);
    for update in updates {
        fleet.apply(0, update);
    }
    fleet
}

pub(super) fn event(at: Timestamp, kind: EventKind) -> HostUpdate {
    HostUpdate::Event(Event { at, domain: Some(EventDomain { uuid: UUID, name: "guest".into() }), kind })
}

pub(super) fn paused_by_io_error(at: Timestamp) -> HostUpdate {
    event(at, EventKind::Lifecycle(Lifecycle::Suspended, LifecycleDetail::SUSPENDED_IOERROR))
}

pub(super) fn words(fleet: &Fleet, seen: Option<Duration>) -> Vec<String> {
    only(fleet)
        .findings(When::Latest, seen, &TopConsumers::default())
        .into_iter()
        .map(|finding| finding.what())
        .collect()
}
