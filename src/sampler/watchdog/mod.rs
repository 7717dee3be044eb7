//! Calls that hang: how long a call may take, in which domains calls hang, and how many do.
//!
//! libvirt answers for all domains in one call, and this call has no time limit: one QEMU that does not answer delays all other
//! domains. So the sampler waits only up to a time limit. Then a second connection asks for each domain whether its monitor is
//! busy (`virDomainGetControlInfo`). The domains whose monitor is busy are put into quarantine, the thread of the call is
//! abandoned, and the next samples bypass these domains.

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
