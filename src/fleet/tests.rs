use super::metric::{DiskMetric, DomainMetric, HostCpuMetric, NicMetric, VcpuMetric};
use super::*;
use crate::model::*;
use crate::time::Timestamp;
use crate::units::{Bytes, Nanoseconds, Operations};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const DISK: Uuid = Uuid::from_u128(7);

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::at(Duration::from_millis(milliseconds), jiff::Timestamp::UNIX_EPOCH)
}

fn domain(run: u32, cpu_ms: u64, disks: &[(&str, u64)]) -> DomainSample {
    let mut sample = DomainSample::new("guest", Some(run), DomainState::Running, StateReason(1));
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

fn keyframe(at: Timestamp, asked: Groups, domains: impl IntoIterator<Item = DomainSample>) -> HostUpdate {
    HostUpdate::Keyframe(HostSample {
        at,
        kind: if asked == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full },
        requested: asked,
        node: NodeSample::default(),
        domains: domains.into_iter().map(|domain| (DISK, domain)).collect::<BTreeMap<_, _>>(),
        unsupported: Arc::default(),
    })
}

fn same(at: Timestamp) -> HostUpdate {
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

fn only(fleet: &Fleet) -> &Domain {
    fleet.domain(DomainId { host: 0, uuid: DISK }).expect("the domain is there").1
}

fn fleet(updates: impl IntoIterator<Item = HostUpdate>) -> Fleet {
    let mut fleet = Fleet::new(1);
    for update in updates {
        fleet.apply(0, update);
    }
    fleet
}

#[test]
fn the_first_reading_gives_no_rate_and_the_second_does() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 100, &[("vda", 0)])])]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), None);
    assert_eq!(
        only(&fleet).missing(&fleet.hosts()[0], DomainMetric::Cpu, When::Latest),
        Missing::FirstReading,
        "and the reader is told why"
    );
    fleet.apply(0, keyframe(at(500), Groups::OVERVIEW, [domain(1, 350, &[("vda", 1024)])]));
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), Some(50.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::DiskRead), Some(2048.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::WorstLatency), Some(5120.0));
}

#[test]
fn a_new_run_is_a_gap_and_keeps_the_history() {
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[("vda", 0)])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 500, &[("vda", 512)])]),
        keyframe(at(2000), Groups::OVERVIEW, [domain(2, 600, &[("vda", 9999)])]),
        keyframe(at(3000), Groups::OVERVIEW, [domain(2, 700, &[("vda", 9999)])]),
    ]);
    let cpu: Vec<_> = (0..4).map(|tick| only(&fleet).series.at(DomainMetric::Cpu, tick)).collect();
    assert_eq!(cpu, [None, Some(50.0), None, Some(10.0)]);
    let disk: Vec<_> = (0..4).map(|tick| only(&fleet).disks[0].series.at(DiskMetric::ReadBytes, tick)).collect();
    assert_eq!(disk, [None, Some(512.0), None, Some(0.0)]);
}

#[test]
fn a_fallen_counter_is_a_gap_never_a_spike() {
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 500, &[])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 100, &[])]),
    ]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), None);
}

#[test]
fn disks_are_matched_by_name_when_positions_shift() {
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[("vda", 100), ("vdc", 1_000_000)])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 0, &[("vda", 100), ("vdb", 0), ("vdc", 1_000_512)])]),
    ]);
    let rates: Vec<_> =
        only(&fleet).disks.iter().map(|disk| (disk.key.as_str(), disk.series.latest(DiskMetric::ReadBytes))).collect();
    assert_eq!(rates, [("vda", Some(0.0)), ("vdb", None), ("vdc", Some(512.0))]);
}

#[test]
fn an_unchanged_domain_has_rate_zero() {
    let fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 500, &[("vda", 100)])]), same(at(1000))]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), Some(0.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::DiskRead), Some(0.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::WorstLatency), None);
}

