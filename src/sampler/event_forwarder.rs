//! Events on their way to the reader: beside the samples, in their order, waiting as long as the reader needs.

use crate::model::{Event, EventKind, HostUpdate};
use crate::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Events that may wait for a reader who does not read: some megabytes. What comes beyond them is counted.
const WAITING: usize = 10_000;

/// Takes events at once and hands them on when there is room. All clones are one teller.
#[derive(Clone)]
pub(crate) struct EventForwarder(Arc<Mutex<Inner>>);

struct Inner {
    waiting: mpsc::Sender<Event>,
    left_out: u64,
    /// The newest sample's time, and when it came: from the two follows what time it is, without a clock.
    sampled: Option<(Timestamp, Instant)>,
    lost: bool,
}

impl EventForwarder {
    /// Starts the task that waits for room, so that nobody else has to. It ends after the last event of this teller.
    pub(crate) fn spawn(host: usize, updates: mpsc::Sender<(usize, HostUpdate)>) -> Self {
        let (waiting, mut events) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if updates.send((host, HostUpdate::Event(event))).await.is_err() {
                    return;
                }
            }
        });
        Self(Arc::new(Mutex::new(Inner { waiting, left_out: 0, sampled: None, lost: false })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing below can panic half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an event on.
    pub(crate) fn forward(&self, event: Event) {
        self.inner().forward(event);
    }

    /// A sample has come. After a loss it says that the host is back.
    pub(crate) fn sampled(&self, at: Timestamp, now: Instant) {
        self.inner().sampled(at, now);
    }

    /// The connection is gone: an event where it had given samples, and once only.
    pub(crate) fn lost(&self, reason: &str, now: Instant) {
        self.inner().lost(reason, now);
    }
}

impl Inner {
    fn forward(&mut self, event: Event) {
        if self.left_out > 0 {
            let kind = EventKind::LeftOut(self.left_out);
            if self.waiting.try_send(Event { at: event.at, domain: None, kind }).is_ok() {
                self.left_out = 0;
            }
        }
        if self.left_out > 0 || self.waiting.try_send(event).is_err() {
            self.left_out += 1;
        }
    }

    fn sampled(&mut self, at: Timestamp, now: Instant) {
        self.sampled = Some((at, now));
        if std::mem::take(&mut self.lost) {
            self.forward(Event { at, domain: None, kind: EventKind::ConnectionBack });
        }
    }

    fn lost(&mut self, reason: &str, now: Instant) {
        let Some((at, came)) = self.sampled.take() else { return };
        self.lost = true;
        let kind = EventKind::ConnectionLost(reason.to_owned());
        self.forward(Event { at: at.later(now - came), domain: None, kind });
    }
}
