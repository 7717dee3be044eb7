//! Calls that hang: how long a call may take, in which domains calls hang, and how many do.
//!
//! libvirt answers for all domains in one call, and this call has no time limit: one QEMU that does not answer delays all other
//! domains. So the sampler waits only for some time. Then a second connection asks for each domain whether its monitor is
//! busy. The domains whose monitor is busy get into quarantine, the thread of the call is abandoned, and sampling goes on
//! without them.

mod abandoned_calls;
mod adaptive_timeout;
mod limits;
mod quarantine;

pub(super) use abandoned_calls::AbandonedCalls;
pub(super) use adaptive_timeout::AdaptiveTimeout;
pub(super) use limits::{
    CONNECT_TIMEOUT, HANG_FOUND_AFTER, LIST_TIMEOUT, MAX_HANGING_CALLS, MAX_INACTIVE_PROBES, MONITOR_TIMEOUT,
    UNKNOWN_DOMAIN,
};
pub(super) use quarantine::Quarantine;
