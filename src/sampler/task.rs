//! The life of one host's task: connect, sample, lose the connection, wait, connect again.

use super::events::Teller;
use super::schedule::{Backoff, Look, Schedule};
use super::{MakeSource, Settings, Wish, diff};
use crate::model::{Failure, Groups, HostSample, HostUpdate};
use crate::sources::worker::{Worker, WorkerGone};
use crate::sources::{Notice, Request, Severity, SourceError};
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// Why something is over.
enum End {
    /// Nobody steers or listens any more: the task ends.
    Stopped,
    /// The connection failed; the same source can connect again.
    Lost(SourceError),
    /// The thread died, and the source with it.
    WorkerGone,
}

impl From<WorkerGone> for End {
    fn from(_: WorkerGone) -> Self {
        Self::WorkerGone
    }
}

impl From<RecvError> for End {
    fn from(_: RecvError) -> Self {
        Self::Stopped
    }
}

/// A host's task.
pub(super) struct Task {
    host: usize,
    make: MakeSource,
    settings: Settings,
    wishes: watch::Receiver<Wish>,
    updates: mpsc::Sender<(usize, HostUpdate)>,
    events: Teller,
    backoff: Backoff,
}

impl Task {
    pub(super) fn new(
        host: usize,
        make: MakeSource,
        settings: Settings,
        wishes: watch::Receiver<Wish>,
        updates: mpsc::Sender<(usize, HostUpdate)>,
        events: Teller,
    ) -> Self {
        Self { host, make, settings, wishes, updates, events, backoff: Backoff::default() }
    }

    /// Until nobody steers or listens.
    pub(super) async fn run(mut self) {
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
        let (worker, mut notices) = Worker::spawn(&format!("host {}", self.host), (self.make)())
            .map_err(|error| End::Lost(failed(format!("no thread for the connection: {error}"), None)))?;
        loop {
            let Err(end) = self.connection(&worker, &mut notices).await;
            let End::Lost(error) = end else { return Err(end) };
            self.pause(error).await?;
        }
    }

    /// One connection, from the attempt to its loss.
    async fn connection(
        &mut self,
        worker: &Worker,
        notices: &mut mpsc::UnboundedReceiver<Notice>,
    ) -> Result<Infallible, End> {
        while let Ok(notice) = notices.try_recv() {
            // What the connection before still had to say.
            if let Notice::Event(event) = notice {
                self.events.tell(event);
            }
        }
        self.send(HostUpdate::Connecting).await?;
        let info = self.attend(worker.connect()).await??.map_err(End::Lost)?;
        self.send(HostUpdate::Connected(Arc::new(info))).await?;
        let interval = self.wishes.borrow_and_update().interval;
        let mut connection = Connection {
            worker,
            notices,
            wishes: self.wishes.clone(),
            schedule: Schedule::new(Instant::now(), interval, self.settings.second),
            look: Look::default(),
        };
        let mut before = None;
        loop {
            let groups = connection.next(self.settings.groups, &mut self.events).await?;
            match connection.sample(groups, &mut self.events).await? {
                Ok(sample) => {
                    self.backoff = Backoff::default();
                    self.events.sampled(sample.at);
                    self.send_sample(before.as_ref(), &sample).await?;
                    before = Some(sample);
                }
                Err(error) if error.severity == Severity::Sample => {
                    let failure = Failure { message: error.message, advice: error.advice, retry_in: None };
                    self.send(HostUpdate::Failed(failure)).await?;
                }
                Err(error) => return Err(End::Lost(error)),
            }
        }
    }

    async fn send_sample(&mut self, before: Option<&HostSample>, sample: &HostSample) -> Result<(), End> {
        self.send(match before {
            Some(before) => HostUpdate::Delta(diff(before, sample)),
            None => HostUpdate::Keyframe(sample.clone()),
        })
        .await
    }

    /// Tells of a failure and waits before the next attempt.
    async fn pause(&mut self, error: SourceError) -> Result<(), End> {
        let wait = match error.severity {
            Severity::Permanent => self.backoff.longest(),
            Severity::Sample | Severity::Connection => self.backoff.next(),
        };
        self.events.lost(&error.message);
        let failure = Failure { message: error.message, advice: error.advice, retry_in: Some(wait) };
        self.send(HostUpdate::Failed(failure)).await?;
        self.attend(sleep(wait)).await
    }

    /// Waits for room in the channel, however long that takes.
    async fn send(&mut self, update: HostUpdate) -> Result<(), End> {
        let permit = self.attend(self.updates.reserve()).await?.map_err(|_| End::Stopped)?;
        permit.send((self.host, update));
        Ok(())
    }

    /// Waits for something, unless nobody steers any more. Wishes stay to be read by the connection.
    async fn attend<T>(&self, what: impl Future<Output = T>) -> Result<T, End> {
        let mut what = pin!(what);
        let mut wishes = self.wishes.clone();
        loop {
            tokio::select! {
                biased;
                wish = wishes.changed() => wish?,
                answer = &mut what => return Ok(answer),
            }
        }
    }
}

fn failed(message: String, advice: Option<String>) -> SourceError {
    SourceError { message, advice, severity: Severity::Connection }
}

/// A connection that stands.
struct Connection<'a> {
    worker: &'a Worker,
    notices: &'a mut mpsc::UnboundedReceiver<Notice>,
    wishes: watch::Receiver<Wish>,
    schedule: Schedule,
    look: Look,
}

impl Connection<'_> {
    /// Waits for a reason to sample, and says what to ask for.
    async fn next(&mut self, tick: Groups, events: &mut Teller) -> Result<Groups, End> {
        loop {
            let look = self.look.due();
            tokio::select! {
                biased;
                wish = self.wishes.changed() => self.wish(wish)?,
                notice = self.notices.recv() => self.notice(notice, events)?,
                () = sleep_until(self.schedule.next()) => return Ok(tick),
                () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => return Ok(Groups::STATE),
            }
        }
    }

    /// One sample. Wishes and notices are heard while it is under way.
    async fn sample(&mut self, groups: Groups, events: &mut Teller) -> Result<Result<HostSample, SourceError>, End> {
        let tick = groups != Groups::STATE;
        let focus = self.wishes.borrow().focus.filter(|_| tick);
        if tick {
            self.schedule.begins();
            self.look.not_needed();
        } else {
            self.look.begins(Instant::now());
        }
        let mut call = pin!(self.worker.sample(Request { groups, focus }));
        let answer = loop {
            tokio::select! {
                biased;
                wish = self.wishes.changed() => self.wish(wish)?,
                answer = &mut call => break answer?,
                notice = self.notices.recv() => self.notice(notice, events)?,
            }
        };
        if tick {
            self.schedule.finished(Instant::now());
        }
        Ok(answer)
    }

    fn wish(&mut self, changed: Result<(), RecvError>) -> Result<(), End> {
        changed?;
        let interval = self.wishes.borrow_and_update().interval;
        self.schedule.set_interval(interval, Instant::now());
        Ok(())
    }

    fn notice(&mut self, notice: Option<Notice>, events: &mut Teller) -> Result<(), End> {
        match notice {
            Some(Notice::Event(event)) => events.tell(event),
            Some(Notice::DomainsChanged) => self.look.noticed(Instant::now()),
            Some(Notice::Closed(reason)) => return Err(End::Lost(failed(reason, None))),
            // Not while the worker lives: it holds a sender.
            None => return Err(End::WorkerGone),
        }
        Ok(())
    }
}