#[test]
fn a_group_with_the_same_moment_of_its_own_was_not_read_again() {
    let mut apart = domain(1, 0, &[("vda", 0)]);
    apart.own_time = Some((Groups::BLOCK, at(900)));
    let first = keyframe(at(100), Groups::OVERVIEW, [domain(1, 0, &[("vda", 0)])]);
    let fleet = fleet([first, keyframe(at(1_000), Groups::OVERVIEW, [apart]), same(at(2_000))]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), Some(0.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::DiskRead), None);
}

#[test]
fn a_look_at_the_states_changes_no_figure_and_is_no_point_in_time() {
    let mut paused = DomainSample::new("guest", Some(1), DomainState::Paused, StateReason(5));
    paused.answered = Groups::STATE;
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[("vda", 0)])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 500, &[("vda", 0)])]),
        keyframe(at(1010), Groups::STATE, [paused]),
        keyframe(at(2000), Groups::OVERVIEW, [domain(1, 1500, &[("vda", 0)])]),
    ]);
    assert_eq!(fleet.hosts()[0].timeline.last(), Some(2));
    assert_eq!(only(&fleet).series.at(DomainMetric::Cpu, 2), Some(100.0));
}

#[test]
fn an_io_error_is_the_loudest_finding() {
    let mut sample = domain(1, 0, &[]);
    (sample.state, sample.reason) = (DomainState::Paused, StateReason(5));
    let fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [sample])]);
    let findings = fleet.findings(TimeCursor::Live, |_| None);
    assert_eq!(findings[0].1.severity, Severity::Critical);
    assert_eq!(findings[0].1.what(), "paused on an I/O error");
}

#[test]
fn what_stands_still_comes_before_any_figure() {
    let disks = |reads: u64| {
        let mut sample = domain(1, 0, &[("vda", reads)]);
        sample.disks[0].read_requests = Some(Counter(Operations(reads)));
        sample.disks[0].read_time = Some(Counter(Nanoseconds(reads * 1_000_000_000_000)));
        sample
    };
    let mut blocked = disks(2);
    blocked.blocked = Some(Blocked { by: BlockedBy::Monitor, since: at(900) });
    let words = |last: DomainSample| {
        let fleet =
            fleet([keyframe(at(0), Groups::OVERVIEW, [disks(1)]), keyframe(at(1000), Groups::OVERVIEW, [last])]);
        words(&fleet, None)
    };
    let slow = "vda read 1000000 ms";
    assert_eq!(words(disks(2)), [slow]);
    assert_eq!(words(blocked.clone()), ["monitor busy 0 s", slow]);
    (blocked.state, blocked.reason) = (DomainState::Paused, StateReason(5));
    assert_eq!(words(blocked), ["paused on an I/O error", "monitor busy 0 s", slow]);
}

#[test]
fn the_past_has_its_own_states_and_findings() {
    let mut paused = domain(1, 500, &[]);
    (paused.state, paused.reason) = (DomainState::Paused, StateReason(5));
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason(2));
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, []),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 0, &[])]),
        keyframe(at(2000), Groups::OVERVIEW, [paused]),
        keyframe(at(3000), Groups::OVERVIEW, [domain(1, 1500, &[])]),
        keyframe(at(4000), Groups::OVERVIEW, [off]),
    ]);
    let timeline = &fleet.hosts()[0].timeline;
    let seen = |ms| {
        let when = timeline.when(TimeCursor::At(Duration::from_millis(ms)));
        let state = only(&fleet).condition(when).map(|condition| condition.state);
        let found: Vec<_> = only(&fleet).findings(when, None, None).into_iter().map(|finding| finding.what()).collect();
        (state, found, only(&fleet).missing(&fleet.hosts()[0], DomainMetric::DiskRead, when))
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(seen(0), (None, words(&[]), Missing::NoDomain));
    assert_eq!(seen(1000), (Some(DomainState::Running), words(&[]), Missing::NoPastValue));
    assert_eq!(seen(2000), (Some(DomainState::Paused), words(&["paused on an I/O error"]), Missing::NoPastValue));
    let over = "I/O error 1 s ago; running again";
    assert_eq!(seen(3000), (Some(DomainState::Running), words(&[over]), Missing::NoPastValue));
    assert_eq!(seen(4000).2, Missing::NotActive(DomainState::ShutOff));
}

