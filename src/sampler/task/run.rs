//! The life of one host's task: connect, sample, lose the connection, wait, connect again.

use super::connection::{Connection, SourceThread};
use super::diagnosis::Diagnosis;
use super::end::{End, failed};
use super::keep_blocked::keep_blocked;
use super::state::Task;
use crate::model::{Failure, Groups, HostSample, HostUpdate, SampleKind};
use crate::sampler::plan::Plan;
use crate::sampler::schedule::{Backoff, Schedule, StatePoll};
use crate::sampler::watchdog::{AdaptiveTimeout, Quarantine, SUSPICION};
use crate::sources::{FailureScope, Request, SourceError};
use crate::time::Timestamp;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

impl Task {
    /// Until nobody steers or listens.
    pub(crate) async fn run(mut self) {
        loop {
            let Err(end) = self.thread().await;
            let error = match end {
                End::Stopped => return,
                End::Lost(error) => error,
                End::WorkerGone => failed(
                    "the thread of this connection has ended, which is a bug in vtop".into(),
                    Some("please report it; a new connection is made".into()),
                ),
            };
            if self.pause(error).await.is_err() {
                return;
            }
        }
    }

    /// Connects again and again with one thread, until that thread is gone.
    async fn thread(&mut self) -> Result<Infallible, End> {
        let mut source_thread = self.source_thread()?;
        loop {
            let Err(end) = self.connection(&mut source_thread).await;
            let End::Lost(error) = end else { return Err(end) };
            self.pause(error).await?;
        }
    }

    /// One connection, from the attempt to its loss. Where a call hangs, another line takes its place.
    async fn connection(&mut self, source_thread: &mut SourceThread) -> Result<Infallible, End> {
        // What the connection before still had to say.
        for event in source_thread.unread().0 {
            self.events.forward(event);
        }
        self.send(HostUpdate::Connecting).await?;
        let begun = Instant::now();
        let info = self.attend(source_thread.worker.connect()).await??.map_err(End::Lost)?;
        let connected_in = begun.elapsed();
        let parallel_calls = info.parallel_calls;
        self.send(HostUpdate::Connected(Arc::new(info))).await?;
        let interval = self.controls.borrow_and_update().interval;
        let (freed_sender, freed) = mpsc::unbounded_channel();
        let mut connection = Connection {
            source_thread,
            controls: self.controls.clone(),
            schedule: Schedule::new(Instant::now(), interval, self.settings.second),
            state_poll: StatePoll::default(),
            events: self.events.clone(),
            timeout: AdaptiveTimeout::default(),
            // Connecting takes more than four round trips.
            round_trip: connected_in / 4,
            quarantine: Quarantine::default(),
            plan: Plan::default(),
            parallel_calls,
            late: None,
            freed_sender,
            freed,
            before: None,
            ticked: false,
            probe: None,
        };
        let end = self.serve(&mut connection).await;
        self.last = connection.before.or(self.last.take());
        end
    }

    /// Sample after sample, until the connection is lost.
    async fn serve(&mut self, connection: &mut Connection<'_>) -> Result<Infallible, End> {
        // Who is there, before anybody is asked what could take long.
        let mut kind = SampleKind::StateOnly;
        loop {
            match self.watched(connection, kind).await? {
                Ok(sample) => {
                    if kind == SampleKind::Full {
                        self.backoff = Backoff::default();
                        self.events.sampled(sample.at, Instant::now());
                    }
                    self.send_sample(connection.before.as_ref(), &sample).await?;
                    connection.before = Some(sample);
                    self.send_late(connection).await?;
                }
                Err(error) if error.severity == FailureScope::Sample => {
                    let failure =
                        Failure { message: error.message, advice: error.advice, retry_in: None, at: Timestamp::now() };
                    self.send(HostUpdate::Failed(failure)).await?;
                }
                Err(error) => return Err(End::Lost(error)),
            }
            kind = connection.next().await?;
        }
    }

    /// Says when a sample takes longer than the interval, and when that is over.
    async fn send_late(&mut self, connection: &mut Connection<'_>) -> Result<(), End> {
        let late = connection.schedule.late();
        if late.is_some() || connection.late.is_some() {
            connection.late = late;
            self.send(HostUpdate::Late(late)).await?;
        }
        Ok(())
    }

