//! What one host's task owns, and how it sends.

use super::connection::SourceThread;
use super::end::{End, failed};
use crate::model::{HostSample, HostUpdate};
use crate::sampler::diff::diff;
use crate::sampler::event_forwarder::EventForwarder;
use crate::sampler::schedule::Backoff;
use crate::sampler::settings::{Controls, MakeSource, Settings};
use crate::sources::worker::Worker;
use std::future::Future;
use std::pin::pin;
use tokio::sync::{mpsc, watch};

/// A host's task.
pub(crate) struct Task {
    pub(super) host: usize,
    pub(super) make: MakeSource,
    pub(super) settings: Settings,
    pub(super) controls: watch::Receiver<Controls>,
    pub(super) updates: mpsc::Sender<(usize, HostUpdate)>,
    pub(super) events: EventForwarder,
    pub(super) backoff: Backoff,
    /// The last sample of the connections before this one.
    pub(super) last: Option<HostSample>,
}

impl Task {
    pub(crate) fn new(
        host: usize,
        make: MakeSource,
        settings: Settings,
        controls: watch::Receiver<Controls>,
        updates: mpsc::Sender<(usize, HostUpdate)>,
        events: EventForwarder,
    ) -> Self {
        Self { host, make, settings, controls, updates, events, backoff: Backoff::default(), last: None }
    }

    /// A thread with a source of its own.
    pub(super) fn source_thread(&self) -> Result<SourceThread, End> {
        let (worker, notices) = Worker::spawn(&format!("host {}", self.host), (self.make)())
            .map_err(|error| End::Lost(failed(format!("no thread for the connection: {error}"), None)))?;
        Ok(SourceThread { worker, notices })
    }

    pub(super) async fn send_sample(&mut self, before: Option<&HostSample>, sample: &HostSample) -> Result<(), End> {
        self.send(match before {
            Some(before) => HostUpdate::Delta(diff(before, sample)),
            None => HostUpdate::Keyframe(sample.clone()),
        })
        .await
    }

    /// Waits for room in the channel, however long that takes.
    pub(super) async fn send(&mut self, update: HostUpdate) -> Result<(), End> {
        let permit = self.attend(self.updates.reserve()).await?.map_err(|_| End::Stopped)?;
        permit.send((self.host, update));
        Ok(())
    }

    /// Waits for something, unless nobody steers any more. Wishes stay to be read by the connection.
    pub(super) async fn attend<T>(&self, what: impl Future<Output = T>) -> Result<T, End> {
        let mut what = pin!(what);
        let mut controls = self.controls.clone();
        loop {
            tokio::select! {
                biased;
                control = controls.changed() => control?,
                answer = &mut what => return Ok(answer),
            }
        }
    }
}
