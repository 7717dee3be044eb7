//! libvirt, through its own client library: any hypervisor that it has a driver for, here or elsewhere.
//!
//! ```text
//! ffi         libvirt's C interface, made safe
//! session     one open connection: which call when, and what is remembered
//! around      the same while calls hang in some domains
//! bulk        the one call that answers for all domains; params reads its answer
//! lanes       a long call split up over further connections
//! books       CPU time and steal without any call, on the hypervisor itself
//! per_domain  the calls that ask one domain at a time, where there is no bulk call
//! definitions the domains' XML, read when it changed; xml parses it
//! inbox       what libvirt told between two samples
//! host        the node under the domains
//! lacks       calls that the driver does not have
//! explain     errors, in words for the operator
//! uri         what is done to a URI before libvirt gets it
//! ```

mod definition;
mod degraded;
mod events;
mod explain;
mod ffi;
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod session;
mod source;
mod stats;
#[cfg(test)]
mod tests;
mod uri;

pub use source::{Calls, LibvirtOptions, LibvirtSource, library_version};
