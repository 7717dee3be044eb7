//! The queue of notices from a source to its sampler. Its length is bounded, because a sampler that waits for its reader does
//! not empty it.

use super::event_queue::EventQueue;
use super::{Notice, Notify, SourceError};
use crate::model::HostInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::coop::consume_budget;

/// Makes a queue: the end that a source fills, from any thread, and the end that its sampler reads.
pub fn queue() -> (Notify, Notices) {
    let shared = Arc::new(Shared::default());
    let notices = Notices(Arc::clone(&shared));
    (Notify::new(move |notice| shared.push(notice)), notices)
}

/// The reading end of the queue. Without it, notices are dropped.
#[derive(Debug)]
pub struct Notices(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    not_empty: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct Queue {
    events: EventQueue,
    domains_changed: bool,
    host: Option<HostInfo>,
    disconnected: Option<SourceError>,
    /// Nothing more is taken.
    is_closed: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No method of Queue can panic between two changes that belong together.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, notice: Notice) {
        self.queue().push(notice);
        self.not_empty.notify_one();
    }
}

impl Queue {
    fn push(&mut self, notice: Notice) {
        match notice {
            _ if self.is_closed => {}
            Notice::Event(event) => self.events.push(event),
            Notice::DomainsChanged => self.domains_changed = true,
            Notice::HostChanged(info) => self.host = Some(info),
            Notice::Closed(reason) => self.disconnected = Some(reason),
        }
    }

    fn pop(&mut self) -> Option<Notice> {
        if std::mem::take(&mut self.domains_changed) {
            return Some(Notice::DomainsChanged);
        }
        if let Some(info) = self.host.take() {
            return Some(Notice::HostChanged(info));
        }
        self.events.pop().map(Notice::Event).or_else(|| self.disconnected.take().map(Notice::Closed))
    }
}

impl Notices {
    /// Waits for a notice. That domains changed comes before the events, and the end of the connection after them. Cancel
    /// safe.
    pub async fn recv(&mut self) -> Notice {
        // A source that sends all the time must not keep its reader from anything else.
        consume_budget().await;
        loop {
            let not_empty = self.0.not_empty.notified();
            if let Some(notice) = self.0.queue().pop() {
                return notice;
            }
            not_empty.await;
        }
    }

    /// The next notice; `None` if none waits.
    pub fn try_recv(&mut self) -> Option<Notice> {
        self.0.queue().pop()
    }

    /// Takes no more notices. Those that wait can still be read.
    pub fn close(&mut self) {
        self.0.queue().is_closed = true;
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        *self.0.queue() = Queue { is_closed: true, ..Queue::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, EventKind};
    use crate::sources::FailureScope;
    use crate::time::Timestamp;
    use std::time::Duration;

    fn rebooted(second: u64) -> Notice {
        let at = Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH);
        Notice::Event(Event { at, domain: None, kind: EventKind::Rebooted })
    }

    /// Everything that waits.
    fn drain(notices: &mut Notices) -> Vec<Notice> {
        std::iter::from_fn(|| notices.try_recv()).collect()
    }

    fn closed() -> Notice {
        Notice::Closed(SourceError { message: "gone".into(), advice: None, scope: FailureScope::Connection })
    }

    #[test]
    fn what_a_flood_leaves_without_a_reader_is_bounded() {
        let (notify, mut notices) = queue();
        for number in 0..100_000 {
            notify.send(rebooted(number));
            notify.send(Notice::DomainsChanged);
            notify.send(closed());
        }
        let waiting = drain(&mut notices);
        // Events, and one for each: those that were left out, that domains changed, that the connection is lost.
        assert_eq!(waiting.len(), 10_000 + 3);
        assert_eq!((&waiting[0], &waiting[1]), (&Notice::DomainsChanged, &rebooted(0)));
        assert!(matches!(&waiting[10_001], Notice::Event(event) if event.kind == EventKind::LeftOut(90_000)));
        assert_eq!(waiting[10_002], closed());
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let (notify, mut notices) = queue();
        let sender = std::thread::spawn(move || notify.send(Notice::DomainsChanged));
        assert_eq!(notices.recv().await, Notice::DomainsChanged);
        sender.join().unwrap();
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_keeps_what_waits() {
        let (notify, mut notices) = queue();
        notify.send(rebooted(1));
        notices.close();
        notify.send(rebooted(2));
        assert_eq!(drain(&mut notices), [rebooted(1)]);
    }

    #[test]
    fn without_its_reader_nothing_is_kept() {
        let (notify, notices) = queue();
        let shared = Arc::clone(&notices.0);
        notify.send(rebooted(1));
        drop(notices);
        notify.send(rebooted(2));
        assert!(shared.queue().events.is_empty());
    }
}
