//! Starts the task of a host, and starts it again after a panic.

use super::controls::{Stopped, unless_stopped};
use super::event_forwarder::EventForwarder;
use super::schedule::Backoff;
use super::settings::{MakeSource, Settings};
use super::task::Task;
use super::update_sender::UpdateSender;
use crate::model::{Failure, HostUpdate};
use crate::time::timer_now;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A task that has run for this long before its panic is started again after the shortest wait.
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// What every task of the host gets.
pub(super) struct Supervisor {
    pub(super) make: Arc<MakeSource>,
    pub(super) settings: Settings,
    pub(super) updates: UpdateSender,
    pub(super) events: EventForwarder,
}

impl Supervisor {
    /// Runs one task after another, until the handle is dropped or the reader is gone. After a panic, sampling of this host
    /// pauses for 1 s to 30 s; other hosts are not affected.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let started = timer_now();
            let Self { make, settings, updates, events } = &self;
            let task = Task::new(Arc::clone(make), settings.clone(), updates.clone(), events.clone());
            match tokio::spawn(task.run()).await {
                Err(error) if error.is_panic() => {}
                _ => return,
            }
            if timer_now() - started >= STABLE_AFTER {
                backoff = Backoff::default();
            }
            if self.report_and_wait(backoff.next()).await.is_err() {
                return;
            }
        }
    }

    async fn report_and_wait(&self, wait: Duration) -> Result<(), Stopped> {
        let failure = Failure {
            message: "sampling of this host stopped, which is a bug in vtop".into(),
            advice: Some("report the bug with the message that vtop prints when it ends; sampling starts again".into()),
            retry_in: Some(wait),
            at: self.settings.clock.now(),
            is_bug: true,
        };
        self.events.lost(&failure.message, failure.at, &self.updates).await?;
        self.updates.send(HostUpdate::Failed(failure)).await?;
        unless_stopped(&self.updates.controls, sleep(wait)).await
    }
}
