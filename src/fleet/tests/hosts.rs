//! Hosts: sums, events, several of them.

use super::rig::{UUID, at, domain, event, fleet, keyframe, only};
use crate::fleet::metric::DomainMetric;
use crate::fleet::*;
use crate::model::*;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_sum_that_leaves_out_running_domains_is_marked() {
    let sample = |bytes| domain(1, 0, &[("vda", bytes)]);
    let mut blocked = sample(1024);
    blocked.answered = Groups::STATE | Groups::NET;
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [sample(0)])]);
    let mut partial = |second: u64, sample| {
        fleet.apply(0, keyframe(at(second * 1000), Groups::OVERVIEW, [sample]));
        fleet.hosts()[0].partial_sums(When::Latest)
    };
    // It has no NIC: known after the first reading.
    assert_eq!(partial(1, sample(512)), Groups::empty());
    assert_eq!(partial(2, blocked), Groups::BLOCK);
    assert_eq!(partial(3, sample(2048)), Groups::empty());
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason::SHUTOFF_SHUTDOWN);
    assert_eq!(partial(4, off), Groups::empty());
    assert_eq!(partial(5, sample(0)), Groups::BLOCK);
    let then = |tick: u64| fleet.hosts()[0].partial_sums(When::Tick(tick, at(tick * 1000)));
    assert_eq!([1, 2, 3].map(then), [Groups::empty(), Groups::BLOCK, Groups::empty()], "the history keeps it");
}

#[test]
fn the_event_log_has_the_events_of_the_stream_and_no_others() {
    let with = |second: u64, blocked: Option<BlockedBy>| {
        let mut sample = domain(1, 0, &[]);
        sample.blocked = blocked.map(|by| Blocked { by, since: at(900) });
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let fleet =
        fleet([with(1, None), event(at(1900), EventKind::Rebooted), with(2, Some(BlockedBy::Monitor)), with(3, None)]);
    let events: Vec<_> = fleet.hosts()[0].events.iter().map(|(_, event)| event.kind.clone()).collect();
    assert_eq!(events, [EventKind::Rebooted]);
}

#[test]
fn a_new_connection_is_not_late() {
    let info = || HostUpdate::Connected(Arc::default());
    let mut fleet = fleet([info(), HostUpdate::Late(Some(Duration::from_secs(2)))]);
    assert!(fleet.hosts()[0].late.is_some());
    fleet.apply(0, info());
    assert_eq!(fleet.hosts()[0].late, None);
}

#[test]
fn a_control_error_of_a_domain_that_does_not_run_is_a_start_that_failed() {
    let what = |state, reason| {
        let mut sample = domain(1, 0, &[]);
        (sample.state, sample.reason) = (state, reason);
        let fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [sample]), event(at(1), EventKind::ControlError)]);
        fleet.hosts()[0].events.last().unwrap().kind.what()
    };
    assert_eq!(what(DomainState::ShutOff, StateReason::SHUTOFF_FAILED), "start failed");
    assert_eq!(what(DomainState::Paused, StateReason::PAUSED_STARTING_UP), "start failed");
    assert_eq!(what(DomainState::Paused, StateReason::PAUSED_USER), "control error");
    assert_eq!(what(DomainState::Running, StateReason::RUNNING_BOOTED), "control error");
    let unknown = fleet([event(at(1), EventKind::ControlError)]);
    assert_eq!(unknown.hosts()[0].events.last().unwrap().kind.what(), "start failed", "its creation failed");
}

#[test]
fn the_source_of_a_disk_is_the_file_that_statistics_name() {
    let source = |kind: &str, device: &str, path: Option<&str>| {
        let disk = DiskDefinition {
            target: "vda".into(),
            kind: kind.into(),
            device: device.into(),
            source: Some("/base".into()),
            ..DiskDefinition::default()
        };
        let mut sample = domain(1, 0, &[("vda", 512)]);
        sample.definition = Some(Arc::new(DomainDefinition { disks: vec![disk], ..DomainDefinition::default() }));
        sample.disks[0].path = path.map(Into::into);
        let fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [sample])]);
        only(&fleet).disks.get(&"vda".into()).and_then(|disk| disk.source()).map(str::to_owned)
    };
    assert_eq!(source("file", "disk", Some("/snapshot")).as_deref(), Some("/snapshot"), "the definition is older");
    assert_eq!(source("file", "disk", None).as_deref(), Some("/base"));
    assert_eq!(source("volume", "disk", Some("/pool/volume")).as_deref(), Some("/base"));
    assert_eq!(source("file", "cdrom", Some("/old.iso")).as_deref(), Some("/base"), "an event reports another medium");
}

#[test]
fn events_outlive_their_domain() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])]), event(at(1), EventKind::Rebooted)]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, []));
    fleet.apply(0, event(at(1001), EventKind::Lifecycle(Lifecycle::Undefined, LifecycleDetail::UNDEFINED_REMOVED)));
    let what: Vec<_> = fleet.hosts()[0].events.of_domain(UUID).map(|(_, event)| event.kind.what()).collect();
    assert_eq!(what, ["undefined", "rebooted"], "newest first");
}

#[test]
fn an_update_of_one_host_leaves_the_others_as_they_are() {
    let mut fleet = Fleet::new(2);
    for second in 0..2 {
        fleet.apply(0, keyframe(at(second * 1000), Groups::OVERVIEW, [domain(1, second * 500, &[])]));
        fleet.apply(1, keyframe(at(second * 1000), Groups::OVERVIEW, [domain(1, second * 250, &[])]));
    }
    let first = fleet.hosts()[0].clone();
    fleet.apply(1, HostUpdate::Connecting);
    fleet.apply(1, keyframe(at(9000), Groups::OVERVIEW, []));
    fleet.apply(1, event(at(9001), EventKind::Rebooted));
    fleet.apply(7, HostUpdate::Connecting);
    assert!(fleet.hosts()[0] == first);
    assert_eq!(first.domains[&UUID].series.latest(DomainMetric::Cpu), Some(50.0));
    let second = &fleet.hosts()[1];
    assert_eq!((second.domains.len(), second.events.next_number(), second.timeline.last()), (0, 1, Some(2)));
    assert_eq!((second.id, second.link.clone()), (1, Link::Live));
}
