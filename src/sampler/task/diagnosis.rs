//! Why a call takes so long: a second connection asks domain by domain.

use super::connection::{Call, Connection, SourceThread};
use super::end::End;
use super::keep_blocked::keep_blocked;
use super::state::Task;
use crate::model::{Blocked, BlockedBy, HANG_OF_OWN_CALL, HostSample, SUSPECTED_HANG};
use crate::sampler::watchdog::{CONNECT_TIMEOUT, LIST_TIMEOUT, MONITOR_TIMEOUT, MOST_OFF, UNKNOWN};
use crate::sources::worker::{Pending, WorkerGone};
use crate::sources::{Monitor, Request, SourceError};
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Why a call takes so long.
pub(super) enum Diagnosis {
    /// It has come back meanwhile.
    Answered(Result<HostSample, SourceError>),
    /// It hangs in these domains; the connection that found out can take over.
    Hangs { top_consumers: Vec<Uuid>, fresh: SourceThread },
    /// No domain holds it up: a large or busy host. `suspect`: the longest time that a monitor has been busy for, where
    /// that is longer than at work, and not yet long enough to say that it hangs.
    Slow { suspect: Option<Duration> },
    /// libvirt does not even take a new connection.
    Silent,
}

/// What became of a second connection.
enum ProbeConnection {
    Stands(SourceThread),
    /// Meanwhile the call has come back.
    Answered(Result<HostSample, SourceError>),
    Silent,
}

/// What came first.
enum Race<T> {
    Call(Result<Result<HostSample, SourceError>, WorkerGone>),
    Other(Result<T, WorkerGone>),
    Late,
}

async fn race<T>(call: &mut Call, other: &mut Pending<T>, timeout: Duration) -> Race<T> {
    tokio::select! {
        biased;
        answer = call => Race::Call(answer),
        answer = other => Race::Other(answer),
        () = sleep(timeout) => Race::Late,
    }
}

