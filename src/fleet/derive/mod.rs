//! From raw readings to figures: rates between two readings, and a host's sums over its domains.

pub(super) mod host_totals;
pub(super) mod rates;
