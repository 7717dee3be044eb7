//! Events of the story, sent when they are due, like those of a hypervisor.

use super::story::{self, Role, next_change};
use crate::model::{Event, EventDomain};
use crate::sources::{Notice, Notify};
use crate::time::{Clock, Stopwatch, SystemClock, Timestamp};
use std::convert::Infallible;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A domain and its role in the story.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) role: Role,
    pub(super) domain: EventDomain,
}

/// The events at one change of the story.
pub(super) fn events(change: Duration, at: Timestamp, actors: &[Actor]) -> Vec<Event> {
    let second = story::second(change);
    let changing = actors.iter().filter(|actor| actor.role.state_changes().contains(&second));
    let told = |actor: &Actor| {
        let domain = actor.domain.clone();
        let kinds = story::events(actor.role, second).into_iter();
        kinds.map(move |kind| Event { at, domain: Some(domain.clone()), kind })
    };
    changing.flat_map(told).collect()
}

/// A thread that sends the events of the story. Dropping this ends it.
#[derive(Debug)]
pub(super) struct EventThread {
    /// Never used to send: dropping it ends the thread.
    _alive: mpsc::Sender<Infallible>,
}

impl EventThread {
    /// Starts the thread, `elapsed` after the first cycle of the story began, for these domains.
    pub(super) fn spawn(elapsed: Duration, actors: Vec<Actor>, notify: Notify) -> std::io::Result<Self> {
        let (alive, ended) = mpsc::channel::<Infallible>();
        let since = Stopwatch::start();
        std::thread::Builder::new().name("demo-events".to_owned()).spawn(move || {
            let roles: Vec<Role> = actors.iter().map(|actor| actor.role).collect();
            let mut now = elapsed;
            while let Some(change) = next_change(now, &roles) {
                match ended.recv_timeout(change.saturating_sub(elapsed + since.elapsed())) {
                    Err(RecvTimeoutError::Timeout) => {
                        for event in events(change, SystemClock.now(), &actors) {
                            notify.send(Notice::Event(event));
                        }
                        notify.send(Notice::DomainsChanged);
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                now = change;
            }
        })?;
        Ok(Self { _alive: alive })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::synthetic::story::{Chapter, HISTORY};
    use uuid::Uuid;

    #[test]
    fn events_are_sent_when_due_and_the_thread_ends_when_dropped() {
        let (sender, notices) = mpsc::channel();
        let notify = Notify::new(move |notice| drop(sender.send(notice)));
        let soon = HISTORY + Chapter::Crash.span().start - Duration::from_millis(200);
        let domain = EventDomain { uuid: Uuid::max(), name: "web-02".into() };
        let actor = Actor { role: Role::Lead(Chapter::Crash), domain: domain.clone() };
        let begun = Stopwatch::start();
        let event_thread = EventThread::spawn(soon, vec![actor], notify).unwrap();
        let patience = Duration::from_secs(20);
        for what in ["crashed", "stopped"] {
            let Ok(Notice::Event(event)) = notices.recv_timeout(patience) else { panic!("an event") };
            assert_eq!((event.domain.as_ref(), event.kind.what()), (Some(&domain), what));
        }
        assert_eq!(notices.recv_timeout(patience), Ok(Notice::DomainsChanged));
        assert!(begun.elapsed() >= Duration::from_millis(200));
        drop(event_thread);
        assert_eq!(notices.recv_timeout(patience), Err(RecvTimeoutError::Disconnected));
    }
}
