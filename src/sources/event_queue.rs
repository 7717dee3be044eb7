//! A bounded queue of events.

use crate::model::{Event, EventKind};
use crate::time::Timestamp;
use std::collections::VecDeque;

/// Events that may wait: some megabytes.
pub const MAX_WAITING_EVENTS: usize = 10_000;

/// Events in their order. It has room for [`MAX_WAITING_EVENTS`]; later events are counted, and their number takes their place.
#[derive(Debug, Default)]
pub struct EventQueue {
    waiting: VecDeque<Event>,
    /// How many events after `waiting` are left out, and the time of the last one.
    left_out: Option<(u64, Timestamp)>,
}

impl EventQueue {
    /// Adds an event, or counts it if there is no room.
    pub fn push(&mut self, event: Event) {
        if self.left_out.is_none() && self.waiting.len() < MAX_WAITING_EVENTS {
            self.waiting.push_back(event);
            return;
        }
        let before = self.left_out.map_or(0, |(count, _)| count);
        let more = if let EventKind::LeftOut(count) = event.kind { count } else { 1 };
        self.left_out = Some((before.saturating_add(more), event.at));
    }

    /// Takes the oldest event. After those that had room comes one [`EventKind::LeftOut`] for those that had none.
    pub fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front().or_else(|| {
            let (count, at) = self.left_out.take()?;
            Some(Event { at, domain: None, kind: EventKind::LeftOut(count) })
        })
    }

    /// How many events wait, those that are left out not among them.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no event waits and none is left out.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.left_out.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn event(second: u64, kind: EventKind) -> Event {
        Event { at: Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH), domain: None, kind }
    }

    fn rebooted(second: u64) -> Event {
        event(second, EventKind::Rebooted)
    }

    fn full() -> EventQueue {
        let mut queue = EventQueue::default();
        (0..10_000).for_each(|number| queue.push(rebooted(number)));
        queue
    }

    #[test]
    fn events_without_room_are_counted_in_their_place() {
        let mut queue = full();
        (10_000..1_000_000).for_each(|number| queue.push(rebooted(number)));
        assert_eq!(queue.len(), 10_000);
        for number in 0..10_000 {
            assert_eq!(queue.pop(), Some(rebooted(number)));
        }
        assert!(!queue.is_empty());
        assert_eq!(queue.pop(), Some(event(999_999, EventKind::LeftOut(990_000))));
        assert_eq!(queue.pop(), None);
        queue.push(rebooted(1));
        assert_eq!(queue.pop(), Some(rebooted(1)), "there is room again");
    }

    #[test]
    fn an_event_after_those_that_are_left_out_does_not_come_before_their_number() {
        let mut queue = full();
        queue.push(rebooted(10_000));
        assert_eq!(queue.pop(), Some(rebooted(0)));
        queue.push(rebooted(10_001));
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest.len(), 10_000);
        assert_eq!(rest.last(), Some(&event(10_001, EventKind::LeftOut(2))));
    }

    #[test]
    fn the_number_of_events_that_were_left_out_elsewhere_is_added() {
        let mut queue = full();
        queue.push(event(10_000, EventKind::LeftOut(40)));
        queue.push(rebooted(10_001));
        assert_eq!(std::iter::from_fn(|| queue.pop()).last(), Some(event(10_001, EventKind::LeftOut(41))));
    }
}
