//! A connection and what is asked of it as a whole.

use super::{Handler, LibvirtError, borrowed_text, c_string, check, check_pointer, events, owned_text};
use std::ffi::{c_uint, c_ulong};
use std::ptr::{NonNull, null};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use virt::sys;

/// Seconds of silence after which a keepalive message is sent, and how many may stay unanswered: a frozen daemon is
/// noticed after 20 s, where without it a call would block for as long as it is frozen.
const KEEPALIVE: (i32, u32) = (5, 3);

/// An open read-only connection. Closed when dropped.
pub(crate) struct Connection {
    raw: NonNull<sys::virConnect>,
    subscription: Option<events::Subscription>,
    /// How many fields the node's statistics have, asked once: the question is a call of its own.
    pub(super) node_cpu_fields: OnceLock<usize>,
    pub(super) node_memory_fields: OnceLock<usize>,
    /// Fields of a domain's CPU statistics as a whole.
    pub(super) total_cpu_fields: OnceLock<u32>,
    /// Host CPUs and fields of each, in a domain's CPU statistics, asked once.
    pub(super) host_cpu_layout: OnceLock<(u32, u32)>,
    /// Statistics can be asked for without waiting for jobs; not every driver knows that flag.
    pub(crate) nowait: AtomicBool,
}

// SAFETY: libvirt's connection objects are reference-counted and locked; any thread may use and close them.
unsafe impl Send for Connection {}

impl Connection {
    /// `virConnectOpenReadOnly`; `None` lets libvirt choose.
    pub(crate) fn open_read_only(uri: Option<&str>) -> Result<Self, LibvirtError> {
        events::start_loop();
        let uri = uri.map(c_string).transpose()?;
        let name = uri.as_ref().map_or(null(), |uri| uri.as_ptr());
        // SAFETY: `name` is null or a C string that lives until the end of this function.
        let raw = check_pointer(unsafe { sys::virConnectOpenReadOnly(name) })?;
        let connection = Self {
            raw,
            subscription: None,
            node_cpu_fields: OnceLock::new(),
            node_memory_fields: OnceLock::new(),
            total_cpu_fields: OnceLock::new(),
            host_cpu_layout: OnceLock::new(),
            nowait: AtomicBool::new(true),
        };
        // SAFETY: the connection is open. A driver without keepalive (test, esx) refuses, which changes nothing.
        unsafe { sys::virConnectSetKeepAlive(connection.as_ptr(), KEEPALIVE.0, KEEPALIVE.1) };
        Ok(connection)
    }

    pub(super) fn as_ptr(&self) -> sys::virConnectPtr {
        self.raw.as_ptr()
    }

    /// Has `handler` told of what happens, on the event loop's thread, until this connection is dropped. The error is
    /// that of the lifecycle events; all others are optional.
    pub(crate) fn subscribe(&mut self, handler: Handler) -> Result<(), LibvirtError> {
        let (subscription, outcome) = events::Subscription::new(self.raw, handler);
        self.subscription = Some(subscription);
        outcome
    }

    /// Whether the connection stands, as far as this side knows. Asks nobody.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open. -1 (the driver cannot tell) counts as alive.
        unsafe { sys::virConnectIsAlive(self.as_ptr()) != 0 }
    }

    /// `virConnectGetHostname`.
    pub(crate) fn hostname(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open, and the answer is ours to free.
        unsafe { owned_text(sys::virConnectGetHostname(self.as_ptr())) }.ok_or_else(LibvirtError::last)
    }

    /// `virConnectGetURI`.
    pub(crate) fn uri(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open, and the answer is ours to free.
        unsafe { owned_text(sys::virConnectGetURI(self.as_ptr())) }.ok_or_else(LibvirtError::last)
    }

    /// `virConnectGetType`.
    pub(crate) fn driver(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open; the answer belongs to it and is copied at once.
        let name = unsafe { borrowed_text(sys::virConnectGetType(self.as_ptr())) };
        name.map(|name| name.into_owned()).ok_or_else(LibvirtError::last)
    }

    /// `virConnectGetVersion`: the hypervisor's version, as libvirt packs it.
    pub(crate) fn hypervisor_version(&self) -> Result<u64, LibvirtError> {
        let mut version: c_ulong = 0;
        // SAFETY: the connection is open and `version` is a place for one number.
        check(unsafe { sys::virConnectGetVersion(self.as_ptr(), &mut version) })?;
        Ok(version)
    }

    /// `virConnectGetLibVersion`: the daemon's libvirt version, as libvirt packs it.
    pub(crate) fn libvirt_version(&self) -> Result<u64, LibvirtError> {
        let mut version: c_ulong = 0;
        // SAFETY: the connection is open and `version` is a place for one number.
        check(unsafe { sys::virConnectGetLibVersion(self.as_ptr(), &mut version) })?;
        Ok(version)
    }

    /// `virConnectGetAllDomainStats`.
    pub(crate) fn all_domain_stats(
        &self,
        groups: c_uint,
        flags: c_uint,
    ) -> Result<super::stats::Records<'_>, LibvirtError> {
        super::stats::Records::of_all(self, groups, flags)
    }

    /// `virDomainListGetStats`, of domains of this connection.
    pub(crate) fn stats_of(
        &self,
        domains: &[super::domain::Domain<'_>],
        groups: c_uint,
        flags: c_uint,
    ) -> Result<super::stats::Records<'_>, LibvirtError> {
        super::stats::Records::of_domains(self, domains, groups, flags)
    }

    /// `virDomainLookupByUUID`. Touches no other domain, so it answers while a list would hang.
    pub(crate) fn look_up(&self, uuid: uuid::Uuid) -> Result<super::domain::OwnedDomain, LibvirtError> {
        super::domain::OwnedDomain::look_up(self, uuid)
    }

    /// `virConnectListAllDomains`: every domain, active or not.
    pub(crate) fn all_domains(&self) -> Result<super::domain::DomainList<'_>, LibvirtError> {
        super::domain::DomainList::all(self)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Callbacks first: each holds a reference, and with one left the socket would stay open.
        self.subscription.take();
        // SAFETY: the one reference that this type owns is given back, and the pointer is not used again.
        unsafe { sys::virConnectClose(self.raw.as_ptr()) };
    }
}