    /// One sample. A call that takes too long is looked into, and gone around where it hangs in a domain.
    async fn watched(
        &mut self,
        connection: &mut Connection<'_>,
        kind: SampleKind,
    ) -> Result<Result<HostSample, SourceError>, End> {
        let request = connection.begins(kind);
        let (mut told, mut hung, mut again) = (false, false, false);
        // How soon to ask who hangs.
        let mut timeout = connection.timeout.limit();
        let answer = 'again: loop {
            let bypass = connection.quarantine.bypass(connection.before.as_ref());
            let most = bypass.as_ref().map_or(connection.most_calls(), |bypass| bypass.calls);
            let locked = bypass.as_ref().map(|bypass| bypass.locked.clone());
            let focus = request.focus.filter(|uuid| !connection.quarantine.holds(uuid));
            let begun = Instant::now();
            let mut call = connection.source_thread.worker.sample(Request { focus, ..request.clone() }, bypass);
            loop {
                let limit = self.settings.watchdog.then(|| Instant::now() + timeout);
                let answer = match connection.answer(&mut call, limit).await? {
                    Some(answer) => Diagnosis::Answered(answer),
                    None => self.diagnose(connection, &mut call, begun.elapsed()).await?,
                };
                match answer {
                    Diagnosis::Answered(mut answer) => {
                        // libvirt reads domain by domain. In an answer that was held up some figures are as old as the
                        // question, and nobody can tell which: it is asked again. One that takes as long again is what a
                        // slow host has.
                        if self.settings.watchdog && begun.elapsed() > connection.timeout.at_most() && answer.is_ok() {
                            if !again {
                                again = true;
                                continue 'again;
                            }
                            connection.timeout.give(begun.elapsed());
                        }
                        if let Ok(sample) = &mut answer {
                            for (uuid, domain) in &mut sample.domains {
                                domain.extra =
                                    if domain.run.is_some() { request.extra_of(uuid) } else { Groups::empty() };
                            }
                            let before = connection.before.as_ref().or(self.last.as_ref());
                            keep_blocked(sample, before, &connection.quarantine);
                            if let Some(locked) = &locked {
                                let before = connection.before.as_ref();
                                connection.quarantine.settle(sample, before, locked, Instant::now());
                            }
                        }
                        connection.learn(kind, &request, answer.as_ref().ok(), begun.elapsed());
                        break 'again answer;
                    }
                    Diagnosis::Hangs { top_consumers, fresh } => {
                        connection.abandon(call, top_consumers, most, fresh);
                        (hung, again) = (true, false);
                        // Where one hangs others may: they are found one after another.
                        timeout = connection.timeout.after_hang();
                        continue 'again;
                    }
                    // Nobody hangs so far, and perhaps somebody will.
                    Diagnosis::Slow { suspect } => {
                        timeout = suspect.map_or(timeout * 2, |busy| SUSPICION.saturating_sub(busy));
                    }
                    Diagnosis::Silent if !told => {
                        told = true;
                        self.send(HostUpdate::Failed(silence(connection.before.is_some()))).await?;
                    }
                    Diagnosis::Silent => {}
                }
            }
        };
        // Nothing is to be found out any more.
        connection.probe = None;
        if kind == SampleKind::Full {
            connection.schedule.finished(Instant::now());
            if hung {
                connection.schedule.bypassed(Instant::now());
            }
        }
        Ok(answer)
    }

    /// Tells of a failure and waits before the next attempt.
    async fn pause(&mut self, error: SourceError) -> Result<(), End> {
        let wait = match error.severity {
            FailureScope::Permanent => self.backoff.longest(),
            FailureScope::Sample | FailureScope::Connection => self.backoff.next(),
            FailureScope::Away => Backoff::AWAY,
        };
        self.events.lost(&error.message, Instant::now());
        let failure =
            Failure { message: error.message, advice: error.advice, retry_in: Some(wait), at: Timestamp::now() };
        self.send(HostUpdate::Failed(failure)).await?;
        self.attend(sleep(wait)).await
    }
}

/// libvirt takes calls, or not even those, and answers none.
fn silence(has_figures: bool) -> Failure {
    let (message, advice) = match has_figures {
        true => (
            "libvirt does not answer; showing the last known values",
            "vtop goes on waiting and connects again when it can",
        ),
        // Nobody is known who could be asked without a list, and no list can be had while one domain is locked.
        false => (
            "libvirt does not answer",
            "it may keep a domain locked (a hook, a start or a save that hangs); vtop goes on waiting",
        ),
    };
    Failure { message: message.into(), advice: Some(advice.into()), retry_in: None, at: Timestamp::now() }
}
