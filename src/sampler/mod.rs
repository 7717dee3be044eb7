//! One task for each host. The task decides when to sample, what to request, and when to connect again.
//!
//! A host's task owns the thread of its source ([`Worker`](crate::sources::worker::Worker)). It samples at a fixed interval
//! and sends the difference from the sample before. If the channel to the reader is full, the task waits until it can send this
//! sample: then ticks are left out, but no difference is lost. Events have a queue of their own. The beginning and the end of a
//! hang are events too, so a reader needs nothing besides the stream of updates.
//!
//! | file | contents |
//! | --- | --- |
//! | `handle` | starts a host's task and controls it |
//! | `supervisor` | starts the task again after a panic |
//! | `settings`, `controls` | how a host is sampled: what is fixed at the start, and what can change while it is sampled |
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
