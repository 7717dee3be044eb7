//! When to ask next: pure arithmetic over moments that the caller hands in.

use super::SecondSample;
use crate::time::Interval;
use std::time::Duration;
use tokio::time::Instant;

/// The longest wait for the second sample of a connection, where it shall come soon.
const SOON: Duration = Duration::from_millis(300);

/// The ticks of one connection: a grid that does not drift. A tick that was missed is left out, not made up for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    interval: Duration,
    second: SecondSample,
    begun: u64,
    /// From where the next tick is counted: the moment at which the last one was due.
    anchor: Instant,
    /// The next tick is the second one, and it shall come soon.
    hurry: bool,
    next: Instant,
    /// How long the last tick took, and how many up to it were not over when the next was due.
    took: Duration,
    late: u32,
}

impl Schedule {
    /// A first tick at once.
    pub(super) fn new(now: Instant, interval: Interval, second: SecondSample) -> Self {
        Self {
            interval: interval.duration(),
            second,
            begun: 0,
            anchor: now,
            hurry: false,
            next: now,
            took: Duration::ZERO,
            late: 0,
        }
    }

    /// When the next tick is due.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// The tick that was due begins.
    pub(super) fn begins(&mut self) {
        self.begun += 1;
        self.anchor = self.next;
    }

    /// How long ticks take, where the interval is not kept: two in a row took longer. One alone is a hiccup.
    pub(super) fn late(&self) -> Option<Duration> {
        (self.late >= 2).then_some(self.took)
    }

    /// Its answer has come.
    pub(super) fn finished(&mut self, now: Instant) {
        self.took = now - self.anchor;
        self.late = if self.took > self.interval { self.late + 1 } else { 0 };
        self.hurry = self.begun == 1 && self.second == SecondSample::Soon;
        if self.hurry {
            // From the answer, not from the question: else a slow first call leaves next to no time between the two.
            self.anchor = now;
        }
        self.next = self.anchor + self.step();
        if self.next <= now {
            let missed = (now - self.anchor).as_nanos() / self.interval.as_nanos();
            self.next = self.anchor + self.interval * u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
    }

    /// What held up the last tick is gone around from now on. Where that cost a tick, the next one need not wait for the
    /// grid: a new one begins with it. Not at once, as rates over next to no time are noise.
    pub(super) fn bypassed(&mut self, now: Instant) {
        if self.late > 0 {
            self.next = self.next.min(now + self.interval / 2);
        }
    }

    /// Another pace, from the last tick on; at once where that has passed already.
    pub(super) fn set_interval(&mut self, interval: Interval, now: Instant) {
        self.interval = interval.duration();
        if self.begun > 0 {
            self.next = (self.anchor + self.step()).max(now);
        }
    }

    fn step(&self) -> Duration {
        if self.hurry { self.interval.min(SOON) } else { self.interval }
    }
}

/// How soon after an event the cheap look follows: enough for the events that come together.
const LOOK_AFTER: Duration = Duration::from_millis(50);
/// The least time between two looks, so that a storm of events costs three calls a second.
const LOOK_APART: Duration = Duration::from_millis(350);

/// The cheap look at who exists that an event asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatePoll {
    due: Option<Instant>,
    last: Option<Instant>,
}

impl StatePoll {
    /// Something has happened.
    pub(super) fn noticed(&mut self, now: Instant) {
        let soonest = now + LOOK_AFTER;
        self.due.get_or_insert(self.last.map_or(soonest, |last| soonest.max(last + LOOK_APART)));
    }

    /// When to look; `None`: there is no reason to.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The look begins.
    pub(super) fn begins(&mut self, now: Instant) {
        (self.due, self.last) = (None, Some(now));
    }

    /// A tick begins, which sees all that has happened up to now.
    pub(super) fn not_needed(&mut self) {
        self.due = None;
    }
}

/// The wait before the next attempt to connect: doubles until something works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    /// The wait where an attempt costs next to nothing: a daemon of this machine that comes back is seen within 2 s.
    pub(super) const AWAY: Duration = Duration::from_millis(700);
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(30);

    /// How long to wait now.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(Self::LONGEST);
        wait
    }

    /// The longest wait, for what will hardly get better.
    pub(super) fn longest(&mut self) -> Duration {
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
                schedule.begins();
                schedule.finished(due + call);
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
    async fn a_tick_that_was_missed_is_left_out() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        assert_eq!(ticks(start, &mut schedule, ms(2500), 3), [0, 3000, 6000]);
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        assert_eq!(ticks(start, &mut schedule, ms(1000), 3), [0, 2000, 4000], "the answer came as the next was due");
    }

    #[tokio::test(start_paused = true)]
    async fn what_held_it_up_is_gone_around_and_the_next_comes_soon() {
        let start = Instant::now();
        for (call, then) in [(800, [1000, 2000, 3000]), (1100, [1600, 2600, 3600]), (1900, [2000, 3000, 4000])] {
            let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
            schedule.begins();
            schedule.finished(start + ms(call));
            schedule.bypassed(start + ms(call));
            assert_eq!(ticks(start, &mut schedule, ms(100), 3), then);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_pace_counts_from_the_last_tick() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::OnTime);
        schedule.set_interval(interval(5000), start);
        assert_eq!(schedule.next(), start, "the first tick does not wait");
        schedule.begins();
        schedule.finished(start);
        schedule.set_interval(interval(2000), start + ms(500));
        assert_eq!(schedule.next(), start + ms(2000));
        schedule.set_interval(interval(100), start + ms(500));
        assert_eq!(schedule.next(), start + ms(500), "overdue: now");
    }

    #[tokio::test(start_paused = true)]
    async fn another_pace_during_a_call_moves_the_next_tick_only() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(5000), SecondSample::OnTime);
        schedule.begins();
        schedule.set_interval(interval(1000), start + ms(2000));
        schedule.finished(start + ms(2500));
        assert_eq!(schedule.next(), start + ms(3000));
    }

    #[tokio::test(start_paused = true)]
    async fn another_pace_leaves_the_hurry_of_the_second_tick() {
        let start = Instant::now();
        let mut schedule = Schedule::new(start, interval(1000), SecondSample::Soon);
        schedule.begins();
        schedule.finished(start);
        schedule.set_interval(interval(10_000), start + ms(10));
        assert_eq!(schedule.next(), start + ms(300));
    }

    #[tokio::test(start_paused = true)]
    async fn a_storm_of_events_costs_few_looks() {
        let start = Instant::now();
        let mut poll = StatePoll::default();
        let mut looks = Vec::new();
        for millisecond in 0..1000 {
            let now = start + ms(millisecond);
            poll.noticed(now);
            if poll.due().is_some_and(|due| due <= now) {
                poll.begins(now);
                looks.push(millisecond);
            }
        }
        assert_eq!(looks, [50, 400, 750]);
    }

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..7).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        let mut backoff = Backoff::default();
        assert_eq!((backoff.longest().as_secs(), backoff.next().as_secs()), (30, 30));
    }
}
