//! A connection that stands: what is known along it, and what may interrupt a wait.

use super::end::{End, failed};
use crate::model::{Blocked, Event, HostInfo, HostSample, SampleKind};
use crate::sampler::event_forwarder::EventForwarder;
use crate::sampler::plan::Plan;
use crate::sampler::schedule::{Schedule, StatePoll};
use crate::sampler::settings::Controls;
use crate::sampler::watchdog::{AbandonedCalls, AdaptiveTimeout, MOST_STUCK, Quarantine};
use crate::sources::worker::{Pending, Worker};
use crate::sources::{Notice, Request, SourceError};
use std::time::Duration;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// A call for a sample that is under way.
pub(super) type Call = Pending<Result<HostSample, SourceError>>;

/// A source on its thread, and what it notices by itself.
pub(super) struct SourceThread {
    pub(super) worker: Worker,
    pub(super) notices: mpsc::UnboundedReceiver<Notice>,
}

impl SourceThread {
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
    pub(super) source_thread: &'a mut SourceThread,
    pub(super) controls: watch::Receiver<Controls>,
    pub(super) schedule: Schedule,
    pub(super) state_poll: StatePoll,
    pub(super) events: EventForwarder,
    pub(super) timeout: AdaptiveTimeout,
    /// A message to libvirt and its answer take this long at the most: over a slow line the answer of a domain that is
    /// well comes late, too.
    pub(super) round_trip: Duration,
    pub(super) quarantine: Quarantine,
    pub(super) plan: Plan,
    /// How many calls a sample makes in parallel at most.
    pub(super) parallel_calls: usize,
    /// What was said last of an interval that is not kept.
    pub(super) late: Option<Duration>,
    /// Tells that calls which hung have come back.
    pub(super) freed_sender: mpsc::UnboundedSender<AbandonedCalls>,
    pub(super) freed: mpsc::UnboundedReceiver<AbandonedCalls>,
    pub(super) before: Option<HostSample>,
    /// It has had a tick.
    pub(super) ticked: bool,
    /// A second connection that is still on its way.
    pub(super) probe: Option<(SourceThread, Pending<Result<HostInfo, SourceError>>)>,
}

impl Connection<'_> {
    /// Waits for a reason to sample.
    pub(super) async fn next(&mut self) -> Result<SampleKind, End> {
        loop {
            let state_poll = self.state_poll.due();
            tokio::select! {
                biased;
                control = self.controls.changed() => self.control(control)?,
                notice = self.source_thread.notices.recv() => self.notice(notice)?,
                Some(abandoned) = self.freed.recv() => self.quarantine.freed(&abandoned),
                () = sleep_until(self.schedule.next()) => return Ok(SampleKind::Full),
                () = sleep_until(state_poll.unwrap_or_else(Instant::now)), if state_poll.is_some() => return Ok(SampleKind::StateOnly),
            }
        }
    }

    /// A sample begins: what it asks for.
    pub(super) fn begins(&mut self, kind: SampleKind) -> Request {
        match kind {
            SampleKind::Full => {
                self.schedule.begins();
                self.state_poll.not_needed();
                let control = self.controls.borrow();
                self.plan.next(control.demand.as_ref(), self.before.as_ref(), control.interval)
            }
            SampleKind::StateOnly => {
                self.state_poll.begins(Instant::now());
                Request::state_only()
            }
        }
    }

    /// Takes what is to be known for the next sample from how this one went.
    pub(super) fn learn(&mut self, kind: SampleKind, request: &Request, sample: Option<&HostSample>, took: Duration) {
        self.round_trip = self.round_trip.min(took);
        // A look is over in no time, and says nothing of how long a sample takes.
        if kind == SampleKind::Full {
            self.ticked = true;
            self.timeout.learn(took);
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
                control = self.controls.changed() => self.control(control)?,
                answer = &mut *call => return Ok(Some(answer?)),
                notice = self.source_thread.notices.recv() => self.notice(notice)?,
                Some(abandoned) = self.freed.recv() => self.quarantine.freed(&abandoned),
                () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => return Ok(None),
            }
        }
    }

    /// Leaves the line to its call, which hangs in these domains, and goes on with another. It may have made `most`
    /// calls side by side.
    pub(super) fn abandon(&mut self, call: Call, top_consumers: Vec<Uuid>, most: usize, fresh: SourceThread) {
        // Before its first tick a connection knows only what the one before it knew.
        let abandoned =
            AbandonedCalls::of_sample(top_consumers, |uuid| self.ticked && self.known_block(uuid).is_some(), most);
        self.quarantine.stuck(&abandoned);
        let mut old = std::mem::replace(self.source_thread, fresh);
        self.hear_both(&mut old);
        let freed = self.freed_sender.clone();
        tokio::spawn(async move {
            // The thread, and its connection, end when the call does.
            drop(call.await);
            drop(old);
            drop(freed.send(abandoned));
        });
    }

    /// What the last sample found a domain held by.
    pub(super) fn known_block(&self, uuid: &Uuid) -> Option<Blocked> {
        self.before.as_ref()?.domains.get(uuid)?.blocked.filter(Blocked::is_own)
    }

    /// How many calls of one sample can hang at most.
    pub(super) fn most_calls(&self) -> usize {
        self.parallel_calls.clamp(1, MOST_STUCK)
    }

    /// Both lines have heard what happened since the fresh one was opened: it is told once. From here on nobody listens
    /// to the old one.
    fn hear_both(&mut self, old: &mut SourceThread) {
        old.notices.close();
        let ((mut heard, changed), (again, changed_again)) = (old.unread(), self.source_thread.unread());
        heard.iter().for_each(|event| self.events.forward(event.clone()));
        for event in again {
            match heard.iter().position(|other| other.domain == event.domain && other.kind == event.kind) {
                Some(index) => drop(heard.remove(index)),
                None => self.events.forward(event),
            }
        }
        if changed || changed_again {
            self.state_poll.noticed(Instant::now());
        }
    }

    /// Leaves a line to a question that hangs in these domains.
    pub(super) fn abandon_question<T: Send + 'static>(
        &mut self,
        mut source_thread: SourceThread,
        question: Pending<T>,
        domains: Vec<Uuid>,
    ) {
        let abandoned = AbandonedCalls { domains, calls: 1 };
        self.quarantine.stuck(&abandoned);
        source_thread.notices.close();
        let freed = self.freed_sender.clone();
        tokio::spawn(async move {
            // The thread, and its connection, end when the question does.
            drop(question.await);
            drop(source_thread);
            drop(freed.send(abandoned));
        });
    }

    fn control(&mut self, changed: Result<(), RecvError>) -> Result<(), End> {
        changed?;
        let interval = self.controls.borrow_and_update().interval;
        self.schedule.set_interval(interval, Instant::now());
        Ok(())
    }

    fn notice(&mut self, notice: Option<Notice>) -> Result<(), End> {
        match notice {
            Some(Notice::Event(event)) => self.events.forward(event),
            Some(Notice::DomainsChanged) => self.state_poll.noticed(Instant::now()),
            Some(Notice::Closed(reason)) => return Err(End::Lost(failed(reason, None))),
            // Not while the worker lives: it holds a sender.
            None => return Err(End::WorkerGone),
        }
        Ok(())
    }
}
