//! A host's time axis: which sample was when, and where nothing was sampled.

use crate::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Samples that are kept: 15 minutes at one a second.
pub const HISTORY_TICKS: usize = 900;

/// A place on a host's time axis: the running number of a sample.
pub type Tick = u64;

/// Where a reader stands in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeCursor {
    /// At the newest sample, moving with it.
    #[default]
    Live,
    /// At a moment of the past, in monotonic time.
    At(Duration),
}

/// A [`TimeCursor`] on one host's time axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The newest figures.
    Latest,
    /// The figures of a tick, and when that was.
    Tick(Tick, Timestamp),
}

/// One sample's stretch of time: what a rate of it is the mean of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The sample.
    pub tick: Tick,
    /// Where it begins: at the sample before, or at its own end after an outage.
    pub from: Duration,
    /// Where it ends: when the sample was taken.
    pub to: Duration,
}

/// A host's time axis. All its histories share it, so that charts line up.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    first: Tick,
    stamps: VecDeque<Timestamp>,
    /// Ticks before which nobody watched.
    outages: VecDeque<Tick>,
}

impl Timeline {
    /// Adds the moment of a new sample and gives its tick. `after_outage`: the host was not watched since the last one.
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

    /// The oldest tick that is still known.
    pub fn first(&self) -> Tick {
        self.first
    }

    /// When a tick was; `None` outside what is kept.
    pub fn stamp(&self, tick: Tick) -> Option<Timestamp> {
        self.stamps.get(usize::try_from(tick.checked_sub(self.first)?).ok()?).copied()
    }

    /// The newest tick that is not after the cursor; the oldest one where the cursor is before all.
    pub fn when(&self, cursor: TimeCursor) -> When {
        let TimeCursor::At(moment) = cursor else { return When::Latest };
        let index = self.stamps.partition_point(|stamp| stamp.monotonic <= moment).saturating_sub(1);
        self.stamps.get(index).map_or(When::Latest, |stamp| When::Tick(self.first + index as Tick, *stamp))
    }

    /// The samples whose stretch of time ends after `from` and begins before `to`, oldest first.
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
    fn the_timeline_forgets_its_oldest() {
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
    fn a_cursor_stands_on_the_newest_sample_that_is_not_after_it() {
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
