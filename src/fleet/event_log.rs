//! The latest events of a host.

use crate::model::Event;
use std::collections::VecDeque;
use uuid::Uuid;

/// How many events are kept for each host.
pub const EVENTS_KEPT: usize = 1000;

/// The latest [`EVENTS_KEPT`] events of a host. Events are numbered from 0; an event keeps its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    first: u64,
    kept: VecDeque<Event>,
}

impl EventLog {
    pub(crate) fn push(&mut self, event: Event) {
        if self.kept.len() == EVENTS_KEPT {
            self.kept.pop_front();
            self.first += 1;
        }
        self.kept.push_back(event);
    }

    /// The events with their numbers, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Event)> {
        self.kept.iter().enumerate().map(|(index, event)| (self.first + index as u64, event))
    }

    /// The event with that number; `None`: not kept any more, or not yet there.
    pub fn get(&self, number: u64) -> Option<&Event> {
        self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The events from that number on, oldest first, and how many of them are not kept any more.
    pub fn since(&self, number: u64) -> (impl Iterator<Item = &Event>, u64) {
        let skip = number.saturating_sub(self.first);
        (self.kept.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX)), self.first.saturating_sub(number))
    }

    /// The number that the next event will have.
    pub fn next_number(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    /// The events of a domain, newest first.
    pub fn of_domain(&self, uuid: Uuid) -> impl Iterator<Item = &Event> {
        self.kept.iter().rev().filter(move |event| event.domain.as_ref().is_some_and(|domain| domain.uuid == uuid))
    }

    /// The newest event.
    pub fn last(&self) -> Option<&Event> {
        self.kept.back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventKind;
    use crate::time::Timestamp;
    use std::time::Duration;

    fn event(second: u64) -> Event {
        let at = Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH);
        Event { at, domain: None, kind: EventKind::Rebooted }
    }

    #[test]
    fn the_oldest_events_are_dropped_and_the_others_keep_their_numbers() {
        let mut log = EventLog::default();
        assert_eq!((log.next_number(), log.last()), (0, None));
        let total = EVENTS_KEPT as u64 + 10;
        (0..total).for_each(|second| log.push(event(second)));
        assert_eq!(log.next_number(), total);
        assert_eq!((log.get(9), log.get(10), log.get(total)), (None, Some(&event(10)), None));
        assert_eq!(log.iter().next(), Some((10, &event(10))));
        assert_eq!(log.iter().next_back(), Some((total - 1, &event(total - 1))));
    }

    #[test]
    fn a_reader_learns_how_many_events_it_missed() {
        let mut log = EventLog::default();
        (0..5).for_each(|second| log.push(event(second)));
        let (since, missed) = log.since(3);
        assert_eq!((since.collect::<Vec<_>>(), missed), (vec![&event(3), &event(4)], 0));
        (5..EVENTS_KEPT as u64 + 10).for_each(|second| log.push(event(second)));
        let (since, missed) = log.since(5);
        assert_eq!((since.count(), missed), (EVENTS_KEPT, 5));
        assert_eq!(log.since(log.next_number()).0.count(), 0);
    }
}
