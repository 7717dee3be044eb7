//! How a host's task is started and steered.

use super::event_forwarder::EventForwarder;
use super::plan::Demand;
use super::settings::{Controls, MakeSource, Settings};
use super::task::Task;
use crate::model::HostUpdate;
use crate::time::Interval;
use tokio::sync::{mpsc, watch};

/// Steers a host's task. Dropping it ends the task, without waiting for a call that is under way.
#[derive(Debug)]
pub struct Handle(watch::Sender<Controls>);

impl Handle {
    /// The pace from now on. Rates stay true: they use the time that really passed.
    pub fn set_interval(&self, interval: Interval) {
        self.set(|control| control.interval = interval);
    }

    /// What is looked at from the next tick on.
    pub fn set_demand(&self, demand: Demand) {
        self.set(|control| control.demand = Some(demand));
    }

    fn set(&self, change: impl FnOnce(&mut Controls)) {
        self.0.send_if_modified(|control| {
            let before = control.clone();
            change(control);
            *control != before
        });
    }
}

/// Starts to sample a host; must be called within a tokio runtime. `host` is told with every update.
pub fn spawn(host: usize, make: MakeSource, settings: Settings, updates: mpsc::Sender<(usize, HostUpdate)>) -> Handle {
    let (handle, controls) = watch::channel(Controls { interval: settings.interval, demand: settings.demand.clone() });
    let events = EventForwarder::spawn(host, updates.clone());
    tokio::spawn(Task::new(host, make, settings, controls, updates, events).run());
    Handle(handle)
}
