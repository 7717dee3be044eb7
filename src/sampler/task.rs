//! The life of one host's task: connect, sample, lose the connection, wait, connect again.

mod connection;
mod diagnosis;

use super::events::Teller;
use super::plan::Plan;
use super::schedule::{Backoff, Look, Schedule};
use super::watchdog::{Patience, Quarantine, SUSPICION};
use super::{MakeSource, Settings, Wish, diff};
use crate::model::{Failure, Groups, Held, HostSample, HostUpdate};
use crate::sources::worker::{Worker, WorkerGone};
use crate::sources::{Request, Severity, SourceError};
use crate::time::Timestamp;
use connection::{Connection, Line, Turn};
use diagnosis::Diagnosis;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

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
    /// The last sample of the connections before this one.
    last: Option<HostSample>,
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
        Self { host, make, settings, wishes, updates, events, backoff: Backoff::default(), last: None }
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
        let begun = Instant::now();
        let info = self.attend(line.worker.connect()).await??.map_err(End::Lost)?;
        let connected_in = begun.elapsed();
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
            // More than four messages go to and fro for it.
            round_trip: connected_in / 4,
            quarantine: Quarantine::default(),
            plan: Plan::default(),
            free,
            late: None,
            freed_sender,
            freed,
            before: None,
            ticked: false,
            second: None,
        };
        let end = self.serve(&mut connection).await;
        self.last = connection.before.or(self.last.take());
        end
    }

    /// Sample after sample, until the connection is lost.
    async fn serve(&mut self, connection: &mut Connection<'_>) -> Result<Infallible, End> {
        // Who is there, before anybody is asked what could take long.
        let mut turn = Turn::Look;
        loop {
            match self.watched(connection, turn).await? {
                Ok(sample) => {
                    if turn == Turn::Tick {
                        self.backoff = Backoff::default();
                        self.events.sampled(sample.at, Instant::now());
                    }
                    self.send_sample(connection.before.as_ref(), &sample).await?;
                    connection.before = Some(sample);
                    self.tell_late(connection).await?;
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
        let (mut told, mut hung, mut again) = (false, false, false);
        // How soon to ask who hangs.
        let mut patience = connection.patience.limit();
        let answer = 'again: loop {
            let around = connection.quarantine.around(connection.before.as_ref());
            let most = around.as_ref().map_or(connection.most_calls(), |around| around.calls);
            let locked = around.as_ref().map(|around| around.locked.clone());
            let focus = request.focus.filter(|uuid| !connection.quarantine.holds(uuid));
            let begun = Instant::now();
            let mut call = connection.line.worker.sample(Request { focus, ..request.clone() }, around);
            loop {
                let limit = self.settings.watchdog.then(|| Instant::now() + patience);
                let answer = match connection.answer(&mut call, limit).await? {
                    Some(answer) => Diagnosis::Answered(answer),
                    None => self.diagnose(connection, &mut call, begun.elapsed()).await?,
                };
                match answer {
                    Diagnosis::Answered(mut answer) => {
                        // libvirt reads domain by domain. In an answer that was held up some figures are as old as the
                        // question, and nobody can tell which: it is asked again. One that takes as long again is what a
                        // slow host has.
                        if self.settings.watchdog && begun.elapsed() > connection.patience.at_most() && answer.is_ok() {
                            if !again {
                                again = true;
                                continue 'again;
                            }
                            connection.patience.give(begun.elapsed());
                        }
                        if let Ok(sample) = &mut answer {
                            for (uuid, domain) in &mut sample.domains {
                                domain.more =
                                    if domain.run.is_some() { request.more_of(uuid) } else { Groups::empty() };
                            }
                            let before = connection.before.as_ref().or(self.last.as_ref());
                            keep_held(sample, before, &connection.quarantine);
                            if let Some(locked) = &locked {
                                let before = connection.before.as_ref();
                                connection.quarantine.settle(sample, before, locked, Instant::now());
                            }
                        }
                        connection.learn(turn, &request, answer.as_ref().ok(), begun.elapsed());
                        break 'again answer;
                    }
                    Diagnosis::Hangs { culprits, fresh } => {
                        connection.leave(call, culprits, most, fresh);
                        (hung, again) = (true, false);
                        // Where one hangs others may: they are found one after another.
                        patience = connection.patience.after_hang();
                        continue 'again;
                    }
                    // Nobody hangs so far, and perhaps somebody will.
                    Diagnosis::Slow { suspect } => {
                        patience = suspect.map_or(patience * 2, |busy| SUSPICION.saturating_sub(busy));
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
        connection.second = None;
        if turn == Turn::Tick {
            connection.schedule.finished(Instant::now());
            if hung {
                connection.schedule.gone_around(Instant::now());
            }
        }
        Ok(answer)
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

/// A hang that is known stands until its end is seen: a look asks for nothing that would show it. A monitor that is
/// occupied is not hung yet, unless it was before: after libvirtd came back its first command has just begun. Those in
/// quarantine are that one's business.
fn keep_held(sample: &mut HostSample, before: Option<&HostSample>, quarantine: &Quarantine) {
    let (look, now) = (Groups::STATE.contains(sample.asked), sample.at);
    for (uuid, domain) in sample.domains.iter_mut().filter(|(uuid, _)| !quarantine.holds(uuid)) {
        let known = before.and_then(|before| Some((before.at, before.domains.get(uuid)?)));
        let known = known.filter(|(_, known)| known.run == domain.run);
        let known = known.and_then(|(at, known)| Some((at, known.held.filter(Held::is_own)?)));
        domain.held = match (domain.held, known) {
            (None, Some((_, known))) if look => Some(known),
            // At its command when the last sample was taken: it is the same one. One that is young says nothing yet.
            (Some(held), Some((at, known)))
                if held.by == known.by && (held.since.monotonic <= at.monotonic || !held.is_hang(now)) =>
            {
                Some(known)
            }
            (held, _) => held.filter(|held| held.is_hang(now)),
        };
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DomainSample, DomainState, Hold, NodeSample, StateReason};
    use std::time::Duration;
    use uuid::Uuid;

    const SINCE: Duration = Duration::from_secs(10);

    /// A host with one domain, read at second 60.
    fn host(asked: Groups, run: u32, since: Option<Duration>) -> HostSample {
        let mut domain = DomainSample::new("guest", Some(run), DomainState::Running, StateReason(1));
        domain.held = since.map(|since| Held { by: Hold::Monitor, since: at(since) });
        HostSample {
            at: at(Duration::from_secs(60)),
            asked,
            node: NodeSample::default(),
            domains: [(Uuid::nil(), domain)].into(),
            lacks: Arc::default(),
        }
    }

    fn at(moment: Duration) -> Timestamp {
        Timestamp::at(moment, jiff::Timestamp::UNIX_EPOCH)
    }

    fn since_after(mut sample: HostSample, before: Option<&HostSample>) -> Option<Duration> {
        keep_held(&mut sample, before, &Quarantine::default());
        sample.domains[&Uuid::nil()].held.map(|held| held.since.monotonic)
    }

    #[test]
    fn a_look_ends_no_hang_that_it_cannot_see() {
        let before = host(Groups::OVERVIEW, 1, Some(SINCE));
        assert_eq!(since_after(host(Groups::STATE, 1, None), Some(&before)), Some(SINCE));
        assert_eq!(since_after(host(Groups::STATE, 2, None), Some(&before)), None, "another run");
        assert_eq!(since_after(host(Groups::STATE, 1, None), None), None);
    }

    #[test]
    fn a_hang_ends_when_the_monitor_is_free_and_not_before() {
        let before = host(Groups::OVERVIEW, 1, Some(SINCE));
        assert_eq!(since_after(host(Groups::OVERVIEW, 1, None), Some(&before)), None);
        let found = |second| host(Groups::OVERVIEW, 1, Some(Duration::from_secs(second)));
        assert_eq!(since_after(found(59), Some(&before)), Some(SINCE), "as old as it was");
        let mut later = found(62);
        later.at = at(Duration::from_secs(64));
        assert_eq!(since_after(later, Some(&before)), Some(Duration::from_secs(62)), "it answered in between");
        assert_eq!(since_after(found(60), Some(&before)), Some(SINCE), "nobody knows yet");
    }

    #[test]
    fn a_monitor_that_is_at_work_is_not_hung() {
        let found = |ms| host(Groups::OVERVIEW, 1, Some(Duration::from_millis(ms)));
        let free = host(Groups::OVERVIEW, 1, None);
        assert_eq!(since_after(found(59_100), Some(&free)), None);
        assert_eq!(since_after(found(58_900), Some(&free)), Some(Duration::from_millis(58_900)));
    }

    #[test]
    fn what_nobody_asked_is_not_carried_over() {
        let mut before = host(Groups::OVERVIEW, 1, Some(SINCE));
        before.domains.get_mut(&Uuid::nil()).unwrap().held = Some(Held { by: Hold::Host, since: at(SINCE) });
        assert_eq!(since_after(host(Groups::STATE, 1, None), Some(&before)), None);
    }
}
