//! Whether the monitor of a domain's QEMU is busy: `virDomainGetControlInfo`. The call itself asks no QEMU.

use super::domain_handles::DomainHandles;
use crate::model::{Blocked, BlockedBy};
use crate::sources::Monitor;
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Control, Domain, LibvirtError};
use crate::time::{Clock, SystemClock};
use std::time::Duration;
use uuid::Uuid;

/// The state of the monitor of one domain.
pub(crate) fn state(connection: &Connection, handles: &mut DomainHandles, uuid: Uuid) -> Result<Monitor, LibvirtError> {
    let found = handles.of(connection, [uuid])?;
    let Some(domain) = found.first() else { return Ok(Monitor::Gone) };
    match domain.control() {
        Ok(Control::Occupied(length)) => Ok(Monitor::Busy(length)),
        Ok(Control::Job) => Ok(Monitor::AtWork),
        Ok(Control::Free) => Ok(Monitor::Free),
        Err(error) if explain::is_no_domain(&error) || domain.is_active() == Ok(false) => Ok(Monitor::Gone),
        Err(error) => Err(error),
    }
}

/// Since when a command of a client occupies the monitor; `None` if the monitor is free, or a job of libvirt's own (a
/// migration, a backup) goes on without a command.
pub(crate) fn occupied(domain: &Domain<'_>) -> Option<Blocked> {
    match domain.control() {
        Ok(Control::Occupied(length)) => Some(busy_for(length)),
        Ok(Control::Job | Control::Free) | Err(_) => None,
    }
}

/// Since when a command or a job occupies the monitor, of a domain in which a call hung.
pub(crate) fn still_busy(domain: &Domain<'_>) -> Option<Blocked> {
    match domain.control() {
        Ok(Control::Occupied(length)) => Some(busy_for(length)),
        Ok(Control::Job) => Some(busy_for(Duration::ZERO)),
        // An error: the domain may have been destroyed because it hung.
        Ok(Control::Free) | Err(_) => None,
    }
}

fn busy_for(length: Duration) -> Blocked {
    Blocked { by: BlockedBy::Monitor, since: SystemClock.now().earlier(length) }
}
