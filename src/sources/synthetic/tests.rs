//! The story in the raw values.

use super::*;
use crate::model::{BlockSample, CpuTimes, DomainSample, DomainState, Groups, HostSample};
use crate::sources::{Notify, Request, Source};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

fn simulate(step: Duration, samples: usize) -> Vec<HostSample> {
    SyntheticSource::simulate(SyntheticOptions::default(), step, samples).1
}

/// A sample a second, over two cycles.
fn two_cycles() -> Vec<HostSample> {
    simulate(Duration::from_secs(1), 481)
}

fn domain<'a>(sample: &'a HostSample, name: &str) -> &'a DomainSample {
    sample.domains.values().find(|domain| domain.name == name).unwrap()
}

/// Every counter of a domain, by what it counts.
fn counters(domain: &DomainSample) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut put = |key: String, total: Option<u64>| found.extend(total.map(|total| (key, total)));
    let cpu = domain.cpu;
    for (key, counter) in [("time", cpu.time), ("user", cpu.user), ("system", cpu.system)] {
        put(format!("cpu.{key}"), counter.map(|counter| counter.total()));
    }
    for (number, vcpu) in &domain.vcpus {
        for (key, counter) in [("time", vcpu.time), ("wait", vcpu.wait), ("delay", vcpu.delay)] {
            put(format!("vcpu.{number}.{key}"), counter.map(|counter| counter.total()));
        }
    }
    for (number, counter) in domain.host_cpus.iter().enumerate() {
        put(format!("host.{number}"), Some(counter.total()));
    }
    let memory = domain.memory;
    for (key, counter) in [("in", memory.swap_in), ("out", memory.swap_out)] {
        put(format!("swap.{key}"), counter.map(|counter| counter.total()));
    }
    for (key, counter) in [("major", memory.major_faults), ("minor", memory.minor_faults)] {
        put(format!("faults.{key}"), counter.map(|counter| counter.total()));
    }
    for disk in &domain.disks {
        let operations = [("rd", disk.read_requests), ("wr", disk.write_requests), ("fl", disk.flush_requests)];
        for (key, counter) in operations {
            put(format!("{}.{key}.reqs", disk.name), counter.map(|counter| counter.total()));
        }
        for (key, counter) in [("rd", disk.read_bytes), ("wr", disk.write_bytes)] {
            put(format!("{}.{key}.bytes", disk.name), counter.map(|counter| counter.total()));
        }
        for (key, counter) in [("rd", disk.read_time), ("wr", disk.write_time), ("fl", disk.flush_time)] {
            put(format!("{}.{key}.times", disk.name), counter.map(|counter| counter.total()));
        }
    }
    for nic in &domain.nics {
        for (key, counter) in [("rx", nic.rx_bytes), ("tx", nic.tx_bytes)] {
            put(format!("{}.{key}.bytes", nic.name), counter.map(|counter| counter.total()));
        }
        let packets = [("rx", nic.rx_packets), ("tx", nic.tx_packets), ("rx.drop", nic.rx_drops)];
        for (key, counter) in packets {
            put(format!("{}.{key}.pkts", nic.name), counter.map(|counter| counter.total()));
        }
    }
    found
}

fn node_counters(sample: &HostSample) -> [u64; 4] {
    let CpuTimes { kernel, user, idle, iowait } = sample.node.cpu.unwrap();
    [kernel, user, idle, iowait.unwrap()].map(|counter| counter.total())
}

/// How much one counter of a domain grew from one second of the first cycle to another.
fn growth(samples: &[HostSample], name: &str, key: &str, from: usize, until: usize) -> f64 {
    let [before, after] = [from, until].map(|second| counters(domain(&samples[second], name))[key]);
    after.checked_sub(before).unwrap() as f64
}

#[test]
fn the_same_seed_gives_the_same_samples_and_another_seed_does_not() {
    let take = |seed| {
        let clock = Clock::Simulated { step: Duration::from_secs(3) };
        let mut source = SyntheticSource::new(SyntheticOptions { seed, clock, domains: 30, ..Default::default() });
        let info = source.connect(Notify::new(|_| ())).unwrap();
        (info, (0..90).map(|_| source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap()).collect::<Vec<_>>())
    };
    let (info, samples) = take(5);
    assert!(info.synthetic);
    assert_eq!(samples[0].at.wall, SIMULATED_START);
    assert_eq!(take(5), (info, samples.clone()));
    assert_ne!(take(6).1[7].domains, samples[7].domains);
    let options = SyntheticOptions { seed: 5, domains: 30, ..Default::default() };
    assert_eq!(SyntheticSource::simulate(options, Duration::from_secs(3), 90).1, samples);
}

