//! What events have reported since the last sample.

use crate::model::{self, EventKind, HostInfo};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{CloseReason, Event};
use crate::sources::libvirt::transport::Transport;
use crate::sources::{Notice, Notify};
use crate::time::{Clock, SystemClock};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// How many changed domains are remembered by UUID. If more change before the next sample, all definitions count as stale.
const MAX_STALE: usize = 10_000;

/// Domains whose definition must be read again.
#[derive(Debug, PartialEq)]
pub(crate) enum StaleDefinitions {
    /// The definitions of these domains.
    Of(HashSet<Uuid>),
    /// The definitions of all domains.
    All,
}

impl Default for StaleDefinitions {
    fn default() -> Self {
        Self::Of(HashSet::new())
    }
}

impl StaleDefinitions {
    fn add(&mut self, uuid: Uuid) {
        if let Self::Of(uuids) = self {
            uuids.insert(uuid);
            if uuids.len() > MAX_STALE {
                *self = Self::All;
            }
        }
    }
}

/// Changes that the next sample must read. The thread of libvirt's event loop adds them, and the thread of the source takes them.
pub(crate) struct PendingChanges {
    notify: Notify,
    transport: Transport,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    changed: bool,
    stale: StaleDefinitions,
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
    /// No changes on a connection over `transport`. `notify` gets every event at once.
    pub(crate) fn new(notify: Notify, transport: Transport) -> Self {
        Self { notify, transport, content: Mutex::default() }
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
                        content.stale.add(domain.uuid);
                    }
                }
                let event = model::Event { at: SystemClock.now(), domain: Some(domain), kind };
                self.notify.send(Notice::Event(event));
                if changed {
                    self.notify.send(Notice::DomainsChanged);
                }
            }
            Event::Redefined(uuid) => self.content().stale.add(uuid),
            Event::Closed(reason) => {
                self.content().closed = Some(reason);
                self.notify.send(Notice::Closed(explain::closed(reason, self.transport)));
            }
        }
    }

    /// Sends the facts of the host to the sampler.
    pub(crate) fn host_changed(&self, info: HostInfo) {
        self.notify.send(Notice::HostChanged(info));
    }

    /// Takes whether any domain appeared, disappeared or changed, and the domains whose definition must be read again. To be
    /// called before the calls of a sample, so that the next sample reads what changes meanwhile.
    pub(crate) fn take(&self) -> (bool, StaleDefinitions) {
        let mut content = self.content();
        (std::mem::take(&mut content.changed), std::mem::take(&mut content.stale))
    }

    /// Why the connection was closed; `None` while it is open.
    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.content().closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_domains_that_are_remembered_is_bounded() {
        let changes = PendingChanges::new(Notify::new(|_| ()), Transport::Network);
        (0..10_000).for_each(|number| changes.receive(Event::Redefined(Uuid::from_u128(number))));
        changes.receive(Event::Redefined(Uuid::from_u128(7)));
        let (_, StaleDefinitions::Of(uuids)) = changes.take() else { panic!("all are remembered") };
        assert_eq!(uuids.len(), 10_000);
        (0..1_000_000).for_each(|number| changes.receive(Event::Redefined(Uuid::from_u128(number))));
        assert_eq!(changes.take().1, StaleDefinitions::All);
        assert_eq!(changes.take().1, StaleDefinitions::default());
    }
}
