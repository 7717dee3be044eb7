//! Rates and histories of what a stream of samples says.

use super::rig::{at, domain, fleet, keyframe, only, same};
use crate::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, NicMetric, VcpuMetric};
use crate::fleet::*;
use crate::model::*;
use crate::time::Timestamp;
use crate::units::Nanoseconds;
use std::time::Duration;

#[test]
fn the_first_reading_gives_no_rate_and_the_second_does() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 100, &[("vda", 0)])])]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), None);
    assert_eq!(
        only(&fleet).missing(&fleet.hosts()[0], DomainMetric::Cpu, When::Latest),
        Missing::FirstReading,
        "and this is the reason"
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
fn a_group_with_the_same_time_of_its_own_was_not_read_again() {
    let mut apart = domain(1, 0, &[("vda", 0)]);
    apart.own_time = Some((Groups::BLOCK, at(900)));
    let first = keyframe(at(100), Groups::OVERVIEW, [domain(1, 0, &[("vda", 0)])]);
    let fleet = fleet([first, keyframe(at(1_000), Groups::OVERVIEW, [apart]), same(at(2_000))]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), Some(0.0));
    assert_eq!(only(&fleet).series.latest(DomainMetric::DiskRead), None);
}

#[test]
fn a_sample_of_the_states_only_changes_no_figure_and_is_no_tick() {
    let mut paused = DomainSample::new("guest", Some(1), DomainState::Paused, StateReason::PAUSED_IOERROR);
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
fn a_wall_clock_that_jumps_changes_no_rate_and_no_tick() {
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
fn host_cpus_have_no_figures_at_ticks_that_did_not_read_them() {
    let with = |second: u64, has_host_cpus: bool| {
        let mut sample = domain(1, 0, &[]);
        if has_host_cpus {
            sample.host_cpus = vec![Counter(Nanoseconds(second * 100_000_000))];
            sample.answered |= Groups::HOST_CPU;
        }
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let figure = |fleet: &Fleet| only(fleet).host_cpus[0].series.latest(HostCpuMetric::Use);
    let mut fleet = fleet([with(1, true), with(2, true)]);
    assert_eq!(figure(&fleet), Some(10.0));
    fleet.apply(0, with(3, false));
    assert_eq!(figure(&fleet), None);
    fleet.apply(0, with(5, true));
    assert_eq!(figure(&fleet), Some(10.0), "the mean since the last reading");
}

/// A state-only sample, then a full sample in which the domain is the same: its other groups were not answered.
#[test]
fn requested_figures_that_did_not_come_are_unknown() {
    let silent = DomainSample { answered: Groups::STATE, ..domain(1, 0, &[]) };
    let mut fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [domain(1, 100, &[("vda", 0)])]),
        keyframe(at(1000), Groups::OVERVIEW, [domain(1, 600, &[("vda", 512)])]),
        keyframe(at(1100), Groups::STATE, [silent]),
    ]);
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), Some(50.0), "a sample of the states requests no figures");
    fleet.apply(0, same(at(2000)));
    assert_eq!(only(&fleet).series.latest(DomainMetric::Cpu), None);
    assert_eq!(only(&fleet).disks[0].series.latest(DiskMetric::ReadBytes), None);
}

#[test]
fn a_domain_that_is_not_in_the_sample_is_removed() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])])]);
    assert_eq!(only(&fleet).nics.iter().filter_map(|nic| nic.series.latest(NicMetric::RxBytes)).count(), 0);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, []));
    assert_eq!(fleet.domains().count(), 0);
}

#[test]
fn a_domain_that_is_off_keeps_the_history_of_its_vcpus() {
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

/// A block copy, a migration and an I/O thread use CPU time of the domain's process, and none of its vCPUs.
#[test]
fn vcpus_are_busy_by_their_own_time_and_other_threads_are_named_as_such() {
    use super::rig::words;
    let ms = |ms: u64| Counter(Nanoseconds(ms * 1_000_000));
    // CPU time of the process and of its two vCPUs in one second, read through libvirt or from the kernel's files.
    let fleet = |process_ms: u64, vcpus_ms: u64, is_local: bool| {
        let sample = |second: u64| {
            let mut sample = domain(1, second * process_ms, &[]);
            let each = VcpuSample { time: Some(ms(second * vcpus_ms / 2)), ..VcpuSample::default() };
            sample.vcpus = [(0, each), (1, each)].into();
            let times = VcpuTimes { count: 2, used: ms(second * vcpus_ms), delay: ms(0) };
            sample.cpu.vcpus = is_local.then_some(times);
            if is_local {
                // Coarse and late: not what is used.
                sample.vcpus.values_mut().for_each(|vcpu| vcpu.time = Some(ms(0)));
            }
            keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
        };
        fleet([sample(0), sample(1)])
    };
    for is_local in [false, true] {
        let copy = fleet(2140, 20, is_local);
        let figure = |metric| only(&copy).series.latest(metric);
        let figures = [DomainMetric::Cpu, DomainMetric::Vcpus, DomainMetric::OtherThreads].map(figure);
        assert_eq!(figures, [Some(214.0), Some(2.0), Some(212.0)], "local: {is_local}");
        assert_eq!(only(&copy).cpu_of_guest(When::Latest), Some(1.0));
        assert_eq!(words(&copy, None), [""; 0]);
        let busy = fleet(2140, 1900, is_local);
        assert_eq!(words(&busy, None), ["vCPUs 95 % busy"]);
    }
}

#[test]
fn without_the_times_of_vcpus_nobody_knows_how_busy_they_are_but_a_container_has_none() {
    let fleet = |kind: &str| {
        let sample = |second: u64| {
            let mut sample = domain(1, second * 950, &[]);
            let definition =
                DomainDefinition { vcpus_current: Some(1), kind: kind.to_owned(), ..DomainDefinition::default() };
            sample.definition = Some(std::sync::Arc::new(definition));
            sample.answered -= Groups::VCPU;
            keyframe(at(second * 1000), Groups::CPU, [sample])
        };
        fleet([sample(0), sample(1)])
    };
    let share = |kind| only(&fleet(kind)).cpu_of_guest(When::Latest);
    assert_eq!([share("kvm"), share("lxc")], [None, Some(95.0)]);
}

#[test]
fn a_share_of_the_vcpus_in_the_past_is_of_the_vcpus_then() {
    let with = |second: u64, vcpus: u32, cpu_ms: u64| {
        let mut sample = domain(1, cpu_ms, &[]);
        // The first two do all the work.
        let time = |vcpu| Some(Counter(Nanoseconds(if vcpu < 2 { cpu_ms * 500_000 } else { 0 })));
        let vcpu = |vcpu| (vcpu, VcpuSample { time: time(vcpu), ..VcpuSample::default() });
        sample.vcpus = (0..vcpus).map(vcpu).collect();
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    let fleet = fleet([with(0, 2, 0), with(1, 2, 1000), with(2, 8, 3000)]);
    let then = |tick: u64| When::Tick(tick, at(tick * 1000));
    let shares = [then(1), then(2), When::Latest].map(|when| only(&fleet).cpu_of_guest(when));
    assert_eq!(shares, [Some(50.0), Some(25.0), Some(25.0)]);
    assert_eq!([then(1), When::Latest].map(|when| only(&fleet).vcpu_count(when)), [Some(2), Some(8)]);
    assert_eq!([then(1), When::Latest].map(|when| only(&fleet).cpu_ceiling(when)), [200.0, 800.0]);
}
