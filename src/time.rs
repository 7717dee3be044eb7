//! Timestamps, the clock that makes them, and the sampling interval.

use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A stamp's monotonic part at the start of the process: something that vtop finds may be older than vtop.
const BEFORE_START: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// When something happened, on two clocks. Differences use the monotonic part only, so a wall clock that is set anew changes
/// no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Monotonic time since an arbitrary start, the same for all stamps of one clock.
    pub monotonic: Duration,
    /// Wall clock, for display and outputs only.
    pub wall: jiff::Timestamp,
}

/// Says what time it is: the system's time, or that of a recording or a test.
pub trait Clock: Debug + Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The clocks of this system: `CLOCK_MONOTONIC` and the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        static START: OnceLock<Instant> = OnceLock::new();
        let elapsed = START.get_or_init(Instant::now).elapsed();
        Timestamp { monotonic: BEFORE_START + elapsed, wall: jiff::Timestamp::now() }
    }
}

/// Time since the start of a test, on tokio's clock: a test can pause it and move it.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct TimerClock(tokio::time::Instant);

#[cfg(test)]
impl TimerClock {
    pub(crate) fn start() -> Self {
        Self(timer_now())
    }
}

#[cfg(test)]
impl Clock for TimerClock {
    fn now(&self) -> Timestamp {
        Timestamp::at(self.0.elapsed(), jiff::Timestamp::UNIX_EPOCH)
    }
}

/// How long ago something was, on the system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts from 0.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The present time for tokio's timers and for lengths of waits. Tests pause this clock.
pub fn timer_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

impl Timestamp {
    /// A stamp made of parts, for recordings, synthetic hosts and tests: `monotonic` after `wall_start`.
    pub fn at(monotonic: Duration, wall_start: jiff::Timestamp) -> Self {
        let wall = wall_start.checked_add(monotonic).unwrap_or(jiff::Timestamp::MAX);
        Self { monotonic, wall }
    }

    /// The stamp that is `elapsed` later.
    pub fn later(self, elapsed: Duration) -> Self {
        Self { monotonic: self.monotonic.saturating_add(elapsed), ..Self::at(elapsed, self.wall) }
    }

    /// The stamp that is `by` earlier; monotonic time ends at 0.
    pub fn earlier(self, by: Duration) -> Self {
        Self {
            monotonic: self.monotonic.saturating_sub(by),
            wall: self.wall.checked_sub(by).unwrap_or(jiff::Timestamp::MIN),
        }
    }

    /// Time since `earlier`; `None` if this stamp is not later, so that no caller divides by 0.
    pub fn since(self, earlier: Timestamp) -> Option<Duration> {
        self.monotonic.checked_sub(earlier.monotonic).filter(|elapsed| !elapsed.is_zero())
    }
}

/// The sampling interval, within limits that make sense on a busy hypervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(Duration);

impl Interval {
    /// The shortest interval: 0.1 s.
    pub const MIN: Interval = Interval(Duration::from_millis(100));
    /// The longest interval: 10 min.
    pub const MAX: Interval = Interval(Duration::from_secs(600));
    /// Steps of the `+` and `-` keys, in milliseconds.
    const STEPS: [u64; 13] =
        [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 300_000, 600_000];

    /// `None` outside [`Interval::MIN`]..=[`Interval::MAX`].
    pub fn new(duration: Duration) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&duration).then_some(Self(duration))
    }

    /// From seconds, as in an argument; `None` for anything that is not a number in range.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        Duration::try_from_secs_f64(seconds).ok().and_then(Self::new)
    }

    /// Its length.
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
    fn an_interval_between_two_steps_goes_to_its_neighbours() {
        let odd = Interval::from_seconds(0.7).unwrap();
        assert_eq!(odd.longer(), Interval::from_seconds(1.0).unwrap());
        assert_eq!(odd.shorter(), Interval::from_seconds(0.5).unwrap());
    }

    #[test]
    fn seconds_out_of_range_are_no_interval() {
        for bad in [0.0, 0.05, 601.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Interval::from_seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_system_clock_goes_forward_and_its_stamps_can_be_older_than_the_process() {
        let before = SystemClock.now();
        let after = SystemClock.now();
        assert!(after.monotonic >= before.monotonic);
        let year = Duration::from_secs(365 * 24 * 3600);
        assert_eq!(before.since(before.earlier(year)), Some(year));
    }

    #[test]
    fn there_is_no_time_since_the_same_or_a_later_stamp() {
        let wall = jiff::Timestamp::UNIX_EPOCH;
        let early = Timestamp::at(Duration::from_secs(1), wall);
        let late = Timestamp::at(Duration::from_secs(3), wall);
        assert_eq!(late.since(early), Some(Duration::from_secs(2)));
        assert_eq!(early.since(late), None);
        assert_eq!(early.since(early), None);
    }
}
