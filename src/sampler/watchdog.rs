//! Calls that hang: in which domains, since when, and how many threads hang in them.
//!
//! libvirt answers for all domains in one call, and that call has no time limit: one QEMU that does not answer holds up
//! all the others. So the sampler waits only so long. Then a second connection asks each domain whether its monitor is
//! busy; those that are get into quarantine, the stuck thread is left to itself, and sampling goes on around them.

use crate::model::{Blocked, BlockedBy, DomainSample, Groups, HostSample};
use crate::sources::Bypass;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// So many calls may hang on one host. Past that nothing is asked that could hang.
pub(super) const MOST_STUCK: usize = 3;
/// How long the answer on one domain's monitor may take; it takes about 1 ms.
pub(super) const MONITOR_TIMEOUT: Duration = Duration::from_millis(400);
/// How long a list of all states may take; with a thousand domains it takes some 20 ms.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_secs(1);
/// So many domains that are off are asked too, when a call hangs in nobody who runs.
pub(super) const MOST_OFF: usize = 200;
/// Stands for a domain that nobody has heard of yet, and that is locked all the same: it is just being created. (The nil
/// UUID is that of Xen's Domain-0.)
pub(super) const UNKNOWN: Uuid = Uuid::max();
/// How long a second connection may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A monitor in which a call hangs counts as busy when the call has had so long for it.
pub(super) const SUSPICION: Duration = Duration::from_millis(350);

/// How long calls take here, and so how long is too long.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AdaptiveTimeout(Option<Usual>);

/// Running means over the last few calls.
#[derive(Clone, Copy, Debug)]
struct Usual {
    took: Duration,
    /// How much longer than that a call takes.
    spread: Duration,
}

impl AdaptiveTimeout {
    const SHORTEST: Duration = Duration::from_millis(600);
    const AT_FIRST: Duration = Duration::from_millis(1500);

    /// A call has taken so long.
    pub(super) fn learn(&mut self, took: Duration) {
        self.0 = Some(match self.0 {
            None => Usual { took, spread: took / 2 },
            Some(usual) => Usual {
                took: (usual.took * 7 + took) / 8,
                spread: (usual.spread * 3 + took.saturating_sub(usual.took)) / 4,
            },
        });
    }

    /// Two calls after another have taken too long, and yet no domain held them up: the host has become slower, and the
    /// next call may take as long as this one.
    pub(super) fn give(&mut self, took: Duration) {
        let slower = Usual { took: took / 2, spread: took / 4 };
        self.0 = Some(self.0.map_or(slower, |usual| Usual {
            took: usual.took.max(slower.took),
            spread: usual.spread.max(slower.spread),
        }));
    }

    /// How long to wait right after a call has hung in a domain: where several hang, they are found one after another, as
    /// each shows only when it is asked. It may be asked last.
    pub(super) fn after_hang(self) -> Duration {
        self.0.map_or(Duration::ZERO, |usual| usual.took) + SUSPICION
    }

    /// How long to wait before asking why: so long that few calls do that do not hang, as TCP waits for its answers.
    pub(super) fn limit(self) -> Duration {
        let limit = self.0.map_or(Self::AT_FIRST, |usual| usual.took + (usual.spread * 4).max(SUSPICION));
        limit.max(Self::SHORTEST)
    }

    /// How long a call may take whose figures are to be believed.
    pub(super) fn at_most(self) -> Duration {
        let most = self.0.map_or(Self::AT_FIRST, |usual| usual.took * 3 + Duration::from_millis(300));
        most.max(self.limit())
    }
}

/// Calls that hang, left to themselves with their line.
#[derive(Clone, Debug)]
pub(super) struct AbandonedCalls {
    /// The domains in which they hang.
    pub(super) domains: Vec<Uuid>,
    /// How many they are.
    pub(super) calls: usize,
}

impl AbandonedCalls {
    /// Of a sample that made so many calls side by side at `most`. Those domains in which another client's call was
    /// `known` to hang have none of its calls: libvirt is asked not to wait there.
    pub(super) fn of_sample(domains: Vec<Uuid>, known: impl Fn(&Uuid) -> bool, most: usize) -> Self {
        let calls = domains.iter().filter(|uuid| !known(uuid)).count().clamp(1, most);
        Self { domains, calls }
    }
}

