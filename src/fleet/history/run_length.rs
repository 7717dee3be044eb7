//! Run-length encoded history of a value that rarely changes.

use crate::fleet::history::timeline::{HISTORY_TICKS, Tick};
use std::collections::VecDeque;

/// Run-length encoded history of a value that rarely changes: each value with its first tick.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunLength<T>(VecDeque<(Tick, T)>);

impl<T> Default for RunLength<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Copy + PartialEq> RunLength<T> {
    /// Appends the value of the newest tick.
    pub(crate) fn commit(&mut self, tick: Tick, now: T) {
        if self.0.back().is_none_or(|(_, last)| *last != now) {
            self.0.push_back((tick, now));
        }
        let oldest = (tick + 1).saturating_sub(HISTORY_TICKS as Tick);
        while self.0.get(1).is_some_and(|(from, _)| *from <= oldest) {
            self.0.pop_front();
        }
    }

    /// Whether no value was written yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kept values up to a tick, each once for each time that it began, the oldest first.
    pub(crate) fn until(&self, tick: Tick) -> impl Iterator<Item = T> {
        self.0.iter().take_while(move |(from, _)| *from <= tick).map(|(_, value)| *value)
    }

    /// The value at a tick; `None`: before the first value, or too old.
    pub(crate) fn at(&self, tick: Tick) -> Option<T> {
        let after = self.0.partition_point(|(from, _)| *from <= tick);
        Some(self.0.get(after.checked_sub(1)?)?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Condition;
    use crate::model::{DomainState, Groups, StateReason};

    fn run(run: u32) -> Condition {
        let (state, reason) = (DomainState::Running, StateReason(1));
        Condition {
            run: Some(run),
            state,
            reason,
            blocked: None,
            io_error: None,
            vcpus: None,
            used_with_cache: false,
            covers_pause: Groups::empty(),
        }
    }

    #[test]
    fn each_tick_has_its_own_value() {
        let mut conditions = RunLength::default();
        for (tick, now) in [(3, run(1)), (4, run(1)), (7, run(2))] {
            conditions.commit(tick, now);
        }
        let seen: Vec<_> = (2..=8).map(|tick| conditions.at(tick)).collect();
        let [one, two] = [run(1), run(2)].map(Some);
        assert_eq!(seen, [None, one, one, one, one, two, two]);
    }

    #[test]
    fn values_that_are_too_old_are_dropped() {
        let mut conditions = RunLength::default();
        for tick in 0..3 * HISTORY_TICKS as Tick {
            conditions.commit(tick, run(tick as u32));
            assert!(conditions.0.len() <= HISTORY_TICKS);
        }
        let oldest = 2 * HISTORY_TICKS as Tick;
        assert_eq!(conditions.at(oldest), Some(run(oldest as u32)));
        assert_eq!(conditions.at(oldest - 1), None);
    }
}
