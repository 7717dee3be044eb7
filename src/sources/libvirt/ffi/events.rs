//! What libvirt tells by itself: domain events and the loss of the connection.
//!
//! libvirt gets a number as its opaque pointer, never an address: a callback that arrives late looks the number up,
//! finds nothing, and returns. So nothing can be used after it was freed, whatever the order of events.

use super::error::{LibvirtError, check};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use uuid::Uuid;
use virt::sys;

/// Something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A domain came, went, or changed its state, name or devices.
    Changed(Uuid),
    /// A domain's definition changed in a detail: a medium, a limit, a title.
    Redefined(Uuid),
    /// The connection is gone.
    Closed(CloseReason),
}

/// `virConnectCloseReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The daemon hung up: it ended or was restarted.
    EndOfFile,
    /// Keepalive messages stayed unanswered.
    Keepalive,
    /// Anything else.
    Error,
}

/// Who is told, on the event loop's thread.
pub(crate) type Handler = Arc<dyn Fn(Event) + Send + Sync>;

/// Who listens, by the number that libvirt holds.
static HANDLERS: Mutex<BTreeMap<usize, Handler>> = Mutex::new(BTreeMap::new());

fn handlers() -> MutexGuard<'static, BTreeMap<usize, Handler>> {
    // No code that can panic runs under this lock, and a map is whole after any of its methods.
    HANDLERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts libvirt's event loop, once a process; it has to stand before the first connection is opened. Without a
/// thread for it there are no events and no keepalive, and everything else works.
pub(super) fn start_loop() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // libvirt would print every error over the screen.
        virt::error::clear_error_callback();
        // SAFETY: called once, before any connection is opened.
        if unsafe { sys::virEventRegisterDefaultImpl() } < 0 {
            return;
        }
        let turn = || loop {
            // SAFETY: the default implementation is registered, and this is the only thread that runs it.
            if unsafe { sys::virEventRunDefaultImpl() } < 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        drop(std::thread::Builder::new().name("libvirt-events".to_owned()).spawn(turn));
    });
}

/// The callbacks that one connection registered. Dropping it takes them back; do so before the connection is closed.
pub(super) struct Subscription {
    connection: NonNull<sys::virConnect>,
    number: usize,
    events: Vec<c_int>,
    on_close: sys::virConnectCloseFunc,
}

impl Subscription {
    /// Registers everything that can be. The outcome is that of the lifecycle events.
    pub(super) fn new(connection: NonNull<sys::virConnect>, handler: Handler) -> (Self, Result<(), LibvirtError>) {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        handlers().insert(number, handler);
        let mut this = Self { connection, number, events: Vec::new(), on_close: None };

        let on_close: sys::virConnectCloseFunc = Some(closed);
        // SAFETY: the connection is open; the opaque pointer is a number that is never followed, so nothing is freed.
        if unsafe { sys::virConnectRegisterCloseCallback(connection.as_ptr(), on_close, opaque(number), None) } == 0 {
            this.on_close = on_close;
        }
        let outcome = this.register_all();
        (this, outcome)
    }