#[test]
fn the_pace_of_sampling_changes_no_total() {
    let slow = simulate(Duration::from_secs(1), 241);
    let fast = simulate(Duration::from_millis(100), 2401);
    for (second, sample) in slow.iter().enumerate() {
        assert_eq!(*sample, fast[second * 10], "at {second} s");
    }
}

#[test]
fn counters_never_fall_within_a_run_and_start_near_zero_in_a_new_one() {
    let step = Duration::from_millis(700);
    let clock = Clock::Simulated { step };
    let mut source = SyntheticSource::new(SyntheticOptions { clock, domains: 20, ..Default::default() });
    source.connect(Notify::new(|_| ())).unwrap();
    let request =
        |focus: Option<Uuid>| Request { focus: focus.into_iter().collect(), ..Request::of_all(Groups::OVERVIEW) };
    let first = source.sample(&request(None)).unwrap();
    let focus = first.domains.iter().find(|(_, domain)| domain.name == "web-02").map(|(uuid, _)| *uuid);
    let mut before = source.sample(&request(focus)).unwrap();
    let mut new_runs = 0;
    for _ in 2..1020 {
        let now = source.sample(&request(focus)).unwrap();
        assert!(node_counters(&before).iter().zip(node_counters(&now)).all(|(before, now)| *before < now));
        for (uuid, domain) in &now.domains {
            let old = &before.domains[uuid];
            let totals = counters(domain);
            if domain.run.is_some() && domain.run == old.run {
                for (key, total) in counters(old) {
                    // A guest that has just booted tells nothing of its memory at first, but nothing vanishes.
                    assert!(totals[&key] >= total, "{} {key} fell at {:?}", domain.name, now.at.monotonic);
                }
            } else if domain.run.is_some() {
                new_runs += 1;
                assert!(totals["cpu.time"] < 10_000_000_000, "{}", domain.name);
                assert!(totals["vda.rd.reqs"] < 10_000, "{}", domain.name);
            }
        }
        before = now;
    }
    assert_eq!(new_runs, 3 + 3, "two domains start in each of three cycles");
}

#[test]
fn the_noisy_neighbour_burns_its_vcpus_and_steals_from_the_others() {
    let samples = two_cycles();
    let cores = |from, until| {
        (0..16).map(|n| growth(&samples, "ci-runner-03", &format!("vcpu.{n}.time"), from, until)).sum::<f64>()
            / (until - from) as f64
            / 1e9
    };
    assert!(cores(0, 5) < 2.0, "{}", cores(0, 5));
    assert!(cores(20, 60) > 15.0, "{}", cores(20, 60));
    for victim in ["web-01", "db-primary", "proxy"] {
        let steal = |from, until| growth(&samples, victim, "vcpu.0.delay", from, until) / (until - from) as f64 / 1e9;
        assert!(steal(20, 40) > 0.05, "{victim} {}", steal(20, 40));
        assert!(steal(20, 40) > 20.0 * steal(205, 240), "{victim} {}", steal(205, 240));
    }
}

#[test]
fn the_slow_disk_takes_a_hundred_times_longer_for_a_quarter_of_the_requests() {
    let samples = two_cycles();
    let of = |key: &str, from, until| growth(&samples, "db-primary", key, from, until);
    let latency =
        |op, from, until| of(&format!("vda.{op}.times"), from, until) / of(&format!("vda.{op}.reqs"), from, until);
    for (op, usual, bad) in [("rd", 0.8e6, 60e6), ("wr", 0.8e6, 60e6), ("fl", 2.4e6, 120e6)] {
        let (calm, slow) = (latency(op, 0, 35), latency(op, 72, 103));
        assert!(calm > usual * 0.5 && calm < usual * 2.0, "{op} {calm}");
        assert!(slow > bad && slow > 20.0 * calm, "{op} {calm} {slow}");
    }
    assert!(of("vda.rd.reqs", 72, 102) < 0.4 * of("vda.rd.reqs", 5, 35));
    let in_flight =
        |from, until| (of("vda.rd.times", from, until) + of("vda.wr.times", from, until)) / 1e9 / (until - from) as f64;
    assert!(in_flight(0, 35) < 3.0 && in_flight(72, 103) > 20.0, "{} {}", in_flight(0, 35), in_flight(72, 103));
    let wait = |from: usize, until: usize| node_counters(&samples[until])[3] - node_counters(&samples[from])[3];
    assert!(wait(72, 102) > 10 * wait(5, 35));
}