#[test]
fn a_wall_clock_that_jumps_changes_no_rate_and_no_place_in_time() {
    let jumped = |second: u64, hours: i64| {
        let wall = jiff::Timestamp::from_second(1_000_000 + hours * 3600).unwrap();
        Timestamp { wall, ..at(second * 1000) }
    };
    let fleet = fleet([(1, 0), (2, 24), (3, -24), (4, 0)].map(|(second, hours)| {
        keyframe(jumped(second, hours), Groups::OVERVIEW, [domain(1, second * 500, &[("vda", second * 512)])])
    }));
    let series = &only(&fleet).series;
    assert_eq!((1..=3).map(|tick| series.at(DomainMetric::Cpu, tick)).collect::<Vec<_>>(), [Some(50.0); 3]);
    assert_eq!((1..=3).map(|tick| series.at(DomainMetric::DiskRead, tick)).collect::<Vec<_>>(), [Some(512.0); 3]);
    let timeline = &fleet.hosts()[0].timeline;
    let when = |second| timeline.when(TimeCursor::At(Duration::from_secs(second)));
    assert_eq!(
        (1..=4).map(when).collect::<Vec<_>>(),
        [
            When::Tick(0, jumped(1, 0)),
            When::Tick(1, jumped(2, 24)),
            When::Tick(2, jumped(3, -24)),
            When::Tick(3, jumped(4, 0)),
        ]
    );
}

#[test]
fn a_sum_that_is_not_of_all_says_so() {
    let sample = |bytes| domain(1, 0, &[("vda", bytes)]);
    let mut blocked = sample(1024);
    blocked.answered = Groups::STATE | Groups::NET;
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [sample(0)])]);
    let mut partial = |second: u64, sample| {
        fleet.apply(0, keyframe(at(second * 1000), Groups::OVERVIEW, [sample]));
        fleet.hosts()[0].partial_sums(When::Latest)
    };
    // It has no NIC, which is known after a reading.
    assert_eq!(partial(1, sample(512)), Groups::empty());
    assert_eq!(partial(2, blocked), Groups::BLOCK);
    assert_eq!(partial(3, sample(2048)), Groups::empty());
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason(1));
    assert_eq!(partial(4, off), Groups::empty());
    assert_eq!(partial(5, sample(0)), Groups::BLOCK);
    let then = |tick: u64| fleet.hosts()[0].partial_sums(When::Tick(tick, at(tick * 1000)));
    assert_eq!([1, 2, 3].map(then), [Groups::empty(), Groups::BLOCK, Groups::empty()], "nor does it forget");
}

