//! The life of one host's task: connect, sample, lose the connection, wait, connect again.

use super::events::Teller;
use super::plan::Plan;
use super::schedule::{Backoff, Look, Schedule};
use super::watchdog::{
    BUSY_AT_LEAST, CONNECT_PATIENCE, LIST_PATIENCE, MONITOR_PATIENCE, MOST_OFF, Patience, Quarantine, UNKNOWN,
};
use super::{MakeSource, Settings, Wish, diff};
use crate::model::{Event, Failure, Groups, Hold, HostInfo, HostSample, HostUpdate};
use crate::sources::worker::{Pending, Worker, WorkerGone};
use crate::sources::{Monitor, Notice, Request, Severity, SourceError};
use crate::time::Timestamp;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

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
        let mut line = self.line()?;
        loop {
            let Err(end) = self.connection(&mut line).await;
            let End::Lost(error) = end else { return Err(end) };
            self.pause(error).await?;
        }
    }

    /// A thread with a source of its own.
    fn line(&self) -> Result<Line, End> {
        let (worker, notices) = Worker::spawn(&format!("host {}", self.host), (self.make)())
            .map_err(|error| End::Lost(failed(format!("no thread for the connection: {error}"), None)))?;
        Ok(Line { worker, notices })
    }

    /// One connection, from the attempt to its loss. Where a call hangs, another line takes its place.
    async fn connection(&mut self, line: &mut Line) -> Result<Infallible, End> {
        // What the connection before still had to say.
        for event in line.unread().0 {
            self.events.tell(event);
        }
        self.send(HostUpdate::Connecting).await?;
        let info = self.attend(line.worker.connect()).await??.map_err(End::Lost)?;
        let free = info.free;
        self.send(HostUpdate::Connected(Arc::new(info))).await?;
        let interval = self.wishes.borrow_and_update().interval;
        let (freed_sender, freed) = mpsc::unbounded_channel();
        let mut connection = Connection {
            line,
            wishes: self.wishes.clone(),
            schedule: Schedule::new(Instant::now(), interval, self.settings.second),
            look: Look::default(),
            events: self.events.clone(),
            patience: Patience::default(),
            quarantine: Quarantine::default(),
            plan: Plan::default(),
            free,
            late: None,
            freed_sender,
            freed,
            before: None,
            second: None,
        };
        // Who is there, before anybody is asked what could take long.
        let mut turn = Turn::Look;
        loop {
            match self.watched(&mut connection, turn).await? {
                Ok(sample) => {
                    if turn == Turn::Tick {
                        self.backoff = Backoff::default();
                        self.events.sampled(sample.at, Instant::now());
                    }
                    self.send_sample(connection.before.as_ref(), &sample).await?;
                    connection.before = Some(sample);
                    self.tell_late(&mut connection).await?;
                }
                Err(error) if error.severity == Severity::Sample => {
                    let failure =
                        Failure { message: error.message, advice: error.advice, retry_in: None, at: Timestamp::now() };
                    self.send(HostUpdate::Failed(failure)).await?;
                }
                Err(error) => return Err(End::Lost(error)),
            }
            turn = connection.next().await?;
        }
    }

    /// Says when a sample takes longer than the interval, and when that is over.
    async fn tell_late(&mut self, connection: &mut Connection<'_>) -> Result<(), End> {
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
        turn: Turn,
    ) -> Result<Result<HostSample, SourceError>, End> {
        let request = connection.begins(turn);
        let mut told = false;
        // How soon to ask who hangs, where somebody did just now: several are found one after another.
        let mut suspicion = None;
        let answer = 'again: loop {
            let around = connection.quarantine.around(connection.before.as_ref());
            let went_around = around.is_some();
            let focus = request.focus.filter(|uuid| !connection.quarantine.holds(uuid));
            let begun = Instant::now();
            let mut call = connection.line.worker.sample(Request { focus, ..request.clone() }, around);
            let mut late = false;
            loop {
                let usual = connection.patience.limit();
                let patience = suspicion.unwrap_or(usual).min(usual);
                let limit = self.settings.watchdog.then(|| Instant::now() + patience);
                let answer = match connection.answer(&mut call, limit).await? {
                    Some(answer) => Diagnosis::Answered(answer),
                    None => {
                        late = begun.elapsed() >= usual;
                        self.diagnose(connection, &mut call).await?
                    }
                };
                match answer {
                    Diagnosis::Answered(mut answer) => {
                        // libvirt reads domain by domain. In an answer that was held up some figures are as old as the
                        // question, and nobody can tell which: it is asked again.
                        if late && answer.is_ok() {
                            connection.patience.give(begun.elapsed());
                            continue 'again;
                        }
                        if let Ok(sample) = &mut answer {
                            for (uuid, domain) in &mut sample.domains {
                                domain.more =
                                    if domain.run.is_some() { request.more_of(uuid) } else { Groups::empty() };
                            }
                            if went_around {
                                connection.quarantine.settle(sample, connection.before.as_ref(), Instant::now());
                            }
                        }
                        connection.learn(turn, &request, answer.as_ref().ok(), begun.elapsed());
                        break 'again answer;
                    }
                    Diagnosis::Hangs { culprits, fresh } => {
                        connection.leave(call, &culprits, fresh);
                        suspicion = Some(connection.patience.after_hang());
                        continue 'again;
                    }
                    // Nobody else hangs so far.
                    Diagnosis::Slow => suspicion = suspicion.map(|patience| patience * 2),
                    Diagnosis::Silent if !told => {
                        told = true;
                        self.send(HostUpdate::Failed(silence(connection.before.is_some()))).await?;
                    }
                    Diagnosis::Silent => {}
                }
            }
        };
        // Nothing is to be found out any more.
        connection.second = None;
        if turn == Turn::Tick {
            connection.schedule.finished(Instant::now());
        }
        Ok(answer)
    }

    /// Why a call takes so long. A second connection asks domain by domain.
    async fn diagnose(&mut self, connection: &mut Connection<'_>, call: &mut Call) -> Result<Diagnosis, End> {
        if connection.quarantine.is_full() {
            // To ask who it is could hang as well.
            return Ok(Diagnosis::Silent);
        }
        let mut fresh = match self.second(connection, call).await? {
            Second::Stands(line) => line,
            Second::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
            Second::Silent => return Ok(Diagnosis::Silent),
        };
        if connection.before.is_none() {
            // The very first call hangs: at least say who exists.
            let mut states = fresh.worker.sample(Request::of_all(Groups::STATE), None);
            match race(call, &mut states, CONNECT_PATIENCE).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                Race::Other(Ok(Ok(sample))) => {
                    self.send_sample(None, &sample).await?;
                    connection.before = Some(sample);
                }
                Race::Other(_) => return Ok(Diagnosis::Silent),
                Race::Late => {
                    connection.strand(fresh, states, Vec::new());
                    return Ok(Diagnosis::Silent);
                }
            }
        }
        let Some(before) = &connection.before else { return Ok(Diagnosis::Slow) };
        let since = before.at;
        // Those that are off as well: one that is being started is off until it runs, and locked.
        let (runs, off): (Vec<_>, Vec<_>) = before
            .domains
            .iter()
            .filter(|(uuid, _)| !connection.quarantine.holds(uuid))
            .map(|(&uuid, domain)| (uuid, domain.run.is_some()))
            .partition(|(_, runs)| *runs);
        let mut culprits = Vec::new();
        for (uuid, _) in runs.into_iter().chain(off.into_iter().take(MOST_OFF)) {
            let mut question = fresh.worker.monitor(uuid);
            match race(call, &mut question, MONITOR_PATIENCE).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                Race::Other(Ok(Ok(Monitor::Busy(length)))) if length >= BUSY_AT_LEAST => {
                    culprits.push((uuid, Hold::Monitor));
                }
                Race::Other(_) => {}
                Race::Late => {
                    // The question hangs as well: libvirt keeps the domain locked. This line is lost, too.
                    culprits.push((uuid, Hold::Lock));
                    connection.strand(fresh, question, vec![uuid]);
                    fresh = match self.second(connection, call).await? {
                        Second::Stands(line) => line,
                        Second::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
                        Second::Silent => return Ok(Diagnosis::Silent),
                    };
                    break;
                }
            }
        }
        let nobody = culprits.is_empty() && !connection.quarantine.has_locked();
        if nobody && connection.quarantine.is_at_limit() {
            // To find out whether a list can be had would cost one thread more.
            culprits.push((UNKNOWN, Hold::Lock));
        } else if nobody {
            // Nobody who is known. Where a domain that is not known is locked, no list can be had.
            let mut states = fresh.worker.sample(Request::of_all(Groups::STATE), None);
            match race(call, &mut states, LIST_PATIENCE).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                Race::Other(_) => return Ok(Diagnosis::Slow),
                Race::Late => {
                    culprits.push((UNKNOWN, Hold::Lock));
                    connection.strand(fresh, states, vec![UNKNOWN]);
                    fresh = match self.second(connection, call).await? {
                        Second::Stands(line) => line,
                        Second::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
                        Second::Silent => return Ok(Diagnosis::Silent),
                    };
                }
            }
        }
        if culprits.is_empty() {
            return Ok(Diagnosis::Slow);
        }
        connection.quarantine.admit(&culprits, since, Instant::now());
        Ok(Diagnosis::Hangs { culprits: culprits.into_iter().map(|(uuid, _)| uuid).collect(), fresh })
    }

    /// A second connection. One that was asked for before and has not come yet is waited for: where libvirt takes no
    /// connection, attempts would pile up.
    async fn second(&mut self, connection: &mut Connection<'_>, call: &mut Call) -> Result<Second, End> {
        let (line, mut connected) = match connection.second.take() {
            Some(second) => second,
            None => {
                let line = self.line()?;
                let connected = line.worker.connect();
                (line, connected)
            }
        };
        Ok(match race(call, &mut connected, CONNECT_PATIENCE).await {
            Race::Call(answer) => Second::Answered(answer?),
            Race::Other(Ok(Ok(_))) => Second::Stands(line),
            Race::Other(_) => Second::Silent,
            Race::Late => {
                connection.second = Some((line, connected));
                Second::Silent
            }
        })
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
            Severity::Away => Backoff::AWAY,
        };
        self.events.lost(&error.message, Instant::now());
        let failure =
            Failure { message: error.message, advice: error.advice, retry_in: Some(wait), at: Timestamp::now() };
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

