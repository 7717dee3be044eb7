//! Calls for one domain, and what their errors mean.

use crate::model::{Call, Driver, UnsupportedCall};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use virt::sys;

/// Why no further calls are made for a domain.
pub(crate) enum Stop {
    /// It does not exist any more, or is inactive.
    Gone,
    /// Another job holds it: each further call would wait for 30 s.
    Busy,
    /// The connection was lost.
    Lost(LibvirtError),
}

/// Makes calls for one domain, and keeps those that fail.
pub(crate) struct DomainReader<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) driver: &'a Driver,
    pub(crate) domain: Domain<'a>,
    pub(crate) unsupported: &'a mut UnsupportedCalls,
    /// Calls that failed for this domain only.
    pub(crate) failed: Vec<UnsupportedCall>,
}

impl DomainReader<'_> {
    /// Makes a call. `None` if the driver does not have it, or if it failed for this domain.
    pub(crate) fn call<T>(
        &mut self,
        call: Call,
        make: impl FnOnce(&Domain<'_>) -> Result<T, LibvirtError>,
    ) -> Result<Option<T>, Stop> {
        if self.unsupported.has(call) {
            return Ok(None);
        }
        let error = match make(&self.domain) {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        if !self.connection.is_alive() {
            return Err(Stop::Lost(error));
        }
        if explain::is_no_domain(&error) {
            return Err(Stop::Gone);
        }
        if explain::is_unsupported(call, &error) {
            self.unsupported.add(call, explain::unsupported(&error, self.driver));
            return Ok(None);
        }
        // "Operation invalid" is the error of a domain that has ended, and of a host without a cgroup controller.
        if error.code as u32 == sys::VIR_ERR_OPERATION_INVALID && self.domain.is_active() != Ok(true) {
            return Err(Stop::Gone);
        }
        self.add_failed(call, explain::unsupported(&error, self.driver));
        if explain::is_busy(&error) { Err(Stop::Busy) } else { Ok(None) }
    }

    /// Adds a call that failed. The first reason stays.
    pub(super) fn add_failed(&mut self, call: Call, reason: String) {
        if !self.failed.iter().any(|failed| failed.call == call) {
            self.failed.push(UnsupportedCall { call, reason });
        }
    }
}
