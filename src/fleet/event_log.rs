//! The latest events of a host.

use crate::model::Event;
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use uuid::Uuid;

/// How many events are kept for each host. Equal events in a row count as one.
pub const EVENTS_KEPT: usize = 1000;

/// The longest time between two equal events that are counted as a row of events.
const LONGEST_GAP: Duration = Duration::from_secs(300);
/// How many of the newest events are searched for an equal one.
const SEARCHED: usize = 64;

/// The latest [`EVENTS_KEPT`] events of a host, numbered from 0. Equal events of a domain in a row are one entry with a count, so
/// that a start that fails again and again does not push the others out; an entry keeps its number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    first: u64,
    kept: VecDeque<Entry>,
    /// The number of the first event in `latest`, where each event has a number of its own.
    first_latest: u64,
    /// The latest events one by one, for readers that write every event.
    latest: VecDeque<Event>,
}

/// An event, and how often it came in a row.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    /// The newest of the row.
    event: Event,
    repeated: Repeated,
}

/// How often an event came in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// How often; 1: it was not repeated.
    pub times: u64,
    /// When it came first.
    pub since: Timestamp,
}

impl Repeated {
    /// The words for a row of events; `None`: it came once. `since`: the time of the first one.
    pub fn describe(&self, since: &str) -> Option<String> {
        (self.times > 1).then(|| format!("{} times since {since}", self.times))
    }
}

impl EventLog {
    pub(crate) fn push(&mut self, event: Event) {
        if self.latest.len() == EVENTS_KEPT {
            self.latest.pop_front();
            self.first_latest += 1;
        }
        self.latest.push_back(event.clone());
        let domain = |event: &Event| event.domain.as_ref().map(|domain| domain.uuid);
        let mut newest = self.kept.iter_mut().rev().take(SEARCHED);
        if let Some(entry) = newest.find(|entry| domain(&entry.event) == domain(&event))
            && entry.event.kind == event.kind
            && event.at.since(entry.event.at).is_none_or(|gap| gap <= LONGEST_GAP)
        {
            entry.repeated.times += 1;
            entry.event = event;
            return;
        }
        if self.kept.len() == EVENTS_KEPT {
            self.kept.pop_front();
            self.first += 1;
        }
        let repeated = Repeated { times: 1, since: event.at };
        self.kept.push_back(Entry { event, repeated });
    }

    /// The events with their numbers, oldest first. Of equal events in a row only the newest one.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Event)> {
        self.kept.iter().enumerate().map(|(index, entry)| (self.first + index as u64, &entry.event))
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.kept.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The event with that number; `None`: not kept any more, or not yet there.
    pub fn get(&self, number: u64) -> Option<&Event> {
        self.entry(number).map(|entry| &entry.event)
    }

    /// How often the event with that number came in a row; `None` as for [`EventLog::get`].
    pub fn repeated(&self, number: u64) -> Option<Repeated> {
        self.entry(number).map(|entry| entry.repeated)
    }

    /// Every event from the one with the number `next` on, oldest first, and how many of them are not kept any more. These numbers are
    /// those of [`EventLog::next_number`]: each event has one.
    pub fn since(&self, next: u64) -> (impl Iterator<Item = &Event>, u64) {
        let skip = next.saturating_sub(self.first_latest);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        (self.latest.iter().skip(skip), self.first_latest.saturating_sub(next))
    }

    /// The number that the next event will have for [`EventLog::since`].
    pub fn next_number(&self) -> u64 {
        self.first_latest + self.latest.len() as u64
    }

    /// The events of a domain, newest first, with the number of each one.
    pub fn of_domain(&self, uuid: Uuid) -> impl Iterator<Item = (u64, &Event)> {
        self.iter().rev().filter(move |(_, event)| event.domain.as_ref().is_some_and(|domain| domain.uuid == uuid))
    }

    /// The newest event.
    pub fn last(&self) -> Option<&Event> {
        self.latest.back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventDomain, EventKind};

    fn at(second: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH)
    }

    /// An event of the host that differs from all others.
    fn event(second: u64) -> Event {
        Event { at: at(second), domain: None, kind: EventKind::LeftOut(second) }
    }

    fn of(domain: u128, kind: EventKind, second: u64) -> Event {
        let domain = Some(EventDomain { uuid: Uuid::from_u128(domain), name: "guest".to_owned() });
        Event { at: at(second), domain, kind }
    }

    #[test]
    fn equal_events_in_a_row_are_counted_and_push_nothing_out() {
        let mut log = EventLog::default();
        log.push(of(1, EventKind::Rebooted, 0));
        log.push(of(2, EventKind::Rebooted, 0));
        for second in 1..=2000 {
            log.push(of(1, EventKind::ControlError, second));
            log.push(of(2, EventKind::DeviceAdded("vdb".into()), second));
        }
        let entries: Vec<_> = log.iter().collect();
        assert_eq!(
            entries,
            [
                (0, &of(1, EventKind::Rebooted, 0)),
                (1, &of(2, EventKind::Rebooted, 0)),
                (2, &of(1, EventKind::ControlError, 2000)),
                (3, &of(2, EventKind::DeviceAdded("vdb".into()), 2000)),
            ]
        );
        assert_eq!(log.repeated(0), Some(Repeated { times: 1, since: at(0) }));
        assert_eq!(log.repeated(2), Some(Repeated { times: 2000, since: at(1) }));
        assert_eq!(log.repeated(4), None);
        log.push(of(1, EventKind::Rebooted, 2001));
        log.push(of(1, EventKind::ControlError, 2002));
        assert_eq!(log.repeated(5), Some(Repeated { times: 1, since: at(2002) }), "another event came between");
        log.push(of(1, EventKind::ControlError, 2302));
        log.push(of(1, EventKind::ControlError, 2603));
        assert_eq!(
            (log.repeated(5).unwrap().times, log.repeated(6).unwrap().times),
            (2, 1),
            "after more than five minutes"
        );
        assert_eq!((log.next_number(), log.since(4002).0.count()), (4006, 4), "a reader gets each of them");
    }

    #[test]
    fn a_row_of_events_has_words() {
        let words = |times| Repeated { times, since: at(0) }.describe("09:01:40");
        assert_eq!((words(1), words(146).as_deref()), (None, Some("146 times since 09:01:40")));
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
