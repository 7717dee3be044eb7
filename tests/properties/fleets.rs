//! Rates, history and deltas.

use super::oracle::{figure, latency, rate, same};
use super::world::{Message, Step, Then, World, fleet, simulate, steps, updates};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use uuid::Uuid;
use vtop::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, Metric, NicMetric, VcpuMetric};
use vtop::fleet::{Domain, DomainId, Fleet, HISTORY_TICKS, Series};
use vtop::model::{DomainSample, Groups, HostSample, HostUpdate, SampleKind};
use vtop::sampler::{apply, diff};

fn samples(messages: &[Message]) -> Vec<HostSample> {
    let sample = |message: &Message| match message {
        Message::Sample(sample) => Some(sample.clone()),
        Message::Failure(_) | Message::Event(_) => None,
    };
    messages.iter().filter_map(sample).collect()
}

/// Both missing, both 0, or less than half a unit of the third digit apart. Values below 0.001 only have to be there.
fn same_to_three_digits(past: Option<f64>, shown: Option<f64>) -> bool {
    match (past, shown) {
        (None, None) => true,
        (Some(past), Some(shown)) if shown == 0.0 || past == 0.0 => past == shown,
        (Some(past), Some(shown)) => (past - shown).abs() <= shown / 2048.0 || past < 0.001 && shown < 0.001,
        _ => false,
    }
}

/// All figures of a series, the newest and those of every tick, are finite and not negative.
fn possible<M: Metric>(series: &Series<M>, first: u64, last: u64) -> Result<(), TestCaseError> {
    for &metric in M::ALL {
        let past = (first..=last).filter_map(|tick| series.at(metric, tick));
        for value in past.chain(series.latest(metric)) {
            prop_assert!(value.is_finite() && value >= 0.0, "{}: {value}", metric.info().key);
        }
    }
    Ok(())
}

fn all_possible(fleet: &Fleet) -> Result<(), TestCaseError> {
    let host = &fleet.hosts()[0];
    let Some(last) = host.timeline.last() else { return Ok(()) };
    let first = host.timeline.first();
    possible(&host.series, first, last)?;
    for domain in host.domains.values() {
        possible(&domain.series, first, last)?;
        domain.vcpus.iter().try_for_each(|device| possible(&device.series, first, last))?;
        domain.host_cpus.iter().try_for_each(|device| possible(&device.series, first, last))?;
        domain.disks.iter().try_for_each(|device| possible(&device.series, first, last))?;
        domain.nics.iter().try_for_each(|device| possible(&device.series, first, last))?;
    }
    Ok(())
}

