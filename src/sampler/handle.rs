//! How a host's task is started and steered.

use super::event_forwarder::Teller;
use super::plan::Sight;
use super::settings::{MakeSource, Settings, Wish};
use super::task::Task;
use crate::model::HostUpdate;
use crate::time::Interval;
use tokio::sync::{mpsc, watch};

/// Steers a host's task. Dropping it ends the task, without waiting for a call that is under way.
#[derive(Debug)]
pub struct Handle(watch::Sender<Wish>);

impl Handle {
    /// The pace from now on. Rates stay true: they use the time that really passed.
    pub fn set_interval(&self, interval: Interval) {
        self.set(|wish| wish.interval = interval);
    }

    /// What is looked at from the next tick on.
    pub fn set_sight(&self, sight: Sight) {
        self.set(|wish| wish.sight = Some(sight));
    }

    /// What was asked for last.
    #[cfg(test)]
    pub(crate) fn wishes(&self) -> (Interval, Option<Sight>) {
        let wish = self.0.borrow();
        (wish.interval, wish.sight.clone())
    }

    fn set(&self, change: impl FnOnce(&mut Wish)) {
        self.0.send_if_modified(|wish| {
            let before = wish.clone();
            change(wish);
            *wish != before
        });
    }
}

/// Starts to sample a host; must be called within a tokio runtime. `host` is told with every update.
pub fn spawn(host: usize, make: MakeSource, settings: Settings, updates: mpsc::Sender<(usize, HostUpdate)>) -> Handle {
    let (handle, wishes) = watch::channel(Wish { interval: settings.interval, sight: settings.sight.clone() });
    let events = Teller::spawn(host, updates.clone());
    tokio::spawn(Task::new(host, make, settings, wishes, updates, events).run());
    Handle(handle)
}
