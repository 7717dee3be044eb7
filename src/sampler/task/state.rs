//! What the task of a host owns, and how it sends.

use super::end::{End, connection_error};
use super::source_thread::SourceThread;
use crate::model::{Failure, HostSample, HostUpdate};
use crate::sampler::controls::unless_stopped;
use crate::sampler::diff::diff;
use crate::sampler::event_forwarder::EventForwarder;
use crate::sampler::hang_events::HangEvents;
use crate::sampler::schedule::Backoff;
use crate::sampler::settings::{MakeSource, Settings};
use crate::sampler::update_sender::UpdateSender;
use crate::sources::worker::Worker;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The task of a host.
pub(crate) struct Task {
    pub(super) make: Arc<MakeSource>,
    pub(super) settings: Settings,
    pub(super) updates: UpdateSender,
    pub(super) events: EventForwarder,
    pub(super) backoff: Backoff,
    /// When the last attempt to connect began; `None` before the first one.
    pub(super) attempted_at: Option<Instant>,
    /// The last sample of the previous connections.
    pub(super) last_sample: Option<HostSample>,
    hangs: HangEvents,
}

impl Task {
    pub(crate) fn new(
        make: Arc<MakeSource>,
        settings: Settings,
        updates: UpdateSender,
        events: EventForwarder,
    ) -> Self {
        let (backoff, hangs) = (Backoff::default(), HangEvents::default());
        Self { make, settings, updates, events, backoff, attempted_at: None, last_sample: None, hangs }
    }

    /// Starts a thread with a source of its own.
    pub(super) fn source_thread(&self) -> Result<SourceThread, End> {
        let (worker, notices) =
            Worker::spawn(&format!("host {}", self.updates.host), (self.make)()).map_err(|error| {
                End::Lost(connection_error(format!("cannot start a thread for the connection: {error}"), None))
            })?;
        Ok(SourceThread { worker, notices })
    }

    /// Sends a sample, or its difference from the one that was sent before on this connection. The events of its hangs come
    /// first, so that a reader has them together with the sample.
    pub(super) async fn send_sample(&mut self, before: Option<&HostSample>, sample: &HostSample) -> Result<(), End> {
        for event in self.hangs.take(sample) {
            self.send(HostUpdate::Event(event)).await?;
        }
        self.send(match before {
            Some(before) => HostUpdate::Delta(diff(before, sample)),
            None => HostUpdate::Keyframe(sample.clone()),
        })
        .await
    }

    /// Waits until the reader has room, and sends an update.
    pub(super) async fn send(&self, update: HostUpdate) -> Result<(), End> {
        Ok(self.updates.send(update).await?)
    }

    /// Waits for `future`, or until the handle is dropped.
    pub(super) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Result<T, End> {
        Ok(unless_stopped(&self.updates.controls, future).await?)
    }

    /// A failure of the host at the present moment.
    pub(super) fn failure(&self, message: String, advice: Option<String>, retry_in: Option<Duration>) -> Failure {
        Failure { message, advice, retry_in, at: self.settings.clock.now(), is_bug: false }
    }
}
