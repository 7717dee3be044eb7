//! All figures of one device, domain or host over time: the newest with full precision, the past with three digits.

use super::quantize;
use super::ring::{self, Column, History};
use crate::fleet::history::arena::Arena;
use crate::fleet::history::timeline::{Tick, When};
use crate::fleet::metric::Metric;
use std::marker::PhantomData;

/// All figures of one device, domain or host over time.
#[derive(Clone, Debug)]
pub struct Series<M> {
    /// The newest figures; NaN: none.
    latest: Box<[f64]>,
    /// The tick whose row in the history is the newest figures; `None` after one of them was set.
    written: Option<Tick>,
    history: History,
    metric: PhantomData<M>,
}

/// Equal newest figures, bit by bit (NaN is "none"), and equal history.
impl<M> PartialEq for Series<M> {
    fn eq(&self, other: &Self) -> bool {
        let bits = |value: &f64| value.to_bits();
        self.latest.iter().map(bits).eq(other.latest.iter().map(bits))
            && (self.written, &self.history) == (other.written, &other.history)
    }
}

impl<M: Metric> Default for Series<M> {
    fn default() -> Self {
        const { assert!(M::ALL.len() <= ring::MOST_COLUMNS) };
        Self {
            latest: vec![f64::NAN; M::ALL.len()].into_boxed_slice(),
            written: None,
            history: History::default(),
            metric: PhantomData,
        }
    }
}

impl<M: Metric> Series<M> {
    /// True if no figure was ever written to the history.
    pub(crate) fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    /// The newest figure; `None`: unknown, which is not 0.
    pub fn latest(&self, metric: M) -> Option<f64> {
        known(self.latest[metric.index()])
    }

    /// The figure at a tick, with three digits; at the newest tick with full precision. `None`: a gap, or too old.
    pub fn at(&self, metric: M, tick: Tick) -> Option<f64> {
        self.past(metric).at(tick)
    }

    /// A figure over time; faster than [`Series::at`] for many ticks.
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

    /// Sets the newest figure. A number that is not finite becomes a gap.
    pub(crate) fn set(&mut self, metric: M, value: Option<f64>) {
        self.latest[metric.index()] = value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
        self.written = None;
    }

    /// Clears the newest figures.
    pub(crate) fn clear(&mut self) {
        self.latest.fill(f64::NAN);
        self.written = None;
    }

    /// Writes the newest figures to the history, as those of `tick`. Skipped ticks become gaps. `block_offset`: any number
    /// that is constant for this series; see [`History::push`].
    pub(crate) fn commit(&mut self, tick: Tick, block_offset: Tick, arena: &mut Arena) {
        if self.written.is_some_and(|last| last + 1 == tick)
            && self.history.push_same(tick, block_offset, M::ALL.len(), arena)
        {
            self.written = Some(tick);
            return;
        }
        let mut row = [quantize::NONE; ring::MOST_COLUMNS];
        row.iter_mut().zip(&self.latest).for_each(|(code, value)| *code = quantize::encode(*value));
        self.history.push(tick, block_offset, &row[..M::ALL.len()], arena);
        self.written = Some(tick);
    }
}

/// One figure over time.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    newest: Option<(Tick, Option<f64>)>,
    column: Column<'a>,
}

impl Past<'_> {
    /// The figure at a tick, as [`Series::at`] gives it.
    pub fn at(&mut self, tick: Tick) -> Option<f64> {
        match self.newest {
            Some((newest, value)) if newest == tick => value,
            _ => quantize::decode(self.column.at(tick)),
        }
    }
}

fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::metric::HostCpuMetric::{self, Use};

    #[test]
    fn skipped_ticks_are_gaps() {
        let mut series = Series::<HostCpuMetric>::default();
        series.set(Use, Some(1.0));
        series.commit(5, 0, &mut Arena::default());
        series.set(Use, Some(2.0));
        series.commit(8, 0, &mut Arena::default());
        let seen: Vec<_> = (4..=9).map(|tick| series.at(Use, tick)).collect();
        assert_eq!(seen, [None, Some(1.0), None, None, Some(2.0), None]);
    }

    #[test]
    fn a_number_that_is_not_finite_is_a_gap() {
        let mut series = Series::<HostCpuMetric>::default();
        for bad in [f64::NAN, f64::INFINITY] {
            series.set(Use, Some(bad));
            assert_eq!(series.latest(Use), None);
        }
    }

    #[test]
    fn the_newest_figure_is_exact_until_the_next_one_is_set() {
        let mut series = Series::<HostCpuMetric>::default();
        series.set(Use, Some(12.34567));
        series.commit(0, 0, &mut Arena::default());
        assert_eq!(series.at(Use, 0), Some(12.34567));
        series.clear();
        assert_eq!((series.latest(Use), series.at(Use, 0)), (None, Some(12.34375)));
    }
}
