//! Why a sample could not be read with bulk calls.

use crate::sources::libvirt::ffi::LibvirtError;

/// Why a sample could not be read with bulk calls.
pub(super) enum BulkError {
    /// The driver does not have the call, or returns only states: domains must be read one by one.
    Useless,
    Failed(LibvirtError),
}

impl From<LibvirtError> for BulkError {
    fn from(error: LibvirtError) -> Self {
        Self::Failed(error)
    }
}
