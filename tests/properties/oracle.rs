//! What a rate is, said once more and as simply as can be: look back for the reading before, in the same run.

use std::time::Duration;
use uuid::Uuid;
use vtop::model::{DomainSample, Groups, HostSample, SampleKind};
use vtop::time::Timestamp;

/// A counter of a domain's sample; `None` where it has no such device or no such figure.
pub type Read<'a> = &'a dyn Fn(&DomainSample) -> Option<u64>;

/// The figure that is known after sample `now`.
pub fn figure(
    samples: &[HostSample],
    now: usize,
    uuid: Uuid,
    group: Groups,
    of: &dyn Fn(&DomainSample, &DomainSample, Duration) -> Option<f64>,
) -> Option<f64> {
    let run = samples[now].domains[&uuid].run;
    // Samples of this life and run, newest first.
    let mut back = samples[..=now].iter().rev().map_while(|sample| {
        let domain = sample.domains.get(&uuid).filter(|domain| domain.run == run)?;
        Some((sample, domain))
    });
    // The newest one that asked for the group says it; where there was no answer, nothing is known.
    // At every tick somebody may be looked at, who gets HOST_CPU unasked.
    let unasked =
        |sample: &HostSample| if sample.kind == SampleKind::StateOnly { Groups::empty() } else { Groups::HOST_CPU };
    let asks = |(sample, domain): &(&HostSample, &DomainSample)| {
        (sample.requested | domain.extra | domain.answered | unasked(sample)).contains(group)
    };
    let (latest, domain) = back.find(asks).filter(|(_, domain)| domain.answered.contains(group))?;
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

/// Growth a second.
pub fn rate(counter: Read<'_>) -> impl Fn(&DomainSample, &DomainSample, Duration) -> Option<f64> + '_ {
    move |now, before, elapsed| {
        let (now, before) = (counter(now)?, counter(before)?);
        (now >= before).then(|| (now - before) as f64 / elapsed.as_secs_f64())
    }
}

/// The mean time of a request.
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
