//! Finds out why a call takes too long: a second connection calls `virDomainGetControlInfo` for one domain after another.

use super::connection::{Call, Connection};
use super::end::End;
use super::keep_blocked::keep_blocked;
use super::source_thread::SourceThread;
use super::state::Task;
use crate::model::{Blocked, BlockedBy, HANG_OF_OWN_CALL, HostSample, SUSPECTED_HANG};
use crate::sampler::watchdog::{CONNECT_TIMEOUT, LIST_TIMEOUT, MAX_INACTIVE_PROBES, MONITOR_TIMEOUT, UNKNOWN_DOMAIN};
use crate::sources::worker::{Pending, WorkerGone};
use crate::sources::{Monitor, Request, SourceError};
use crate::time::timer_now;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// Why a call takes too long.
pub(super) enum Diagnosis {
    /// The call has returned meanwhile.
    Answered(Result<HostSample, SourceError>),
    /// The call hangs in these domains. `replacement` is the thread of the second connection, which samples from now on.
    Hangs { domains: Vec<Uuid>, replacement: SourceThread },
    /// No domain delays the call: the host is large or slow. `busy_for`: the longest time that a monitor has been busy, if that
    /// is long enough to become a hang ([`SUSPECTED_HANG`]); otherwise `None`.
    Slow { busy_for: Option<Duration> },
    /// libvirt does not answer a second connection either.
    NoAnswer,
}

/// Why a diagnosis ends before its last step.
enum Early {
    Diagnosis(Diagnosis),
    End(End),
}

impl From<Diagnosis> for Early {
    fn from(diagnosis: Diagnosis) -> Self {
        Self::Diagnosis(diagnosis)
    }
}

impl From<End> for Early {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// The states of the monitors that were asked.
#[derive(Default)]
struct Monitors {
    /// Domains in which the call hangs, and how.
    hanging: Vec<(Uuid, BlockedBy)>,
    /// The longest time that the monitor of another domain has been busy, if that is at least [`SUSPECTED_HANG`].
    busy_for: Option<Duration>,
}

/// Waits for the answer of a second connection's call; `None` after `timeout`. It ends the diagnosis if `call` returns first.
async fn probe_answer<T>(
    call: &mut Call,
    probe: &mut Pending<T>,
    timeout: Duration,
) -> Result<Option<Result<T, WorkerGone>>, Early> {
    tokio::select! {
        biased;
        answer = call => Err(answered(answer)),
        answer = probe => Ok(Some(answer)),
        () = sleep(timeout) => Ok(None),
    }
}

fn answered(answer: Result<Result<HostSample, SourceError>, WorkerGone>) -> Early {
    match answer {
        Ok(answer) => Early::Diagnosis(Diagnosis::Answered(answer)),
        Err(gone) => Early::End(gone.into()),
    }
}

impl Task {
    /// Finds out why a call takes too long. `waited`: for how long it has been in flight.
    pub(super) async fn diagnose(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        waited: Duration,
    ) -> Result<Diagnosis, End> {
        match self.find_hangs(connection, call, waited).await {
            Ok(diagnosis) | Err(Early::Diagnosis(diagnosis)) => Ok(diagnosis),
            Err(Early::End(end)) => Err(end),
        }
    }

    async fn find_hangs(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        waited: Duration,
    ) -> Result<Diagnosis, Early> {
        let started = self.settings.clock.now().earlier(waited);
        if connection.quarantine.is_full() {
            // `virDomainGetControlInfo` can hang as well, and no further call may hang.
            return Ok(Diagnosis::NoAnswer);
        }
        if connection.last_sample.is_none() && !connection.quarantine.has_no_hanging_call() {
            // The call is a list of domains, and an earlier one hangs already. Another list would hang too.
            return Ok(Diagnosis::NoAnswer);
        }
        let mut probe = self.probe(connection, call).await?;
        if connection.last_sample.is_none() {
            probe = self.first_list(connection, call, probe).await?;
        }
        let (mut monitors, mut probe) = self.ask_monitors(connection, call, probe).await?;
        if monitors.hanging.is_empty() && !connection.quarantine.has_locked() {
            if connection.quarantine.is_at_limit() {
                if waited < connection.timeout.longest_valid() {
                    return Ok(Diagnosis::Slow { busy_for: monitors.busy_for });
                }
                // No list is tried here: that call could hang too, and the limit is reached.
                monitors.hanging.push((UNKNOWN_DOMAIN, BlockedBy::Lock));
            } else {
                probe = self.try_list(connection, call, probe, &mut monitors).await?;
            }
        }
        if monitors.hanging.is_empty() {
            return Ok(Diagnosis::Slow { busy_for: monitors.busy_for });
        }
        let blocked = |(uuid, by)| {
            // A call of another client may have hung in the domain before this one.
            let since = connection.known_hang(&uuid).map_or(started, |blocked| blocked.since);
            (uuid, Blocked { by, since })
        };
        let hanging: Vec<_> = monitors.hanging.into_iter().map(blocked).collect();
        connection.quarantine.add(&hanging, timer_now());
        let domains = hanging.into_iter().map(|(uuid, _)| uuid).collect();
        Ok(Diagnosis::Hangs { domains, replacement: probe })
    }

