//! The time axis of a host: when each full sample was taken, and between which samples there was no figure.

use crate::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// How many samples the history keeps: 15 minutes at one sample per second.
pub const HISTORY_TICKS: usize = 900;

/// The running number of a full sample on the time axis of a host, from 0.
pub type Tick = u64;

/// The time whose figures are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeCursor {
    /// The newest sample.
    #[default]
    Live,
    /// A time in the past: the monotonic part of a [`Timestamp`].
    At(Duration),
}

/// A [`TimeCursor`] on the time axis of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The newest figures.
    Latest,
    /// The figures of a tick, and its time.
    Tick(Tick, Timestamp),
}

/// The interval that the rates of one sample cover. Times are the monotonic parts of timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The sample.
    pub tick: Tick,
    /// Its start: when the previous sample was taken. After an outage, and for the oldest sample that is kept, the same as `to`.
    pub from: Duration,
    /// Its end: when the sample was taken.
    pub to: Duration,
}

/// The time axis of a host. All of the host's series share it, so their charts line up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    first: Tick,
    stamps: VecDeque<Timestamp>,
    /// Ticks before which there was an outage.
    outages: VecDeque<Tick>,
}

impl Timeline {
    /// Appends a sample and returns its tick. `after_outage`: there was no figure since the last sample, because the
    /// connection was down or because samples were missed.
    pub fn push(&mut self, at: Timestamp, after_outage: bool) -> Tick {
        if self.stamps.len() == HISTORY_TICKS {
            self.stamps.pop_front();
            self.first += 1;
            if self.outages.front().is_some_and(|&tick| tick < self.first) {
                self.outages.pop_front();
            }
        }
        self.stamps.push_back(at);
        let tick = self.first + self.stamps.len() as Tick - 1;
        if after_outage {
            self.outages.push_back(tick);
        }
        tick
    }

    /// The newest tick; `None` before the first sample.
    pub fn last(&self) -> Option<Tick> {
        (self.first + self.stamps.len() as Tick).checked_sub(1).filter(|_| !self.stamps.is_empty())
    }

    /// The oldest tick that is kept.
    pub fn first(&self) -> Tick {
        self.first
    }

    /// The time of a tick; `None`: not kept.
    pub fn stamp(&self, tick: Tick) -> Option<Timestamp> {
        self.stamps.get(usize::try_from(tick.checked_sub(self.first)?).ok()?).copied()
    }

    /// The newest tick that is not after the cursor; the oldest tick if all are after it.
    pub fn when(&self, cursor: TimeCursor) -> When {
        let TimeCursor::At(moment) = cursor else { return When::Latest };
        let index = self.stamps.partition_point(|stamp| stamp.monotonic <= moment).saturating_sub(1);
        self.stamps.get(index).map_or(When::Latest, |stamp| When::Tick(self.first + index as Tick, *stamp))
    }

    /// The samples whose interval ends after `from` and starts before `to` or ends at `to`, oldest first.
    pub fn spans(&self, from: Duration, to: Duration) -> impl Iterator<Item = Span> + '_ {
        let start = self.stamps.partition_point(|stamp| stamp.monotonic <= from);
        self.stamps
            .range(start..)
            .enumerate()
            .map(move |(offset, stamp)| self.span(start + offset, *stamp))
            .take_while(move |span| span.to <= to || span.from < to)
    }

    fn span(&self, index: usize, stamp: Timestamp) -> Span {
        let tick = self.first + index as Tick;
        let alone = index == 0 || self.outages.binary_search(&tick).is_ok();
        let from = if alone { stamp.monotonic } else { self.stamps[index - 1].monotonic };
        Span { tick, from, to: stamp.monotonic }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds), jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_oldest_samples_are_dropped() {
        let mut timeline = Timeline::default();
        assert_eq!(timeline.last(), None);
        for second in 0..HISTORY_TICKS as u64 + 10 {
            assert_eq!(timeline.push(stamp(second), false), second);
        }
        assert_eq!(timeline.first(), 10);
        assert_eq!(timeline.stamp(9), None);
        assert_eq!(timeline.stamp(10), Some(stamp(10)));
        let ticks = |from, to| {
            let spans = timeline.spans(Duration::from_secs(from), Duration::from_secs(to));
            spans.map(|span| span.tick).collect::<Vec<_>>()
        };
        assert_eq!(ticks(20, 23), [21, 22, 23]);
        assert_eq!(ticks(0, 11), [10, 11]);
    }

    #[test]
    fn a_span_begins_at_the_sample_before_but_not_across_an_outage() {
        let mut timeline = Timeline::default();
        timeline.push(stamp(1), false);
        timeline.push(stamp(3), false);
        timeline.push(stamp(60), true);
        let spans: Vec<_> = timeline.spans(Duration::ZERO, Duration::from_secs(100)).collect();
        let seconds: Vec<_> = spans.iter().map(|span| (span.from.as_secs(), span.to.as_secs())).collect();
        assert_eq!(seconds, [(1, 1), (1, 3), (60, 60)]);
    }

    #[test]
    fn a_cursor_means_the_newest_sample_that_is_not_after_it() {
        let mut timeline = Timeline::default();
        for second in [1, 2, 5] {
            timeline.push(stamp(second), false);
        }
        let when = |seconds| timeline.when(TimeCursor::At(Duration::from_secs(seconds)));
        assert_eq!(timeline.when(TimeCursor::Live), When::Latest);
        assert_eq!(
            [when(0), when(1), when(4), when(9)],
            [(0, 1), (0, 1), (1, 2), (2, 5)].map(|(tick, second)| When::Tick(tick, stamp(second)))
        );
    }
}
