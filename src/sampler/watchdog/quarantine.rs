//! The domains in which calls hang, and how many calls do.

use super::{AbandonedCalls, MAX_HANGING_CALLS, UNKNOWN_DOMAIN};
use crate::model::{Blocked, BlockedBy, DomainSample, Groups, HostSample};
use crate::sources::Bypass;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Domains in which calls hang. They are sampled with cheap groups only, or not at all.
#[derive(Debug, Default)]
pub(in crate::sampler) struct Quarantine {
    domains: BTreeMap<Uuid, Entry>,
    /// How often calls hung in each domain lately: a domain that hangs again stays in quarantine for longer.
    records: BTreeMap<Uuid, Record>,
    hanging_calls: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    blocked: Blocked,
    /// The domain stays in quarantine until then, even if its monitor answers.
    until: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    /// How often calls hung in the domain.
    times: u32,
    /// The earliest end of its last quarantine.
    until: Instant,
}

impl Quarantine {
    /// The longest quarantine of a domain that answers again.
    const LONGEST: Duration = Duration::from_secs(60);
    /// After this time without a hang a domain's record is forgotten.
    const FORGET_AFTER: Duration = Duration::from_secs(300);

    /// Whether the next sample bypasses nothing.
    pub(in crate::sampler) fn is_empty(&self) -> bool {
        self.domains.is_empty() && !self.is_full()
    }

    /// Adds domains in which a call hangs. A domain stays for 1 s at least, and twice as long each time it is added again.
    pub(in crate::sampler) fn add(&mut self, domains: &[(Uuid, Blocked)], now: Instant) {
        self.records.retain(|_, record| now.saturating_duration_since(record.until) <= Self::FORGET_AFTER);
        for &(uuid, blocked) in domains {
            let times = self.records.get(&uuid).map_or(0, |record| record.times);
            let until = now + Duration::from_secs(1 << times.min(6)).min(Self::LONGEST);
            self.records.insert(uuid, Record { times: times + 1, until });
            self.domains.insert(uuid, Entry { blocked, until });
        }
    }

    /// Counts calls that were abandoned because they hang.
    pub(in crate::sampler) fn abandon(&mut self, calls: &AbandonedCalls) {
        self.hanging_calls += calls.calls;
    }

    /// Abandoned calls have returned.
    pub(in crate::sampler) fn returned(&mut self, calls: &AbandonedCalls) {
        self.hanging_calls = self.hanging_calls.saturating_sub(calls.calls);
        // libvirt says whether a monitor is free again. The only sign that a lock is free again is that the call returns.
        self.domains.retain(|uuid, entry| entry.blocked.by != BlockedBy::Lock || !calls.domains.contains(uuid));
    }

    /// Whether no abandoned call hangs.
    pub(in crate::sampler) fn has_no_hanging_call(&self) -> bool {
        self.hanging_calls == 0
    }

    /// Whether more than [`MAX_HANGING_CALLS`] calls hang: then only groups are read whose calls cannot hang.
    pub(in crate::sampler) fn is_full(&self) -> bool {
        self.hanging_calls > MAX_HANGING_CALLS
    }

    /// Whether [`MAX_HANGING_CALLS`] or more calls hang: no further call may hang.
    pub(in crate::sampler) fn is_at_limit(&self) -> bool {
        self.hanging_calls >= MAX_HANGING_CALLS
    }

    /// Whether libvirt keeps a domain locked, so that no list can be read.
    pub(in crate::sampler) fn has_locked(&self) -> bool {
        self.domains.values().any(|entry| entry.blocked.by == BlockedBy::Lock)
    }

    /// Whether a domain is in quarantine.
    pub(in crate::sampler) fn contains(&self, uuid: &Uuid) -> bool {
        self.domains.contains_key(uuid)
    }

    /// What the next sample bypasses; `None`: nothing. The active domains are known from the sample before.
    pub(in crate::sampler) fn bypass(&self, before: Option<&HostSample>) -> Option<Bypass> {
        if self.is_empty() {
            return None;
        }
        let by = |wanted: BlockedBy| {
            let matching = self.domains.iter().filter(move |(_, entry)| entry.blocked.by == wanted);
            matching.map(|(&uuid, _)| uuid).collect::<BTreeSet<_>>()
        };
        // A domain that was locked may have been started since.
        let was_locked = |domain: &DomainSample| domain.blocked.is_some_and(|blocked| blocked.by == BlockedBy::Lock);
        let active = before.iter().flat_map(|sample| &sample.domains);
        let active = active.filter(|(_, domain)| domain.run.is_some() || was_locked(domain));
        let known: BTreeSet<Uuid> = active.map(|(&uuid, _)| uuid).collect();
        // The locked domain that is not known may be one of the busy ones: a domain that hangs is locked while it is destroyed.
        let locked = match self.contains(&UNKNOWN_DOMAIN) {
            true => self.domains.keys().copied().collect(),
            false => by(BlockedBy::Lock),
        };
        let busy = match self.is_full() {
            true => known.difference(&locked).copied().collect(),
            false => by(BlockedBy::Monitor).difference(&locked).copied().collect(),
        };
        let calls = MAX_HANGING_CALLS.saturating_sub(self.hanging_calls).max(1);
        Some(Bypass { busy, locked, known, calls })
    }

