//! An open connection: its state, and waits for the next tick or for an answer that events and controls can interrupt.

use super::end::End;
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
    /// An upper bound for the time of one message to libvirt and its answer: the shortest call so far. On a slow network every
    /// answer takes at least a round trip, so it is added to time limits.
    pub(super) round_trip: Duration,
    pub(super) quarantine: Quarantine,
    pub(super) plan: Plan,
    /// How many calls a sample makes in parallel at most.
    pub(super) parallel_calls: usize,
    /// [`HostUpdate::Missed`](crate::model::HostUpdate) is to be sent before the next full sample.
    pub(super) missed: bool,
    /// The value of the last [`HostUpdate::Late`](crate::model::HostUpdate) that was sent.
    pub(super) late: Option<Duration>,
    /// The channel of abandoned calls that have returned: the tasks that wait for these calls send, and this connection receives.
    pub(super) returned_sender: mpsc::UnboundedSender<AbandonedCalls>,
    pub(super) returned: mpsc::UnboundedReceiver<AbandonedCalls>,
    /// The last sample that was sent on this connection.
    pub(super) last_sample: Option<HostSample>,
    /// A full sample was taken on this connection.
    pub(super) had_full_sample: bool,
    /// Facts of the host that changed, for the reader.
    pub(super) changed_host: Option<HostInfo>,
    /// The second connection of an earlier diagnosis, whose attempt to connect has not returned yet.
    pub(super) pending_probe: Option<(SourceThread, Pending<Result<HostInfo, SourceError>>)>,
}

impl Connection<'_> {
    /// Waits until a sample is due, and returns which kind. Handles events and changes of the controls meanwhile.
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
                self.missed |= self.schedule.has_missed_ticks(timer_now());
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

    /// A sample is complete, or failed (`None`). Adapts the time limit and the plan to it.
    pub(super) fn learn(&mut self, request: &Request, sample: Option<&HostSample>, took: Duration) {
        self.round_trip = self.round_trip.min(took);
        // A state-only sample is too short to adapt the time limit to.
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

    /// Abandons a call that hangs in `domains`, with its thread, and continues with the thread `replacement`. The sample may
    /// have made up to `most_calls` libvirt calls in parallel.
    pub(super) fn abandon(&mut self, call: Call, domains: Vec<Uuid>, most_calls: usize, replacement: SourceThread) {
        // Before the first full sample of this connection, `last_sample` has only hangs that an earlier connection found.
        let is_known = |uuid: &Uuid| self.had_full_sample && self.known_hang(uuid).is_some();
        let abandoned = AbandonedCalls::of_sample(domains, is_known, most_calls);
        let mut old = std::mem::replace(self.source_thread, replacement);
        self.merge_notices(&mut old);
        self.drop_after_return(old, call, abandoned);
    }

    /// Abandons a call of the second connection of a diagnosis that hangs in `domains`, with its thread.
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
            // Not before the call has returned: dropping the thread closes its connection.
            drop(thread);
            drop(returned.send(abandoned));
        });
    }

    /// What blocks a domain according to the last sample; `None`: nothing, or only [`BlockedBy::Host`](crate::model::BlockedBy).
    pub(super) fn known_hang(&self, uuid: &Uuid) -> Option<Blocked> {
        self.last_sample.as_ref()?.domains.get(uuid)?.blocked.filter(Blocked::is_own)
    }

    /// How many calls of one sample can hang at most.
    pub(super) fn most_calls(&self) -> usize {
        self.parallel_calls.clamp(1, MAX_HANGING_CALLS)
    }

    /// Takes the waiting notices of the thread that is abandoned and of its replacement. Since the replacement connected, both
    /// have received every event, so an event that both have is forwarded only once. Afterwards `old` takes no more notices.
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
            Notice::HostChanged(info) => self.changed_host = Some(info),
            Notice::Closed(error) => return Err(End::Lost(error)),
        }
        Ok(())
    }
}
