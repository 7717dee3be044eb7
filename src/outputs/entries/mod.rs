//! The values of each thing and their keys: one list for all formats.
//!
//! An entry of `None` writes every key, each with an unknown value. Formats with headings get the headings from such an entry.

mod device;
mod domain;
mod event;
mod figures;
mod host;

pub(super) use device::{DiskEntry, HostCpuEntry, NicEntry, VcpuEntry};
pub(super) use domain::DomainEntry;
pub(super) use event::EventEntry;
pub(super) use host::HostEntry;
