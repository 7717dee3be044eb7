//! What findings about a device depend on besides its figures.

/// What findings about a device depend on besides its figures.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// NIC: the guest took a packet since it started. Until then no driver receives, and what the network broadcasts is
    /// dropped without a fault.
    pub(super) took_packets: bool,
}
