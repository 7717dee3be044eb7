//! libvirt's C interface, made safe: owning types that free what libvirt gave, and no pointer that leaves.
//!
//! The only `unsafe` of vtop is here. Every call returns plain data or an owning type; what borrows from libvirt's
//! memory carries the lifetime of its owner, which carries the connection's.
#![allow(unsafe_code)]

mod connection;
mod domain;
mod error;
mod events;
mod node;
mod stats;

pub(super) use connection::Connection;
pub(super) use domain::{BlockSizes, Control, Domain, DomainInfo, OwnedDomain, VcpuInfo};
pub(super) use error::LibvirtError;
pub(super) use events::{CloseReason, Event, Handler};
pub(super) use stats::{Record, Records};

use error::{check, check_pointer};
use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};

/// A Rust string for libvirt; one with a NUL in it is refused the way libvirt would refuse a bad argument.
fn c_string(text: &str) -> Result<CString, LibvirtError> {
    CString::new(text).map_err(|_| LibvirtError {
        code: virt::sys::VIR_ERR_INVALID_ARG as i32,
        domain: virt::sys::VIR_FROM_NONE as i32,
        message: "a name with a NUL character in it".to_owned(),
    })
}

/// Text in libvirt's memory; `None` for a null pointer.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that outlives `'a`.
unsafe fn borrowed_text<'a>(text: *const c_char) -> Option<Cow<'a, str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and NUL-terminated for `'a` by this function's contract.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}

/// Text that libvirt allocated for its caller: copied, then freed.
///
/// # Safety
/// `text` is null or a NUL-terminated string from libvirt's allocator that nobody else frees.
unsafe fn owned_text(text: *mut c_char) -> Option<String> {
    // SAFETY: the string lives until the `free` below; the copy is made before.
    let copy = unsafe { borrowed_text(text) }.map(Cow::into_owned);
    // SAFETY: libvirt hands out memory of `malloc`, and the contract says that it is ours. `free(NULL)` does nothing.
    unsafe { libc::free(text.cast()) };
    copy
}
