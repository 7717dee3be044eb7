//! Findings of domains and hosts.

use super::rig::{UUID, at, domain, event, fleet, keyframe, only, paused_by_io_error, same, words};
use crate::fleet::metric::DomainMetric;
use crate::fleet::*;
use crate::model::*;
use crate::units::{Bytes, Nanoseconds, Operations, Packets};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn a_domain_that_does_not_run_comes_before_any_figure() {
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
    (blocked.state, blocked.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
    assert_eq!(words(blocked), ["paused on an I/O error", "monitor busy 0 s"]);
}

#[test]
fn each_tick_has_its_own_state_and_findings() {
    let mut paused = domain(1, 500, &[]);
    (paused.state, paused.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason::SHUTOFF_DESTROYED);
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
        let found: Vec<_> = only(&fleet)
            .findings(when, None, &TopConsumers::default())
            .into_iter()
            .map(|finding| finding.what())
            .collect();
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
fn the_age_of_a_blocked_domain_grows_without_readings() {
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
fn an_io_error_stays_a_finding_after_the_domain_runs_again_until_it_is_seen() {
    let running = || domain(1, 0, &[]);
    let mut paused = running();
    (paused.state, paused.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [running()]), paused_by_io_error(at(400))]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, [paused.clone()]));
    assert_eq!(words(&fleet, None), ["paused on an I/O error"]);
    fleet.apply(0, keyframe(at(181_000), Groups::OVERVIEW, [running()]));
    assert_eq!(words(&fleet, None), ["I/O error 3 min ago; running again"]);
    assert_eq!(only(&fleet).findings(When::Latest, None, &TopConsumers::default())[0].severity, Severity::Warning);
    assert_eq!(words(&fleet, Some(Duration::from_millis(399))).len(), 1);
    assert_eq!(words(&fleet, Some(Duration::from_millis(400))), [""; 0], "it was seen");
    // The next one is another one.
    fleet.apply(0, keyframe(at(190_000), Groups::OVERVIEW, [paused]));
    fleet.apply(0, keyframe(at(191_000), Groups::OVERVIEW, []));
    assert_eq!(fleet.domains().count(), 0);
}

#[test]
fn a_pause_between_two_samples_is_a_finding_by_its_event_alone() {
    let running = || domain(1, 0, &[]);
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [running()]), paused_by_io_error(at(400))]);
    fleet.apply(0, keyframe(at(1000), Groups::OVERVIEW, [running()]));
    assert_eq!(words(&fleet, None), ["I/O error 0 s ago; running again"]);
    let off = DomainSample::new("guest", None, DomainState::ShutOff, StateReason::SHUTOFF_SHUTDOWN);
    fleet.apply(0, keyframe(at(2000), Groups::OVERVIEW, [off]));
    assert_eq!(words(&fleet, None), ["I/O error 1 s ago; shut off"]);
}

#[test]
fn a_pause_between_two_samples_of_an_idle_domain_is_a_finding() {
    let mut fleet = fleet([keyframe(at(0), Groups::OVERVIEW, [domain(1, 0, &[])]), paused_by_io_error(at(400))]);
    fleet.apply(0, same(at(1000)));
    assert_eq!(words(&fleet, None), ["I/O error 0 s ago; running again"]);
}

