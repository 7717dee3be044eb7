//! Findings of guests whose vCPUs do not run, and of NICs that no guest reads.

use super::rig::{at, domain, event, fleet, keyframe, only, words};
use crate::fleet::metric::{NicMetric, VcpuMetric};
use crate::fleet::*;
use crate::model::*;
use crate::units::{Nanoseconds, Operations, Packets};
use std::sync::Arc;
use std::time::Duration;

/// What a sample says: state, packets taken, packets dropped.
type Moment = (DomainState, u64, u64);

fn nic(name: &str, taken: u64, dropped: u64) -> NetSample {
    let packets = |count| Some(Counter(Packets(count)));
    NetSample { name: name.into(), rx_packets: packets(taken), rx_drops: packets(dropped), ..NetSample::default() }
}

fn sample((state, taken, dropped): Moment) -> DomainSample {
    let mut sample = domain(1, 0, &[]);
    sample.state = state;
    sample.nics = vec![nic("vnet0", taken, dropped)];
    sample
}

fn seconds(all: &[Moment]) -> Fleet {
    let updates =
        all.iter().zip(0..).map(|(second, number)| keyframe(at(number * 1000), Groups::OVERVIEW, [sample(*second)]));
    fleet(updates)
}

use DomainState::{Paused, PmSuspended, Running};

#[test]
fn a_guest_that_took_packets_loses_those_that_it_does_not_take() {
    let fleet = seconds(&[(Running, 100, 0), (Running, 100, 950)]);
    assert_eq!(words(&fleet, None), ["950 packets/s dropped"]);
    let nic = &only(&fleet).nics[0];
    let severity = only(&fleet).nic_severity(nic, NicMetric::RxDrops, When::Latest);
    assert_eq!(severity, Some(Severity::Critical), "the list of NICs has the same severity");
}

#[test]
fn a_guest_whose_vcpus_do_not_run_loses_no_packets() {
    for state in [Paused, PmSuspended] {
        let fleet = seconds(&[(state, 100, 0), (state, 100, 950)]);
        assert_eq!(words(&fleet, None), [""; 0]);
        let nic = &only(&fleet).nics[0];
        assert_eq!(nic.series.latest(NicMetric::RxDrops), Some(950.0), "the figure is shown all the same");
        assert_eq!(only(&fleet).nic_severity(nic, NicMetric::RxDrops, When::Latest), None);
    }
}

#[test]
fn a_guest_that_boots_loses_no_packets_until_it_took_one() {
    assert_eq!(words(&seconds(&[(Running, 0, 0), (Running, 0, 950)]), None), [""; 0]);
    let up = seconds(&[(Running, 0, 0), (Running, 0, 950), (Running, 1, 1900)]);
    assert_eq!(words(&up, None), ["950 packets/s dropped"]);
    let stamp = |second: u64| up.hosts()[0].timeline.when(TimeCursor::At(Duration::from_secs(second)));
    let then = |second| only(&up).findings(stamp(second), None, &TopConsumers::default()).len();
    assert_eq!([then(1), then(2)], [0, 1], "each sample of the past has its own answer");
}

#[test]
fn drops_of_a_pause_are_none_of_the_first_interval_after_it() {
    let samples = [(Running, 10, 0), (Paused, 10, 500), (Running, 20, 9000), (Running, 20, 9500)];
    assert_eq!(words(&seconds(&samples[..3]), None), [""; 0]);
    assert_eq!(words(&seconds(&samples), None), ["500 packets/s dropped"]);
}

#[test]
fn a_pause_between_two_samples_is_known_by_its_events() {
    let lifecycle = |ms, kind| event(at(ms), EventKind::Lifecycle(kind, LifecycleDetail(0)));
    let first = [keyframe(at(0), Groups::OVERVIEW, [sample((Running, 10, 0))])];
    let pause = [lifecycle(200, Lifecycle::Suspended), lifecycle(900, Lifecycle::Resumed)];
    let second = [keyframe(at(1000), Groups::OVERVIEW, [sample((Running, 20, 700))])];
    let fleet = fleet(first.into_iter().chain(pause).chain(second));
    assert_eq!(words(&fleet, None), [""; 0]);
}

#[test]
fn a_guest_that_restarts_loses_no_packets_until_its_driver_runs_again() {
    let keyframe = |second: u64, taken, dropped| {
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample((Running, taken, dropped))])
    };
    let before = [keyframe(0, 10, 0), keyframe(1, 20, 0), event(at(1500), EventKind::Rebooted)];
    let mut fleet = fleet(before);
    fleet.apply(0, keyframe(2, 25, 300));
    assert_eq!(words(&fleet, None), [""; 0], "the 5 packets may be from before");
    fleet.apply(0, keyframe(3, 25, 600));
    assert_eq!(words(&fleet, None), [""; 0]);
    fleet.apply(0, keyframe(4, 26, 900));
    assert_eq!(words(&fleet, None), ["300 packets/s dropped"]);
}