#[test]
fn the_event_log_has_the_events_of_the_stream_and_no_others() {
    let with = |second: u64, blocked: Option<BlockedBy>| {
        let mut sample = domain(1, 0, &[]);
        sample.blocked = blocked.map(|by| Blocked { by, since: at(900) });
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let fleet =
        fleet([with(1, None), told(at(1900), EventKind::Rebooted), with(2, Some(BlockedBy::Monitor)), with(3, None)]);
    let events: Vec<_> = fleet.hosts()[0].events.iter().map(|(_, event)| event.kind.clone()).collect();
    assert_eq!(events, [EventKind::Rebooted]);
}

#[test]
fn what_stopped_keeps_the_past_of_its_vcpus() {
    let with = |run: Option<u32>, second: u64, vcpus: u32| {
        let mut sample = domain(1, 0, &[]);
        sample.run = run;
        sample.state = if run.is_some() { DomainState::Running } else { DomainState::ShutOff };
        sample.answered = if run.is_some() { Groups::OVERVIEW } else { Groups::STATE };
        for vcpu in 0..vcpus {
            let time = Some(Counter(Nanoseconds(second * 100_000_000)));
            sample.vcpus.insert(vcpu, VcpuSample { time, ..VcpuSample::default() });
        }
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let mut fleet = fleet([with(Some(1), 1, 2), with(Some(1), 2, 2), with(None, 3, 0)]);
    let then = |fleet: &Fleet| only(fleet).vcpus[1].series.value(VcpuMetric::Use, When::Tick(1, at(2000)));
    assert_eq!((only(&fleet).vcpus.len(), only(&fleet).vcpu_count(When::Latest)), (2, None), "none is online");
    assert_eq!(then(&fleet), Some(10.0));
    fleet.apply(0, with(Some(2), 4, 2));
    assert_eq!((then(&fleet), only(&fleet).vcpu_count(When::Latest)), (Some(10.0), Some(2)));
    assert_eq!(only(&fleet).vcpus[1].series.latest(VcpuMetric::Use), None, "no rate across a start");
}

#[test]
fn a_share_of_the_vcpus_in_the_past_is_of_the_vcpus_then() {
    let with = |second: u64, vcpus: u32, cpu_ms: u64| {
        let mut sample = domain(1, cpu_ms, &[]);
        sample.vcpus = (0..vcpus).map(|vcpu| (vcpu, VcpuSample::default())).collect();
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let fleet = fleet([with(0, 2, 0), with(1, 2, 1000), with(2, 8, 3000)]);
    let then = |tick: u64| When::Tick(tick, at(tick * 1000));
    let shares = [then(1), then(2), When::Latest].map(|when| only(&fleet).cpu_of_guest(when));
    assert_eq!(shares, [Some(50.0), Some(25.0), Some(25.0)]);
    assert_eq!([then(1), When::Latest].map(|when| only(&fleet).vcpu_count(when)), [Some(2), Some(8)]);
    assert_eq!([then(1), When::Latest].map(|when| only(&fleet).cpu_ceiling(when)), [200.0, 800.0]);
}

#[test]
fn a_domain_that_nothing_is_read_of_grows_older_all_the_same() {
    let lock = |second: u64| {
        let mut sample = domain(1, 0, &[]);
        sample.blocked = Some(Blocked { by: BlockedBy::Lock, since: at(1000) });
        sample.answered = if second == 1 { Groups::OVERVIEW } else { Groups::empty() };
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let fleet = fleet([1, 2, 3].map(lock).into_iter().chain([same(at(8000))]));
    assert_eq!(words(&fleet, None), ["locked 7 s"]);
    let why = only(&fleet).missing(&fleet.hosts()[0], DomainMetric::DiskRead, When::Latest);
    assert_eq!(why, Missing::Blocked(BlockedBy::Lock, Duration::from_secs(7)));
}

#[test]
fn a_new_connection_has_not_been_late_yet() {
    let info = || HostUpdate::Connected(Arc::default());
    let mut fleet = fleet([info(), HostUpdate::Late(Some(Duration::from_secs(2)))]);
    assert!(fleet.hosts()[0].late.is_some());
    fleet.apply(0, info());
    assert_eq!(fleet.hosts()[0].late, None);
}

#[test]
fn host_cpus_have_no_figures_at_ticks_that_did_not_ask_for_them() {
    let looked_at = |second: u64, yes: bool| {
        let mut sample = domain(1, 0, &[]);
        if yes {
            sample.host_cpus = vec![Counter(Nanoseconds(second * 100_000_000))];
            sample.answered |= Groups::HOST_CPU;
        }
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let figure = |fleet: &Fleet| only(fleet).host_cpus[0].series.latest(HostCpuMetric::Use);
    let mut fleet = fleet([looked_at(1, true), looked_at(2, true)]);
    assert_eq!(figure(&fleet), Some(10.0));
    fleet.apply(0, looked_at(3, false));
    assert_eq!(figure(&fleet), None);
    fleet.apply(0, looked_at(5, true));
    assert_eq!(figure(&fleet), Some(10.0), "over all the time since");
}

#[test]
fn a_domain_that_another_client_has_says_so() {
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
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason(1));
    fleet.apply(0, keyframe(at(2000), Groups::OVERVIEW, [off]));
    assert_eq!(why(&fleet, DomainMetric::Cpu), Missing::NotActive(DomainState::ShutOff));
}

#[test]
fn a_vanished_domain_is_gone_and_a_device_without_readings_has_no_figures() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])])]);
    assert_eq!(only(&fleet).nics.iter().filter_map(|nic| nic.series.latest(NicMetric::RxBytes)).count(), 0);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, []));
    assert_eq!(fleet.domains().count(), 0);
}

