//! Options of a synthetic host.

use std::time::Duration;

/// Wall clock of the first sample on a simulated clock: 2026-03-02 09:00:00 UTC.
pub const SIMULATED_START: jiff::Timestamp = jiff::Timestamp::constant(1_772_442_000, 0);

/// Options of a synthetic host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticOptions {
    /// The seed of UUIDs, loads and noise: the same seed gives the same host.
    pub seed: u64,
    /// How many domains, 1 to 10 000 (other values become the nearest of these). The first 12 are those of the story.
    pub domains: usize,
    /// How many disks each domain has, 0 to 1 000; `None`: 1 to 4, as suits the domain.
    pub disks_per_domain: Option<usize>,
    /// How many NICs each domain has, 0 to 1 000; `None`: 1 or 2, as suits the domain.
    pub nics_per_domain: Option<usize>,
    /// The clock of the host.
    pub clock: Clock,
}

impl Default for SyntheticOptions {
    fn default() -> Self {
        Self { seed: 1, domains: 12, disks_per_domain: None, nics_per_domain: None, clock: Clock::Real }
    }
}

/// The clock of a synthetic host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The clocks of the machine. The story begins with the first connection, and events are sent when they are due.
    Real,
    /// The first sample is at time zero ([`SIMULATED_START`]), each further sample `step` later, whenever it is really taken. No
    /// events are sent.
    Simulated {
        /// Time between two samples.
        step: Duration,
    },
}
