//! How long calls take, and from when on a call takes too long.

use super::HANG_FOUND_AFTER;
use std::time::Duration;

/// A timeout that follows how long the last calls took: their mean + 4 × their mean deviation, like TCP's retransmission timeout.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sampler) struct AdaptiveTimeout(Option<Estimate>);

/// Moving averages over the last calls.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    mean: Duration,
    /// Mean of the time by which calls exceed `mean`; 0 for a faster call.
    deviation: Duration,
}

impl AdaptiveTimeout {
    const SHORTEST: Duration = Duration::from_millis(600);
    /// The limit before any call was measured.
    const INITIAL: Duration = Duration::from_millis(1500);

    /// Adds the time that a call took to the averages.
    pub(in crate::sampler) fn learn(&mut self, took: Duration) {
        self.0 = Some(match self.0 {
            None => Estimate { mean: took, deviation: took / 2 },
            Some(estimate) => Estimate {
                mean: (estimate.mean * 7 + took) / 8,
                deviation: (estimate.deviation * 3 + took.saturating_sub(estimate.mean)) / 4,
            },
        });
    }

    /// Two calls in a row took longer than [`AdaptiveTimeout::longest_valid`], and no domain delayed them: the host has become
    /// slower. Raises the limits so that another call as long as this one is within them.
    pub(in crate::sampler) fn learn_slow(&mut self, took: Duration) {
        let slow = Estimate { mean: took / 2, deviation: took / 4 };
        self.0 = Some(self.0.map_or(slow, |estimate| Estimate {
            mean: estimate.mean.max(slow.mean),
            deviation: estimate.deviation.max(slow.deviation),
        }));
    }

    /// How long to wait for the repetition of a call that hung. It is shorter than [`AdaptiveTimeout::limit`], so that several
    /// hanging domains are found soon one after another; it is long enough for libvirt to reach the last domain.
    pub(in crate::sampler) fn after_hang(self) -> Duration {
        self.0.map_or(Duration::ZERO, |estimate| estimate.mean) + HANG_FOUND_AFTER
    }

    /// How long to wait for a call before a diagnosis begins. At least 0.6 s.
    pub(in crate::sampler) fn limit(self) -> Duration {
        let margin = |estimate: Estimate| (estimate.deviation * 4).max(HANG_FOUND_AFTER);
        let limit = self.0.map_or(Self::INITIAL, |estimate| estimate.mean + margin(estimate));
        limit.max(Self::SHORTEST)
    }

    /// The longest time of a call whose figures are shown. libvirt reads one domain after another: in the answer of a delayed call
    /// some figures are as old as the call, and the answer does not say which.
    pub(in crate::sampler) fn longest_valid(self) -> Duration {
        let longest = self.0.map_or(Self::INITIAL, |estimate| estimate.mean * 3 + Duration::from_millis(300));
        longest.max(self.limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HANG_OF_OWN_CALL;

    #[test]
    fn the_timeout_follows_the_calls() {
        let mut timeout = AdaptiveTimeout::default();
        assert_eq!(timeout.limit(), Duration::from_millis(1500));
        timeout.learn(Duration::from_millis(20));
        assert_eq!(timeout.limit(), Duration::from_millis(600));
        for _ in 0..50 {
            timeout.learn(Duration::from_millis(700));
        }
        assert!((1000..=1100).contains(&timeout.limit().as_millis()), "{:?}", timeout.limit());
        assert!((2300..=2500).contains(&timeout.longest_valid().as_millis()), "{:?}", timeout.longest_valid());
    }

    #[test]
    fn the_timeout_is_longer_if_calls_take_different_times() {
        let mut timeout = AdaptiveTimeout::default();
        for took in [300, 900].repeat(25) {
            timeout.learn(Duration::from_millis(took));
        }
        assert!(timeout.limit() > Duration::from_millis(1100), "{:?}", timeout.limit());
        assert!(timeout.longest_valid() >= timeout.limit());
    }

    #[test]
    fn a_host_that_is_fast_again_has_a_short_timeout_again() {
        let mut timeout = AdaptiveTimeout::default();
        timeout.learn_slow(Duration::from_secs(12));
        let mut limits = Vec::new();
        for _ in 0..30 {
            limits.push(timeout.limit());
            timeout.learn(Duration::from_millis(20));
        }
        assert!(limits.is_sorted_by(|longer, shorter| longer >= shorter), "{limits:?}");
        assert!(limits[10] < Duration::from_secs(4) && limits[29] < Duration::from_secs(1), "{limits:?}");
    }

    #[test]
    fn after_a_hang_the_timeout_is_shorter_and_long_enough_to_find_the_last_domain() {
        let mut timeout = AdaptiveTimeout::default();
        for took in [20, 250] {
            timeout = AdaptiveTimeout::default();
            timeout.learn(Duration::from_millis(took));
            assert!(timeout.after_hang() < timeout.limit());
            assert!(timeout.after_hang() > Duration::from_millis(took) + HANG_OF_OWN_CALL);
        }
        assert_eq!(timeout.after_hang(), Duration::from_millis(600));
    }

    #[test]
    fn after_one_slow_call_another_of_that_length_is_not_too_long() {
        let mut timeout = AdaptiveTimeout::default();
        timeout.learn(Duration::from_millis(100));
        let slow = Duration::from_secs(12);
        assert!(timeout.limit() < slow);
        timeout.learn_slow(slow);
        assert!(timeout.limit() > slow);
    }
}