#[test]
fn the_squeezed_guest_loses_memory_and_swaps() {
    let samples = two_cycles();
    let memory = |second: usize| domain(&samples[second], "batch-report").memory;
    let (calm, squeezed) = (memory(100), memory(160));
    assert!(squeezed.current.unwrap().0 * 2 < calm.current.unwrap().0);
    assert_eq!(calm.maximum, squeezed.maximum);
    assert!(squeezed.usable.unwrap().0 * 20 < calm.usable.unwrap().0);
    for key in ["swap.in", "swap.out", "faults.major"] {
        assert_eq!(growth(&samples, "batch-report", key, 60, 110), 0.0, "{key}");
        assert!(growth(&samples, "batch-report", key, 140, 170) > 10_000.0, "{key}");
    }
    assert_eq!(memory(230).current, memory(230).maximum);
}

#[test]
fn the_proxy_drops_packets() {
    let samples = two_cycles();
    let nic = &domain(&samples[0], "proxy").nics[0].name;
    let drops = |from, until| growth(&samples, "proxy", &format!("{nic}.rx.drop.pkts"), from, until);
    assert_eq!(drops(0, 150), 0.0);
    assert!(drops(160, 190) > 30_000.0);
    assert_eq!(drops(200, 380), 0.0);
}

#[test]
fn domains_pause_start_and_crash_on_time() {
    let samples = two_cycles();
    let seen = |name: &str, second: usize| {
        let domain = domain(&samples[second], name);
        (domain.state, domain.reason.0)
    };
    for cycle in [0, 240] {
        assert_eq!(seen("mail", cycle + 169), (DomainState::Running, 5));
        assert_eq!(seen("mail", cycle + 170), (DomainState::Paused, 5));
        assert!(domain(&samples[cycle + 185], "mail").reason.is_io_error(DomainState::Paused));
        assert_eq!(counters(domain(&samples[cycle + 171], "mail")), counters(domain(&samples[cycle + 199], "mail")));
        let memory = |second| domain(&samples[cycle + second], "mail").memory;
        assert_eq!(memory(175), memory(199), "a guest whose CPUs are stopped does not report");
        assert_ne!(memory(199), memory(201));
        assert_eq!(seen("mail", cycle + 200), (DomainState::Running, 5));

        assert_eq!(seen("k8s-node-4", cycle + 24), (DomainState::ShutOff, 1));
        assert_eq!(seen("k8s-node-4", cycle + 25), (DomainState::Running, 1));
        assert_eq!(seen("k8s-node-4", cycle + 223), (DomainState::ShuttingDown, 1));
        assert_eq!(seen("k8s-node-4", cycle + 226), (DomainState::ShutOff, 1));

        assert_eq!(seen("web-02", cycle + 94), (DomainState::Running, 1));
        assert_eq!(seen("web-02", cycle + 95), (DomainState::ShutOff, 3));
        assert_eq!(seen("web-02", cycle + 135), (DomainState::Running, 1));
    }
    let runs = |name: &str| {
        let mut runs: Vec<_> = samples.iter().filter_map(|sample| domain(sample, name).run).collect();
        runs.dedup();
        runs
    };
    assert_eq!(runs("mail").len(), 1);
    assert_eq!(runs("k8s-node-4").len(), 2);
    assert_eq!(runs("web-02").len(), 3);
    assert!(runs("web-02").is_sorted());
    for sample in &samples {
        let mut runs: Vec<_> = sample.domains.values().filter_map(|domain| domain.run).collect();
        let count = runs.len();
        runs.sort_unstable();
        runs.dedup();
        assert_eq!(runs.len(), count, "run IDs are shared by no two domains");
    }
}