    /// Takes a sample that bypassed domains. Domains that answer again leave the quarantine; domains that the sample could not read
    /// are added to it as they were in `before`. `locked`: the domains that the call left out. The sample has no information on
    /// them, even if a lock has ended since.
    pub(in crate::sampler) fn update(
        &mut self,
        sample: &mut HostSample,
        before: Option<&HostSample>,
        locked: &BTreeSet<Uuid>,
        now: Instant,
    ) {
        self.domains.retain(|uuid, entry| match sample.domains.get(uuid) {
            Some(_) if entry.blocked.by == BlockedBy::Lock => true,
            Some(domain) => domain.run.is_some() && (domain.blocked.is_some() || entry.until > now),
            // Any other missing domain does not exist any more.
            None => locked.contains(uuid),
        });
        if let Some(before) = before.filter(|_| !locked.is_empty()) {
            add_unread_domains(sample, before, locked);
        }
        let is_full = self.is_full();
        for (uuid, domain) in &mut sample.domains {
            domain.blocked = match self.domains.get(uuid) {
                Some(entry) => Some(entry.blocked),
                None if is_full && domain.run.is_some() => {
                    let before = before.and_then(|before| before.domains.get(uuid));
                    Some(blocked_by_host(domain, before, sample.at))
                }
                // As the source found it: a call of another client hangs in the domain.
                None => domain.blocked,
            };
        }
    }
}

/// Adds the domains that a sample without a list could not read: those that are off and those that are locked are as before.
fn add_unread_domains(sample: &mut HostSample, before: &HostSample, locked: &BTreeSet<Uuid>) {
    let unread = before.domains.iter().filter(|(uuid, domain)| locked.contains(uuid) || domain.run.is_none());
    for (uuid, domain) in unread {
        sample.domains.entry(*uuid).or_insert_with(|| DomainSample {
            answered: Groups::empty(),
            unanswered: Groups::empty(),
            // Groups that the sample before took from local files were not read either.
            extra: domain.extra | domain.local,
            local: Groups::empty(),
            blocked: domain.blocked.filter(|_| locked.contains(uuid)),
            ..domain.clone()
        });
    }
}

