//! Which events the user has seen. It is state of the screen and not of the fleet, which is the same in a replay and in
//! every output.

use super::screen::Screen;
use crate::fleet::{Domain, DomainId, Fleet, Host, HostId, TimeCursor};
use crate::model::Event;
use crate::table::List;
use std::collections::BTreeMap;
use std::time::Duration;

/// Up to which monotonic time events were seen. Events become seen when the user leaves the screen that shows them, so
/// that none disappears while it is read.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    hosts: BTreeMap<HostId, Duration>,
    domains: BTreeMap<DomainId, Duration>,
}

impl Seen {
    /// Up to when the events of a domain were seen; `None`: never.
    pub fn of(&self, id: DomainId) -> Option<Duration> {
        self.hosts.get(&id.host).max(self.domains.get(&id)).copied()
    }

    /// Whether an event was seen.
    pub fn contains(&self, host: HostId, event: &Event) -> bool {
        let until = match &event.domain {
            Some(domain) => self.of(DomainId { host, uuid: domain.uuid }),
            None => self.hosts.get(&host).copied(),
        };
        until.is_some_and(|until| event.at.monotonic <= until)
    }

    fn see_host(&mut self, host: HostId, until: Duration) {
        let mark = self.hosts.entry(host).or_default();
        *mark = until.max(*mark);
        let mark = *mark;
        self.domains.retain(|id, until| id.host != host || *until > mark);
    }

    fn see_domain(&mut self, id: DomainId, until: Duration) {
        let mark = self.domains.entry(id).or_default();
        *mark = until.max(*mark);
    }
}

/// True if `moment` is not after the cursor.
pub(super) fn is_past(cursor: TimeCursor, moment: Duration) -> bool {
    match cursor {
        TimeCursor::Live => true,
        TimeCursor::At(now) => moment <= now,
    }
}

/// Events of a host that had happened at the time that the screen shows, with their numbers, oldest first. Of equal events in a
/// row the first one counts.
pub(super) fn shown(host: &Host, cursor: TimeCursor) -> impl DoubleEndedIterator<Item = (u64, &Event)> {
    let begin = |number| host.events.repeated(number).map_or(Duration::ZERO, |repeated| repeated.since.monotonic);
    host.events.iter().filter(move |(number, _)| is_past(cursor, begin(*number)))
}

/// Events of all hosts that the user has not seen: their number, and the newest with its host.
pub(super) fn unseen<'a>(seen: &Seen, cursor: TimeCursor, fleet: &'a Fleet) -> Option<(usize, HostId, &'a Event)> {
    let hosts = fleet.hosts().iter().enumerate();
    let all = hosts.flat_map(|(id, host)| host.events.iter().map(move |(_, event)| (id, event)));
    let mut newest: Option<(HostId, &Event)> = None;
    let mut count = 0;
    for (id, event) in all {
        if seen.contains(id, event) || !is_past(cursor, event.at.monotonic) {
            continue;
        }
        count += 1;
        if newest.is_none_or(|(_, newest)| newest.at.monotonic <= event.at.monotonic) {
            newest = Some((id, event));
        }
    }
    newest.map(|(id, event)| (count, id, event))
}

/// The events that the screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looking {
    AtAll,
    At(DomainId),
}

/// Which events the screen shows. A filtered list shows only some, so it counts as `None`.
pub(super) fn looking(screen: Screen<'_>, filtered: bool) -> Option<Looking> {
    match screen {
        Screen::List(List::Events) if !filtered => Some(Looking::AtAll),
        Screen::List(_) => None,
        Screen::Domain(view) => Some(Looking::At(view.id)),
        Screen::Device(id, _) => Some(Looking::At(id)),
    }
}

/// Marks the events of a screen as seen when the user leaves it.
pub(super) fn leave(seen: &mut Seen, cursor: TimeCursor, fleet: &Fleet, left: Looking) {
    for (host, known) in fleet.hosts().iter().enumerate() {
        let shown = |at: &Duration| is_past(cursor, *at);
        // A pause on an I/O error may be known from the state alone, without an event.
        let paused = |domain: &Domain| domain.io_error.map(|pause| pause.at.monotonic);
        match left {
            Looking::AtAll => {
                let told = known.events.iter().map(|(_, event)| event.at.monotonic);
                if let Some(until) = told.chain(known.domains.values().filter_map(paused)).filter(shown).max() {
                    seen.see_host(host, until);
                }
            }
            Looking::At(id) if id.host == host => {
                let told = known.events.of_domain(id.uuid).map(|(_, event)| event.at.monotonic);
                if let Some(until) = told.chain(known.domains.get(&id.uuid).and_then(paused)).filter(shown).max() {
                    seen.see_domain(id, until);
                }
            }
            Looking::At(_) => {}
        }
    }
}
