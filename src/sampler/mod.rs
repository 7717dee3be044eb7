//! A task per host: when to ask, what to make of the answer, and when to try again.
//!
//! The task owns the host's [`Worker`](crate::sources::worker::Worker), keeps a fixed cadence, turns each sample into
//! the difference from the one before and sends that. It waits for room in the channel with its one sample in hand:
//! pressure costs ticks, never a delta. Events travel beside the samples, so that a storm of them delays none.

mod diff;
mod event_forwarder;
mod handle;
mod plan;
mod schedule;
mod settings;
mod task;
#[cfg(test)]
mod tests;
mod watchdog;

pub use diff::{apply, diff};
pub use handle::{Handle, spawn};
pub use plan::Demand;
pub use settings::{MakeSource, SecondSample, Settings};
