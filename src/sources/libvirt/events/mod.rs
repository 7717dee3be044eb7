//! What libvirt reports between two samples.

pub(super) mod inbox;