#[test]
fn a_nic_that_the_guest_never_used_adds_nothing_to_one_that_it_uses() {
    let sample = |dropped: [u64; 2]| {
        let mut sample = domain(1, 0, &[]);
        sample.nics = vec![nic("vnet0", 100, dropped[0]), nic("vnet1", 0, dropped[1])];
        sample
    };
    let updates = [[0, 0], [3, 950]].into_iter().zip([0, 1000]);
    let fleet = fleet(updates.map(|(dropped, ms)| keyframe(at(ms), Groups::OVERVIEW, [sample(dropped)])));
    assert_eq!(words(&fleet, None), ["3 packets/s dropped"]);
}

#[test]
fn a_macvtap_counts_what_it_queues_before_the_guest_takes_it() {
    let words = |kind: &str, guest_side, queued: u64, sent: u64| {
        let definition = NicDefinition { target: Some("tap9".into()), kind: kind.into(), ..NicDefinition::default() };
        let definition = Arc::new(DomainDefinition { nics: vec![definition], ..DomainDefinition::default() });
        let sample = |dropped| {
            let mut sample = domain(1, 0, &[]);
            sample.definition = Some(Arc::clone(&definition));
            let tx_packets = Some(Counter(Packets(sent)));
            sample.nics = vec![NetSample { tx_packets, guest_side, ..nic("tap9", queued, dropped) }];
            sample
        };
        let fleet = fleet([0, 1].map(|second| keyframe(at(second * 1000), Groups::OVERVIEW, [sample(second * 950)])));
        words(&fleet, None)
    };
    for (kind, guest_side) in [("direct", None), ("ethernet", Some(GuestSide::InFront))] {
        assert_eq!(words(kind, guest_side, 1000, 0), [""; 0]);
        assert_eq!(words(kind, guest_side, 1000, 1), ["950 packets/s dropped"]);
        assert_eq!(words(kind, guest_side, 1001, 0), ["950 packets/s dropped"]);
    }
    assert_eq!(words("ethernet", Some(GuestSide::Behind), 1000, 0), ["950 packets/s dropped"], "a TAP device");
}

#[test]
fn a_paused_guest_has_no_finding_about_its_disks_its_vcpus_or_its_memory() {
    let sample = |state, second: u64| {
        let mut sample = domain(1, 0, &[("vda", second)]);
        sample.state = state;
        sample.disks[0].read_requests = Some(Counter(Operations(second)));
        sample.disks[0].read_time = Some(Counter(Nanoseconds(second * 60_000_000_000)));
        let time = Some(Counter(Nanoseconds(second * 600_000_000)));
        sample.vcpus.insert(0, VcpuSample { delay: time, ..VcpuSample::default() });
        let bytes = |bytes| Some(crate::units::Bytes(bytes));
        sample.memory = MemorySample { available: bytes(100), usable: bytes(1), ..MemorySample::default() };
        sample
    };
    let of = |state| fleet([0, 1].map(|second| keyframe(at(second * 1000), Groups::OVERVIEW, [sample(state, second)])));
    let steal = |fleet: &Fleet| only(fleet).vcpu_severity(&only(fleet).vcpus[0], VcpuMetric::Steal, When::Latest);
    assert_eq!(words(&of(Running), None), ["vda read 60000 ms", "steal 60 %", "memory 99 % used"]);
    assert_eq!(steal(&of(Running)), Some(Severity::Critical));
    assert_eq!(words(&of(Paused), None), [""; 0]);
    assert_eq!(steal(&of(Paused)), None);
}

/// A request that waited while its guest was paused took that long.
#[test]
fn the_time_of_a_pause_is_no_latency_of_a_disk() {
    let sample = |state, milliseconds: u64, requests| {
        let mut sample = domain(1, 0, &[("vda", 0)]);
        sample.state = state;
        sample.disks[0].read_requests = Some(Counter(Operations(requests)));
        sample.disks[0].read_time = Some(Counter(Nanoseconds(milliseconds * 1_000_000)));
        sample
    };
    let samples = [sample(Paused, 0, 0), sample(Running, 90_000, 1), sample(Running, 90_060, 2)];
    let updates = samples.into_iter().zip([0, 90_000, 91_000]);
    let mut updates = updates.map(|(sample, ms)| keyframe(at(ms), Groups::OVERVIEW, [sample]));
    let mut fleet = fleet(updates.by_ref().take(2));
    assert_eq!(words(&fleet, None), [""; 0]);
    fleet.apply(0, updates.next().expect("a third sample"));
    assert_eq!(words(&fleet, None), ["vda read 60 ms"]);
}
