//! The figures of one thing over time: the newest with full precision, the past to three digits, in a ring of fixed size.

use super::code;
use super::history::{self, Column, History};
use super::metric::Metric;
use super::page::Page;
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::marker::PhantomData;
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
            .take_while(move |span| span.from < to)
    }

    fn span(&self, index: usize, stamp: Timestamp) -> Span {
        let tick = self.first + index as Tick;
        let alone = index == 0 || self.outages.binary_search(&tick).is_ok();
        let from = if alone { stamp.monotonic } else { self.stamps[index - 1].monotonic };
        Span { tick, from, to: stamp.monotonic }
    }
}

/// All figures of one thing over time.
#[derive(Clone, Debug)]
pub struct Track<M> {
    /// The newest figures; NaN where there is none.
    latest: Box<[f64]>,
    /// The tick that the newest figures were written down for; `None` once one of them was changed.
    written: Option<Tick>,
    history: History,
    metric: PhantomData<M>,
}

impl<M: Metric> Default for Track<M> {
    fn default() -> Self {
        const { assert!(M::ALL.len() <= history::MOST_COLUMNS) };
        Self {
            latest: vec![f64::NAN; M::ALL.len()].into_boxed_slice(),
            written: None,
            history: History::default(),
            metric: PhantomData,
        }
    }
}

impl<M: Metric> Track<M> {
    /// The newest figure. `None`: there is none, which is not 0.
    pub fn latest(&self, metric: M) -> Option<f64> {
        known(self.latest[metric.index()])
    }

    /// The figure at a tick: to three digits, and that of the newest tick in full. `None` in a gap or outside what is
    /// kept.
    pub fn at(&self, metric: M, tick: Tick) -> Option<f64> {
        self.past(metric).at(tick)
    }

    /// A figure over time, for who reads many ticks of it.
    pub fn past(&self, metric: M) -> Past<'_> {
        let newest = self.written.map(|tick| (tick, self.latest(metric)));
        Past { newest, column: self.history.column(metric.index(), M::ALL.len()) }
    }

    /// The newest figure, or the one at a tick.
    pub fn value(&self, metric: M, when: When) -> Option<f64> {
        match when {
            When::Latest => self.latest(metric),
            When::Tick(tick, _) => self.at(metric, tick),
        }
    }

    /// Sets the newest figure. What is not a finite number is a gap.
    pub(super) fn set(&mut self, metric: M, value: Option<f64>) {
        self.latest[metric.index()] = value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
        self.written = None;
    }

    /// Forgets the newest figures: there are none now.
    pub(super) fn clear(&mut self) {
        self.latest.fill(f64::NAN);
        self.written = None;
    }

    /// Writes the newest figures down as those of `tick`. Ticks that were left out become gaps. `phase` is any number
    /// that stays the same for this thing, and is another one for its neighbours.
    pub(super) fn commit(&mut self, tick: Tick, phase: Tick, page: &mut Page) {
        if self.written.is_some_and(|last| last + 1 == tick) && self.history.push_same(tick, phase, M::ALL.len(), page)
        {
            self.written = Some(tick);
            return;
        }
        let mut row = [code::NONE; history::MOST_COLUMNS];
        row.iter_mut().zip(&self.latest).for_each(|(code, value)| *code = code::encode(*value));
        self.history.push(tick, phase, &row[..M::ALL.len()], page);
        self.written = Some(tick);
    }
}

/// A figure over time.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    newest: Option<(Tick, Option<f64>)>,
    column: Column<'a>,
}

impl Past<'_> {
    /// The figure at a tick, as [`Track::at`] gives it.
    pub fn at(&mut self, tick: Tick) -> Option<f64> {
        match self.newest {
            Some((newest, value)) if newest == tick => value,
            _ => code::decode(self.column.at(tick)),
        }
    }
}

fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::metric::HostCpuMetric::{self, Use};
    use super::*;

    fn stamp(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds), jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn ticks_that_were_left_out_are_gaps() {
        let mut track = Track::<HostCpuMetric>::default();
        track.set(Use, Some(1.0));
        track.commit(5, 0, &mut Page::default());
        track.set(Use, Some(2.0));
        track.commit(8, 0, &mut Page::default());
        let seen: Vec<_> = (4..=9).map(|tick| track.at(Use, tick)).collect();
        assert_eq!(seen, [None, Some(1.0), None, None, Some(2.0), None]);
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let mut track = Track::<HostCpuMetric>::default();
        for bad in [f64::NAN, f64::INFINITY] {
            track.set(Use, Some(bad));
            assert_eq!(track.latest(Use), None);
        }
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

    /// The newest figures are as they were set until they change; then they are of the past.
    #[test]
    fn the_newest_figures_are_exact() {
        let mut track = Track::<HostCpuMetric>::default();
        track.set(Use, Some(12.34567));
        track.commit(0, 0, &mut Page::default());
        assert_eq!(track.at(Use, 0), Some(12.34567));
        track.clear();
        assert_eq!((track.latest(Use), track.at(Use, 0)), (None, Some(12.34375)));
    }
}
