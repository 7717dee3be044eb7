//! Starts the task of a host and controls it.

use super::controls::Controls;
use super::event_forwarder::EventForwarder;
use super::settings::{MakeSource, Settings};
use super::supervisor::Supervisor;
use super::update_sender::UpdateSender;
use crate::model::{Demand, HostUpdate};
use crate::time::Interval;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Controls a host's task. The task ends when this is dropped, without waiting for a call in flight.
#[derive(Debug)]
pub struct Handle(watch::Sender<Controls>);

impl Handle {
    /// Sets the sampling interval from now on. Rates stay correct: they use the time that really passed.
    pub fn set_interval(&self, interval: Interval) {
        self.0.send_if_modified(|controls| std::mem::replace(&mut controls.interval, interval) != interval);
    }

    /// Sets what is needed from the next tick on.
    pub fn set_demand(&self, demand: Demand) {
        self.0.send_if_modified(|controls| {
            let is_new = controls.demand != demand;
            if is_new {
                controls.demand = demand;
            }
            is_new
        });
    }
}

/// Starts to sample a host, and returns the handle of its task. Must be called within a tokio runtime. `host` is any number;
/// every update carries it. `make` makes the source, and another one for each further connection.
pub fn spawn(host: usize, make: MakeSource, settings: Settings, updates: mpsc::Sender<(usize, HostUpdate)>) -> Handle {
    let (handle, controls) = watch::channel(Controls { interval: settings.interval, demand: settings.demand.clone() });
    let events = EventForwarder::spawn(host, updates.clone());
    let updates = UpdateSender { host, channel: updates, controls };
    tokio::spawn(Supervisor { make: Arc::new(make), settings, updates, events }.run());
    Handle(handle)
}