/// What blocks an active domain while too many calls hang on the host: its own monitor or lock if that is known, otherwise
/// [`BlockedBy::Host`].
fn blocked_by_host(domain: &DomainSample, before: Option<&DomainSample>, now: Timestamp) -> Blocked {
    let before = before.filter(|before| before.run == domain.run).and_then(|before| before.blocked);
    let before = before.filter(|blocked| blocked.by == BlockedBy::Host);
    let own = domain.blocked.filter(Blocked::is_own);
    own.or(before).unwrap_or(Blocked { by: BlockedBy::Host, since: now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainState, NodeSample, SampleKind, StateReason};
    use std::sync::Arc;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    fn sample(domains: &[(Uuid, bool)]) -> HostSample {
        let domain = |busy: bool| {
            let mut domain = DomainSample::new("guest", Some(1), DomainState::Running, StateReason(1));
            domain.blocked = busy.then_some(Blocked { by: BlockedBy::Monitor, since: at(0) });
            domain
        };
        HostSample {
            at: at(9),
            kind: SampleKind::Full,
            requested: Groups::OVERVIEW,
            node: NodeSample::default(),
            domains: domains.iter().map(|&(uuid, busy)| (uuid, domain(busy))).collect(),
            unsupported: Arc::default(),
        }
    }

    fn blocked(by: BlockedBy) -> Blocked {
        Blocked { by, since: at(3) }
    }

    fn abandoned(domains: &[Uuid]) -> AbandonedCalls {
        AbandonedCalls { domains: domains.to_vec(), calls: 1 }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds), jiff::Timestamp::UNIX_EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_domain_is_bypassed_until_it_answers() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        assert_eq!(quarantine.bypass(Some(&before)), None);
        quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((bypass.busy, bypass.locked, bypass.known), ([A].into(), [].into(), [A, B].into()));

        let mut busy = sample(&[(A, true), (B, false)]);
        quarantine.update(&mut busy, Some(&before), &BTreeSet::new(), Instant::now() + Duration::from_secs(5));
        assert_eq!(
            busy.domains[&A].blocked,
            Some(Blocked { by: BlockedBy::Monitor, since: at(3) }),
            "since the call that hung"
        );
        assert_eq!(busy.domains[&B].blocked, None);

        let mut free = sample(&[(A, false), (B, false)]);
        quarantine.update(&mut free, Some(&before), &BTreeSet::new(), Instant::now() + Duration::from_secs(5));
        assert_eq!(free.domains[&A].blocked, None);
        assert_eq!(quarantine.bypass(Some(&before)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_that_hangs_again_stays_for_longer() {
        let mut quarantine = Quarantine::default();
        let mut rests = Vec::new();
        for _ in 0..9 {
            quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
            rests.push((quarantine.domains[&A].until - Instant::now()).as_secs());
        }
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        tokio::time::advance(Quarantine::LONGEST + Quarantine::FORGET_AFTER + Duration::from_secs(1)).await;
        quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        assert_eq!((quarantine.domains[&A].until - Instant::now()).as_secs(), 1, "its record is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn a_locked_domain_stays_as_it_was_until_its_call_comes_back() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        quarantine.add(&[(A, blocked(BlockedBy::Lock))], Instant::now());
        quarantine.abandon(&abandoned(&[]));
        let mut partial = sample(&[(B, false)]);
        quarantine.update(&mut partial, Some(&before), &[A].into(), Instant::now());
        assert_eq!(partial.domains[&A].answered, Groups::empty());
        assert_eq!(partial.domains[&A].blocked.map(|blocked| blocked.by), Some(BlockedBy::Lock));
        quarantine.returned(&abandoned(&[A]));
        assert!(quarantine.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_ends_during_a_sample_removes_no_domain() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        quarantine.add(&[(A, blocked(BlockedBy::Lock))], Instant::now());
        before.domains.get_mut(&B).unwrap().run = None;
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        quarantine.returned(&abandoned(&[A]));
        let mut partial = sample(&[]);
        quarantine.update(&mut partial, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(
            partial.domains.keys().copied().collect::<Vec<_>>(),
            [A, B],
            "the locked domain and the one that is off"
        );
        assert!(quarantine.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_that_was_locked_is_read_while_another_is_locked() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        let started = before.domains.get_mut(&A).unwrap();
        (started.run, started.blocked) = (None, Some(blocked(BlockedBy::Lock)));
        quarantine.add(&[(B, blocked(BlockedBy::Lock))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((&bypass.known, &bypass.locked), (&[A, B].into(), &[B].into()));
        let mut gone = sample(&[]);
        quarantine.update(&mut gone, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(gone.domains[&A].blocked, None, "it is not locked any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_that_is_destroyed_leaves_the_quarantine() {
        let mut quarantine = Quarantine::default();
        quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        quarantine.update(&mut sample(&[(B, false)]), None, &BTreeSet::new(), Instant::now());
        assert!(!quarantine.contains(&A), "it is gone");
        quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        let mut off = sample(&[(A, false), (B, false)]);
        off.domains.get_mut(&A).unwrap().run = None;
        quarantine.update(&mut off, None, &BTreeSet::new(), Instant::now());
        assert!(!quarantine.contains(&A), "it is off");
        assert_eq!(off.domains[&A].blocked, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_locked_domain_that_is_not_known_leaves_the_known_ones_readable() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        before.domains.get_mut(&A).unwrap().run = None;
        quarantine.add(&[(UNKNOWN_DOMAIN, blocked(BlockedBy::Lock))], Instant::now());
        quarantine.abandon(&abandoned(&[]));
        assert!(quarantine.has_locked());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((&bypass.locked, bypass.known), (&[UNKNOWN_DOMAIN].into(), [B].into()));
        let mut partial = sample(&[(B, false)]);
        quarantine.update(&mut partial, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(
            partial.domains.keys().copied().collect::<Vec<_>>(),
            [A, B],
            "the domain that is off stays, and none is added"
        );
        assert_eq!(partial.domains[&A].blocked, None);
        quarantine.add(&[(B, blocked(BlockedBy::Monitor))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((bypass.busy, &bypass.locked), ([].into(), &[UNKNOWN_DOMAIN, B].into()), "it may be the locked one");
        let mut empty = sample(&[]);
        quarantine.update(&mut empty, Some(&partial), &bypass.locked, Instant::now() + Duration::from_secs(5));
        assert_eq!(empty.domains[&B].blocked.map(|blocked| blocked.by), Some(BlockedBy::Monitor), "it stays known");
        quarantine.returned(&abandoned(&[UNKNOWN_DOMAIN]));
        assert!(!quarantine.has_locked());
    }

    #[tokio::test(start_paused = true)]
    async fn if_too_many_calls_hang_all_domains_are_bypassed() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        quarantine.add(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        for _ in 0..=MAX_HANGING_CALLS {
            quarantine.abandon(&abandoned(&[]));
        }
        assert_eq!(quarantine.bypass(Some(&before)).unwrap().busy, [A, B].into());
        let mut cheap = sample(&[(A, true), (B, false)]);
        quarantine.update(&mut cheap, Some(&before), &BTreeSet::new(), Instant::now());
        assert_eq!(cheap.domains[&B].blocked, Some(Blocked { by: BlockedBy::Host, since: at(9) }));
        let mut later = HostSample { at: at(20), ..sample(&[(A, true), (B, false)]) };
        quarantine.update(&mut later, Some(&cheap), &BTreeSet::new(), Instant::now());
        assert_eq!(
            later.domains[&B].blocked,
            Some(Blocked { by: BlockedBy::Host, since: at(9) }),
            "since the first of these samples"
        );
    }
}
