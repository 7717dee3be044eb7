//! From readings to figures: rates between two readings, sums over devices and domains, shares; and the devices that have none.

mod devices;
mod domain;
pub(super) mod host_totals;
pub(super) mod rates;
mod shares;
mod standing;
mod sums;