fn told(at: Timestamp, kind: EventKind) -> HostUpdate {
    HostUpdate::Event(Event { at, domain: Some(EventDomain { uuid: DISK, name: "guest".into() }), kind })
}

fn stands_still(at: Timestamp) -> HostUpdate {
    told(at, EventKind::Lifecycle(Lifecycle::Suspended, LifecycleDetail::SUSPENDED_IOERROR))
}

fn words(fleet: &Fleet, seen: Option<Duration>) -> Vec<String> {
    only(fleet).findings(When::Latest, seen, None).into_iter().map(|finding| finding.what()).collect()
}

#[test]
fn an_io_error_stays_marked_after_the_domain_goes_on_until_it_is_seen() {
    let running = || domain(1, 0, &[]);
    let mut paused = running();
    (paused.state, paused.reason) = (DomainState::Paused, StateReason(5));
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [running()]), stands_still(at(400))]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, [paused.clone()]));
    assert_eq!(words(&fleet, None), ["paused on an I/O error"]);
    fleet.apply(0, keyframe(at(181_000), Groups::OVERVIEW, [running()]));
    assert_eq!(words(&fleet, None), ["I/O error 3 min ago; running again"]);
    assert_eq!(only(&fleet).findings(When::Latest, None, None)[0].severity, Severity::Warning);
    assert_eq!(words(&fleet, Some(Duration::from_millis(399))).len(), 1);
    assert_eq!(words(&fleet, Some(Duration::from_millis(400))), [""; 0], "it was seen");
    // The next one is another one.
    fleet.apply(0, keyframe(at(190_000), Groups::OVERVIEW, [paused]));
    fleet.apply(0, keyframe(at(191_000), Groups::OVERVIEW, []));
    assert_eq!(fleet.domains().count(), 0);
}

#[test]
fn a_pause_between_two_samples_is_marked_by_its_event_alone() {
    let running = || domain(1, 0, &[]);
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [running()]), stands_still(at(400))]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, [running()]));
    assert_eq!(words(&fleet, None), ["I/O error 0 s ago; running again"]);
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason(1));
    fleet.apply(0, keyframe(at(2000), Groups::OVERVIEW, [off]));
    assert_eq!(words(&fleet, None), ["I/O error 1 s ago; shut off"]);
}

#[test]
fn a_pause_between_two_samples_of_a_domain_that_does_nothing_is_marked_too() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])]), stands_still(at(400))]);
    fleet.apply(0, same(at(1000)));
    assert_eq!(words(&fleet, None), ["I/O error 0 s ago; running again"]);
}

/// A look at the states, then a full sample in which a domain still says no more: that is "no answer", not "the same".
#[test]
fn figures_that_did_not_come_are_not_known_whatever_was_asked_before() {
    let silent = DomainSample { answered: Groups::STATE, ..domain(1, 0, &[]) };
    let mut fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 100, &[("vda", 0)])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 600, &[("vda", 512)])]),
        keyframe(at(1100), Groups::STATE, [silent]),
    ]);
    assert_eq!(
        only(&fleet).series.latest(DomainMetric::Cpu),
        Some(50.0),
        "a look asks for nothing that could be missing"
    );
    fleet.apply(0, same(at(2000)));
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), None);
    assert_eq!(only(&fleet).disks[0].series.latest(DiskMetric::ReadBytes), None);
}

