//! A connection, and the calls on it as a whole.

use super::{Handler, LibvirtError, borrowed_text, c_string, check, check_pointer, events, owned_text};
use std::ffi::c_ulong;
use std::ptr::{NonNull, null};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use virt::sys;

/// After how many seconds without a message a keepalive message is sent, and how many may stay without an answer. The connection
/// to a daemon that does not answer is closed after 20 s; without keepalive, a call would block until the daemon answers.
const KEEPALIVE: (i32, u32) = (5, 3);

/// An open read-only connection. Dropping it closes it.
pub(crate) struct Connection {
    raw: NonNull<sys::virConnect>,
    subscription: Option<events::Subscription>,
    /// How many fields the node's statistics have. That takes a call of its own, which is made once.
    pub(super) node_cpu_fields: OnceLock<usize>,
    pub(super) node_memory_fields: OnceLock<usize>,
    /// How many fields the CPU statistics of a domain as a whole have.
    pub(super) total_cpu_fields: OnceLock<u32>,
    /// How many host CPUs the CPU statistics of a domain have, and how many fields each.
    pub(super) host_cpu_layout: OnceLock<(u32, u32)>,
    /// False once the driver refused `VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT`.
    pub(crate) nowait: AtomicBool,
}

// SAFETY: libvirt's connection objects are reference-counted and locked; any thread may use and close them.
unsafe impl Send for Connection {}

impl Connection {
    /// `virConnectOpenReadOnly`; with `None`, libvirt chooses the URI.
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
        // SAFETY: the connection is open. Drivers without keepalive (test, esx) return an error, which changes nothing.
        unsafe { sys::virConnectSetKeepAlive(connection.as_ptr(), KEEPALIVE.0, KEEPALIVE.1) };
        Ok(connection)
    }

    /// The numbers of fields and of host CPUs that calls return are asked for again.
    pub(crate) fn forget_layouts(&mut self) {
        self.node_cpu_fields.take();
        self.node_memory_fields.take();
        self.total_cpu_fields.take();
        self.host_cpu_layout.take();
    }

    pub(super) fn as_ptr(&self) -> sys::virConnectPtr {
        self.raw.as_ptr()
    }

    /// Calls `handler` with every event, on the event loop's thread, until this connection is dropped. The error is that of
    /// lifecycle events; all other events are optional.
    pub(crate) fn subscribe(&mut self, handler: Handler) -> Result<(), LibvirtError> {
        let (subscription, outcome) = events::Subscription::new(self.raw, handler);
        self.subscription = Some(subscription);
        outcome
    }

    /// False if the connection was closed, as far as this side knows. Sends no message.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open. -1 (an error) counts as alive.
        unsafe { sys::virConnectIsAlive(self.as_ptr()) != 0 }
    }

    /// `virConnectGetHostname`.
    pub(crate) fn hostname(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open, and the answer belongs to the caller.
        unsafe { owned_text(sys::virConnectGetHostname(self.as_ptr())) }.ok_or_else(LibvirtError::last)
    }

    /// `virConnectGetURI`.
    pub(crate) fn uri(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open, and the answer belongs to the caller.
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
        // SAFETY: the connection is open and `version` has room for one number.
        check(unsafe { sys::virConnectGetVersion(self.as_ptr(), &mut version) })?;
        Ok(version)
    }

    /// `virConnectGetLibVersion`: the daemon's libvirt version, as libvirt packs it.
    pub(crate) fn libvirt_version(&self) -> Result<u64, LibvirtError> {
        let mut version: c_ulong = 0;
        // SAFETY: the connection is open and `version` has room for one number.
        check(unsafe { sys::virConnectGetLibVersion(self.as_ptr(), &mut version) })?;
        Ok(version)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Callbacks first: each holds a reference, and with one left the socket would stay open.
        self.subscription.take();
        // SAFETY: this releases the one reference that this type owns, and the pointer is not used again.
        unsafe { sys::virConnectClose(self.raw.as_ptr()) };
    }
}
