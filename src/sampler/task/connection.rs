//! A connection that stands: what is known along it, and what may interrupt a wait.

use super::end::{End, failed};
use crate::model::{Event, Groups, Held, HostInfo, HostSample};
use crate::sampler::event_forwarder::Teller;
use crate::sampler::plan::Plan;
use crate::sampler::schedule::{Look, Schedule};
use crate::sampler::settings::Wish;
use crate::sampler::watchdog::{Left, MOST_STUCK, Patience, Quarantine};
use crate::sources::worker::{Pending, Worker};
use crate::sources::{Notice, Request, SourceError};
use std::time::Duration;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// A call for a sample that is under way.
pub(super) type Call = Pending<Result<HostSample, SourceError>>;

/// What kind of sample it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A point on the time axis, asked for what the plan says.
    Tick,
    /// A look at who exists.
    Look,
}

/// A source on its thread, and what it notices by itself.
pub(super) struct Line {
    pub(super) worker: Worker,
    pub(super) notices: mpsc::UnboundedReceiver<Notice>,
}

impl Line {
    /// What nobody has heard yet: the events, and whether any domain changed.
    pub(super) fn unread(&mut self) -> (Vec<Event>, bool) {
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
pub(super) struct Connection<'a> {
    pub(super) line: &'a mut Line,
    pub(super) wishes: watch::Receiver<Wish>,
    pub(super) schedule: Schedule,
    pub(super) look: Look,
    pub(super) events: Teller,
    pub(super) patience: Patience,
    /// A message to libvirt and its answer take this long at the most: over a slow line the answer of a domain that is
    /// well comes late, too.
    pub(super) round_trip: Duration,
    pub(super) quarantine: Quarantine,
    pub(super) plan: Plan,
    /// Groups that cost nothing here.
    pub(super) free: Groups,
    /// What was said last of an interval that is not kept.
    pub(super) late: Option<Duration>,
    /// Tells that calls which hung have come back.
    pub(super) freed_sender: mpsc::UnboundedSender<Left>,
    pub(super) freed: mpsc::UnboundedReceiver<Left>,
    pub(super) before: Option<HostSample>,
    /// It has had a tick.
    pub(super) ticked: bool,
    /// A second connection that is still on its way.
    pub(super) second: Option<(Line, Pending<Result<HostInfo, SourceError>>)>,
}

impl Connection<'_> {
    /// Waits for a reason to sample.
    pub(super) async fn next(&mut self) -> Result<Turn, End> {
        loop {
            let look = self.look.due();
            tokio::select! {
                biased;
                wish = self.wishes.changed() => self.wish(wish)?,
                notice = self.line.notices.recv() => self.notice(notice)?,
                Some(left) = self.freed.recv() => self.quarantine.freed(&left),
                () = sleep_until(self.schedule.next()) => return Ok(Turn::Tick),
                () = sleep_until(look.unwrap_or_else(Instant::now)), if look.is_some() => return Ok(Turn::Look),
            }
        }
    }

    /// A sample begins: what it asks for.
    pub(super) fn begins(&mut self, turn: Turn) -> Request {
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
    pub(super) fn learn(&mut self, turn: Turn, request: &Request, sample: Option<&HostSample>, took: Duration) {
        self.round_trip = self.round_trip.min(took);
        // A look is over in no time, and says nothing of how long a sample takes.
        if turn == Turn::Tick {
            self.ticked = true;
            self.patience.learn(took);
            if let Some(sample) = sample {
                self.plan.learn(request, sample, took);
            }
        }
    }

    /// The answer of a call; `None` when it has not come by `limit`. Wishes and notices are heard meanwhile.
    pub(super) async fn answer(
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
                Some(left) = self.freed.recv() => self.quarantine.freed(&left),
                () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => return Ok(None),
            }
        }
    }

    /// Leaves the line to its call, which hangs in these domains, and goes on with another. It may have made `most`
    /// calls side by side.
    pub(super) fn leave(&mut self, call: Call, culprits: Vec<Uuid>, most: usize, fresh: Line) {
        // Before its first tick a connection knows only what the one before it knew.
        let left = Left::of_sample(culprits, |uuid| self.ticked && self.known_hold(uuid).is_some(), most);
        self.quarantine.stuck(&left);
        let mut old = std::mem::replace(self.line, fresh);
        self.hear_both(&mut old);
        let freed = self.freed_sender.clone();
        tokio::spawn(async move {
            // The thread, and its connection, end when the call does.
            drop(call.await);
            drop(old);
            drop(freed.send(left));
        });
    }

    /// What the last sample found a domain held by.
    pub(super) fn known_hold(&self, uuid: &Uuid) -> Option<Held> {
        self.before.as_ref()?.domains.get(uuid)?.held.filter(Held::is_own)
    }

    /// So many calls at most has a sample side by side: where a source reads the books of this machine, it may have lines
    /// of its own to its libvirtd.
    pub(super) fn most_calls(&self) -> usize {
        if self.free.is_empty() { 1 } else { MOST_STUCK }
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
    pub(super) fn strand<T: Send + 'static>(&mut self, mut line: Line, question: Pending<T>, domains: Vec<Uuid>) {
        let left = Left { domains, calls: 1 };
        self.quarantine.stuck(&left);
        line.notices.close();
        let freed = self.freed_sender.clone();
        tokio::spawn(async move {
            // The thread, and its connection, end when the question does.
            drop(question.await);
            drop(line);
            drop(freed.send(left));
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
