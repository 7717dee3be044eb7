//! libvirt, through its own client library: every hypervisor that libvirt has a driver for, on this machine or on another.
//!
//! | module | contents |
//! | --- | --- |
//! | `source`, `options` | the source, and its options: URI, kind of calls |
//! | `session` | one open connection, and how a sample is read over it |
//! | `stats` | calls that read statistics |
//! | `definition` | XML of domains, read when it has changed |
//! | `events` | what events reported between two samples |
//! | `host` | the node: its description, CPU time and memory |
//! | `explain` | errors as messages to the operator |
//! | `uri` | changes to URIs before libvirt gets them: no password prompts of ssh |
//! | `transport` | how a connection reaches its daemon |
//! | `ffi` | libvirt's C interface: the only `unsafe` code of vtop |
//!
//! A full sample of QEMU takes these steps:
//!
//! 1. One bulk call reads the cheap groups (state, network) of all active domains. It asks no QEMU.
//! 2. On the hypervisor itself, the CPU time of all domains is read from the kernel's files
//!    ([`linux`](crate::sources::linux)). If CPU time was requested of a domain without such files, a call for this domain reads
//!    it (`virDomainGetInfo`), which asks no QEMU.
//! 3. Groups that were requested of single domains are read by one bulk call for each set of groups.
//! 4. Domains that libvirt skipped because another client holds their job lock are read once more.
//! 5. Every ten seconds, or after an event, a bulk call lists inactive domains. Definitions that changed are read.

mod definition;
mod events;
mod explain;
mod ffi;
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod options;
mod session;
mod source;
mod stats;
#[cfg(test)]
mod tests;
mod transport;
mod uri;

pub use options::{Calls, LibvirtOptions};
pub use source::{LibvirtSource, library_version};