#[test]
fn a_pause_without_an_event_is_a_finding_by_the_state() {
    let mut paused = domain(1, 0, &[]);
    (paused.state, paused.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
    let fleet = fleet([
        keyframe(at(0), Groups::OVERVIEW, [paused.clone()]),
        keyframe(at(1000), Groups::OVERVIEW, [paused]),
        keyframe(at(2000), Groups::OVERVIEW, [domain(1, 0, &[])]),
    ]);
    assert_eq!(words(&fleet, None), ["I/O error 2 s ago; running again"]);
}

/// Only the disk of the newest pause is kept, and a pause without its event has none.
#[test]
fn the_disk_of_an_i_o_error_is_named_for_its_own_pause_only() {
    let guest = |is_paused: bool| {
        let mut guest = domain(1, 0, &[]);
        guest.disks =
            vec![BlockSample { name: "vda".into(), path: Some("/srv/vda.img".into()), ..BlockSample::default() }];
        if is_paused {
            (guest.state, guest.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
        }
        guest
    };
    let sample = |second: u64, is_paused| keyframe(at(second * 1000), Groups::OVERVIEW, [guest(is_paused)]);
    let error = EventKind::IoError {
        device: "virtio-disk0".into(),
        path: "/srv/vda.img".into(),
        action: IoErrorAction::Paused,
        reason: "eio".into(),
    };
    let mut fleet = fleet([sample(0, false), event(at(500), error), sample(1, true)]);
    assert_eq!(words(&fleet, None), ["paused on an I/O error of vda"]);
    fleet.apply(0, sample(2, false));
    assert_eq!(words(&fleet, None), ["I/O error of vda 1 s ago; running again"]);
    fleet.apply(0, sample(3, true));
    assert_eq!(words(&fleet, None), ["paused on an I/O error"]);
}

/// A second domain.
const OTHER: Uuid = Uuid::from_u128(8);

/// A host with this many CPUs that were busy for `busy_ms` of one second. One domain used its CPUs for `cpu_ms`; the only
/// vCPU of [`OTHER`] waited for a CPU for `steal_ms`.
fn busy_host(cpus: u32, busy_ms: u64, cpu_ms: u64, steal_ms: u64) -> Fleet {
    pinned_host(cpus, busy_ms, (cpu_ms, None), (steal_ms, None))
}

/// As [`busy_host`], with the host CPUs that each of the two domains may use.
fn pinned_host(
    cpus: u32,
    busy_ms: u64,
    (cpu_ms, consumer_pins): (u64, Option<&str>),
    (steal_ms, waiting_pins): (u64, Option<&str>),
) -> Fleet {
    let pins = |text: Option<&str>| text.and_then(CpuSet::parse);
    let pinned = |pinned_to| Some(Arc::new(DomainDefinition { pinned_to, ..DomainDefinition::default() }));
    let ms = |ms: u64| Counter(Nanoseconds(ms * 1_000_000));
    let sample = |second: u64| {
        let mut consumer = domain(1, second * cpu_ms, &[]);
        consumer.definition = pinned(pins(consumer_pins));
        let HostUpdate::Keyframe(mut sample) = keyframe(at(second * 1000), Groups::OVERVIEW, [consumer]) else {
            unreachable!("a keyframe")
        };
        let mut other = domain(2, 0, &[]);
        other.name = "waiting".into();
        // As the kernel says it, where vtop runs on the hypervisor.
        other.allowed_cpus = pins(waiting_pins).map(Arc::new);
        other.vcpus.insert(0, VcpuSample { delay: Some(ms(second * steal_ms)), ..VcpuSample::default() });
        sample.domains.insert(OTHER, other);
        let idle = ms(second * (u64::from(cpus) * 1000 - busy_ms));
        sample.node.cpu = Some(CpuTimes { kernel: ms(0), user: ms(second * busy_ms), idle, iowait: Some(ms(0)) });
        HostUpdate::Keyframe(sample)
    };
    let info = HostInfo { cpus: Some(cpus), ..HostInfo::default() };
    fleet([HostUpdate::Connected(Arc::new(info)), sample(0), sample(1)])
}

fn all_words(fleet: &Fleet) -> Vec<String> {
    fleet.findings(TimeCursor::Live, |_| None).into_iter().map(|(_, finding)| finding.what()).collect()
}

#[test]
fn the_top_consumer_of_a_full_host_comes_before_the_steal_that_it_causes() {
    let fleet = busy_host(2, 1960, 1500, 600);
    assert_eq!(all_words(&fleet), ["uses 75 % of a full host (CPU 98 %)", "steal 60 %"]);
    let host = &fleet.hosts()[0];
    let weight = |uuid: Uuid| host.domains[&uuid].worst_weight(When::Latest, None, &host.top_consumers(When::Latest));
    assert!(weight(UUID) > weight(OTHER), "lists that are sorted by findings have the same order");
    assert_eq!(host.findings(When::Latest), [], "full CPUs are the finding of the top consumer");
}

/// So it comes first without hiding a critical finding behind a warning.
#[test]
fn a_top_consumer_is_as_severe_as_the_steal_that_it_causes() {
    let severity = |steal_ms, pins: Option<&str>| {
        let fleet = pinned_host(2, 1960, (1500, pins), (steal_ms, pins));
        let findings = fleet.findings(TimeCursor::Live, |_| None);
        findings.first().map(|(id, finding)| (id.uuid, finding.severity)).unwrap()
    };
    assert_eq!(severity(0, None), (UUID, Severity::Warning));
    assert_eq!(severity(150, None), (UUID, Severity::Warning));
    assert_eq!(severity(600, None), (UUID, Severity::Critical));
    let (idle_host, pins) = (4, Some("1"));
    for (steal_ms, expected) in [(150, Severity::Warning), (600, Severity::Critical)] {
        let fleet = pinned_host(idle_host, 1000, (900, pins), (steal_ms, pins));
        let (id, finding) = fleet.findings(TimeCursor::Live, |_| None)[0];
        assert_eq!((id.uuid, finding.severity), (UUID, expected), "{}", finding.what());
    }
}

/// One that crashed before vtop started may have been off for days.
#[test]
fn a_crash_that_was_seen_comes_before_figures_and_an_older_one_behind_them() {
    let crashed = DomainSample::new("guest", None, DomainState::ShutOff, StateReason::SHUTOFF_CRASHED);
    let waits = |second: u64| {
        let mut waits = domain(2, 0, &[]);
        let delay = Some(Counter(Nanoseconds(second * 600_000_000)));
        waits.vcpus.insert(0, VcpuSample { delay, ..VcpuSample::default() });
        waits
    };
    let sample = |second: u64, first: DomainSample| {
        let HostUpdate::Keyframe(mut sample) = keyframe(at(second * 1000), Groups::OVERVIEW, [first]) else {
            unreachable!("a keyframe")
        };
        sample.domains.insert(OTHER, waits(second));
        HostUpdate::Keyframe(sample)
    };
    let seen = fleet([sample(0, domain(1, 0, &[])), sample(1, crashed.clone()), sample(2, crashed.clone())]);
    assert_eq!(all_words(&seen), ["crashed", "steal 60 %"]);
    let before = fleet([sample(0, crashed.clone()), sample(1, crashed.clone()), sample(2, crashed)]);
    assert_eq!(all_words(&before), ["steal 60 %", "crashed"]);
}

#[test]
fn a_full_host_without_a_top_consumer_has_a_finding_itself() {
    let fleet = busy_host(8, 7840, 1500, 600);
    let finding = HostFinding { severity: Severity::Warning, problem: HostProblem::Cpu(98.0) };
    assert_eq!(fleet.hosts()[0].findings(When::Latest), [finding]);
    assert_eq!(finding.what(), "host CPU 98 % busy");
    assert_eq!(all_words(&fleet), ["steal 60 %"], "1.5 of 8 CPUs are not a quarter");
}

#[test]
fn a_host_that_is_not_full_has_no_top_consumer() {
    let fleet = busy_host(2, 1000, 900, 600);
    assert_eq!(all_words(&fleet), ["steal 60 %"]);
    assert_eq!(fleet.hosts()[0].findings(When::Latest), []);
}

#[test]
fn the_first_consumer_of_the_cpus_to_which_a_domain_is_pinned_is_the_cause_of_its_steal() {
    // CPU 1 idles, so the host is not full.
    let fleet = pinned_host(2, 1000, (520, Some("0")), (480, Some("0")));
    let words = [
        "CPU 52 %, shares host CPU 0 with waiting (steal 48 %)",
        "steal 48 %, shares host CPU 0 with guest (CPU 52 %)",
    ];
    assert_eq!(all_words(&fleet), words);
    let fleet = pinned_host(8, 4000, (2000, Some("0-3")), (600, Some("2-3,6")));
    assert_eq!(all_words(&fleet)[0], "CPU 200 %, shares host CPUs 2-3,6 with waiting (steal 60 %)");
    let fleet = pinned_host(2, 1000, (1000, None), (480, Some("0")));
    assert_eq!(all_words(&fleet)[0], "CPU 100 %, shares host CPU 0 with waiting (steal 48 %)", "it may use CPU 0 too");
}

#[test]
fn a_domain_on_other_cpus_causes_no_steal() {
    for (consumer, waiting) in [(Some("1"), Some("0")), (None, None), (Some("0"), None), (Some("0-1"), Some("0-1"))] {
        let fleet = pinned_host(2, 1000, (900, consumer), (480, waiting));
        assert_eq!(all_words(&fleet), ["steal 48 %"], "{consumer:?} {waiting:?}");
    }
    let little = pinned_host(2, 1000, (200, Some("0")), (480, Some("0")));
    assert_eq!(all_words(&little), ["steal 48 %"], "a fifth of CPU 0 is not a large share");
    let no_steal = pinned_host(2, 1000, (900, Some("0")), (20, Some("0")));
    assert_eq!(all_words(&no_steal), [""; 0], "nobody waits");
}

#[test]
fn a_pinned_domain_of_a_full_host_names_the_consumer_of_its_own_cpus() {
    let fleet = pinned_host(2, 1960, (980, Some("0")), (480, Some("0")));
    let words = ["uses 49 % of a full host (CPU 98 %)", "steal 48 %, shares host CPU 0 with guest (CPU 98 %)"];
    assert_eq!(all_words(&fleet), words);
}

#[test]
fn the_worst_domains_are_those_of_the_worst_findings_of_all_hosts() {
    let mut fleet = Fleet::new(2);
    let paused = |uuid: Uuid| {
        let mut sample = domain(1, 0, &[]);
        (sample.state, sample.reason) = (DomainState::Paused, StateReason::PAUSED_IOERROR);
        sample.blocked = Some(Blocked { by: BlockedBy::Monitor, since: at(0) });
        (uuid, sample)
    };
    let crashed = DomainSample::new("guest", None, DomainState::Crashed, StateReason::CRASHED_PANICKED);
    for (host, domains) in [(0, vec![(UUID, crashed), (OTHER, domain(1, 0, &[]))]), (1, vec![paused(UUID)])] {
        let HostUpdate::Keyframe(mut sample) = keyframe(at(0), Groups::OVERVIEW, []) else {
            unreachable!("a keyframe")
        };
        sample.domains.extend(domains);
        fleet.apply(host, HostUpdate::Keyframe(sample));
    }
    let worst = |most| fleet.worst_domains(TimeCursor::Live, |_| None, most);
    let [on_first, on_second] = [0, 1].map(|host| DomainId { host, uuid: UUID });
    assert_eq!(worst(8), [on_second, on_first], "the paused domain has two findings, and is in the list once");
    assert_eq!(worst(2), [on_second], "the two worst findings are of one domain");
}

/// One request of one second is not a hundred times as bad as steal, nor are a thousand packets.
#[test]
fn no_figure_outweighs_the_others_by_its_unit() {
    let sample = |second: u64| {
        let HostUpdate::Keyframe(mut sample) = keyframe(at(second * 1000), Groups::OVERVIEW, []) else {
            unreachable!("a keyframe")
        };
        let mut drops = domain(1, 0, &[]);
        let packets = |count| Some(Counter(Packets(count)));
        let nic = NetSample { name: "vnet0".into(), rx_packets: packets(1), ..NetSample::default() };
        drops.nics = vec![NetSample { rx_drops: packets(second * 120), ..nic }];
        let mut steal = domain(2, 0, &[]);
        let delay = Some(Counter(Nanoseconds(second * 1_000_000_000)));
        steal.vcpus.insert(0, VcpuSample { delay, ..VcpuSample::default() });
        let mut slow = domain(3, 0, &[("vda", 0)]);
        slow.disks[0].read_requests = Some(Counter(Operations(second * 10)));
        slow.disks[0].read_time = Some(Counter(Nanoseconds(second * 10 * 47_000_000)));
        let mut some = domain(4, 0, &[]);
        let nic = NetSample { name: "vnet1".into(), rx_packets: packets(1), ..NetSample::default() };
        some.nics = vec![NetSample { rx_drops: packets(second * 50), ..nic }];
        sample.domains.extend([(UUID, drops), (OTHER, steal)]);
        sample.domains.extend([(Uuid::from_u128(9), slow), (Uuid::from_u128(10), some)]);
        HostUpdate::Keyframe(sample)
    };
    let expected = ["steal 100 %", "120 packets/s dropped", "vda read 47 ms", "50 packets/s dropped"];
    assert_eq!(all_words(&fleet([sample(0), sample(1)])), expected);
}

/// Older guests say how much memory nothing uses, but not how much of their page cache they can give back.
#[test]
fn page_cache_is_no_finding() {
    let kib = |kib: u64| Some(Bytes(kib * 1024));
    let sample = |usable, disk_caches| {
        let mut sample = domain(1, 0, &[]);
        sample.memory = MemorySample { available: kib(1_016_104), unused: kib(20_000), ..MemorySample::default() };
        (sample.memory.usable, sample.memory.disk_caches) = (usable, disk_caches);
        keyframe(at(if usable.is_some() { 1000 } else { 0 }), Groups::OVERVIEW, [sample])
    };
    let with_cache = |fleet: &Fleet, when| only(fleet).memory_used_with_cache(when);
    let mut old = fleet([sample(None, None)]);
    assert_eq!(words(&old, None), [""; 0]);
    assert_eq!(with_cache(&old, When::Latest), Some(true));
    let then = old.hosts()[0].timeline.when(TimeCursor::At(Duration::ZERO));
    old.apply(0, sample(kib(20_000), None));
    assert_eq!(words(&old, None), ["memory 98 % used"]);
    assert_eq!([then, When::Latest].map(|when| with_cache(&old, when)), [Some(true), Some(false)]);
    assert_eq!(only(&old).findings(then, None, &TopConsumers::default()), [], "what it was then, not what it is now");
    let split = fleet([sample(None, kib(10_000))]);
    assert_eq!(words(&split, None), ["memory 97 % used"], "without its page cache");
    assert_eq!(with_cache(&split, When::Latest), Some(false));
}

/// A host with one guest whose disks have `iotune` limits and did this many reads in one second, each in 49 ms.
fn limited(disks: &[(&str, u64, Option<&str>, u64)]) -> Fleet {
    let defined = disks.iter().map(|(target, limit, group, _)| DiskDefinition {
        target: (*target).into(),
        limits: vec![("total_iops_sec".into(), *limit)],
        limit_group: group.map(str::to_owned),
        ..DiskDefinition::default()
    });
    let definition = Arc::new(DomainDefinition { disks: defined.collect(), ..DomainDefinition::default() });
    let sample = |second: u64| {
        let mut sample = domain(1, 0, &[]);
        sample.definition = Some(Arc::clone(&definition));
        let disk = |(target, _, _, reads): &(&str, u64, Option<&str>, u64)| BlockSample {
            name: (*target).into(),
            read_requests: Some(Counter(Operations(second * reads))),
            read_time: Some(Counter(Nanoseconds(second * reads * 49_000_000))),
            ..BlockSample::default()
        };
        sample.disks = disks.iter().map(disk).collect();
        keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
    };
    fleet([sample(0), sample(1)])
}

#[test]
fn a_disk_at_its_own_limit_is_not_slow() {
    let at_limit = limited(&[("vda", 20, None, 20)]);
    assert_eq!(words(&at_limit, None), ["vda at its limit of total 20 IOPS (49 ms)"]);
    assert_eq!(only(&at_limit).findings(When::Latest, None, &TopConsumers::default())[0].severity, Severity::Warning);
    let then = at_limit.hosts()[0].timeline.when(TimeCursor::At(Duration::from_secs(1)));
    let limit = Some(AtLimit { limit: "total_iops_sec", value: 20 });
    assert_eq!([then, When::Latest].map(|when| only(&at_limit).disks[0].at_limit(when)), [limit, limit]);
    let below = limited(&[("vda", 200, None, 20)]);
    assert_eq!(words(&below, None), ["vda read 49 ms"]);
    assert_eq!(only(&below).disks[0].at_limit(When::Latest), None);
    let both = limited(&[("vda", 20, None, 20), ("vdb", 200, None, 20)]);
    assert_eq!(words(&both, None), ["vdb read 49 ms", "vda at its limit of total 20 IOPS (49 ms)"]);
}

#[test]
fn disks_of_a_group_are_at_its_limit_together() {
    let group = Some("slow");
    let fleet = limited(&[("vda", 20, group, 12), ("vdb", 20, group, 8), ("vdc", 20, Some("other"), 12)]);
    let at_limit = only(&fleet).disks.iter().map(|disk| disk.at_limit(When::Latest).is_some());
    assert_eq!(at_limit.collect::<Vec<_>>(), [true, true, false]);
}

/// libvirt has the bandwidth of a NIC in kB/s.
#[test]
fn a_nic_can_be_at_its_bandwidth() {
    let defined = NicDefinition {
        target: Some("vnet0".into()),
        limits: vec![("inbound average".into(), 1000)],
        ..NicDefinition::default()
    };
    let definition = Arc::new(DomainDefinition { nics: vec![defined], ..DomainDefinition::default() });
    let at_limit = |rate: u64| {
        let sample = |second: u64| {
            let mut sample = domain(1, 0, &[]);
            sample.definition = Some(Arc::clone(&definition));
            let rx_bytes = Some(Counter(Bytes(second * rate)));
            sample.nics = vec![NetSample { name: "vnet0".into(), rx_bytes, ..NetSample::default() }];
            keyframe(at(second * 1000), Groups::OVERVIEW, [sample])
        };
        only(&fleet([sample(0), sample(1)])).nics[0].at_limit(When::Latest).map(AtLimit::describe)
    };
    assert_eq!(at_limit(980_000).as_deref(), Some("inbound 977 KiB/s"));
    assert_eq!(at_limit(500_000), None);
}

/// Findings are counted and sorted at every update and key; only those that are shown need words.
#[test]
fn a_finding_has_no_words_until_they_are_asked_for() {
    let fleet = busy_host(2, 1000, 900, 600);
    // Only a type without text can be copied out of a list.
    let (_, finding) = fleet.findings(TimeCursor::Live, |_| None)[0];
    assert_eq!((finding.severity, finding.metric()), (Severity::Critical, Some(DomainMetric::Steal)));
    assert_eq!(finding.what(), "steal 60 %");
}
