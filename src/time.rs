//! Time: a monotonic stamp for differences, a wall clock for people.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What is kept free before the process began: a hang may be older than vtop.
const BEFORE_START: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// When something was seen. Differences use the monotonic part only, so a wall clock that jumps changes no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Monotonic time since an arbitrary start, the same for all stamps of one process.
    pub monotonic: Duration,
    /// Wall clock, for display and outputs only.
    pub wall: jiff::Timestamp,
}

impl Timestamp {
    /// The moment of the call. Only sources and `app` call this: everything else is handed its time.
    pub fn now() -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        let elapsed = START.get_or_init(Instant::now).elapsed();
        Self { monotonic: BEFORE_START + elapsed, wall: jiff::Timestamp::now() }
    }

    /// A stamp made of parts, for replays, synthetic hosts and tests: `monotonic` after `wall_start`.
    pub fn at(monotonic: Duration, wall_start: jiff::Timestamp) -> Self {
        let wall = wall_start.checked_add(monotonic).unwrap_or(jiff::Timestamp::MAX);
        Self { monotonic, wall }
    }

    /// The moment that comes so much later.
    pub fn later(self, elapsed: Duration) -> Self {
        Self { monotonic: self.monotonic.saturating_add(elapsed), ..Self::at(elapsed, self.wall) }
    }

    /// A moment before this one; not before the start of time.
    pub fn earlier(self, by: Duration) -> Self {
        Self {
            monotonic: self.monotonic.saturating_sub(by),
            wall: self.wall.checked_sub(by).unwrap_or(jiff::Timestamp::MIN),
        }
    }

    /// Time since `earlier`; `None` where it is not later, so that no caller divides by nothing.
    pub fn since(self, earlier: Timestamp) -> Option<Duration> {
        self.monotonic.checked_sub(earlier.monotonic).filter(|elapsed| !elapsed.is_zero())
    }
}

/// The pace of sampling, kept within what makes sense on a busy hypervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(Duration);

impl Interval {
    /// Shortest pace offered: 0.1 s.
    pub const MIN: Interval = Interval(Duration::from_millis(100));
    /// Longest pace offered: 10 min.
    pub const MAX: Interval = Interval(Duration::from_secs(600));
    /// Steps of the `+` and `-` keys, in milliseconds.
    const STEPS: [u64; 13] =
        [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 300_000, 600_000];

    /// `None` outside [`Interval::MIN`]..=[`Interval::MAX`].
    pub fn new(duration: Duration) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&duration).then_some(Self(duration))
    }

    /// From seconds, as an argument gives them; `None` for anything that is not a number in range.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        Duration::try_from_secs_f64(seconds).ok().and_then(Self::new)
    }

    /// The length itself.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// The next longer step, or itself at the end.
    pub fn longer(self) -> Self {
        let now = self.0.as_millis() as u64;
        Self::STEPS.into_iter().find(|&ms| ms > now).map_or(self, |ms| Self(Duration::from_millis(ms)))
    }

    /// The next shorter step, or itself at the end.
    pub fn shorter(self) -> Self {
        let now = self.0.as_millis() as u64;
        Self::STEPS.into_iter().rev().find(|&ms| ms < now).map_or(self, |ms| Self(Duration::from_millis(ms)))
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_steps_stay_in_range_and_are_inverse() {
        let mut interval = Interval::MIN;
        assert_eq!(interval.shorter(), interval);
        while interval != Interval::MAX {
            let longer = interval.longer();
            assert!(longer > interval);
            assert_eq!(longer.shorter(), interval);
            interval = longer;
        }
        assert_eq!(interval.longer(), interval);
    }

    #[test]
    fn an_odd_interval_goes_to_its_neighbours() {
        let odd = Interval::from_seconds(0.7).unwrap();
        assert_eq!(odd.longer(), Interval::from_seconds(1.0).unwrap());
        assert_eq!(odd.shorter(), Interval::from_seconds(0.5).unwrap());
    }

    #[test]
    fn seconds_out_of_range_are_refused() {
        for bad in [0.0, 0.05, 601.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Interval::from_seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn no_time_has_passed_since_the_same_or_a_later_stamp() {
        let wall = jiff::Timestamp::UNIX_EPOCH;
        let early = Timestamp::at(Duration::from_secs(1), wall);
        let late = Timestamp::at(Duration::from_secs(3), wall);
        assert_eq!(late.since(early), Some(Duration::from_secs(2)));
        assert_eq!(early.since(late), None);
        assert_eq!(early.since(early), None);
    }
}
