//! What findings about a device depend on besides its figures.

use super::at_limit::AtLimit;

/// What findings about a device depend on besides its figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// NIC: the guest took a packet since it started. Until then no driver receives, and what the network broadcasts is
    /// dropped without a fault.
    pub(super) took_packets: bool,
    /// The limit of its definition that a disk or NIC is at.
    pub(super) at_limit: Option<AtLimit>,
}