/// The fleet's figures after the last of these samples are those of the reference (`oracle.rs`).
fn agrees(domain: &Domain, samples: &[HostSample]) -> Result<(), TestCaseError> {
    let now = samples.len() - 1;
    let expect = |group, of: &dyn Fn(&DomainSample, &DomainSample, _) -> Option<f64>| {
        figure(samples, now, domain.uuid, group, of)
    };
    let compare = |what: &str, is: Option<f64>, expected: Option<f64>| {
        prop_assert!(same(is, expected), "{what} is {is:?}, the reference says {expected:?}");
        Ok(())
    };
    let time = expect(Groups::CPU, &rate(&|domain| Some(domain.cpu.time?.total())));
    compare("cpu", domain.series.latest(DomainMetric::Cpu), time.map(|time| time / 1e7))?;
    let swap = expect(Groups::MEMORY, &rate(&|domain| Some(domain.memory.swap_in?.total())));
    compare("swap", domain.series.latest(DomainMetric::SwapIn), swap)?;
    let sum = |parts: Vec<Option<f64>>| parts.into_iter().flatten().reduce(|a, b| a + b);

    let mut reads = Vec::new();
    for disk in domain.disks.iter() {
        let find = |domain: &DomainSample| domain.disks.iter().find(|other| other.key() == disk.key).cloned();
        let bytes = expect(Groups::BLOCK, &rate(&|domain| Some(find(domain)?.read_bytes?.total())));
        compare(&disk.key, disk.series.latest(DiskMetric::ReadBytes), bytes)?;
        reads.push(bytes);
        let slow = expect(
            Groups::BLOCK,
            &latency(&|domain| Some(find(domain)?.read_time?.total()), &|domain| {
                Some(find(domain)?.read_requests?.total())
            }),
        );
        compare("latency", disk.series.latest(DiskMetric::ReadLatency), slow)?;
    }
    compare("disk read", domain.series.latest(DomainMetric::DiskRead), sum(reads))?;
    let mut received = Vec::new();
    for nic in domain.nics.iter() {
        let find = |domain: &DomainSample| domain.nics.iter().find(|other| other.name == nic.key).cloned();
        let bytes = expect(Groups::NET, &rate(&|domain| Some(find(domain)?.rx_bytes?.total())));
        compare(&nic.key, nic.series.latest(NicMetric::RxBytes), bytes)?;
        received.push(bytes);
    }
    compare("net rx", domain.series.latest(DomainMetric::NetRx), sum(received))?;
    for vcpu in domain.vcpus.iter() {
        let time = expect(Groups::VCPU, &rate(&|domain| Some(domain.vcpus.get(&vcpu.key)?.time?.total())));
        compare("vcpu", vcpu.series.latest(VcpuMetric::Use), time.map(|time| time / 1e7))?;
    }
    for cpu in domain.host_cpus.iter() {
        let time = expect(Groups::HOST_CPU, &rate(&|domain| Some(domain.host_cpus.get(cpu.key as usize)?.total())));
        compare("host cpu", cpu.series.latest(HostCpuMetric::Use), time.map(|time| time / 1e7))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases(192))]

    /// Figures are those of the reference; none is negative, or spans a reset or a new run.
    #[test]
    fn figures_are_those_of_the_reference(steps in steps(40), deltas: bool) {
        let messages = simulate(&steps);
        let mut fleet = Fleet::new(1);
        let mut seen = Vec::new();
        for (message, update) in messages.iter().zip(updates(&messages, deltas).into_iter().skip(1)) {
            fleet.apply(0, update);
            let Message::Sample(sample) = message else { continue };
            seen.push(sample.clone());
            prop_assert!(fleet.domains().map(|(id, ..)| id.uuid).eq(sample.domains.keys().copied()));
            for (_, _, domain) in fleet.domains() {
                agrees(domain, &seen)?;
            }
        }
        all_possible(&fleet)?;
    }

    /// The figure of a past tick is the figure that was the newest then, to three digits.
    #[test]
    fn the_history_keeps_the_figures_that_were_shown(steps in steps(40)) {
        let messages = simulate(&steps);
        let mut fleet = Fleet::new(1);
        let mut shown: Vec<(u64, Uuid, Option<f64>)> = Vec::new();
        for (message, update) in messages.iter().zip(updates(&messages, true).into_iter().skip(1)) {
            fleet.apply(0, update);
            let Message::Sample(sample) = message else { continue };
            shown.retain(|(_, uuid, _)| sample.domains.contains_key(uuid));
            if sample.kind == SampleKind::StateOnly { continue }
            let tick = fleet.hosts()[0].timeline.last().expect("a tick");
            let cpus = fleet.domains().map(|(id, _, domain)| (tick, id.uuid, domain.series.latest(DomainMetric::Cpu)));
            shown.extend(cpus);
        }
        for (tick, uuid, cpu) in shown {
            let (_, domain) = fleet.domain(DomainId { host: 0, uuid }).expect("a domain that stayed");
            let past = domain.series.at(DomainMetric::Cpu, tick);
            prop_assert!(same_to_three_digits(past, cpu), "it was {cpu:?}, and is {past:?}");
        }
    }

    #[test]
    fn a_difference_applied_to_a_sample_gives_the_next_one(steps in steps(30)) {
        for pair in samples(&simulate(&steps)).windows(2) {
            prop_assert_eq!(&apply(pair[0].clone(), diff(&pair[0], &pair[1])), &pair[1]);
        }
    }

    #[test]
    fn deltas_and_keyframes_give_the_same_fleet(steps in steps(40)) {
        let messages = simulate(&steps);
        let (whole, parts) = (fleet(updates(&messages, false)), fleet(updates(&messages, true)));
        prop_assert!(whole == parts);
    }
}

/// Three times as many samples as are kept, with all kinds of changes.
#[test]
fn history_keeps_a_fixed_number_of_samples() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = prop::collection::vec(steps(40), 80).new_tree(&mut runner).expect("steps").current().concat();
    let mut world = World::new();
    let mut fleet = Fleet::new(1);
    let mut before: Option<HostSample> = None;
    let mut ticks = 0u64;
    for step in steps.iter().cycle() {
        let Message::Sample(sample) = world.step(&Step { then: Then::Sample(Groups::OVERVIEW), ..step.clone() }) else {
            unreachable!("the step says Then::Sample")
        };
        let update = match before.replace(sample.clone()) {
            Some(before) => HostUpdate::Delta(diff(&before, &sample)),
            None => HostUpdate::Keyframe(sample),
        };
        fleet.apply(0, update);
        ticks += 1;
        let host = &fleet.hosts()[0];
        let kept = host.timeline.last().expect("a tick") + 1 - host.timeline.first();
        assert_eq!(kept, ticks.min(HISTORY_TICKS as u64));
        if let Some(gone) = host.timeline.first().checked_sub(1) {
            assert_eq!(host.timeline.stamp(gone), None);
            for domain in host.domains.values() {
                let figures = [DomainMetric::Cpu, DomainMetric::DiskRead, DomainMetric::MemoryGiven];
                assert!(figures.into_iter().all(|metric| domain.series.at(metric, gone).is_none()));
                assert!(domain.disks.iter().all(|disk| disk.series.at(DiskMetric::ReadBytes, gone).is_none()));
            }
        }
        if ticks == 3 * HISTORY_TICKS as u64 {
            break;
        }
    }
    all_possible(&fleet).expect("possible figures");
}
