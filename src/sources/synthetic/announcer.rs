//! Says when a domain comes, goes or changes its state, as a hypervisor's events do.

use super::story::{Role, next_turn};
use crate::sources::{Notice, Notify};
use std::convert::Infallible;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// A thread that sleeps from turn to turn of the story. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Announcer {
    /// Nothing is ever sent: its end is the signal.
    _alive: mpsc::Sender<Infallible>,
}

impl Announcer {
    /// Starts it `elapsed` after the story's first cycle began; `roles` are those who are there.
    pub(super) fn spawn(elapsed: Duration, roles: Vec<Role>, notify: Notify) -> std::io::Result<Self> {
        let (alive, ended) = mpsc::channel::<Infallible>();
        let since = Instant::now();
        std::thread::Builder::new().name("demo-events".to_owned()).spawn(move || {
            let mut now = elapsed;
            while let Some(turn) = next_turn(now, &roles) {
                match ended.recv_timeout(turn.saturating_sub(elapsed + since.elapsed())) {
                    Err(RecvTimeoutError::Timeout) => notify.send(Notice::DomainsChanged),
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

    #[test]
    fn a_turn_is_announced_when_due_and_the_thread_ends_with_its_owner() {
        let (sender, notices) = mpsc::channel();
        let notify = Notify::new(move |notice| drop(sender.send(notice)));
        let soon = HISTORY + Chapter::Crash.span().start - Duration::from_millis(200);
        let begun = Instant::now();
        let announcer = Announcer::spawn(soon, vec![Role::Lead(Chapter::Crash)], notify).unwrap();
        let patience = Duration::from_secs(20);
        assert_eq!(notices.recv_timeout(patience), Ok(Notice::DomainsChanged));
        assert!(begun.elapsed() >= Duration::from_millis(200));
        drop(announcer);
        assert_eq!(notices.recv_timeout(patience), Err(RecvTimeoutError::Disconnected));
    }
}