impl Task {
    /// Why a call takes so long, `waited` by now. A second connection asks domain by domain.
    pub(super) async fn diagnose(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        waited: Duration,
    ) -> Result<Diagnosis, End> {
        let begun = Timestamp::now().earlier(waited);
        if connection.quarantine.is_full() {
            // To ask who it is could hang as well.
            return Ok(Diagnosis::Silent);
        }
        if connection.before.is_none() && !connection.quarantine.is_idle() {
            // A list was asked for already, and hangs: another one would, too.
            return Ok(Diagnosis::Silent);
        }
        let mut fresh = match self.probe(connection, call).await? {
            ProbeConnection::Stands(source_thread) => source_thread,
            ProbeConnection::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
            ProbeConnection::Silent => return Ok(Diagnosis::Silent),
        };
        if connection.before.is_none() {
            // The very first call hangs: at least say who exists.
            let mut states = fresh.worker.sample(Request::state_only(), None);
            match race(call, &mut states, CONNECT_TIMEOUT).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                Race::Other(Ok(Ok(mut sample))) => {
                    keep_blocked(&mut sample, self.last.as_ref(), &connection.quarantine);
                    self.send_sample(None, &sample).await?;
                    connection.before = Some(sample);
                }
                Race::Other(_) => return Ok(Diagnosis::Silent),
                Race::Late => {
                    connection.abandon_question(fresh, states, Vec::new());
                    return Ok(Diagnosis::Silent);
                }
            }
        }
        let Some(before) = &connection.before else { return Ok(Diagnosis::Slow { suspect: None }) };
        // Those that are off as well: one that is being started is off until it runs, and locked.
        let (runs, off): (Vec<_>, Vec<_>) = before
            .domains
            .iter()
            .filter(|(uuid, _)| !connection.quarantine.holds(uuid))
            .map(|(&uuid, domain)| (uuid, domain.run.is_some()))
            .partition(|(_, runs)| *runs);
        let (mut top_consumers, mut suspect) = (Vec::new(), None);
        let all = runs.into_iter().chain(off.into_iter().take(MOST_OFF));
        let mut questions: VecDeque<(Uuid, bool)> = all.map(|(uuid, _)| (uuid, false)).collect();
        let mut waited_for_jobs = false;
        while let Some((uuid, again)) = questions.pop_front() {
            if again && !top_consumers.is_empty() {
                // Somebody hangs for certain. Whoever else does shows soon enough.
                break;
            }
            if again && !waited_for_jobs {
                waited_for_jobs = true;
                tokio::select! {
                    biased;
                    answer = &mut *call => return Ok(Diagnosis::Answered(answer?)),
                    () = sleep(HANG_OF_OWN_CALL) => {}
                }
            }
            let mut question = fresh.worker.monitor(uuid);
            match race(call, &mut question, MONITOR_TIMEOUT + connection.round_trip * 4).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                // A command that is under way now, and another one in a moment, or the same: nobody says which.
                Race::Other(Ok(Ok(Monitor::AtWork))) if !again => questions.push_back((uuid, true)),
                Race::Other(Ok(Ok(Monitor::AtWork))) => top_consumers.push((uuid, BlockedBy::Monitor)),
                Race::Other(Ok(Ok(Monitor::Busy(length)))) if length >= HANG_OF_OWN_CALL => {
                    top_consumers.push((uuid, BlockedBy::Monitor));
                }
                Race::Other(Ok(Ok(Monitor::Busy(length)))) if length >= SUSPECTED_HANG => {
                    suspect = suspect.max(Some(length))
                }
                Race::Other(_) => {}
                Race::Late => {
                    // The question hangs as well: libvirt keeps the domain locked. This line is lost, too.
                    top_consumers.push((uuid, BlockedBy::Lock));
                    connection.abandon_question(fresh, question, vec![uuid]);
                    fresh = match self.probe(connection, call).await? {
                        ProbeConnection::Stands(source_thread) => source_thread,
                        ProbeConnection::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
                        ProbeConnection::Silent => return Ok(Diagnosis::Silent),
                    };
                    break;
                }
            }
        }
        let nobody = top_consumers.is_empty() && !connection.quarantine.has_locked();
        if nobody && connection.quarantine.is_at_limit() {
            if waited < connection.timeout.at_most() {
                return Ok(Diagnosis::Slow { suspect });
            }
            // To find out whether a list can be had would cost one thread more.
            top_consumers.push((UNKNOWN, BlockedBy::Lock));
        } else if nobody {
            // Nobody who is known. Where a domain that is not known is locked, no list can be had.
            let mut states = fresh.worker.sample(Request::state_only(), None);
            match race(call, &mut states, LIST_TIMEOUT + connection.round_trip * 4).await {
                Race::Call(answer) => return Ok(Diagnosis::Answered(answer?)),
                Race::Other(_) => return Ok(Diagnosis::Slow { suspect }),
                Race::Late => {
                    top_consumers.push((UNKNOWN, BlockedBy::Lock));
                    connection.abandon_question(fresh, states, vec![UNKNOWN]);
                    fresh = match self.probe(connection, call).await? {
                        ProbeConnection::Stands(source_thread) => source_thread,
                        ProbeConnection::Answered(answer) => return Ok(Diagnosis::Answered(answer)),
                        ProbeConnection::Silent => return Ok(Diagnosis::Silent),
                    };
                }
            }
        }
        if top_consumers.is_empty() {
            return Ok(Diagnosis::Slow { suspect });
        }
        // The call began then. Another client's may have hung in it before.
        let blocked = |(uuid, by)| {
            let since = connection.known_block(&uuid).map_or(begun, |blocked| blocked.since);
            (uuid, Blocked { by, since })
        };
        let top_consumers: Vec<_> = top_consumers.into_iter().map(blocked).collect();
        connection.quarantine.admit(&top_consumers, Instant::now());
        Ok(Diagnosis::Hangs { top_consumers: top_consumers.into_iter().map(|(uuid, _)| uuid).collect(), fresh })
    }

    /// A second connection. One that was asked for before and has not come yet is waited for: where libvirt takes no
    /// connection, attempts would pile up.
    async fn probe(&mut self, connection: &mut Connection<'_>, call: &mut Call) -> Result<ProbeConnection, End> {
        let (source_thread, mut connected) = match connection.probe.take() {
            Some(probe) => probe,
            None => {
                let source_thread = self.source_thread()?;
                let connected = source_thread.worker.connect();
                (source_thread, connected)
            }
        };
        Ok(match race(call, &mut connected, CONNECT_TIMEOUT).await {
            Race::Call(answer) => ProbeConnection::Answered(answer?),
            Race::Other(Ok(Ok(_))) => ProbeConnection::Stands(source_thread),
            Race::Other(_) => ProbeConnection::Silent,
            Race::Late => {
                connection.probe = Some((source_thread, connected));
                ProbeConnection::Silent
            }
        })
    }
}
