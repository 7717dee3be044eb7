//! Sends events to the reader of the updates. Events have a queue and a task of their own: many events do not delay a sample,
//! and while a sample waits for the reader, events are still taken from the source.

use super::controls::Stopped;
use super::update_sender::UpdateSender;
use crate::model::{Event, EventKind, HostUpdate};
use crate::sources::event_queue::EventQueue;
use crate::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Takes events at once, and sends them in their order when the reader has room. All clones share one queue.
#[derive(Clone)]
pub(super) struct EventForwarder {
    state: Arc<Mutex<State>>,
    /// Wakes the task that sends. The task ends when all clones of this sender are dropped.
    wake: mpsc::Sender<()>,
}

#[derive(Default)]
struct State {
    queue: EventQueue,
    /// A full sample was taken on the connection.
    was_sampled: bool,
    /// The loss of such a connection was reported, and no full sample was taken since.
    is_lost: bool,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // No change of the state can panic before it is complete.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn next(state: &Mutex<State>) -> Option<Event> {
    lock(state).queue.pop()
}

impl EventForwarder {
    /// Starts the task that sends the events of `host`. It ends when all clones are dropped and the queue is empty, or when
    /// the reader is gone. Must be called within a tokio runtime.
    pub(super) fn spawn(host: usize, updates: mpsc::Sender<(usize, HostUpdate)>) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (wake, mut woken) = mpsc::channel(1);
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while woken.recv().await.is_some() {
                while let Some(event) = next(&shared) {
                    if updates.send((host, HostUpdate::Event(event))).await.is_err() {
                        return;
                    }
                }
            }
        });
        Self { state, wake }
    }

    /// Sends an event.
    pub(super) fn forward(&self, event: Event) {
        lock(&self.state).queue.push(event);
        // This fails if the channel has a signal already, or if the task has ended because the reader is gone: both are fine.
        let _ = self.wake.try_send(());
    }

    /// A full sample was taken at `at`. If the connection was lost before, sends [`EventKind::ConnectionBack`]; the reader gets it
    /// before the sample.
    pub(super) async fn sampled(&self, at: Timestamp, updates: &UpdateSender) -> Result<(), Stopped> {
        let was_lost = {
            let mut state = lock(&self.state);
            state.was_sampled = true;
            std::mem::take(&mut state.is_lost)
        };
        if was_lost {
            self.forward(Event { at, domain: None, kind: EventKind::ConnectionBack });
            self.flush(updates).await?;
        }
        Ok(())
    }

    /// The connection is lost, or libvirt does not answer. Sends [`EventKind::ConnectionLost`] if the connection has had a full
    /// sample; the reader gets it before the failure.
    pub(super) async fn lost(&self, reason: &str, at: Timestamp, updates: &UpdateSender) -> Result<(), Stopped> {
        let was_sampled = {
            let mut state = lock(&self.state);
            let was_sampled = std::mem::take(&mut state.was_sampled);
            state.is_lost |= was_sampled;
            was_sampled
        };
        if was_sampled {
            self.forward(Event { at, domain: None, kind: EventKind::ConnectionLost(reason.to_owned()) });
            self.flush(updates).await?;
        }
        Ok(())
    }

    /// Sends all waiting events before anything else that `updates` sends.
    async fn flush(&self, updates: &UpdateSender) -> Result<(), Stopped> {
        while let Some(event) = next(&self.state) {
            updates.send(HostUpdate::Event(event)).await?;
        }
        Ok(())
    }
}
