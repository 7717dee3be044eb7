//! A second, simple implementation of rates, as a reference: it searches all samples for the previous reading in the same
//! run.

use std::time::Duration;
use uuid::Uuid;
use vtop::model::{DomainSample, Groups, HostSample, SampleKind};
use vtop::time::Timestamp;

/// A counter of a domain's sample; `None`: no such device, or no such value.
pub type Read<'a> = &'a dyn Fn(&DomainSample) -> Option<u64>;

/// The figure after sample `now`.
pub fn figure(
    samples: &[HostSample],
    now: usize,
    uuid: Uuid,
    group: Groups,
    of: &dyn Fn(&DomainSample, &DomainSample, Duration) -> Option<f64>,
) -> Option<f64> {
    let run = samples[now].domains[&uuid].run;
    // Samples of this domain and run, newest first, back to a sample without the domain.
    let mut back = samples[..=now].iter().rev().map_while(|sample| {
        let domain = sample.domains.get(&uuid).filter(|domain| domain.run == run)?;
        Some((sample, domain))
    });
    // The newest sample that requested the group; if it was not answered, the figure is unknown. Full samples may contain
    // HOST_CPU without a request.
    let always =
        |sample: &HostSample| if sample.kind == SampleKind::StateOnly { Groups::empty() } else { Groups::HOST_CPU };
    let requests = |(sample, domain): &(&HostSample, &DomainSample)| {
        (sample.requested | domain.extra | domain.answered | always(sample)).contains(group)
    };
    let (latest, domain) = back.find(requests).filter(|(_, domain)| domain.answered.contains(group))?;
    let (earlier, before) = back.find(|(_, domain)| domain.answered.contains(group))?;
    let elapsed = time(latest, domain, group).since(time(earlier, before, group))?;
    of(domain, before, elapsed)
}

/// When a group of a domain was read.
fn time(sample: &HostSample, domain: &DomainSample, group: Groups) -> Timestamp {
    match domain.own_time {
        Some((groups, at)) if groups.contains(group) => at,
        _ => sample.at,
    }
}

/// Growth per second.
pub fn rate(counter: Read<'_>) -> impl Fn(&DomainSample, &DomainSample, Duration) -> Option<f64> + '_ {
    move |now, before, elapsed| {
        let (now, before) = (counter(now)?, counter(before)?);
        (now >= before).then(|| (now - before) as f64 / elapsed.as_secs_f64())
    }
}

/// Mean time of a request.
pub fn latency<'a>(
    time: Read<'a>,
    requests: Read<'a>,
) -> impl Fn(&DomainSample, &DomainSample, Duration) -> Option<f64> + 'a {
    move |now, before, _| {
        let grown = |counter: Read<'_>| counter(now)?.checked_sub(counter(before)?);
        let (time, requests) = (grown(time)?, grown(requests)?);
        (requests > 0).then(|| time as f64 / requests as f64)
    }
}

pub fn same(left: Option<f64>, right: Option<f64>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => (left - right).abs() <= 1e-9 * left.abs().max(right.abs()),
        (left, right) => left == right,
    }
}
