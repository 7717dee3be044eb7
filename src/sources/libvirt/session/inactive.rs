//! Domains that are shut off. The bulk call of a sample reads active domains only, so these are kept between two lists.

use crate::model::DomainSample;
use crate::time::Stopwatch;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// How often inactive domains are listed if no event reports a change.
const LIST_EVERY: Duration = Duration::from_secs(10);

/// The inactive domains of one connection, as of the last list.
#[derive(Default)]
pub(super) struct InactiveDomains {
    /// Domains that were active at the last sample.
    active: HashSet<Uuid>,
    known: BTreeMap<Uuid, DomainSample>,
    /// `None`: the next sample must list them.
    listed: Option<Stopwatch>,
}

impl InactiveDomains {
    /// The next sample must list inactive domains.
    pub(super) fn list_next_time(&mut self) {
        self.listed = None;
    }

    /// True if inactive domains must be listed now.
    pub(super) fn is_due(&self) -> bool {
        self.listed.is_none_or(|at| at.elapsed() > LIST_EVERY)
    }

    /// True if a domain that was active at the last sample is missing from this one.
    pub(super) fn has_vanished(&self, domains: &BTreeMap<Uuid, DomainSample>) -> bool {
        self.active.iter().any(|uuid| !domains.contains_key(uuid))
    }

    /// An inactive domain, as of the last list.
    pub(super) fn get(&self, uuid: &Uuid) -> Option<&DomainSample> {
        self.known.get(uuid)
    }

    /// Adds the inactive domains of the last list to a sample that has none.
    pub(super) fn add_to(&self, domains: &mut BTreeMap<Uuid, DomainSample>) {
        for (uuid, sample) in &self.known {
            domains.entry(*uuid).or_insert_with(|| sample.clone());
        }
    }

    /// Keeps the inactive domains of a sample for the next ones. `listed`: the sample has all inactive domains.
    pub(super) fn learn(&mut self, domains: &BTreeMap<Uuid, DomainSample>, listed: bool) {
        if listed {
            let inactive = domains.iter().filter(|(_, sample)| sample.run.is_none());
            self.known = inactive.map(|(&uuid, sample)| (uuid, sample.clone())).collect();
            // A transient domain that ends is listed as inactive for a moment, and then disappears without an event.
            let has_ended = self.known.keys().any(|uuid| self.active.contains(uuid));
            self.listed = (!has_ended).then(Stopwatch::start);
        }
        // A start that fails leaves the domain as the last list had it: that costs no other list.
        let is_start =
            |uuid: &Uuid, sample: &DomainSample| sample.reason.is_start(sample.state) && self.known.contains_key(uuid);
        let active = domains.iter().filter(|(uuid, sample)| sample.run.is_some() && !is_start(uuid, sample));
        self.active = active.map(|(&uuid, _)| uuid).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainState, StateReason};

    #[test]
    fn a_list_in_which_a_domain_has_ended_is_followed_by_another_one() {
        let mut inactive = InactiveDomains::default();
        let domain = |run| {
            BTreeMap::from([(Uuid::nil(), DomainSample::new("guest", run, DomainState::Unknown, StateReason(0)))])
        };
        inactive.learn(&domain(Some(1)), true);
        assert!(!inactive.is_due());
        inactive.learn(&domain(None), true);
        assert!(inactive.is_due(), "it ended, and may disappear in a moment");
        inactive.learn(&domain(None), true);
        assert!(!inactive.is_due(), "it stays");
    }

    #[test]
    fn starts_that_fail_cost_no_lists() {
        let mut inactive = InactiveDomains::default();
        let uuid = Uuid::nil();
        let sample = |run, state, reason| BTreeMap::from([(uuid, DomainSample::new("guest", run, state, reason))]);
        inactive.learn(&sample(None, DomainState::ShutOff, StateReason::SHUTOFF_SHUTDOWN), true);
        for run in 1..10 {
            inactive.learn(&sample(Some(run), DomainState::Paused, StateReason::PAUSED_STARTING_UP), false);
            assert!(!inactive.has_vanished(&BTreeMap::new()), "start {run} failed");
            assert!(!inactive.is_due());
        }
        inactive.learn(&sample(Some(10), DomainState::Running, StateReason::RUNNING_BOOTED), false);
        assert!(inactive.has_vanished(&BTreeMap::new()), "it ran, and ended");
    }

    #[test]
    fn a_domain_that_is_missing_has_vanished_only_if_it_was_active() {
        let mut inactive = InactiveDomains::default();
        let domain = |uuid, run| (uuid, DomainSample::new("guest", run, DomainState::Unknown, StateReason(0)));
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        inactive.learn(&BTreeMap::from([domain(a, Some(1)), domain(b, None)]), true);
        assert!(!inactive.has_vanished(&BTreeMap::from([domain(a, Some(1))])));
        assert!(inactive.has_vanished(&BTreeMap::from([domain(b, None)])));
    }
}