/// Domains in which calls hang.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    blocked: BTreeMap<Uuid, Entry>,
    /// How often each domain was caught, and until when it rested then: one that hangs again and again is left alone for
    /// longer.
    strikes: BTreeMap<Uuid, (u32, Instant)>,
    stuck: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    blocked: Blocked,
    /// Not tried again before.
    until: Instant,
}

impl Quarantine {
    const LONGEST_REST: Duration = Duration::from_secs(60);
    /// A domain that was well for so long begins anew.
    const FORGIVEN_AFTER: Duration = Duration::from_secs(300);

    /// Nothing hangs.
    pub(super) fn is_empty(&self) -> bool {
        self.blocked.is_empty() && !self.is_full()
    }

    /// A call hangs in these domains; its thread is left to itself.
    pub(super) fn admit(&mut self, top_consumers: &[(Uuid, Blocked)], now: Instant) {
        for &(uuid, blocked) in top_consumers {
            let (strikes, rested) = self.strikes.get(&uuid).copied().unwrap_or((0, now));
            let strikes = if now.saturating_duration_since(rested) > Self::FORGIVEN_AFTER { 0 } else { strikes };
            let until = now + Duration::from_secs(1 << strikes.min(6)).min(Self::LONGEST_REST);
            self.strikes.insert(uuid, (strikes + 1, until));
            self.blocked.insert(uuid, Entry { blocked, until });
        }
    }

    /// One more line is left to calls that hang.
    pub(super) fn stuck(&mut self, abandoned: &AbandonedCalls) {
        self.stuck += abandoned.calls;
    }

    /// They have come back.
    pub(super) fn freed(&mut self, abandoned: &AbandonedCalls) {
        self.stuck = self.stuck.saturating_sub(abandoned.calls);
        // Whether a monitor answers again is asked of libvirt; a lock has no such sign but this.
        self.blocked.retain(|uuid, entry| entry.blocked.by != BlockedBy::Lock || !abandoned.domains.contains(uuid));
    }

    /// Whether no call hangs that was left to itself.
    pub(super) fn is_idle(&self) -> bool {
        self.stuck == 0
    }

    /// Whether more calls hang than may.
    pub(super) fn is_full(&self) -> bool {
        self.stuck > MOST_STUCK
    }

    /// Whether one more would be too many.
    pub(super) fn is_at_limit(&self) -> bool {
        self.stuck >= MOST_STUCK
    }

    /// Whether libvirt keeps a domain locked, so that no list can be had.
    pub(super) fn has_locked(&self) -> bool {
        self.blocked.values().any(|entry| entry.blocked.by == BlockedBy::Lock)
    }

    /// Whether a domain is in it.
    pub(super) fn holds(&self, uuid: &Uuid) -> bool {
        self.blocked.contains_key(uuid)
    }

    /// What the next sample goes around; `known` are the active domains. `None`: nothing.
    pub(super) fn bypass(&self, before: Option<&HostSample>) -> Option<Bypass> {
        if self.is_empty() {
            return None;
        }
        let by = |wanted: BlockedBy| {
            let matching = self.blocked.iter().filter(move |(_, entry)| entry.blocked.by == wanted);
            matching.map(|(&uuid, _)| uuid).collect::<BTreeSet<_>>()
        };
        // One that was locked may have been started meanwhile.
        let was_locked = |domain: &DomainSample| domain.blocked.is_some_and(|blocked| blocked.by == BlockedBy::Lock);
        let active = before.iter().flat_map(|sample| &sample.domains);
        let active = active.filter(|(_, domain)| domain.run.is_some() || was_locked(domain));
        let known: BTreeSet<Uuid> = active.map(|(&uuid, _)| uuid).collect();
        // Where it is not known who is locked, it may be one of those that are busy: being destroyed for it, say.
        let locked = if self.holds(&UNKNOWN) { self.blocked.keys().copied().collect() } else { by(BlockedBy::Lock) };
        let busy = match self.is_full() {
            true => known.difference(&locked).copied().collect(),
            false => by(BlockedBy::Monitor).difference(&locked).copied().collect(),
        };
        let calls = MOST_STUCK.saturating_sub(self.stuck).max(1);
        Some(Bypass { busy, locked, known, calls })
    }