#[test]
fn a_pause_without_an_event_is_marked_by_the_state() {
    let mut paused = domain(1, 0, &[]);
    (paused.state, paused.reason) = (DomainState::Paused, StateReason(5));
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [paused.clone()]),
        keyframe(at(1000), Groups::OVERVIEW, [paused]),
        keyframe(at(2000), Groups::OVERVIEW, [domain(1, 0, &[])]),
    ]);
    assert_eq!(words(&fleet, None), ["I/O error 2 s ago; running again"]);
}

#[test]
fn events_outlive_their_domain() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])]), told(at(1), EventKind::Rebooted)]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, []));
    fleet.apply(0, told(at(1001), EventKind::Lifecycle(Lifecycle::Undefined, LifecycleDetail(0))));
    let what: Vec<_> = fleet.hosts()[0].events.of_domain(DISK).map(|event| event.kind.what()).collect();
    assert_eq!(what, ["undefined", "rebooted"], "newest first");
}

#[test]
fn on_a_full_host_the_one_who_takes_the_most_is_named_first() {
    let cpu = |busy_ms: u64, idle_ms: u64| {
        let time = |ms: u64| Counter(Nanoseconds(ms * 1_000_000));
        CpuTimes { kernel: time(0), user: time(busy_ms), idle: time(idle_ms), iowait: Some(time(0)) }
    };
    let victim = Uuid::from_u128(8);
    let sample = |at, busy, idle, cpu_ms: u64| {
        let HostUpdate::Keyframe(mut sample) = keyframe(at, Groups::OVERVIEW, [domain(1, cpu_ms, &[])]) else {
            unreachable!("a keyframe")
        };
        let mut other = domain(2, 0, &[]);
        let steal = Counter(Nanoseconds(cpu_ms * 400_000));
        other.vcpus.insert(0, VcpuSample { delay: Some(steal), ..VcpuSample::default() });
        sample.domains.insert(victim, other);
        sample.node.cpu = Some(cpu(busy, idle));
        HostUpdate::Keyframe(sample)
    };
    let info = HostInfo { cpus: Some(2), ..HostInfo::default() };
    let full = fleet([
        HostUpdate::Connected(Arc::new(info.clone())),
        sample(at(0), 0, 0, 0),
        sample(at(1000), 1960, 40, 1500),
    ]);
    let what: Vec<_> =
        full.findings(TimeCursor::Live, |_| None).into_iter().map(|(_, finding)| finding.what()).collect();
    assert_eq!(what, ["uses 75 % of a full host (CPU 98 %)", "steal 60 %"]);
    let host = &full.hosts()[0];
    let weight = |domain: &Domain| domain.worst_weight(When::Latest, None, host.top_consumer(When::Latest));
    let rest = host.domains.values().filter(|domain| domain.uuid != victim).filter_map(weight).reduce(f64::max);
    assert!(rest > weight(&host.domains[&victim]), "lists that are sorted by trouble begin with it as well");
    assert_eq!(host.findings(When::Latest), [], "the domain is named for it");
    let large = HostInfo { cpus: Some(8), ..HostInfo::default() };
    let nobody =
        fleet([HostUpdate::Connected(Arc::new(large)), sample(at(0), 0, 0, 0), sample(at(1000), 1960, 40, 1500)]);
    let of_host = nobody.hosts()[0].findings(When::Latest);
    let problem = HostProblem::Cpu(98.0);
    assert_eq!(of_host, [HostFinding { severity: Severity::Warning, problem }], "no single one takes a quarter of it");
    assert_eq!(of_host[0].what(), "host CPU 98 % busy");
    let idle =
        fleet([HostUpdate::Connected(Arc::new(info)), sample(at(0), 0, 0, 0), sample(at(1000), 1000, 1000, 900)]);
    let what = idle.findings(TimeCursor::Live, |_| None).into_iter().map(|(_, finding)| finding.what());
    assert!(what.into_iter().all(|what| !what.contains("full host")));
}
