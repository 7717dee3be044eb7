//! One sample, with the watchdog.

use super::connection::{Call, Connection};
use super::diagnosis::Diagnosis;
use super::end::End;
use super::keep_blocked::keep_blocked;
use super::source_thread::SourceThread;
use super::state::Task;
use crate::model::{Failure, Groups, HostSample, HostUpdate, SampleKind};
use crate::sampler::watchdog::HANG_FOUND_AFTER;
use crate::sources::{Request, SourceError};
use crate::time::timer_now;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How a call ended.
enum Outcome {
    Answered(Result<HostSample, SourceError>),
    /// It hangs in these domains. `replacement` is the thread of the connection that found this.
    Hangs {
        domains: Vec<Uuid>,
        replacement: SourceThread,
    },
}

/// The state of the wait for the calls of one sample.
struct Wait {
    /// How long to wait for a call before a diagnosis.
    timeout: Duration,
    /// The failure that libvirt does not answer was sent.
    was_reported: bool,
}

impl Task {
    /// Takes one sample. A call that hangs in a domain is abandoned, and the sample is requested again without this domain.
    pub(super) async fn sample(
        &mut self,
        connection: &mut Connection<'_>,
        kind: SampleKind,
    ) -> Result<Result<HostSample, SourceError>, End> {
        let request = connection.start(kind);
        let mut wait = Wait { timeout: connection.timeout.limit(), was_reported: false };
        let (mut any_hang, mut was_repeated) = (false, false);
        let answer = loop {
            let bypass = connection.quarantine.bypass(connection.last_sample.as_ref());
            let most_calls = bypass.as_ref().map_or(connection.most_calls(), |bypass| bypass.calls);
            let locked = bypass.as_ref().map(|bypass| bypass.locked.clone());
            let focus = request.focus.iter().filter(|uuid| !connection.quarantine.contains(uuid)).copied().collect();
            let started = timer_now();
            let mut call = connection.source_thread.worker.sample(Request { focus, ..request.clone() }, bypass);
            let answer = match self.wait(connection, &mut call, started, &mut wait).await? {
                Outcome::Answered(answer) => answer,
                Outcome::Hangs { domains, replacement } => {
                    connection.abandon(call, domains, most_calls, replacement);
                    (any_hang, was_repeated) = (true, false);
                    wait.timeout = connection.timeout.after_hang();
                    continue;
                }
            };
            let took = timer_now() - started;
            if self.settings.watchdog && took > connection.timeout.longest_valid() && answer.is_ok() {
                // Some of its figures are too old. If the next call takes as long, this host is slow.
                if !was_repeated {
                    was_repeated = true;
                    continue;
                }
                connection.timeout.learn_slow(took);
            }
            let answer = answer.map(|sample| self.complete(connection, &request, sample, locked.as_ref()));
            connection.learn(&request, answer.as_ref().ok(), took);
            break answer;
        };
        connection.pending_probe = None;
        if kind == SampleKind::Full {
            connection.schedule.finish(timer_now());
            if any_hang {
                connection.schedule.hang_bypassed(timer_now());
            }
        }
        Ok(answer)
    }

    /// Waits for the answer of a call that was made at `started`. If it takes too long, a diagnosis says why.
    async fn wait(
        &mut self,
        connection: &mut Connection<'_>,
        call: &mut Call,
        started: Instant,
        wait: &mut Wait,
    ) -> Result<Outcome, End> {
        loop {
            let limit = self.settings.watchdog.then(|| timer_now() + wait.timeout);
            if let Some(answer) = connection.answer(call, limit).await? {
                return Ok(Outcome::Answered(answer));
            }
            match self.diagnose(connection, call, timer_now() - started).await? {
                Diagnosis::Answered(answer) => return Ok(Outcome::Answered(answer)),
                Diagnosis::Hangs { domains, replacement } => return Ok(Outcome::Hangs { domains, replacement }),
                Diagnosis::Slow { busy_for: None } => wait.timeout *= 2,
                Diagnosis::Slow { busy_for: Some(busy_for) } => {
                    wait.timeout = HANG_FOUND_AFTER.saturating_sub(busy_for);
                }
                Diagnosis::NoAnswer if !std::mem::replace(&mut wait.was_reported, true) => {
                    let failure = self.no_answer(connection.last_sample.is_some());
                    self.events.lost("libvirt does not answer", failure.at, &self.updates).await?;
                    self.send(HostUpdate::Failed(failure)).await?;
                }
                Diagnosis::NoAnswer => {}
            }
        }
    }

    /// Completes a sample with what the source does not set: the groups that were requested, and which domains are blocked.
    /// `locked`: the locked domains that the call left out; `None`: the call bypassed no domain.
    fn complete(
        &self,
        connection: &mut Connection<'_>,
        request: &Request,
        mut sample: HostSample,
        locked: Option<&BTreeSet<Uuid>>,
    ) -> HostSample {
        for (uuid, domain) in &mut sample.domains {
            domain.extra = if domain.run.is_some() { request.extra_of(uuid) } else { Groups::empty() };
        }
        let before = connection.last_sample.as_ref();
        keep_blocked(&mut sample, before.or(self.last_sample.as_ref()), &connection.quarantine);
        if let Some(locked) = locked {
            connection.quarantine.update(&mut sample, before, locked, timer_now());
        }
        sample
    }

    /// The failure if libvirt answers no call and accepts no connection either. `has_sample`: there are values to show.
    fn no_answer(&self, has_sample: bool) -> Failure {
        let (message, advice) = match has_sample {
            true => (
                "libvirt does not answer; showing the last known values",
                "vtop waits, and connects again when libvirt takes connections",
            ),
            // Without a list of domains, no monitor can be asked; and no list can be read while libvirt keeps a domain locked.
            false => (
                "libvirt does not answer",
                "libvirt may keep a domain locked (a hook, a start or a save that hangs); vtop waits",
            ),
        };
        self.failure(message.into(), Some(advice.into()), None)
    }
}
