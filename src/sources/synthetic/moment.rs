//! Moments of the story.

use std::time::Duration;

/// Length of a cycle: the story then begins again. In seconds.
pub(super) const CYCLE_SECONDS: u64 = 240;

/// A moment of the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Whole cycles before it.
    pub(super) cycles: u64,
    /// Seconds into its cycle.
    pub(super) phase: f64,
}

impl Moment {
    /// The moment `elapsed` after the first cycle began.
    pub(super) fn after(elapsed: Duration) -> Self {
        let cycles = elapsed.as_secs() / CYCLE_SECONDS;
        Self { cycles, phase: (elapsed - Duration::from_secs(cycles * CYCLE_SECONDS)).as_secs_f64() }
    }

    /// A second of a cycle.
    pub(super) fn in_cycle(cycles: u64, second: u64) -> Self {
        Self { cycles, phase: second as f64 }
    }

    /// Seconds since the first cycle began.
    pub(super) fn seconds(&self) -> f64 {
        (self.cycles * CYCLE_SECONDS) as f64 + self.phase
    }
}