    fn register_all(&mut self) -> Result<(), LibvirtError> {
        type Generic = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);
        // SAFETY (all): libvirt takes every callback as the generic type and calls it as the type of its event ID,
        // which is the type that it has here (libvirt-domain.h, the documentation of each ID).
        let (lifecycle, device, disk_change, tunable, block_job, metadata) = unsafe {
            use std::mem::transmute;
            (
                transmute::<LifecycleCallback, Generic>(lifecycle),
                transmute::<DeviceCallback, Generic>(device),
                transmute::<DiskChangeCallback, Generic>(disk_change),
                transmute::<TunableCallback, Generic>(tunable),
                transmute::<BlockJobCallback, Generic>(block_job),
                transmute::<MetadataCallback, Generic>(metadata),
            )
        };
        self.register(sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle)?;
        for (event, callback) in [
            (sys::VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, device),
            (sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, device),
            (sys::VIR_DOMAIN_EVENT_ID_DISK_CHANGE, disk_change),
            (sys::VIR_DOMAIN_EVENT_ID_TUNABLE, tunable),
            (sys::VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, block_job),
            (sys::VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, metadata),
        ] {
            // An older daemon knows fewer of these; what they tell is then seen at the next start of the domain.
            drop(self.register(event, callback));
        }
        Ok(())
    }

    fn register(
        &mut self,
        event: sys::virDomainEventID,
        callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
    ) -> Result<(), LibvirtError> {
        // SAFETY: the connection is open, no domain means all of them, the callback has the type of this event, and
        // the opaque pointer is a number that is never followed.
        let id = check(unsafe {
            sys::virConnectDomainEventRegisterAny(
                self.connection.as_ptr(),
                null_mut(),
                event as c_int,
                Some(callback),
                opaque(self.number),
                None,
            )
        })?;
        self.events.push(id);
        Ok(())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        handlers().remove(&self.number);
        for &event in &self.events {
            // SAFETY: the connection is still open (its owner drops this first) and the ID is one of its own.
            unsafe { sys::virConnectDomainEventDeregisterAny(self.connection.as_ptr(), event) };
        }
        if self.on_close.is_some() {
            // SAFETY: as above; the function is the one that was registered.
            unsafe { sys::virConnectUnregisterCloseCallback(self.connection.as_ptr(), self.on_close) };
        }
    }
}

/// A handler's number, dressed as the pointer that libvirt carries around.
fn opaque(number: usize) -> *mut c_void {
    std::ptr::without_provenance_mut(number)
}

/// Tells the handler of that number. A panic in it ends here: it must not unwind into C.
fn tell(opaque: *mut c_void, event: Event) {
    let handler = handlers().get(&opaque.addr()).cloned();
    if let Some(handler) = handler {
        drop(catch_unwind(AssertUnwindSafe(|| handler(event))));
    }
}

/// Tells of a domain.
///
/// # Safety
/// `domain` is a domain that lives during the call.
unsafe fn tell_of_domain(domain: sys::virDomainPtr, opaque: *mut c_void, event: fn(Uuid) -> Event) {
    let mut uuid = [0; 16];
    // SAFETY: a live domain by this function's contract, and room for the 16 bytes that libvirt writes.
    if unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) } == 0 {
        tell(opaque, event(Uuid::from_bytes(uuid)));
    }
}

type LifecycleCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int;
type DeviceCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *const c_char, *mut c_void);
type DiskChangeCallback = unsafe extern "C" fn(
    sys::virConnectPtr,
    sys::virDomainPtr,
    *const c_char,
    *const c_char,
    *const c_char,
    c_int,
    *mut c_void,
);
type TunableCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, sys::virTypedParameterPtr, c_int, *mut c_void);
type BlockJobCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *const c_char, c_int, c_int, *mut c_void);
type MetadataCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, *const c_char, *mut c_void);

unsafe extern "C" fn lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Changed) };
    0
}

unsafe extern "C" fn device(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Changed) };
}

unsafe extern "C" fn disk_change(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _old: *const c_char,
    _new: *const c_char,
    _alias: *const c_char,
    _reason: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Redefined) };
}

unsafe extern "C" fn tunable(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _params: sys::virTypedParameterPtr,
    _count: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Redefined) };
}

unsafe extern "C" fn block_job(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _disk: *const c_char,
    _type: c_int,
    _status: c_int,
    opaque: *mut c_void,
) {
    // A finished job may have put the disk on another image.
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Redefined) };
}

unsafe extern "C" fn metadata(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _type: c_int,
    _namespace: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: libvirt keeps the domain alive during the callback.
    unsafe { tell_of_domain(domain, opaque, Event::Redefined) };
}

unsafe extern "C" fn closed(_: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    let reason = match u32::try_from(reason) {
        Ok(sys::VIR_CONNECT_CLOSE_REASON_EOF) => CloseReason::EndOfFile,
        Ok(sys::VIR_CONNECT_CLOSE_REASON_KEEPALIVE) => CloseReason::Keepalive,
        // This side closes; nobody needs to be told.
        Ok(sys::VIR_CONNECT_CLOSE_REASON_CLIENT) => return,
        _ => CloseReason::Error,
    };
    tell(opaque, Event::Closed(reason));
}
