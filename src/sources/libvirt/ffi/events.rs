//! Domain events, and the loss of the connection.
//!
//! The opaque pointer that libvirt passes to callbacks is a number, not an address. A callback that arrives after its
//! subscription has ended does not find the number and returns, so no memory is used after it was freed.

use super::borrowed_text;
use super::error::{LibvirtError, check};
use crate::model::{
    BlockJob, BlockJobStatus, EventDomain, EventKind, IoErrorAction, Lifecycle, LifecycleDetail, WatchdogAction,
};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use uuid::Uuid;
use virt::sys;

/// An event of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An event of a domain that vtop shows.
    Happened(EventDomain, EventKind),
    /// The definition of a domain changed in a detail that vtop does not show as an event: a medium, a limit, a title.
    Redefined(Uuid),
    /// The connection was closed.
    Closed(CloseReason),
}

/// `virConnectCloseReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseReason {
    /// The daemon closed it: it ended or was restarted.
    EndOfFile,
    /// Keepalive messages got no answer.
    Keepalive,
    /// Anything else.
    Error,
}

/// What is called with every event, on the event loop's thread.
pub(crate) type Handler = Arc<dyn Fn(Event) + Send + Sync>;

/// The handlers, by the number that libvirt has as their opaque pointer.
static HANDLERS: Mutex<BTreeMap<usize, Handler>> = Mutex::new(BTreeMap::new());

fn handlers() -> MutexGuard<'static, BTreeMap<usize, Handler>> {
    // No code that can panic runs under this lock.
    HANDLERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts libvirt's event loop, once for each process. It must run before the first connection is opened. If the system gives
/// no thread for it, there are no events and no keepalive, and everything else works.
pub(super) fn start_loop() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // Otherwise libvirt prints every error over the screen.
        virt::error::clear_error_callback();
        // SAFETY: called once, before any connection is opened.
        if unsafe { sys::virEventRegisterDefaultImpl() } < 0 {
            return;
        }
        let run = || loop {
            // SAFETY: the default implementation is registered, and this is the only thread that runs it.
            if unsafe { sys::virEventRunDefaultImpl() } < 0 {
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        drop(std::thread::Builder::new().name("libvirt-events".to_owned()).spawn(run));
    });
}

/// The registered callbacks of one connection. It must be dropped, which deregisters them, before the connection is closed.
pub(super) struct Subscription {
    connection: NonNull<sys::virConnect>,
    number: usize,
    events: Vec<c_int>,
    on_close: sys::virConnectCloseFunc,
}

impl Subscription {
    /// Registers all callbacks that the driver supports. The result is that of lifecycle events.
    pub(super) fn new(connection: NonNull<sys::virConnect>, handler: Handler) -> (Self, Result<(), LibvirtError>) {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        handlers().insert(number, handler);
        let mut this = Self { connection, number, events: Vec::new(), on_close: None };

        let on_close: sys::virConnectCloseFunc = Some(closed);
        // SAFETY: the connection is open; the opaque pointer is a number that is never dereferenced or freed.
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
        let (lifecycle, others) = unsafe {
            use std::mem::transmute;
            (
                transmute::<LifecycleCallback, Generic>(lifecycle),
                [
                    (sys::VIR_DOMAIN_EVENT_ID_REBOOT, reboot as Generic),
                    (sys::VIR_DOMAIN_EVENT_ID_CONTROL_ERROR, control_error as Generic),
                    (sys::VIR_DOMAIN_EVENT_ID_WATCHDOG, transmute::<WatchdogCallback, Generic>(watchdog)),
                    (sys::VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, transmute::<IoErrorCallback, Generic>(io_error)),
                    (sys::VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, transmute::<DeviceCallback, Generic>(device_added)),
                    (sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, transmute::<DeviceCallback, Generic>(device_removed)),
                    (
                        sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                        transmute::<DeviceCallback, Generic>(device_removal_failed),
                    ),
                    (sys::VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, transmute::<BlockJobCallback, Generic>(block_job)),
                    (sys::VIR_DOMAIN_EVENT_ID_DISK_CHANGE, transmute::<DiskChangeCallback, Generic>(disk_change)),
                    (sys::VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, transmute::<TrayCallback, Generic>(tray_change)),
                    (sys::VIR_DOMAIN_EVENT_ID_TUNABLE, transmute::<TunableCallback, Generic>(tunable)),
                    (sys::VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, transmute::<MetadataCallback, Generic>(metadata)),
                ],
            )
        };
        self.register(sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle)?;
        for (event, callback) in others {
            // Other drivers and older daemons have fewer of these events.
            drop(self.register(event, callback));
        }
        Ok(())
    }

    fn register(
        &mut self,
        event: sys::virDomainEventID,
        callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void),
    ) -> Result<(), LibvirtError> {
        // SAFETY: the connection is open, a null domain stands for all domains, the callback has the type of this event, and
        // the opaque pointer is a number that is never dereferenced.
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

/// The number of a handler as the opaque pointer of its callbacks.
fn opaque(number: usize) -> *mut c_void {
    std::ptr::without_provenance_mut(number)
}

/// Calls the handler with that number. A panic in it ends here: it must not unwind into C.
fn send(opaque: *mut c_void, event: Event) {
    let handler = handlers().get(&opaque.addr()).cloned();
    if let Some(handler) = handler {
        drop(catch_unwind(AssertUnwindSafe(|| handler(event))));
    }
}

/// The UUID of the domain of a callback; takes no call.
///
/// # Safety
/// `domain` is a domain that lives during the call.
unsafe fn uuid_of(domain: sys::virDomainPtr) -> Option<Uuid> {
    let mut uuid = [0; 16];
    // SAFETY: a live domain by this function's contract, and room for the 16 bytes that libvirt writes.
    let outcome = unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) };
    (outcome == 0).then(|| Uuid::from_bytes(uuid))
}

