//! What is wrong with a domain or a host, and why a figure is missing.

mod missing;
mod rules;

pub use missing::Missing;
pub use rules::{
    Finding, HOST_CPU_LIMITS, HOST_MEMORY_LIMITS, LATENCY_LIMITS, LOSS_LIMITS, STEAL_LIMITS, Severity, TopConsumer,
};
