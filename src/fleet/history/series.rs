//! The figures of one thing over time: the newest with full precision, the past to three digits, in a ring of fixed size.

use super::quantize;
use super::ring::{self, Column, History};
use crate::fleet::history::arena::Arena;
use crate::fleet::history::timeline::{Tick, When};
use crate::fleet::metric::Metric;
use std::marker::PhantomData;

/// All figures of one thing over time.
#[derive(Clone, Debug)]
pub struct Series<M> {
    /// The newest figures; NaN where there is none.
    latest: Box<[f64]>,
    /// The tick that the newest figures were written down for; `None` once one of them was changed.
    written: Option<Tick>,
    history: History,
    metric: PhantomData<M>,
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
    pub(crate) fn set(&mut self, metric: M, value: Option<f64>) {
        self.latest[metric.index()] = value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
        self.written = None;
    }

    /// Forgets the newest figures: there are none now.
    pub(crate) fn clear(&mut self) {
        self.latest.fill(f64::NAN);
        self.written = None;
    }

    /// Writes the newest figures down as those of `tick`. Ticks that were left out become gaps. `phase` is any number
    /// that stays the same for this thing, and is another one for its neighbours.
    pub(crate) fn commit(&mut self, tick: Tick, phase: Tick, arena: &mut Arena) {
        if self.written.is_some_and(|last| last + 1 == tick) && self.history.push_same(tick, phase, M::ALL.len(), arena)
        {
            self.written = Some(tick);
            return;
        }
        let mut row = [quantize::NONE; ring::MOST_COLUMNS];
        row.iter_mut().zip(&self.latest).for_each(|(code, value)| *code = quantize::encode(*value));
        self.history.push(tick, phase, &row[..M::ALL.len()], arena);
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
    fn ticks_that_were_left_out_are_gaps() {
        let mut series = Series::<HostCpuMetric>::default();
        series.set(Use, Some(1.0));
        series.commit(5, 0, &mut Arena::default());
        series.set(Use, Some(2.0));
        series.commit(8, 0, &mut Arena::default());
        let seen: Vec<_> = (4..=9).map(|tick| series.at(Use, tick)).collect();
        assert_eq!(seen, [None, Some(1.0), None, None, Some(2.0), None]);
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let mut series = Series::<HostCpuMetric>::default();
        for bad in [f64::NAN, f64::INFINITY] {
            series.set(Use, Some(bad));
            assert_eq!(series.latest(Use), None);
        }
    }

    /// The newest figures are as they were set until they change; then they are of the past.
    #[test]
    fn the_newest_figures_are_exact() {
        let mut series = Series::<HostCpuMetric>::default();
        series.set(Use, Some(12.34567));
        series.commit(0, 0, &mut Arena::default());
        assert_eq!(series.at(Use, 0), Some(12.34567));
        series.clear();
        assert_eq!((series.latest(Use), series.at(Use, 0)), (None, Some(12.34375)));
    }
}
