//! What can be chosen of a synthetic host.

use std::time::Duration;

/// Wall clock of the first sample on a simulated clock: 2026-03-02 09:00:00 UTC.
pub const SIMULATED_START: jiff::Timestamp = jiff::Timestamp::constant(1_772_442_000, 0);

/// Which host shall be made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticOptions {
    /// Same seed, same host: names' UUIDs, loads, noise.
    pub seed: u64,
    /// How many domains, 1 to 10 000 (values outside are brought into it). The first 12 are the cast.
    pub domains: usize,
    /// Exactly so many disks for every domain, 0 to 1 000; `None`: each has what suits it (1 to 4).
    pub disks_per_domain: Option<usize>,
    /// Exactly so many NICs for every domain, 0 to 1 000; `None`: each has what suits it (1 or 2).
    pub nics_per_domain: Option<usize>,
    /// Whose time it lives in.
    pub clock: Clock,
}

impl Default for SyntheticOptions {
    fn default() -> Self {
        Self { seed: 1, domains: 12, disks_per_domain: None, nics_per_domain: None, clock: Clock::Real }
    }
}

/// Whose time a synthetic host lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's. The story begins with the first connection, and lifecycle events are announced when due.
    Real,
    /// The first sample is at zero ([`SIMULATED_START`]), each further one `step` later, however fast they are taken.
    /// Nothing is announced.
    Simulated {
        /// Time between two samples.
        step: Duration,
    },
}
