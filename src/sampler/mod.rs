//! One task for each host: when to sample, what to request, and when to connect again.
//!
//! A host's task owns the thread of its source ([`Worker`](crate::sources::worker::Worker)). It samples at a fixed interval
//! and sends the difference from the sample before. If the channel to the reader is full, the task waits with this one sample:
//! then ticks are left out, never a difference. Events have a queue of their own. The begin and the end of a hang are events
//! too, so the stream of updates holds all that a reader needs.
//!
//! | file | contents |
//! | --- | --- |
//! | `handle` | starts a host's task and controls it |
//! | `supervisor` | starts the task again after a panic |
//! | `settings`, `controls` | how a host is sampled, and what of it can change |
//! | `schedule` | when the next sample is due |
//! | `plan` | which groups are requested of which domain |
//! | `task` | connects, samples, waits, connects again |
//! | `watchdog` | how long a call may take, and the domains in which calls hang |
//! | `hang_events` | events of hangs, from the samples |
//! | `diff` | the difference of two samples |
//! | `event_forwarder`, `update_sender` | the way to the reader |

mod controls;
mod diff;
mod event_forwarder;
mod handle;
mod hang_events;
mod plan;
mod schedule;
mod settings;
mod supervisor;
mod task;
#[cfg(test)]
mod tests;
mod update_sender;
mod watchdog;

pub use diff::{apply, diff};
pub use handle::{Handle, spawn};
pub use settings::{MakeSource, SecondSample, Settings};
