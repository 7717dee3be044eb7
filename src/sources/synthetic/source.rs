//! The synthetic host as a source.

use super::announcer::{self, Announcer};
use super::host::Host;
use super::options::{Clock, SIMULATED_START, SyntheticOptions};
use super::story::{HISTORY, next_turn};
use crate::model::{Event, Groups, HostInfo, HostSample};
use crate::sources::{Bypass, FailureScope, Monitor, Notify, Request, Source, SourceError};
use crate::time::{Clock as _, SystemClock, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// A made-up hypervisor; see the [module](super) for what happens on it.
#[derive(Debug)]
pub struct SyntheticSource {
    options: SyntheticOptions,
    host: Option<(Host, Timestamp)>,
    /// Samples taken so far.
    taken: u32,
    announcer: Option<Announcer>,
}

impl SyntheticSource {
    /// A host that comes to life when it is first connected to. A second connection finds it as it has become.
    pub fn new(options: SyntheticOptions) -> Self {
        Self { options, host: None, taken: 0, announcer: None }
    }

    /// The host, and its first `samples` samples, `step` apart from each other, with everything that the overview asks.
    /// Whatever clock the options name, it is a simulated one.
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

    /// What that host tells between two samples in its first `length`, by time.
    pub fn simulate_events(options: &SyntheticOptions, length: Duration) -> Vec<Event> {
        let players = Host::new(options).players();
        let roles: Vec<_> = players.iter().map(|player| player.role).collect();
        let turns = std::iter::successors(next_turn(HISTORY, &roles), |&turn| next_turn(turn, &roles));
        let turns = turns.take_while(|&turn| turn <= HISTORY + length);
        let at = |turn| Timestamp::at(turn - HISTORY, SIMULATED_START);
        turns.flat_map(|turn| announcer::events(turn, at(turn), &players)).collect()
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
        self.announcer = match self.options.clock {
            Clock::Real => {
                let elapsed = SystemClock.now().monotonic.saturating_sub(start.monotonic);
                let announcer = Announcer::spawn(HISTORY + elapsed, host.players(), notify)
                    .map_err(|error| disconnected(format!("no thread for the demonstration's events: {error}")))?;
                Some(announcer)
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

/// When a simulated clock takes the sample after `taken` others.
fn simulated(step: Duration, taken: u32) -> Timestamp {
    Timestamp::at(step.saturating_mul(taken), SIMULATED_START)
}

fn disconnected(message: String) -> SourceError {
    SourceError { message, advice: None, scope: FailureScope::Connection }
}
