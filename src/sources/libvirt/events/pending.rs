//! What events have reported since the last sample.

use crate::model::{self, EventKind};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{CloseReason, Event};
use crate::sources::{Notice, Notify};
use crate::time::{Clock, SystemClock};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Changes that the next sample must read. The thread of libvirt's event loop adds to it, the thread of the source takes from
/// it.
pub(crate) struct PendingChanges {
    notify: Notify,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    changed: bool,
    stale: HashSet<Uuid>,
    closed: Option<CloseReason>,
}

/// True if a domain appeared or disappeared, or has another state, name or set of devices.
fn changes_state(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Lifecycle(..) | EventKind::DeviceAdded(_) | EventKind::DeviceRemoved(_))
}

/// True if the definition must be read again. A block job that ended may have changed the image of a disk.
fn changes_definition(kind: &EventKind) -> bool {
    changes_state(kind) || matches!(kind, EventKind::BlockJob { .. })
}

impl PendingChanges {
    /// No changes. `notify` gets every event at once.
    pub(crate) fn new(notify: Notify) -> Self {
        Self { notify, content: Mutex::default() }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // No code under this lock can panic between two related changes.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event, and sends it to the sampler.
    pub(crate) fn receive(&self, event: Event) {
        match event {
            Event::Happened(domain, kind) => {
                let (changed, stale) = (changes_state(&kind), changes_definition(&kind));
                {
                    let mut content = self.content();
                    content.changed |= changed;
                    if stale {
                        content.stale.insert(domain.uuid);
                    }
                }
                let event = model::Event { at: SystemClock.now(), domain: Some(domain), kind };
                self.notify.send(Notice::Event(event));
                if changed {
                    self.notify.send(Notice::DomainsChanged);
                }
            }
            Event::Redefined(uuid) => drop(self.content().stale.insert(uuid)),
            Event::Closed(reason) => {
                self.content().closed = Some(reason);
                self.notify.send(Notice::Closed(explain::closing(reason)));
            }
        }
    }

    /// Takes whether any domain appeared, disappeared or changed, and the domains whose definition must be read again. To be
    /// called before the calls of a sample, so that the next sample reads what changes meanwhile.
    pub(crate) fn take(&self) -> (bool, HashSet<Uuid>) {
        let mut content = self.content();
        (std::mem::take(&mut content.changed), std::mem::take(&mut content.stale))
    }

    /// Why the connection was closed; `None` while it is open.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.content().closed
    }
}
