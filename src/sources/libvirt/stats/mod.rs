//! The calls that read statistics: the bulk call, the calls for single domains, and what both need.

pub(super) mod bulk;
pub(super) mod connection_pool;
pub(super) mod looked_up;
pub(super) mod nowait_retry;
pub(super) mod params;
pub(super) mod per_domain;
pub(super) mod unsupported;
