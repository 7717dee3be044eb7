//! The task of a host, from the first attempt to connect.

use super::connection::Connection;
use super::end::{End, connection_error};
use super::source_thread::SourceThread;
use super::state::Task;
use crate::model::{Failure, HostUpdate, SampleKind};
use crate::sampler::plan::Plan;
use crate::sampler::schedule::{Backoff, Schedule, StatePoll};
use crate::sampler::watchdog::{AdaptiveTimeout, Quarantine};
use crate::sources::{FailureScope, SourceError};
use crate::time::timer_now;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

impl Task {
    /// Runs until the handle is dropped or the reader is gone.
    pub(crate) async fn run(mut self) {
        loop {
            let Err(end) = self.connect_with_one_thread().await;
            let (error, is_bug) = match end {
                End::Stopped => return,
                End::Lost(error) => (error, false),
                End::WorkerGone => (thread_ended(), true),
            };
            if self.report_and_wait(error, is_bug).await.is_err() {
                return;
            }
        }
    }

    /// Connects again and again with one thread, until this thread has ended.
    async fn connect_with_one_thread(&mut self) -> Result<Infallible, End> {
        let mut source_thread = self.source_thread()?;
        loop {
            let Err(end) = self.run_connection(&mut source_thread).await;
            let End::Lost(error) = end else { return Err(end) };
            self.report_and_wait(error, false).await?;
        }
    }

    /// Runs one connection, from the attempt to connect to its loss.
    async fn run_connection(&mut self, source_thread: &mut SourceThread) -> Result<Infallible, End> {
        // Events of the previous connection that were not forwarded yet.
        for event in source_thread.unread().0 {
            self.events.forward(event);
        }
        self.send(HostUpdate::Connecting).await?;
        let started = timer_now();
        self.attempted_at = Some(started);
        let info = self.unless_stopped(source_thread.worker.connect()).await??.map_err(End::Lost)?;
        let connected_in = timer_now() - started;
        let parallel_calls = info.parallel_calls;
        self.send(HostUpdate::Connected(Arc::new(info))).await?;
        let mut controls = self.updates.controls.clone();
        let interval = controls.borrow_and_update().interval;
        let (returned_sender, returned) = mpsc::unbounded_channel();
        let mut connection = Connection {
            source_thread,
            controls,
            schedule: Schedule::new(timer_now(), interval, self.settings.second_sample),
            state_poll: StatePoll::default(),
            events: self.events.clone(),
            timeout: AdaptiveTimeout::default(),
            // Connecting takes more than four round trips.
            round_trip: connected_in / 4,
            quarantine: Quarantine::default(),
            plan: Plan::default(),
            parallel_calls,
            missed: false,
            late: None,
            returned_sender,
            returned,
            last_sample: None,
            changed_host: None,
            had_full_sample: false,
            pending_probe: None,
        };
        let end = self.take_samples(&mut connection).await;
        self.last_sample = connection.last_sample.or(self.last_sample.take());
        end
    }

    /// Takes one sample after another, until the connection is lost.
    async fn take_samples(&mut self, connection: &mut Connection<'_>) -> Result<Infallible, End> {
        // The list of domains comes first, so that the reader has rows at once: the first full sample may take long.
        let mut kind = SampleKind::StateOnly;
        loop {
            match self.sample(connection, kind).await? {
                Ok(sample) => {
                    if kind == SampleKind::Full {
                        self.backoff = Backoff::default();
                        self.events.sampled(sample.at, &self.updates).await?;
                        if std::mem::take(&mut connection.missed) {
                            self.send(HostUpdate::Missed).await?;
                        }
                    }
                    self.send_sample(connection.last_sample.as_ref(), &sample).await?;
                    connection.last_sample = Some(sample);
                    self.send_late(connection).await?;
                }
                Err(error) if error.scope == FailureScope::Sample => {
                    self.send(HostUpdate::Failed(self.failure(error.message, error.advice, None))).await?;
                }
                Err(error) => return Err(End::Lost(error)),
            }
            kind = connection.next().await?;
            if let Some(info) = connection.changed_host.take() {
                self.send(HostUpdate::Connected(Arc::new(info))).await?;
            }
        }
    }

    /// Sends [`HostUpdate::Late`] while samples take longer than the interval, and once when they do not any more.
    async fn send_late(&mut self, connection: &mut Connection<'_>) -> Result<(), End> {
        let late = connection.schedule.late();
        if late.is_some() || connection.late.is_some() {
            connection.late = late;
            self.send(HostUpdate::Late(late)).await?;
        }
        Ok(())
    }

    /// Reports the end of a connection, and waits before the next attempt.
    async fn report_and_wait(&mut self, error: SourceError, is_bug: bool) -> Result<(), End> {
        let since_attempt = self.attempted_at.map_or(Duration::ZERO, |at| timer_now() - at);
        let wait = self.backoff.after(error.scope, since_attempt);
        let failure = Failure { is_bug, ..self.failure(error.message, error.advice, Some(wait)) };
        self.events.lost(&failure.message, failure.at, &self.updates).await?;
        self.send(HostUpdate::Failed(failure)).await?;
        self.unless_stopped(sleep(wait)).await
    }
}

fn thread_ended() -> SourceError {
    connection_error(
        "the thread of this connection has ended, which is a bug in vtop".into(),
        Some("report the bug with the message that vtop prints when it ends; vtop connects again".into()),
    )
}
