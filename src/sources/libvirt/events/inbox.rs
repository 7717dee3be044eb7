//! What libvirt told between two samples.

use crate::model::{self, EventKind};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{CloseReason, Event};
use crate::sources::{Notice, Notify};
use crate::time::Timestamp;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Filled by the event loop's thread, emptied by the one that samples.
pub(crate) struct Inbox {
    notify: Notify,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    changed: bool,
    stale: HashSet<Uuid>,
    closed: Option<CloseReason>,
}

/// Whether a domain came, went, or has another state, name or set of devices.
fn changes_state(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Lifecycle(..) | EventKind::DeviceAdded(_) | EventKind::DeviceRemoved(_))
}

/// Whether the definition is to be read again. A finished block job may have put the disk on another image.
fn changes_definition(kind: &EventKind) -> bool {
    changes_state(kind) || matches!(kind, EventKind::BlockJob { .. })
}

impl Inbox {
    pub(crate) fn new(notify: Notify) -> Self {
        Self { notify, content: Mutex::default() }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Nothing below can panic half-way through a change.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an event and hands on what concerns the sampler.
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
                let event = model::Event { at: Timestamp::now(), domain: Some(domain), kind };
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

    /// Whether any domain came, went or changed, and the domains whose definition is to be read again. Taken before
    /// libvirt is asked, so that what happens meanwhile is seen by the next sample.
    pub(crate) fn take(&self) -> (bool, HashSet<Uuid>) {
        let mut content = self.content();
        (std::mem::take(&mut content.changed), std::mem::take(&mut content.stale))
    }

    /// Why the connection closed, if it did.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.content().closed
    }
}