/// Sends [`Event::Redefined`].
///
/// # Safety
/// `domain` is a domain that lives during the call.
unsafe fn send_redefined(domain: sys::virDomainPtr, opaque: *mut c_void) {
    // SAFETY: this function's contract.
    if let Some(uuid) = unsafe { uuid_of(domain) } {
        send(opaque, Event::Redefined(uuid));
    }
}

/// Sends [`Event::Happened`].
///
/// # Safety
/// `domain` is a domain that lives during the call.
unsafe fn send_event(domain: sys::virDomainPtr, opaque: *mut c_void, kind: EventKind) {
    // SAFETY: this function's contract.
    let Some(uuid) = (unsafe { uuid_of(domain) }) else { return };
    // SAFETY: a live domain owns its name, which is copied at once.
    let name = unsafe { text(sys::virDomainGetName(domain)) };
    send(opaque, Event::Happened(EventDomain { uuid, name }, kind));
}

/// A copy of the text of a callback; empty for a null pointer.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that lives during the call.
unsafe fn text(text: *const c_char) -> String {
    // SAFETY: this function's contract.
    unsafe { borrowed_text(text) }.unwrap_or_default().into_owned()
}

type LifecycleCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int;
type WatchdogCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, *mut c_void);
type IoErrorCallback = unsafe extern "C" fn(
    sys::virConnectPtr,
    sys::virDomainPtr,
    *const c_char,
    *const c_char,
    c_int,
    *const c_char,
    *mut c_void,
);
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
type TrayCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *const c_char, c_int, *mut c_void);
type BlockJobCallback =
    unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *const c_char, c_int, c_int, *mut c_void);
type MetadataCallback = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, *const c_char, *mut c_void);

// SAFETY (every callback below): the domain and the texts live during the call.

unsafe extern "C" fn lifecycle(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    event: c_int,
    detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    let kind = EventKind::Lifecycle(Lifecycle::from_raw(event), LifecycleDetail(detail));
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, kind) };
    0
}

unsafe extern "C" fn reboot(_: sys::virConnectPtr, domain: sys::virDomainPtr, opaque: *mut c_void) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::Rebooted) };
}

unsafe extern "C" fn control_error(_: sys::virConnectPtr, domain: sys::virDomainPtr, opaque: *mut c_void) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::ControlError) };
}

unsafe extern "C" fn watchdog(_: sys::virConnectPtr, domain: sys::virDomainPtr, action: c_int, opaque: *mut c_void) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::Watchdog(WatchdogAction(action))) };
}

unsafe extern "C" fn io_error(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    path: *const c_char,
    alias: *const c_char,
    action: c_int,
    reason: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    let [device, path, reason] = unsafe { [text(alias), text(path), text(reason)] };
    let kind = EventKind::IoError { device, path, action: IoErrorAction::from_raw(action), reason };
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, kind) };
}

unsafe extern "C" fn device_added(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::DeviceAdded(text(alias))) };
}

unsafe extern "C" fn device_removed(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::DeviceRemoved(text(alias))) };
}

unsafe extern "C" fn device_removal_failed(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    alias: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, EventKind::DeviceRemovalFailed(text(alias))) };
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
    // SAFETY: as said above.
    unsafe { send_redefined(domain, opaque) };
}

unsafe extern "C" fn tray_change(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _alias: *const c_char,
    _reason: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_redefined(domain, opaque) };
}

unsafe extern "C" fn tunable(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _params: sys::virTypedParameterPtr,
    _count: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_redefined(domain, opaque) };
}

unsafe extern "C" fn block_job(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    disk: *const c_char,
    job: c_int,
    status: c_int,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    let disk = unsafe { text(disk) };
    let kind = EventKind::BlockJob { disk, job: BlockJob(job), status: BlockJobStatus::from_raw(status) };
    // SAFETY: as said above.
    unsafe { send_event(domain, opaque, kind) };
}

unsafe extern "C" fn metadata(
    _: sys::virConnectPtr,
    domain: sys::virDomainPtr,
    _type: c_int,
    _namespace: *const c_char,
    opaque: *mut c_void,
) {
    // SAFETY: as said above.
    unsafe { send_redefined(domain, opaque) };
}

unsafe extern "C" fn closed(_: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    let reason = match u32::try_from(reason) {
        Ok(sys::VIR_CONNECT_CLOSE_REASON_EOF) => CloseReason::EndOfFile,
        Ok(sys::VIR_CONNECT_CLOSE_REASON_KEEPALIVE) => CloseReason::Keepalive,
        // This side closed the connection.
        Ok(sys::VIR_CONNECT_CLOSE_REASON_CLIENT) => return,
        _ => CloseReason::Error,
    };
    send(opaque, Event::Closed(reason));
}
