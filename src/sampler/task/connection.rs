//! An open connection: what is known of it, and what can interrupt a wait on it.

use super::end::{End, connection_error};
use super::source_thread::SourceThread;
use crate::model::{Blocked, HostInfo, HostSample, SampleKind};
use crate::sampler::controls::Controls;
use crate::sampler::event_forwarder::EventForwarder;
use crate::sampler::plan::Plan;
use crate::sampler::schedule::{Schedule, StatePoll};
use crate::sampler::watchdog::{AbandonedCalls, AdaptiveTimeout, MAX_HANGING_CALLS, Quarantine};
use crate::sources::worker::Pending;
use crate::sources::{Notice, Request, SourceError};
use crate::time::timer_now;
use std::time::Duration;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// A call for a sample in flight.
pub(super) type Call = Pending<Result<HostSample, SourceError>>;

/// An open connection.
pub(super) struct Connection<'a> {
    /// The thread that samples. If its call hangs, another thread takes its place.
    pub(super) source_thread: &'a mut SourceThread,
    pub(super) controls: watch::Receiver<Controls>,
    pub(super) schedule: Schedule,
    pub(super) state_poll: StatePoll,
    pub(super) events: EventForwarder,
    pub(super) timeout: AdaptiveTimeout,
    /// The longest time of a message to libvirt and its answer, as far as known. On a slow network every answer takes as long.
    pub(super) round_trip: Duration,
    pub(super) quarantine: Quarantine,
    pub(super) plan: Plan,
    /// How many calls a sample makes in parallel at most.
    pub(super) parallel_calls: usize,
    /// What the reader was told last of samples that take longer than the interval.
    pub(super) late: Option<Duration>,
    /// Abandoned calls that have returned: the end that their tasks send to, and the end that is read here.
    pub(super) returned_sender: mpsc::UnboundedSender<AbandonedCalls>,
    pub(super) returned: mpsc::UnboundedReceiver<AbandonedCalls>,
    /// The last sample that was sent on this connection.
    pub(super) last_sample: Option<HostSample>,
    /// A full sample was taken.
    pub(super) had_full_sample: bool,
    /// The second connection of an earlier diagnosis, whose attempt to connect has not returned yet.
    pub(super) pending_probe: Option<(SourceThread, Pending<Result<HostInfo, SourceError>>)>,
}

