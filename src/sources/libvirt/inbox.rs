//! What libvirt told between two samples.

use super::explain;
use super::ffi::{CloseReason, Event};
use crate::sources::{Notice, Notify};
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
        let notice = {
            let mut content = self.content();
            match event {
                Event::Changed(uuid) => {
                    content.changed = true;
                    content.stale.insert(uuid);
                    Some(Notice::DomainsChanged)
                }
                Event::Redefined(uuid) => {
                    content.stale.insert(uuid);
                    None
                }
                Event::Closed(reason) => {
                    content.closed = Some(reason);
                    Some(Notice::Closed(explain::closing(reason)))
                }
            }
        };
        if let Some(notice) = notice {
            self.notify.send(notice);
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