    /// Completes a sample that went around something, and lets go what answers again. `locked`: the domains that it did
    /// not name. A lock may have ended since; it has no word on them all the same.
    pub(super) fn settle(
        &mut self,
        sample: &mut HostSample,
        before: Option<&HostSample>,
        locked: &BTreeSet<Uuid>,
        now: Instant,
    ) {
        let degraded = self.is_full();
        self.blocked.retain(|uuid, entry| match sample.domains.get(uuid) {
            Some(_) if entry.blocked.by == BlockedBy::Lock => true,
            Some(domain) => domain.run.is_some() && (domain.blocked.is_some() || entry.until > now),
            // Any other that is missing is gone.
            None => locked.contains(uuid),
        });
        if let Some(before) = before.filter(|_| !locked.is_empty()) {
            for (uuid, domain) in &before.domains {
                // No list could be had: who is off, and who is locked, is as it was.
                if locked.contains(uuid) || domain.run.is_none() {
                    let blocked = domain.blocked.filter(|_| locked.contains(uuid));
                    // Local groups of the last sample were not read either.
                    let (extra, local) = (domain.extra | domain.local, Groups::empty());
                    let known = || DomainSample { answered: Groups::empty(), local, extra, blocked, ..domain.clone() };
                    sample.domains.entry(*uuid).or_insert_with(known);
                }
            }
        }
        for (uuid, domain) in &mut sample.domains {
            domain.blocked = match self.blocked.get(uuid) {
                Some(entry) => Some(entry.blocked),
                None if degraded && domain.run.is_some() => {
                    let known = before.and_then(|before| before.domains.get(uuid)).filter(|it| it.run == domain.run);
                    let known = known.and_then(|known| known.blocked).filter(|blocked| blocked.by == BlockedBy::Host);
                    // What it hangs in by itself is still known.
                    let own = domain.blocked.filter(Blocked::is_own);
                    own.or(known).or(Some(Blocked { by: BlockedBy::Host, since: sample.at }))
                }
                // As the source found it: a call of another client hangs in it.
                None => domain.blocked,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainState, HANG_OF_OWN_CALL, NodeSample, SampleKind, StateReason};
    use crate::time::Timestamp;
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

    #[test]
    fn patience_follows_what_is_usual() {
        let mut timeout = AdaptiveTimeout::default();
        assert_eq!(timeout.limit(), Duration::from_millis(1500));
        timeout.learn(Duration::from_millis(20));
        assert_eq!(timeout.limit(), Duration::from_millis(600));
        for _ in 0..50 {
            timeout.learn(Duration::from_millis(700));
        }
        assert!((1000..=1100).contains(&timeout.limit().as_millis()), "{:?}", timeout.limit());
        assert!((2300..=2500).contains(&timeout.at_most().as_millis()), "{:?}", timeout.at_most());
    }

    #[test]
    fn patience_is_longer_where_calls_take_now_this_long_and_now_that() {
        let mut timeout = AdaptiveTimeout::default();
        for took in [300, 900].repeat(25) {
            timeout.learn(Duration::from_millis(took));
        }
        assert!(timeout.limit() > Duration::from_millis(1100), "{:?}", timeout.limit());
        assert!(timeout.at_most() >= timeout.limit());
    }

    #[test]
    fn what_was_slow_and_is_not_any_more_is_forgotten() {
        let mut timeout = AdaptiveTimeout::default();
        timeout.give(Duration::from_secs(12));
        let mut limits = Vec::new();
        for _ in 0..30 {
            limits.push(timeout.limit());
            timeout.learn(Duration::from_millis(20));
        }
        assert!(limits.is_sorted_by(|longer, shorter| longer >= shorter), "{limits:?}");
        assert!(limits[10] < Duration::from_secs(4) && limits[29] < Duration::from_secs(1), "{limits:?}");
    }

    #[test]
    fn after_a_hang_it_is_shorter_and_long_enough_for_the_last_one_to_count_as_busy() {
        let mut timeout = AdaptiveTimeout::default();
        for took in [20, 250] {
            timeout = AdaptiveTimeout(None);
            timeout.learn(Duration::from_millis(took));
            assert!(timeout.after_hang() < timeout.limit());
            assert!(timeout.after_hang() > Duration::from_millis(took) + HANG_OF_OWN_CALL);
        }
        assert_eq!(timeout.after_hang(), Duration::from_millis(600));
    }

    #[test]
    fn a_host_that_becomes_slow_is_believed_after_one_call() {
        let mut timeout = AdaptiveTimeout::default();
        timeout.learn(Duration::from_millis(100));
        let slow = Duration::from_secs(12);
        assert!(timeout.limit() < slow);
        timeout.give(slow);
        assert!(timeout.limit() > slow, "the next call of that length is no surprise");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_domain_is_gone_around_and_let_go_when_it_answers() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        assert_eq!(quarantine.bypass(Some(&before)), None);
        quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((bypass.busy, bypass.locked, bypass.known), ([A].into(), [].into(), [A, B].into()));

        let mut busy = sample(&[(A, true), (B, false)]);
        quarantine.settle(&mut busy, Some(&before), &BTreeSet::new(), Instant::now() + Duration::from_secs(5));
        assert_eq!(
            busy.domains[&A].blocked,
            Some(Blocked { by: BlockedBy::Monitor, since: at(3) }),
            "since it last answered"
        );
        assert_eq!(busy.domains[&B].blocked, None);

        let mut free = sample(&[(A, false), (B, false)]);
        quarantine.settle(&mut free, Some(&before), &BTreeSet::new(), Instant::now() + Duration::from_secs(5));
        assert_eq!(free.domains[&A].blocked, None);
        assert_eq!(quarantine.bypass(Some(&before)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_hangs_again_is_left_alone_for_longer() {
        let mut quarantine = Quarantine::default();
        let mut rests = Vec::new();
        for _ in 0..9 {
            quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
            rests.push((quarantine.blocked[&A].until - Instant::now()).as_secs());
        }
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        tokio::time::advance(Quarantine::LONGEST_REST + Quarantine::FORGIVEN_AFTER + Duration::from_secs(1)).await;
        quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        assert_eq!((quarantine.blocked[&A].until - Instant::now()).as_secs(), 1, "long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn a_locked_domain_stays_as_it_was_until_its_call_comes_back() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        quarantine.admit(&[(A, blocked(BlockedBy::Lock))], Instant::now());
        quarantine.stuck(&abandoned(&[]));
        let mut partial = sample(&[(B, false)]);
        quarantine.settle(&mut partial, Some(&before), &[A].into(), Instant::now());
        assert_eq!(partial.domains[&A].answered, Groups::empty());
        assert_eq!(partial.domains[&A].blocked.map(|blocked| blocked.by), Some(BlockedBy::Lock));
        quarantine.freed(&abandoned(&[A]));
        assert!(quarantine.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_ends_while_a_sample_goes_around_it_costs_no_row() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        quarantine.admit(&[(A, blocked(BlockedBy::Lock))], Instant::now());
        before.domains.get_mut(&B).unwrap().run = None;
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        quarantine.freed(&abandoned(&[A]));
        let mut partial = sample(&[]);
        quarantine.settle(&mut partial, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(partial.domains.keys().copied().collect::<Vec<_>>(), [A, B], "who was locked, and who is off");
        assert!(quarantine.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_locked_and_is_not_is_asked_though_another_still_is() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        let started = before.domains.get_mut(&A).unwrap();
        (started.run, started.blocked) = (None, Some(blocked(BlockedBy::Lock)));
        quarantine.admit(&[(B, blocked(BlockedBy::Lock))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((&bypass.known, &bypass.locked), (&[A, B].into(), &[B].into()));
        let mut gone = sample(&[]);
        quarantine.settle(&mut gone, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(gone.domains[&A].blocked, None, "nothing locks it any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_that_is_destroyed_leaves_the_quarantine() {
        let mut quarantine = Quarantine::default();
        quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        quarantine.settle(&mut sample(&[(B, false)]), None, &BTreeSet::new(), Instant::now());
        assert!(!quarantine.holds(&A), "it is gone");
        quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        let mut off = sample(&[(A, false), (B, false)]);
        off.domains.get_mut(&A).unwrap().run = None;
        quarantine.settle(&mut off, None, &BTreeSet::new(), Instant::now());
        assert!(!quarantine.holds(&A), "it is off");
        assert_eq!(off.domains[&A].blocked, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_of_nobody_knows_whom_leaves_everybody_known_in_reach() {
        let mut quarantine = Quarantine::default();
        let mut before = sample(&[(A, false), (B, false)]);
        before.domains.get_mut(&A).unwrap().run = None;
        quarantine.admit(&[(UNKNOWN, blocked(BlockedBy::Lock))], Instant::now());
        quarantine.stuck(&abandoned(&[]));
        assert!(quarantine.has_locked());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((&bypass.locked, bypass.known), (&[UNKNOWN].into(), [B].into()));
        let mut partial = sample(&[(B, false)]);
        quarantine.settle(&mut partial, Some(&before), &bypass.locked, Instant::now());
        assert_eq!(
            partial.domains.keys().copied().collect::<Vec<_>>(),
            [A, B],
            "who is off stays, and nobody is added"
        );
        assert_eq!(partial.domains[&A].blocked, None);
        quarantine.admit(&[(B, blocked(BlockedBy::Monitor))], Instant::now());
        let bypass = quarantine.bypass(Some(&before)).unwrap();
        assert_eq!((bypass.busy, &bypass.locked), ([].into(), &[UNKNOWN, B].into()), "it may be the busy one");
        let mut nobody = sample(&[]);
        quarantine.settle(&mut nobody, Some(&partial), &bypass.locked, Instant::now() + Duration::from_secs(5));
        assert_eq!(nobody.domains[&B].blocked.map(|blocked| blocked.by), Some(BlockedBy::Monitor), "it stays known");
        quarantine.freed(&abandoned(&[UNKNOWN]));
        assert!(!quarantine.has_locked());
    }

    #[test]
    fn a_sample_that_hangs_is_no_more_calls_than_it_may_have_made() {
        let domains: Vec<Uuid> = (0..9).map(Uuid::from_u128).collect();
        let calls =
            |known: u128, most| AbandonedCalls::of_sample(domains.clone(), |uuid| uuid.as_u128() < known, most).calls;
        assert_eq!((calls(0, 1), calls(0, 3)), (1, 3));
        assert_eq!((calls(7, 3), calls(8, 3)), (2, 1), "others' calls hang in the rest");
        assert_eq!(calls(9, 3), 1, "it hangs somewhere");
    }

    #[tokio::test(start_paused = true)]
    async fn past_the_limit_nobody_is_asked_what_could_hang() {
        let mut quarantine = Quarantine::default();
        let before = sample(&[(A, false), (B, false)]);
        quarantine.admit(&[(A, blocked(BlockedBy::Monitor))], Instant::now());
        for _ in 0..=MOST_STUCK {
            quarantine.stuck(&abandoned(&[]));
        }
        assert_eq!(quarantine.bypass(Some(&before)).unwrap().busy, [A, B].into());
        let mut cheap = sample(&[(A, true), (B, false)]);
        quarantine.settle(&mut cheap, Some(&before), &BTreeSet::new(), Instant::now());
        assert_eq!(cheap.domains[&B].blocked, Some(Blocked { by: BlockedBy::Host, since: at(9) }));
        let mut later = HostSample { at: at(20), ..sample(&[(A, true), (B, false)]) };
        quarantine.settle(&mut later, Some(&cheap), &BTreeSet::new(), Instant::now());
        assert_eq!(later.domains[&B].blocked, Some(Blocked { by: BlockedBy::Host, since: at(9) }), "all the time");
    }
}
