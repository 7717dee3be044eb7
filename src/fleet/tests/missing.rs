//! Why a figure is missing.

use super::rig::{at, domain, fleet, keyframe, only};
use crate::fleet::metric::DomainMetric;
use crate::fleet::*;
use crate::model::*;
use std::sync::Arc;

#[test]
fn groups_that_another_job_kept_from_the_reading_are_missing_for_that_reason() {
    let mut skipped = domain(1, 1000, &[]);
    skipped.unanswered = Groups::MEMORY | Groups::BLOCK;
    skipped.answered -= skipped.unanswered;
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])]),
        keyframe(at(1000), Groups::OVERVIEW, [skipped]),
    ]);
    let why = |metric| only(&fleet).missing(&fleet.hosts()[0], metric, When::Latest);
    assert_eq!(why(DomainMetric::MemoryUsed), Missing::Unanswered(Groups::MEMORY | Groups::BLOCK));
    let words = "no answer on memory, disks now: another job holds the domain, or its QEMU does not answer";
    assert_eq!(why(DomainMetric::DiskRead).describe(only(&fleet)), words);
    assert_eq!(why(DomainMetric::NetRx), Missing::NoDevice);
}

#[test]
fn why_a_figure_is_missing() {
    let mut sample = domain(1, 0, &[]);
    let with_balloon = |model: Option<&str>| DomainDefinition {
        balloon_model: model.map(str::to_owned),
        ..DomainDefinition::default()
    };
    sample.definition = Some(Arc::new(with_balloon(Some("virtio"))));
    let mut fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [sample.clone()]),
        keyframe(at(1000), Groups::OVERVIEW, [sample.clone()]),
    ]);
    let why = |fleet: &Fleet, metric| only(fleet).missing(&fleet.hosts()[0], metric, When::Latest);
    assert_eq!(why(&fleet, DomainMetric::MemoryUsed), Missing::NoBalloonPeriod);
    assert_eq!(why(&fleet, DomainMetric::DiskRead), Missing::NoDevice);
    assert!(Missing::NoBalloonPeriod.describe(only(&fleet)).contains("virsh dommemstat guest --period 1"));
    // A container has none and none to be turned on.
    for model in [None, Some("none")] {
        sample.definition = Some(Arc::new(with_balloon(model)));
        fleet.apply(0, keyframe(at(1500), Groups::OVERVIEW, [sample.clone()]));
        assert_eq!(why(&fleet, DomainMetric::MemoryUsed), Missing::NoBalloonDevice);
    }
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason::SHUTOFF_SHUTDOWN);
    fleet.apply(0, keyframe(at(2000), Groups::OVERVIEW, [off]));
    assert_eq!(why(&fleet, DomainMetric::Cpu), Missing::NotActive(DomainState::ShutOff));
}
