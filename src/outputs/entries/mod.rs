//! Which values are written of each thing, under which key: one list for all formats.
//!
//! An entry of nothing (`None`) has every key, and no value is known: that is how a format gets its headings.

mod device;
mod domain;
mod event;
mod figures;
mod host;

pub(super) use device::{DiskEntry, HostCpuEntry, NicEntry, VcpuEntry};
pub(super) use domain::DomainEntry;
pub(super) use event::EventEntry;
pub(super) use host::HostEntry;
