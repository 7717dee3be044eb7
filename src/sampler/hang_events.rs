//! Events for the beginning and the end of a hang. libvirt reports neither, so they are derived from the samples.

use crate::model::{Blocked, DomainSample, Event, EventDomain, EventKind, HostSample};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The hangs of a host's domains whose beginning was reported, and whose end was not.
#[derive(Debug, Default)]
pub(super) struct HangEvents(BTreeMap<Uuid, Hang>);

#[derive(Debug)]
struct Hang {
    run: Option<u32>,
    blocked: Blocked,
}

impl HangEvents {
    /// Takes a sample. Returns an event for each domain that is blocked now and was not before, or was blocked by something else,
    /// and for each domain that is not blocked any more.
    ///
    /// A domain that vtop skips because too many others hang ([`BlockedBy::Host`](crate::model::BlockedBy::Host)) keeps the
    /// hang that was reported, or none: no call finds out whether it still hangs. If a domain ends, the end of its hang is no
    /// event, because the domain does not answer again.
    pub(super) fn take(&mut self, sample: &HostSample) -> Vec<Event> {
        self.0.retain(|uuid, hang| sample.domains.get(uuid).is_some_and(|domain| domain.run == hang.run));
        let mut events = Vec::new();
        for (uuid, domain) in &sample.domains {
            let kind = match (self.0.get(uuid), domain.blocked) {
                (_, Some(now)) if !now.is_own() => continue,
                (before, Some(now)) => {
                    let is_new = before.is_none_or(|before| before.blocked.by != now.by);
                    self.0.insert(*uuid, Hang { run: domain.run, blocked: now });
                    is_new.then_some(EventKind::Blocked(now.by))
                }
                (Some(before), None) => {
                    let length = sample.at.since(before.blocked.since).unwrap_or_default();
                    self.0.remove(uuid);
                    Some(EventKind::Unblocked(length))
                }
                (None, None) => None,
            };
            events.extend(kind.map(|kind| event(*uuid, domain, sample, kind)));
        }
        events
    }
}

fn event(uuid: Uuid, domain: &DomainSample, sample: &HostSample, kind: EventKind) -> Event {
    Event { at: sample.at, domain: Some(EventDomain { uuid, name: domain.name.to_string() }), kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockedBy, DomainState, Groups, NodeSample, SampleKind, StateReason};
    use crate::time::Timestamp;
    use std::sync::Arc;
    use std::time::Duration;

    const MONITOR: Option<BlockedBy> = Some(BlockedBy::Monitor);
    const LOCK: Option<BlockedBy> = Some(BlockedBy::Lock);
    const HOST: Option<BlockedBy> = Some(BlockedBy::Host);

    fn at(milliseconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(milliseconds), jiff::Timestamp::UNIX_EPOCH)
    }

    fn sample(second: u64, domain: Option<(u32, Option<BlockedBy>)>) -> HostSample {
        let domain = domain.map(|(run, by)| {
            let mut domain = DomainSample::new("guest", Some(run), DomainState::Running, StateReason(1));
            domain.blocked = by.map(|by| Blocked { by, since: at(900) });
            (Uuid::nil(), domain)
        });
        HostSample {
            at: at(second * 1000),
            kind: SampleKind::Full,
            requested: Groups::OVERVIEW,
            node: NodeSample::default(),
            domains: domain.into_iter().collect(),
            unsupported: Arc::default(),
        }
    }

    /// The events of samples that are taken every second: the second, the event and its details.
    fn events(samples: &[Option<(u32, Option<BlockedBy>)>]) -> Vec<String> {
        let mut hangs = HangEvents::default();
        let samples = samples.iter().zip(1..);
        let events = samples.flat_map(|(domain, second)| hangs.take(&sample(second, *domain)));
        events
            .map(|event| format!("{} {} {}", event.at.monotonic.as_secs(), event.kind.what(), event.kind.why()))
            .collect()
    }

    #[test]
    fn a_hang_and_its_end_are_one_event_each() {
        let hang = [Some((1, None)), Some((1, MONITOR)), Some((1, MONITOR)), Some((1, None)), Some((1, None))];
        assert_eq!(events(&hang), ["2 monitor busy its QEMU does not answer", "4 answers again after 3 s"]);
    }

    #[test]
    fn another_kind_of_hang_is_another_event() {
        let hang = [Some((1, MONITOR)), Some((1, LOCK)), Some((1, LOCK))];
        let what: Vec<_> = events(&hang).iter().map(|event| event[..8].to_owned()).collect();
        assert_eq!(what, ["1 monito", "2 locked"]);
    }

    #[test]
    fn a_domain_that_ends_or_restarts_does_not_answer_again() {
        for gone in [None, Some((2, None))] {
            assert_eq!(events(&[Some((1, MONITOR)), gone, gone]).len(), 1);
        }
        let again = [Some((1, MONITOR)), Some((2, MONITOR))];
        assert_eq!(events(&again).len(), 2, "the new run hangs as well");
    }

    #[test]
    fn a_domain_that_is_skipped_neither_begins_nor_ends_a_hang() {
        assert_eq!(events(&[Some((1, None)), Some((1, HOST)), Some((1, None))]), [""; 0]);
        let degraded = [Some((1, MONITOR)), Some((1, HOST)), Some((1, MONITOR)), Some((1, HOST)), Some((1, None))];
        assert_eq!(events(&degraded), ["1 monitor busy its QEMU does not answer", "5 answers again after 4 s"]);
        assert_eq!(events(&[Some((1, MONITOR)), Some((1, HOST)), Some((2, MONITOR))]).len(), 2);
    }
}
