//! When the next sample is due, when states are read after an event, and how long to wait before connecting again. The present
//! moment is always an argument.

use super::SecondSample;
use crate::sources::FailureScope;
use crate::time::Interval;
use std::time::Duration;
use tokio::time::Instant;

/// The longest wait for the second sample of a connection with [`SecondSample::Soon`].
const SOON: Duration = Duration::from_millis(300);

/// A sample that starts later than this, and later than two intervals, does so because the sampler itself did not run.
const MISSED_AFTER: Duration = Duration::from_secs(2);

/// The ticks of one connection: moments on a fixed grid at which a full sample is due. A tick that is missed is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    interval: Duration,
    second_sample: SecondSample,
    /// How many ticks have started.
    started: u64,
    /// When the last tick was due; the next one is counted from there.
    last: Instant,
    /// The next tick is the second one, at most [`SOON`] after the first sample.
    is_second_soon: bool,
    next: Instant,
    /// How long the sample of the last tick took.
    took: Duration,
    /// How many ticks in a row took longer than the interval.
    late: u32,
}

impl Schedule {
    /// A schedule whose first tick is due at `now`.
    pub(super) fn new(now: Instant, interval: Interval, second_sample: SecondSample) -> Self {
        Self {
            interval: interval.duration(),
            second_sample,
            started: 0,
            last: now,
            is_second_soon: false,
            next: now,
            took: Duration::ZERO,
            late: 0,
        }
    }

    /// When the next tick is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Whether the tick that starts at `now` was due so long ago that others were missed. A sample that takes long does not
    /// delay the start of the next one: [`Self::finish`] leaves out its ticks.
    pub(super) fn has_missed_ticks(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.next) > MISSED_AFTER.max(2 * self.interval)
    }

    /// The sample of the tick that was due starts.
    pub(super) fn start(&mut self) {
        self.started += 1;
        self.last = self.next;
    }

    /// How long a sample takes, if at least two in a row took longer than the interval.
    pub(super) fn late(&self) -> Option<Duration> {
        (self.late >= 2).then_some(self.took)
    }

    /// The sample of the tick is complete.
    pub(super) fn finish(&mut self, now: Instant) {
        self.took = now - self.last;
        self.late = if self.took > self.interval { self.late + 1 } else { 0 };
        self.is_second_soon = self.started == 1 && self.second_sample == SecondSample::Soon;
        if self.is_second_soon {
            // Counted from the end of the first sample: after a slow one there would be too little time between the two.
            self.last = now;
        }
        self.next = self.last + self.step();
        if self.next <= now {
            let missed = (now - self.last).as_nanos() / self.interval.as_nanos();
            self.next = self.last + self.interval * u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
    }

    /// The domain whose call delayed the last tick is bypassed from now on. If a tick was missed, the next one is due after half an
    /// interval at most, and the grid continues from there. It is not due at once, because a rate over a very short time is not
    /// meaningful.
    pub(super) fn hang_bypassed(&mut self, now: Instant) {
        if self.late > 0 {
            self.next = self.next.min(now + self.interval / 2);
        }
    }

    /// Sets another interval, counted from the last tick. If it has passed already, the next tick is due at `now`.
    pub(super) fn set_interval(&mut self, interval: Interval, now: Instant) {
        self.interval = interval.duration();
        if self.started > 0 {
            self.next = (self.last + self.step()).max(now);
        }
    }

    fn step(&self) -> Duration {
        if self.is_second_soon { self.interval.min(SOON) } else { self.interval }
    }
}

/// How long after an event the states are read: other events often come together with it.
const POLL_DELAY: Duration = Duration::from_millis(50);
/// The shortest time between two state polls: however many events come, they cost at most three calls a second.
const MIN_POLL_GAP: Duration = Duration::from_millis(350);

/// When to read the list of domains and their states ([`SampleKind::StateOnly`](crate::model::SampleKind)) after an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatePoll {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl StatePoll {
    /// An event reported a change of domains: a poll is due soon, unless one is due already.
    pub(super) fn request(&mut self, now: Instant) {
        let soonest = now + POLL_DELAY;
        self.due.get_or_insert(self.last.map_or(soonest, |last| soonest.max(last + MIN_POLL_GAP)));
    }

    /// When the poll is due; `None`: not at all.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The poll starts.
    pub(super) fn start(&mut self, now: Instant) {
        (self.due, self.last) = (None, Some(now));
    }

    /// A full sample starts. It reads the states too, so no poll is due.
    pub(super) fn cancel(&mut self) {
        self.due = None;
    }
}