#[test]
fn inactive_domains_have_a_definition_only() {
    let sample = &simulate(Duration::from_secs(1), 1)[0];
    let off: Vec<_> = sample.domains.values().filter(|domain| !domain.state.is_active()).collect();
    assert!(off.len() >= 2);
    for domain in off {
        assert_eq!(domain.run, None);
        assert!(counters(domain).is_empty(), "{}", domain.name);
        assert!(domain.definition.as_ref().unwrap().nics.iter().all(|nic| nic.target.is_none()));
    }
}

#[test]
fn values_are_missing_where_the_story_says_so() {
    let samples = two_cycles();
    let (first, last) = (&samples[0], &samples[480]);
    let windows = domain(first, "win2022-erp");
    assert_eq!(windows.definition.as_ref().unwrap().balloon_model.as_deref(), Some("none"));
    assert!(windows.memory.rss.is_some() && windows.memory.usable.is_none() && windows.memory.last_update.is_none());
    let [early, late] = [first, last].map(|sample| domain(sample, "db-replica").memory.last_update.unwrap());
    assert_eq!(early, late);
    assert!(first.at.wall.as_second() as u64 - early > 15);
    assert_eq!(domain(first, "db-replica").vcpus.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 6, 7]);
    let runner = domain(first, "ci-runner-03");
    assert_eq!((runner.definition.as_ref().unwrap().nics.len(), runner.nics.len()), (2, 1));
}

#[test]
fn only_requested_groups_are_there() {
    let clock = Clock::Simulated { step: Duration::from_secs(1) };
    let mut source = SyntheticSource::new(SyntheticOptions { clock, ..Default::default() });
    assert!(source.sample(&Request::of_all(Groups::OVERVIEW)).is_err(), "nothing comes before a connection");
    source.connect(Notify::new(|_| ())).unwrap();
    let request = Request::state_only();
    assert!(source.sample(&request).unwrap().node.cpu.is_none(), "a sample of the states has no figures of the node");
    for groups in [Groups::STATE, Groups::CPU, Groups::VCPU, Groups::MEMORY, Groups::BLOCK, Groups::NET] {
        let sample = source.sample(&Request::of_all(groups)).unwrap();
        assert!(sample.node.cpu.is_some());
        for domain in sample.domains.values() {
            let active = domain.run.is_some();
            assert_eq!(domain.answered, if active { groups | Groups::STATE } else { Groups::STATE });
            assert_eq!(domain.cpu.time.is_some(), active && groups == Groups::CPU);
            assert_eq!(!domain.vcpus.is_empty(), active && groups == Groups::VCPU);
            assert_eq!(domain.memory.current.is_some(), active && groups == Groups::MEMORY);
            assert_eq!(!domain.disks.is_empty(), active && groups == Groups::BLOCK);
            assert_eq!(!domain.nics.is_empty(), active && groups == Groups::NET);
            assert!(domain.host_cpus.is_empty());
        }
    }
}

#[test]
fn the_focus_has_cpu_time_for_each_host_cpu() {
    let clock = Clock::Simulated { step: Duration::from_secs(1) };
    let mut source = SyntheticSource::new(SyntheticOptions { clock, ..Default::default() });
    let info = source.connect(Notify::new(|_| ())).unwrap();
    let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let focus = sample.domains.iter().find(|(_, domain)| domain.name == "db-primary").map(|(uuid, _)| *uuid);
    let sample =
        source.sample(&Request { focus: focus.into_iter().collect(), ..Request::of_all(Groups::OVERVIEW) }).unwrap();
    for (uuid, domain) in &sample.domains {
        assert_eq!(domain.host_cpus.len(), if Some(*uuid) == focus { info.cpus.unwrap() as usize } else { 0 });
        assert_eq!(domain.answered.contains(Groups::HOST_CPU), Some(*uuid) == focus);
    }
    let domain = domain(&sample, "db-primary");
    let sum: u64 = domain.host_cpus.iter().map(|counter| counter.total()).sum();
    let whole = domain.cpu.time.unwrap().total();
    assert!(sum.abs_diff(whole) < 100_000_000_000, "{sum} {whole}");
}

