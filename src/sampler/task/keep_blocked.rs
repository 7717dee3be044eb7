//! Carries known hangs over from one sample to the next.

use crate::model::{Blocked, HostSample, SampleKind};
use crate::sampler::watchdog::Quarantine;

/// Adds to a sample the hangs that are known from the sample `before`, and removes busy monitors that are too short to be a hang
/// ([`Blocked::is_hang`]).
///
/// A known hang lasts until a full sample shows that the monitor is free; a state-only sample does not read this. If a monitor
/// was hung in the sample before and is busy again, the hang continues, even if the command is young: after a restart of
/// libvirtd, the first command to a hung monitor has just begun. Domains in quarantine are not changed here, but by
/// [`Quarantine::update`].
pub(super) fn keep_blocked(sample: &mut HostSample, before: Option<&HostSample>, quarantine: &Quarantine) {
    let (kind, now) = (sample.kind, sample.at);
    for (uuid, domain) in sample.domains.iter_mut().filter(|(uuid, _)| !quarantine.contains(uuid)) {
        let known = before.and_then(|before| Some((before.at, before.domains.get(uuid)?)));
        let known = known.filter(|(_, known)| known.run == domain.run);
        let known = known.and_then(|(at, known)| Some((at, known.blocked.filter(Blocked::is_own)?)));
        domain.blocked = match (domain.blocked, known) {
            (None, Some((_, known))) if kind == SampleKind::StateOnly => Some(known),
            // The monitor was at this command when the last sample was taken, or the command is too young to say anything.
            (Some(blocked), Some((at, known)))
                if blocked.by == known.by && (blocked.since.monotonic <= at.monotonic || !blocked.is_hang(now)) =>
            {
                Some(known)
            }
            (blocked, _) => blocked.filter(|blocked| blocked.is_hang(now)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockedBy, DomainSample, DomainState, Groups, NodeSample, StateReason};
    use crate::time::Timestamp;
    use std::sync::Arc;
    use std::time::Duration;
    use uuid::Uuid;

    const SINCE: Duration = Duration::from_secs(10);

    /// A host with one domain, read at second 60.
    fn host(kind: SampleKind, run: u32, since: Option<Duration>) -> HostSample {
        let mut domain = DomainSample::new("guest", Some(run), DomainState::Running, StateReason(1));
        domain.blocked = since.map(|since| Blocked { by: BlockedBy::Monitor, since: at(since) });
        HostSample {
            at: at(Duration::from_secs(60)),
            kind,
            requested: Groups::STATE,
            node: NodeSample::default(),
            domains: [(Uuid::nil(), domain)].into(),
            unsupported: Arc::default(),
        }
    }

    fn at(moment: Duration) -> Timestamp {
        Timestamp::at(moment, jiff::Timestamp::UNIX_EPOCH)
    }

    fn since_after(mut sample: HostSample, before: Option<&HostSample>) -> Option<Duration> {
        keep_blocked(&mut sample, before, &Quarantine::default());
        sample.domains[&Uuid::nil()].blocked.map(|blocked| blocked.since.monotonic)
    }

    #[test]
    fn a_sample_of_the_states_ends_no_hang() {
        let before = host(SampleKind::Full, 1, Some(SINCE));
        assert_eq!(since_after(host(SampleKind::StateOnly, 1, None), Some(&before)), Some(SINCE));
        assert_eq!(since_after(host(SampleKind::StateOnly, 2, None), Some(&before)), None, "another run");
        assert_eq!(since_after(host(SampleKind::StateOnly, 1, None), None), None);
    }

    #[test]
    fn a_hang_ends_when_the_monitor_is_free() {
        let before = host(SampleKind::Full, 1, Some(SINCE));
        assert_eq!(since_after(host(SampleKind::Full, 1, None), Some(&before)), None);
        let found = |probe| host(SampleKind::Full, 1, Some(Duration::from_secs(probe)));
        assert_eq!(since_after(found(59), Some(&before)), Some(SINCE), "the same hang");
        let mut later = found(62);
        later.at = at(Duration::from_secs(64));
        assert_eq!(since_after(later, Some(&before)), Some(Duration::from_secs(62)), "it answered in between");
        assert_eq!(since_after(found(60), Some(&before)), Some(SINCE), "the command is too young");
    }

    #[test]
    fn a_monitor_that_is_busy_for_less_than_a_second_is_not_hung() {
        let found = |ms| host(SampleKind::Full, 1, Some(Duration::from_millis(ms)));
        let free = host(SampleKind::Full, 1, None);
        assert_eq!(since_after(found(59_100), Some(&free)), None);
        assert_eq!(since_after(found(58_900), Some(&free)), Some(Duration::from_millis(58_900)));
    }

    #[test]
    fn a_domain_that_was_only_skipped_has_no_known_hang() {
        let mut before = host(SampleKind::Full, 1, Some(SINCE));
        before.domains.get_mut(&Uuid::nil()).unwrap().blocked = Some(Blocked { by: BlockedBy::Host, since: at(SINCE) });
        assert_eq!(since_after(host(SampleKind::StateOnly, 1, None), Some(&before)), None);
    }
}