    /// Opens a second connection. If the attempt of an earlier diagnosis has not returned yet, waits for that one instead of
    /// starting another: while libvirt accepts no connections, attempts would pile up.
    async fn probe(&mut self, connection: &mut Connection<'_>, call: &mut Call) -> Result<SourceThread, Early> {
        let (source_thread, mut connected) = match connection.pending_probe.take() {
            Some(probe) => probe,
            None => {
                let source_thread = self.source_thread()?;
                let connected = source_thread.worker.connect();
                (source_thread, connected)
            }
        };
        match probe_answer(call, &mut connected, CONNECT_TIMEOUT).await? {
            Some(Ok(Ok(_))) => Ok(source_thread),
            Some(_) => Err(Diagnosis::NoAnswer.into()),
            None => {
                connection.pending_probe = Some((source_thread, connected));
                Err(Diagnosis::NoAnswer.into())
            }
        }
    }

    /// Reads the list of domains over the second connection and sends it, if the first call of the connection takes too long.
    async fn first_list(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        probe: SourceThread,
    ) -> Result<SourceThread, Early> {
        let mut list = probe.worker.sample(Request::state_only(), None);
        match probe_answer(call, &mut list, CONNECT_TIMEOUT).await? {
            Some(Ok(Ok(mut sample))) => {
                keep_blocked(&mut sample, self.last_sample.as_ref(), &connection.quarantine);
                self.send_sample(None, &sample).await?;
                connection.last_sample = Some(sample);
                Ok(probe)
            }
            Some(_) => Err(Diagnosis::NoAnswer.into()),
            None => {
                connection.abandon_probe(probe, list, Vec::new());
                Err(Diagnosis::NoAnswer.into())
            }
        }
    }

    /// Asks for each domain whether its monitor is busy. Such a call can hang too: then its connection is abandoned. Returns the
    /// second connection that can be used further.
    async fn ask_monitors(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        probe: SourceThread,
    ) -> Result<(Monitors, SourceThread), Early> {
        let mut monitors = Monitors::default();
        let mut questions: VecDeque<(Uuid, bool)> =
            domains_to_ask(connection).into_iter().map(|uuid| (uuid, false)).collect();
        let mut has_waited = false;
        while let Some((uuid, is_second)) = questions.pop_front() {
            if is_second && !monitors.hanging.is_empty() {
                // One hang is certain. If there are others, the next diagnosis finds them.
                break;
            }
            if is_second && !has_waited {
                has_waited = true;
                tokio::select! {
                    biased;
                    answer = &mut *call => return Err(answered(answer)),
                    () = sleep(HANG_OF_OWN_CALL) => {}
                }
            }
            let mut question = probe.worker.monitor(uuid);
            match probe_answer(call, &mut question, MONITOR_TIMEOUT + connection.round_trip * 4).await? {
                // libvirt does not return how long a job's own command has run, so this domain is asked a second time, after the
                // others and a wait.
                Some(Ok(Ok(Monitor::AtWork))) if !is_second => questions.push_back((uuid, true)),
                Some(Ok(Ok(Monitor::AtWork))) => monitors.hanging.push((uuid, BlockedBy::Monitor)),
                Some(Ok(Ok(Monitor::Busy(length)))) if length >= HANG_OF_OWN_CALL => {
                    monitors.hanging.push((uuid, BlockedBy::Monitor));
                }
                Some(Ok(Ok(Monitor::Busy(length)))) if length >= SUSPECTED_HANG => {
                    monitors.busy_for = monitors.busy_for.max(Some(length));
                }
                Some(_) => {}
                None => {
                    // This call hangs too: libvirt keeps the domain locked.
                    monitors.hanging.push((uuid, BlockedBy::Lock));
                    connection.abandon_probe(probe, question, vec![uuid]);
                    return Ok((monitors, self.probe(connection, call).await?));
                }
            }
        }
        Ok((monitors, probe))
    }

    /// Finds out whether libvirt keeps a domain locked that is not in the last sample, such as one that is being created: then a
    /// list of all domains hangs. Called if no known domain hangs.
    async fn try_list(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        probe: SourceThread,
        monitors: &mut Monitors,
    ) -> Result<SourceThread, Early> {
        let mut list = probe.worker.sample(Request::state_only(), None);
        if probe_answer(call, &mut list, LIST_TIMEOUT + connection.round_trip * 4).await?.is_some() {
            return Ok(probe);
        }
        monitors.hanging.push((UNKNOWN_DOMAIN, BlockedBy::Lock));
        connection.abandon_probe(probe, list, vec![UNKNOWN_DOMAIN]);
        self.probe(connection, call).await
    }
}

/// The known domains that are not in quarantine, active ones first. Domains that are off are among them: one that is being
/// started is off until it runs, and locked.
fn domains_to_ask(connection: &Connection<'_>) -> Vec<Uuid> {
    let known = connection.last_sample.iter().flat_map(|sample| &sample.domains);
    let known = known.filter(|(uuid, _)| !connection.quarantine.contains(uuid));
    let (active, inactive): (Vec<_>, Vec<_>) = known.partition(|(_, domain)| domain.run.is_some());
    active.into_iter().chain(inactive.into_iter().take(MAX_INACTIVE_PROBES)).map(|(&uuid, _)| uuid).collect()
}