/// The wait before the next attempt to connect: 1 s at first. It doubles with every attempt, up to 30 s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    /// The wait where an attempt costs next to nothing: a daemon of this machine that starts again is found within 2 s.
    const AWAY: Duration = Duration::from_secs(1);
    /// The shortest time between two attempts that start a daemon: a socket unit of systemd gives up after five starts in 10 s.
    const ON_DEMAND: Duration = Duration::from_secs(3);
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(30);

    /// Returns the wait after an error. `since_attempt`: how long ago the last attempt to connect began.
    pub(super) fn after(&mut self, error: FailureScope, since_attempt: Duration) -> Duration {
        match error {
            FailureScope::Permanent => self.longest(),
            FailureScope::Sample | FailureScope::Connection => self.next(),
            FailureScope::Away => Self::AWAY,
            FailureScope::AwayOnDemand => Self::ON_DEMAND.saturating_sub(since_attempt).max(Self::AWAY),
        }
    }

    /// Returns the wait before the next attempt, and doubles the one after it.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(Self::LONGEST);
        wait
    }

    /// Returns the longest wait, for an error that another attempt does not change ([`FailureScope::Permanent`]).
    fn longest(&mut self) -> Duration {
        self.0 = Self::LONGEST;
        self.0
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self(Self::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn interval(milliseconds: u64) -> Interval {
        Interval::new(ms(milliseconds)).unwrap()
    }

    /// Moments of the ticks after the start, when every call takes `call`.
    fn ticks(start: Instant, schedule: &mut Schedule, call: Duration, count: usize) -> Vec<u128> {
        (0..count)
            .map(|_| {
                let due = schedule.next();
                schedule.start();
                schedule.finish(due + call);
                (due - start).as_millis()
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_tick_comes_soon_and_then_the_grid_holds() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::Soon);
        assert_eq!(ticks(start, &mut schedule, ms(20), 4), [0, 320, 1320, 2320]);
        let mut schedule = Schedule::new(start, interval(200), SecondSample::Soon);
        assert_eq!(ticks(start, &mut schedule, ms(20), 4), [0, 220, 420, 620]);
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        assert_eq!(ticks(start, &mut schedule, ms(20), 4), [0, 1000, 2000, 3000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_that_is_missed_is_left_out() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        assert_eq!(ticks(start, &mut schedule, ms(2500), 3), [0, 3000, 6000]);
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        assert_eq!(ticks(start, &mut schedule, ms(1000), 3), [0, 2000, 4000], "the answer came as the next was due");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_hang_is_bypassed_the_next_tick_comes_soon() {
        let start = Instant::now();
        for (call, then) in [(800, [1000, 2000, 3000]), (1100, [1600, 2600, 3600]), (1900, [2000, 3000, 4000])] {
            let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
            schedule.start();
            schedule.finish(start + ms(call));
            schedule.hang_bypassed(start + ms(call));
            assert_eq!(ticks(start, &mut schedule, ms(100), 3), then);
        }
    }

    #[test]
    fn a_tick_that_starts_late_has_missed_others() {
        let start = Instant::now();
        for (milliseconds, limit) in [(200, 2000), (1000, 2000), (5000, 10_000)] {
            let mut schedule = Schedule::new(start, interval(milliseconds), SecondSample::OnTime);
            schedule.start();
            schedule.finish(start + ms(1));
            let due = start + ms(milliseconds);
            assert_eq!([limit, limit + 1].map(|late| schedule.has_missed_ticks(due + ms(late))), [false, true]);
            schedule.finish(start + ms(60_000));
            assert!(!schedule.has_missed_ticks(start + ms(60_000)), "the sample itself took a minute");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_interval_counts_from_the_last_tick() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        schedule.set_interval(interval(5000), start);
        assert_eq!(schedule.next(), start, "the first tick does not wait");
        schedule.start();
        schedule.finish(start);
        schedule.set_interval(interval(2000), start + ms(500));
        assert_eq!(schedule.next(), start + ms(2000));
        schedule.set_interval(interval(100), start + ms(500));
        assert_eq!(schedule.next(), start + ms(500), "overdue: now");
    }

    #[tokio::test(start_paused = true)]
    async fn another_interval_during_a_call_moves_the_next_tick_only() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(5000), SecondSample::OnTime);
        schedule.start();
        schedule.set_interval(interval(1000), start + ms(2000));
        schedule.finish(start + ms(2500));
        assert_eq!(schedule.next(), start + ms(3000));
    }

    #[tokio::test(start_paused = true)]
    async fn another_interval_does_not_delay_the_second_tick() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::Soon);
        schedule.start();
        schedule.finish(start);
        schedule.set_interval(interval(10_000), start + ms(10));
        assert_eq!(schedule.next(), start + ms(300));
    }

    #[tokio::test(start_paused = true)]
    async fn many_events_cost_few_state_polls() {
        let start = Instant::now();
        let mut poll = StatePoll::default();
        let mut polls = Vec::new();
        for millisecond in 0..1000 {
            let now = start + ms(millisecond);
            poll.request(now);
            if poll.due().is_some_and(|due| due <= now) {
                poll.start(now);
                polls.push(millisecond);
            }
        }
        assert_eq!(polls, [50, 400, 750]);
    }

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        let mut backoff = Backoff::default();
        let waits = [0, 1500, 2500, 60_000].map(|since| backoff.after(FailureScope::AwayOnDemand, ms(since)));
        assert_eq!(waits, [3000, 1500, 1000, 1000].map(ms), "3 s between two attempts that start a daemon");
        assert_eq!(backoff.after(FailureScope::Away, ms(0)), ms(1000));
        assert_eq!((backoff.longest().as_secs(), backoff.next().as_secs()), (30, 30));
    }
}