/// libvirt takes calls, or not even those, and answers none.
fn silence(has_figures: bool) -> Failure {
    let (message, advice) = match has_figures {
        true => (
            "libvirt does not answer; the figures are the last ones",
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

/// A call for a sample that is under way.
type Call = Pending<Result<HostSample, SourceError>>;

/// Why a call takes so long.
enum Diagnosis {
    /// It has come back meanwhile.
    Answered(Result<HostSample, SourceError>),
    /// It hangs in these domains; the connection that found out can take over.
    Hangs { culprits: Vec<Uuid>, fresh: Line },
    /// No domain holds it up: a large or busy host.
    Slow,
    /// libvirt does not even take a new connection.
    Silent,
}

/// What became of a second connection.
enum Second {
    Stands(Line),
    /// Meanwhile the call has come back.
    Answered(Result<HostSample, SourceError>),
    Silent,
}

/// What kind of sample it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// A point on the time axis, asked for what the plan says.
    Tick,
    /// A look at who exists.
    Look,
}

/// What came first.
enum Race<T> {
    Call(Result<Result<HostSample, SourceError>, WorkerGone>),
    Other(Result<T, WorkerGone>),
    Late,
}

async fn race<T>(call: &mut Call, other: &mut Pending<T>, patience: Duration) -> Race<T> {
    tokio::select! {
        biased;
        answer = call => Race::Call(answer),
        answer = other => Race::Other(answer),
        () = sleep(patience) => Race::Late,
    }
}

/// A source on its thread, and what it notices by itself.
struct Line {
    worker: Worker,
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Line {
    /// What nobody has heard yet: the events, and whether any domain changed.
    fn unread(&mut self) -> (Vec<Event>, bool) {
        let (mut events, mut changed) = (Vec::new(), false);
        while let Ok(notice) = self.notices.try_recv() {
            match notice {
                Notice::Event(event) => events.push(event),
                Notice::DomainsChanged => changed = true,
                Notice::Closed(_) => {}
            }
        }
        (events, changed)
    }
}

/// A connection that stands.
struct Connection<'a> {
    line: &'a mut Line,
    wishes: watch::Receiver<Wish>,
    schedule: Schedule,
    look: Look,
    events: Teller,
    patience: Patience,
    quarantine: Quarantine,
    plan: Plan,
    /// Groups that cost nothing here.
    free: Groups,
    /// What was said last of an interval that is not kept.
    late: Option<Duration>,
    /// Tells which domains a thread hung in, when it comes back.
    freed_sender: mpsc::UnboundedSender<Vec<Uuid>>,
    freed: mpsc::UnboundedReceiver<Vec<Uuid>>,
    before: Option<HostSample>,
    /// A second connection that is still on its way.
    second: Option<(Line, Pending<Result<HostInfo, SourceError>>)>,
}

impl Connection<'_> {
    /// Waits for a reason to sample.
    async fn next(&mut self) -> Result<Turn, End> {
        loop {
            let look = self.look.due();
            tokio::select! {
                biased;
                wish = self.wishes.changed() => self.wish(wish)?,
                notice = self.line.notices.recv() => self.notice(notice)?,
                Some(domains) = self.freed.recv() => self.quarantine.freed(&domains),
                () = sleep_until(self.schedule.next()) => return Ok(Turn::Tick),
                () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => return Ok(Turn::Look),
            }
        }
    }

    /// A sample begins: what it asks for.
    fn begins(&mut self, turn: Turn) -> Request {
        match turn {
            Turn::Tick => {
                self.schedule.begins();
                self.look.not_needed();
                let wish = self.wishes.borrow();
                self.plan.next(wish.sight.as_ref(), self.before.as_ref(), self.free, wish.interval)
            }
            Turn::Look => {
                self.look.begins(Instant::now());
                Request::of_all(Groups::STATE)
            }
        }
    }

    /// Takes what is to be known for the next sample from how this one went.
    fn learn(&mut self, turn: Turn, request: &Request, sample: Option<&HostSample>, took: Duration) {
        // A look is over in no time, and says nothing of how long a sample takes.
        if turn == Turn::Tick {
            self.patience.learn(took);
            if let Some(sample) = sample {
                self.plan.learn(request, sample, took);
            }
        }
    }

    /// The answer of a call; `None` when it has not come by `limit`. Wishes and notices are heard meanwhile.
    async fn answer(
        &mut self,
        call: &mut Call,
        limit: Option<Instant>,
    ) -> Result<Option<Result<HostSample, SourceError>>, End> {
        loop {
            tokio::select! {
                biased;
                wish = self.wishes.changed() => self.wish(wish)?,
                answer = &mut *call => return Ok(Some(answer?)),
                notice = self.line.notices.recv() => self.notice(notice)?,
                Some(domains) = self.freed.recv() => self.quarantine.freed(&domains),
                () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => return Ok(None),
            }
        }
    }

    /// Leaves the line to its call, which hangs in these domains, and goes on with another.
    fn leave(&mut self, call: Call, culprits: &[Uuid], fresh: Line) {
        self.quarantine.stuck(culprits);
        let mut old = std::mem::replace(self.line, fresh);
        self.hear_both(&mut old);
        let (freed, culprits) = (self.freed_sender.clone(), culprits.to_vec());
        tokio::spawn(async move {
            // The thread, and its connection, end when the call does.
            drop(call.await);
            drop(old);
            drop(freed.send(culprits));
        });
    }

    /// Both lines have heard what happened since the fresh one was opened: it is told once. From here on nobody listens
    /// to the old one.
    fn hear_both(&mut self, old: &mut Line) {
        old.notices.close();
        let ((mut heard, changed), (again, changed_again)) = (old.unread(), self.line.unread());
        heard.iter().for_each(|event| self.events.tell(event.clone()));
        for event in again {
            match heard.iter().position(|other| other.domain == event.domain && other.kind == event.kind) {
                Some(index) => drop(heard.remove(index)),
                None => self.events.tell(event),
            }
        }
        if changed || changed_again {
            self.look.noticed(Instant::now());
        }
    }

    /// Leaves a line to a question that hangs in these domains.
    fn strand<T: Send + 'static>(&mut self, mut line: Line, question: Pending<T>, domains: Vec<Uuid>) {
        self.quarantine.stuck(&domains);
        line.notices.close();
        let freed = self.freed_sender.clone();
        tokio::spawn(async move {
            // The thread, and its connection, end when the question does.
            drop(question.await);
            drop(line);
            drop(freed.send(domains));
        });
    }

    fn wish(&mut self, changed: Result<(), RecvError>) -> Result<(), End> {
        changed?;
        let interval = self.wishes.borrow_and_update().interval;
        self.schedule.set_interval(interval, Instant::now());
        Ok(())
    }

    fn notice(&mut self, notice: Option<Notice>) -> Result<(), End> {
        match notice {
            Some(Notice::Event(event)) => self.events.tell(event),
            Some(Notice::DomainsChanged) => self.look.noticed(Instant::now()),
            Some(Notice::Closed(reason)) => return Err(End::Lost(failed(reason, None))),
            // Not while the worker lives: it holds a sender.
            None => return Err(End::WorkerGone),
        }
        Ok(())
    }
}
