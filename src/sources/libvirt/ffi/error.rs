//! libvirt's errors as plain data.

use std::ffi::c_int;
use std::ptr::NonNull;

/// The error of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LibvirtError {
    /// `virErrorNumber`.
    pub(crate) code: i32,
    /// `virErrorDomain`: the part of libvirt that failed.
    pub(crate) domain: i32,
    /// The text, in the daemon's language.
    pub(crate) message: String,
}

impl LibvirtError {
    /// The error of this thread's last failed call.
    pub(super) fn last() -> Self {
        let error = virt::error::Error::last_error();
        Self {
            code: error.code().to_raw() as i32,
            domain: error.domain().to_raw() as i32,
            message: error.message().to_owned(),
        }
    }
}

/// The result of a call that returns a negative number if it fails.
pub(super) fn check(result: c_int) -> Result<c_int, LibvirtError> {
    if result < 0 { Err(LibvirtError::last()) } else { Ok(result) }
}

/// The result of a call that returns null if it fails.
pub(super) fn check_pointer<T>(result: *mut T) -> Result<NonNull<T>, LibvirtError> {
    NonNull::new(result).ok_or_else(LibvirtError::last)
}
