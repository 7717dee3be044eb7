//! All hosts with their domains, devices, figures over time, events and findings: the state that the screen and all outputs
//! read.
//!
//! `derive` computes figures from samples, once for every screen and output; `history` keeps them; `health` says what is
//! wrong, and why a figure is missing.

mod at_limit;
mod condition;
mod derive;
mod device;
mod domain;
mod event_log;
#[allow(clippy::module_inception)] // Its type is what the module is called after.
mod fleet;
mod group_readings;
mod health;
mod history;
mod host;
mod id;
pub mod metric;
mod standing;
#[cfg(test)]
mod tests;
mod unreached;

pub use at_limit::AtLimit;
pub use condition::{Condition, IoErrorPause};
pub use device::{Device, Devices};
pub use domain::{Disk, Domain, HostCpu, Nic, Vcpu};
pub use event_log::{EVENTS_KEPT, EventLog, Repeated};
pub use fleet::Fleet;
pub use health::{
    Finding, HOST_CPU, HOST_MEMORY, HostFinding, HostProblem, Limits, Missing, Problem, SharedCpus, TopConsumer,
    TopConsumers, guest_figures_age_limit,
};
pub use history::{HISTORY_TICKS, Past, Series, Span, Tick, TimeCursor, Timeline, When};
pub use host::{Host, Link};
pub use id::{DomainId, HostId};
pub use unreached::{Unreached, UnreachedHost};
