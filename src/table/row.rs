//! The identity of a row: it stays the same while the rows of the list change or move.

use crate::fleet::{DomainId, HostId};
use compact_str::CompactString;

/// A device of a domain, by its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeviceKey {
    /// A disk, by its target.
    Disk(CompactString),
    /// A NIC, by the host's device.
    Nic(CompactString),
    /// A vCPU, by its number.
    Vcpu(u32),
}

/// A row of a list: a domain, one of its devices, or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowId {
    /// A domain.
    Domain(DomainId),
    /// A device.
    Device(DomainId, DeviceKey),
    /// An event, by its host and number, and the domain that it is about.
    Event(HostId, u64, Option<DomainId>),
}

impl RowId {
    /// The domain that the row is about; `None` for an event of a host.
    pub fn domain(&self) -> Option<DomainId> {
        match self {
            Self::Domain(id) | Self::Device(id, _) => Some(*id),
            Self::Event(_, _, id) => *id,
        }
    }

    /// The device that the row is about.
    pub fn device(&self) -> Option<&DeviceKey> {
        match self {
            Self::Domain(_) | Self::Event(..) => None,
            Self::Device(_, key) => Some(key),
        }
    }
}
