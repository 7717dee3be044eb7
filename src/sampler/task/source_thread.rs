//! A source on its thread.

use crate::model::Event;
use crate::sources::Notice;
use crate::sources::notices::Notices;
use crate::sources::worker::Worker;

/// A source on its thread, and its notices.
pub(super) struct SourceThread {
    pub(super) worker: Worker,
    pub(super) notices: Notices,
}

impl SourceThread {
    /// Takes the waiting notices: the events, and whether any domain changed.
    pub(super) fn unread(&mut self) -> (Vec<Event>, bool) {
        let (mut events, mut changed) = (Vec::new(), false);
        while let Some(notice) = self.notices.try_recv() {
            match notice {
                Notice::Event(event) => events.push(event),
                Notice::DomainsChanged => changed = true,
                Notice::HostChanged(_) | Notice::Closed(_) => {}
            }
        }
        (events, changed)
    }
}