impl Connection<'_> {
    /// Waits until a sample is due.
    pub(super) async fn next(&mut self) -> Result<SampleKind, End> {
        loop {
            let state_poll = self.state_poll.due();
            // Notices come last, so that not even an endless stream of them delays a sample.
            tokio::select! {
                biased;
                changed = self.controls.changed() => self.take_controls(changed)?,
                Some(calls) = self.returned.recv() => self.quarantine.returned(&calls),
                () = sleep_until(self.schedule.next()) => return Ok(SampleKind::Full),
                () = sleep_until(state_poll.unwrap_or_else(timer_now)), if state_poll.is_some() => {
                    return Ok(SampleKind::StateOnly);
                }
                notice = self.source_thread.notices.recv() => self.take_notice(notice)?,
            }
        }
    }

    /// A sample starts. Returns its request.
    pub(super) fn start(&mut self, kind: SampleKind) -> Request {
        match kind {
            SampleKind::Full => {
                self.schedule.start();
                self.state_poll.cancel();
                let controls = self.controls.borrow();
                self.plan.next(&controls.demand, self.last_sample.as_ref(), controls.interval)
            }
            SampleKind::StateOnly => {
                self.state_poll.start(timer_now());
                Request::state_only()
            }
        }
    }

    /// A sample is complete, or failed. Learns from it for the next one.
    pub(super) fn learn(&mut self, request: &Request, sample: Option<&HostSample>, took: Duration) {
        self.round_trip = self.round_trip.min(took);
        // A sample of the states takes next to no time.
        if request.kind == SampleKind::Full {
            self.had_full_sample = true;
            self.timeout.learn(took);
            if let Some(sample) = sample {
                self.plan.learn(request, sample, took);
            }
        }
    }

    /// Waits for the answer of a call, and takes controls and notices meanwhile; `None` if there is no answer at `limit`.
    pub(super) async fn answer(
        &mut self,
        call: &mut Call,
        limit: Option<Instant>,
    ) -> Result<Option<Result<HostSample, SourceError>>, End> {
        loop {
            tokio::select! {
                biased;
                changed = self.controls.changed() => self.take_controls(changed)?,
                answer = &mut *call => return Ok(Some(answer?)),
                Some(calls) = self.returned.recv() => self.quarantine.returned(&calls),
                () = sleep_until(limit.unwrap_or_else(timer_now)), if limit.is_some() => return Ok(None),
                notice = self.source_thread.notices.recv() => self.take_notice(notice)?,
            }
        }
    }

    /// Abandons a call that hangs in `domains`, with its thread, and goes on with `replacement`. The call may have been up to
    /// `most_calls` calls in parallel.
    pub(super) fn abandon(&mut self, call: Call, domains: Vec<Uuid>, most_calls: usize, replacement: SourceThread) {
        // Before its first full sample a connection knows only what the one before it knew.
        let is_known = |uuid: &Uuid| self.had_full_sample && self.known_hang(uuid).is_some();
        let abandoned = AbandonedCalls::of_sample(domains, is_known, most_calls);
        let mut old = std::mem::replace(self.source_thread, replacement);
        self.merge_notices(&mut old);
        self.drop_after_return(old, call, abandoned);
    }

    /// Abandons a call of a second connection that hangs in `domains`, with its thread.
    pub(super) fn abandon_probe<T: Send + 'static>(
        &mut self,
        mut probe: SourceThread,
        call: Pending<T>,
        domains: Vec<Uuid>,
    ) {
        probe.notices.close();
        self.drop_after_return(probe, call, AbandonedCalls { domains, calls: 1 });
    }

    fn drop_after_return<T: Send + 'static>(
        &mut self,
        thread: SourceThread,
        call: Pending<T>,
        abandoned: AbandonedCalls,
    ) {
        self.quarantine.abandon(&abandoned);
        let returned = self.returned_sender.clone();
        tokio::spawn(async move {
            drop(call.await);
            // Only now: the thread ends, and with it its connection.
            drop(thread);
            drop(returned.send(abandoned));
        });
    }

    /// What a domain hangs in according to the last sample.
    pub(super) fn known_hang(&self, uuid: &Uuid) -> Option<Blocked> {
        self.last_sample.as_ref()?.domains.get(uuid)?.blocked.filter(Blocked::is_own)
    }

    /// How many calls of one sample can hang at most.
    pub(super) fn most_calls(&self) -> usize {
        self.parallel_calls.clamp(1, MAX_HANGING_CALLS)
    }

    /// Takes the notices of the thread that is abandoned and of its replacement. Both got the events since the replacement
    /// connected, so each such event is forwarded once. From now on `old` takes no notices.
    fn merge_notices(&mut self, old: &mut SourceThread) {
        old.notices.close();
        let ((mut events, changed), (others, others_changed)) = (old.unread(), self.source_thread.unread());
        events.iter().for_each(|event| self.events.forward(event.clone()));
        for event in others {
            match events.iter().position(|other| other.domain == event.domain && other.kind == event.kind) {
                Some(index) => drop(events.remove(index)),
                None => self.events.forward(event),
            }
        }
        if changed || others_changed {
            self.state_poll.request(timer_now());
        }
    }

    fn take_controls(&mut self, changed: Result<(), RecvError>) -> Result<(), End> {
        changed?;
        let interval = self.controls.borrow_and_update().interval;
        self.schedule.set_interval(interval, timer_now());
        Ok(())
    }

    fn take_notice(&mut self, notice: Notice) -> Result<(), End> {
        match notice {
            Notice::Event(event) => self.events.forward(event),
            Notice::DomainsChanged => self.state_poll.request(timer_now()),
            Notice::Closed(reason) => return Err(End::Lost(connection_error(reason, None))),
        }
        Ok(())
    }
}