#[test]
fn no_domain_takes_more_of_a_host_cpu_than_there_is() {
    let clock = Clock::Simulated { step: Duration::from_secs(1) };
    let mut source = SyntheticSource::new(SyntheticOptions { clock, ..Default::default() });
    source.connect(Notify::new(|_| ())).unwrap();
    let first = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
    let focus = first.domains.iter().find(|(_, domain)| domain.name == "ci-runner-03").map(|(uuid, _)| *uuid);
    let request = Request { focus: focus.into_iter().collect(), ..Request::of_all(Groups::OVERVIEW) };
    let mut before = source.sample(&request).unwrap();
    let mut most = 0;
    for _ in 0..240 {
        let now = source.sample(&request).unwrap();
        let [old, new] = [&before, &now].map(|sample| &domain(sample, "ci-runner-03").host_cpus);
        most = old.iter().zip(new).filter_map(|(old, new)| new.growth_since(*old)).max().unwrap_or_default().max(most);
        before = now;
    }
    assert!((200_000_000..=1_000_000_000).contains(&most), "{most}");
}

#[test]
fn the_node_is_as_busy_as_its_domains_and_no_busier_than_it_can_be() {
    for domains in [12, 400] {
        let options = SyntheticOptions { domains, ..Default::default() };
        let (info, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), 260);
        let mut busiest: f64 = 0.0;
        for pair in samples.windows(2) {
            let [before, now] = [&pair[0], &pair[1]].map(node_counters);
            let [kernel, user, idle, iowait] = [0, 1, 2, 3].map(|at| now[at] - before[at]);
            let guests: u64 = pair[1]
                .domains
                .iter()
                .filter(|(uuid, domain)| domain.run.is_some() && domain.run == pair[0].domains[*uuid].run)
                .map(|(uuid, domain)| {
                    domain.cpu.time.unwrap().total() - pair[0].domains[uuid].cpu.time.unwrap().total()
                })
                .sum();
            assert!(kernel + user + domains as u64 * 4 >= guests, "{} < {guests}", kernel + user);
            let whole = (kernel + user + idle + iowait) as f64 / 1e9;
            assert!((whole - f64::from(info.cpus.unwrap())).abs() < 0.001, "{whole}");
            busiest = busiest.max(1.0 - idle as f64 / 1e9 / f64::from(info.cpus.unwrap()));

            let memory = pair[1].node.memory.unwrap();
            let resident: u64 = pair[1].domains.values().filter_map(|domain| domain.memory.rss).map(|rss| rss.0).sum();
            assert!(memory.free.0 > 0 && memory.total.0 - memory.free.0 > resident);
        }
        assert!(busiest > if domains == 12 { 0.85 } else { 0.5 }, "{busiest}");
    }
}

#[test]
fn no_vcpu_runs_and_waits_for_longer_than_there_is_time() {
    let samples = two_cycles();
    for pair in samples.windows(2) {
        for (uuid, domain) in pair[1].domains.iter().filter(|(uuid, domain)| domain.run == pair[0].domains[*uuid].run) {
            for (number, vcpu) in &domain.vcpus {
                let old = pair[0].domains[uuid].vcpus[number];
                let time = vcpu.time.unwrap().growth_since(old.time.unwrap()).unwrap();
                let delay = vcpu.delay.unwrap().growth_since(old.delay.unwrap()).unwrap();
                assert!(
                    time + delay <= 1_015_000_000,
                    "{} {number} {time} {delay} {:?}",
                    domain.name,
                    pair[1].at.monotonic
                );
            }
        }
    }
}

#[test]
fn most_domains_of_a_large_host_are_idle() {
    let options = SyntheticOptions { domains: 1000, ..Default::default() };
    let (_, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), 2);
    let moved = samples[1].domains.iter().filter(|(uuid, domain)| samples[0].domains[*uuid] != **domain).count();
    assert!((180..=230).contains(&moved), "{moved}");
}

#[test]
fn domains_have_the_requested_number_of_devices() {
    for (disks, nics) in [(0, 0), (1, 1), (30, 5)] {
        let options = SyntheticOptions {
            domains: 15,
            disks_per_domain: Some(disks),
            nics_per_domain: Some(nics),
            ..Default::default()
        };
        let (_, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), 1);
        for domain in samples[0].domains.values() {
            let definition = domain.definition.as_ref().unwrap();
            assert_eq!((definition.disks.len(), definition.nics.len()), (disks, nics));
            let mut keys: Vec<_> = domain.disks.iter().map(BlockSample::key).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), if domain.run.is_some() { disks } else { 0 }, "{}", domain.name);
        }
    }
}
