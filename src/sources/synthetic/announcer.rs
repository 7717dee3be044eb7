//! Says when a domain comes, goes or changes its state, as a hypervisor's events do.

use super::story::{self, Role, next_turn};
use crate::model::{Event, EventDomain};
use crate::sources::{Notice, Notify};
use crate::time::{Clock, Stopwatch, SystemClock, Timestamp};
use std::convert::Infallible;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A domain that plays a role.
#[derive(Clone, Debug)]
pub(super) struct Player {
    pub(super) role: Role,
    pub(super) domain: EventDomain,
}

/// What is told at a turn of the story.
pub(super) fn events(turn: Duration, at: Timestamp, players: &[Player]) -> Vec<Event> {
    let second = story::second(turn);
    let turning = players.iter().filter(|player| player.role.turns().contains(&second));
    let told = |player: &Player| {
        let domain = player.domain.clone();
        let kinds = story::events(player.role, second).into_iter();
        kinds.map(move |kind| Event { at, domain: Some(domain.clone()), kind })
    };
    turning.flat_map(told).collect()
}

/// A thread that sleeps from turn to turn of the story. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Announcer {
    /// Nothing is ever sent: its end is the signal.
    _alive: mpsc::Sender<Infallible>,
}

impl Announcer {
    /// Starts it `elapsed` after the story's first cycle began; `players` are those who are there.
    pub(super) fn spawn(elapsed: Duration, players: Vec<Player>, notify: Notify) -> std::io::Result<Self> {
        let (alive, ended) = mpsc::channel::<Infallible>();
        let since = Stopwatch::start();
        std::thread::Builder::new().name("demo-events".to_owned()).spawn(move || {
            let roles: Vec<Role> = players.iter().map(|player| player.role).collect();
            let mut now = elapsed;
            while let Some(turn) = next_turn(now, &roles) {
                match ended.recv_timeout(turn.saturating_sub(elapsed + since.elapsed())) {
                    Err(RecvTimeoutError::Timeout) => {
                        for event in events(turn, SystemClock.now(), &players) {
                            notify.send(Notice::Event(event));
                        }
                        notify.send(Notice::DomainsChanged);
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                now = turn;
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
    fn a_turn_is_announced_when_due_and_the_thread_ends_with_its_owner() {
        let (sender, notices) = mpsc::channel();
        let notify = Notify::new(move |notice| drop(sender.send(notice)));
        let soon = HISTORY + Chapter::Crash.span().start - Duration::from_millis(200);
        let domain = EventDomain { uuid: Uuid::max(), name: "web-02".into() };
        let player = Player { role: Role::Lead(Chapter::Crash), domain: domain.clone() };
        let begun = Stopwatch::start();
        let announcer = Announcer::spawn(soon, vec![player], notify).unwrap();
        let patience = Duration::from_secs(20);
        for what in ["crashed", "stopped"] {
            let Ok(Notice::Event(event)) = notices.recv_timeout(patience) else { panic!("an event") };
            assert_eq!((event.domain.as_ref(), event.kind.what()), (Some(&domain), what));
        }
        assert_eq!(notices.recv_timeout(patience), Ok(Notice::DomainsChanged));
        assert!(begun.elapsed() >= Duration::from_millis(200));
        drop(announcer);
        assert_eq!(notices.recv_timeout(patience), Err(RecvTimeoutError::Disconnected));
    }
}
