//! The synthetic host as a source.

use super::event_thread::{self, EventThread};
use super::host::Host;
use super::options::{Clock, SIMULATED_START, SyntheticOptions};
use super::story::{HISTORY, next_change};
use crate::model::{Event, Groups, HostInfo, HostSample};
use crate::sources::{Bypass, FailureScope, Monitor, Notify, Request, Source, SourceError};
use crate::time::{Clock as _, SystemClock, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// A synthetic hypervisor; the [module](super) describes what happens on it.
#[derive(Debug)]
pub struct SyntheticSource {
    options: SyntheticOptions,
    host: Option<(Host, Timestamp)>,
    /// Samples taken so far.
    taken: u32,
    event_thread: Option<EventThread>,
}

impl SyntheticSource {
    /// A host whose story begins with the first connection, and goes on with later ones.
    pub fn new(options: SyntheticOptions) -> Self {
        Self { options, host: None, taken: 0, event_thread: None }
    }

    /// The host, and its first `samples` samples at intervals of `step`, with the groups of the overview. The clock is a simulated one,
    /// whatever the options say.
    pub fn simulate(options: SyntheticOptions, step: Duration, samples: usize) -> (HostInfo, Vec<HostSample>) {
        let host = Host::new(&options);
        let request = Request::of_all(Groups::OVERVIEW);
        let samples = (0..samples)
            .map(|taken| {
                let at = simulated(step, u32::try_from(taken).unwrap_or(u32::MAX));
                host.sample(at.monotonic, at, SIMULATED_START, &request)
            })
            .collect();
        (host.info(), samples)
    }

    /// The events of that host in its first `length`, in the order of time.
    pub fn simulate_events(options: &SyntheticOptions, length: Duration) -> Vec<Event> {
        let actors = Host::new(options).actors();
        let roles: Vec<_> = actors.iter().map(|actor| actor.role).collect();
        let state_changes = std::iter::successors(next_change(HISTORY, &roles), |&change| next_change(change, &roles));
        let state_changes = state_changes.take_while(|&change| change <= HISTORY + length);
        let at = |change| Timestamp::at(change - HISTORY, SIMULATED_START);
        state_changes.flat_map(|change| event_thread::events(change, at(change), &actors)).collect()
    }
}

impl Source for SyntheticSource {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        let (host, start) = self.host.get_or_insert_with(|| {
            let host = Host::new(&self.options);
            let start = match self.options.clock {
                Clock::Real => SystemClock.now(),
                Clock::Simulated { step } => simulated(step, 0),
            };
            (host, start)
        });
        self.event_thread = match self.options.clock {
            Clock::Real => {
                let elapsed = SystemClock.now().monotonic.saturating_sub(start.monotonic);
                let event_thread = EventThread::spawn(HISTORY + elapsed, host.actors(), notify)
                    .map_err(|error| disconnected(format!("no thread for the demonstration's events: {error}")))?;
                Some(event_thread)
            }
            Clock::Simulated { .. } => None,
        };
        Ok(host.info())
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        let Some((host, start)) = &self.host else {
            return Err(disconnected("not connected".to_owned()));
        };
        let at = match self.options.clock {
            Clock::Real => SystemClock.now(),
            Clock::Simulated { step } => simulated(step, self.taken),
        };
        self.taken = self.taken.saturating_add(1);
        Ok(host.sample(at.monotonic.saturating_sub(start.monotonic), at, start.wall, request))
    }

    fn sample_degraded(&mut self, request: &Request, _: &Bypass) -> Result<HostSample, SourceError> {
        self.sample(request)
    }

    fn monitor(&mut self, _: Uuid) -> Result<Monitor, SourceError> {
        Ok(Monitor::Free)
    }
}

/// The time on a simulated clock of the sample that follows `taken` others.
fn simulated(step: Duration, taken: u32) -> Timestamp {
    Timestamp::at(step.saturating_mul(taken), SIMULATED_START)
}

fn disconnected(message: String) -> SourceError {
    SourceError { message, advice: None, scope: FailureScope::Connection }
}
