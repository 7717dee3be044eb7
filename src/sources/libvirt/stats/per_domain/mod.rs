//! One call for each domain and group, for drivers without the bulk call. A call that fails costs its group only.

mod cache;
mod disks;
mod groups;
mod host_cpus;
mod memory;
mod reader;

pub(crate) use cache::PerDomainCache;
pub(crate) use groups::{read, read_state};
pub(crate) use host_cpus::read_host_cpus;
pub(crate) use reader::{DomainReader, Stop};
