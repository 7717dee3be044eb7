//! Text to and from libvirt.

use super::LibvirtError;
use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};

/// A Rust string for libvirt. The error for a string with a NUL character is that of libvirt for a wrong argument.
pub(super) fn c_string(text: &str) -> Result<CString, LibvirtError> {
    CString::new(text).map_err(|_| LibvirtError {
        code: virt::sys::VIR_ERR_INVALID_ARG as i32,
        domain: virt::sys::VIR_FROM_NONE as i32,
        message: "the name contains a NUL character".to_owned(),
    })
}

/// Text in libvirt's memory; `None` for a null pointer.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that outlives `'a`.
pub(super) unsafe fn borrowed_text<'a>(text: *const c_char) -> Option<Cow<'a, str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and NUL-terminated for `'a` by this function's contract.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}

/// A copy of text that libvirt allocated for its caller; the text itself is freed.
///
/// # Safety
/// `text` is null or a NUL-terminated string from libvirt's allocator that is freed nowhere else.
pub(super) unsafe fn owned_text(text: *mut c_char) -> Option<String> {
    // SAFETY: the string lives until the `free` below; the copy is made before.
    let copy = unsafe { borrowed_text(text) }.map(Cow::into_owned);
    // SAFETY: libvirt allocates with `malloc`, and by the contract the caller owns the memory. `free(NULL)` does nothing.
    unsafe { libc::free(text.cast()) };
    copy
}
