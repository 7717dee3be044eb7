//! What the application holds of its producers: their updates, their hosts and their controls.
//!
//! It is the same for hosts that are sampled now and for updates that come from elsewhere, as from a recording.

use crate::fleet::{Fleet, HostId};
use crate::model::{Demand, HostUpdate};
use crate::time::{Clock, Interval, Timestamp};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Updates that may wait for the consumer. If more come, the producers wait, and the samplers leave out ticks.
pub const CAPACITY: usize = 16;

/// What a consumer can ask of the producers.
pub trait Controls {
    /// Sets the sampling interval of all hosts.
    fn set_interval(&self, interval: Interval);

    /// Sets what is needed of a host, from its next sample on. An unknown host is ignored.
    fn set_demand(&self, host: HostId, demand: Demand);
}

/// The stream of updates of a number of hosts, and the controls of its producers. Dropping it ends the producers.
pub struct Feed {
    updates: mpsc::Receiver<(HostId, HostUpdate)>,
    hosts: watch::Receiver<Vec<String>>,
    controls: Box<dyn Controls>,
    clock: Arc<dyn Clock>,
}

impl Feed {
    /// Makes a feed. `hosts` has a name for each host, in the order of [`HostId`], and may grow: a producer adds a host to
    /// it before it sends the first update of that host. `clock` is the clock of the updates.
    pub fn new(
        updates: mpsc::Receiver<(HostId, HostUpdate)>,
        hosts: watch::Receiver<Vec<String>>,
        controls: impl Controls + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { updates, hosts, controls: Box::new(controls), clock }
    }

    /// Waits for the next update and applies it to `fleet`, to which new hosts are added first. Returns the host, or `None`
    /// if no producer is left. Cancel safe.
    pub async fn apply_next(&mut self, fleet: &mut Fleet) -> Option<HostId> {
        let (host, update) = self.updates.recv().await?;
        self.add_hosts(fleet);
        fleet.apply(host, update);
        Some(host)
    }

    /// Adds to `fleet` the hosts of this feed that it does not have.
    pub fn add_hosts(&self, fleet: &mut Fleet) {
        for name in self.hosts.borrow().iter().skip(fleet.hosts().len()) {
            fleet.add_host(name);
        }
    }

    /// The present time, on the clock of the updates.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the sampling interval of all hosts.
    pub fn set_interval(&self, interval: Interval) {
        self.controls.set_interval(interval);
    }

    /// Sets what is needed of a host, from its next sample on. An unknown host is ignored.
    pub fn set_demand(&self, host: HostId, demand: Demand) {
        self.controls.set_demand(host, demand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SystemClock;

    struct NoControls;

    impl Controls for NoControls {
        fn set_interval(&self, _: Interval) {}
        fn set_demand(&self, _: HostId, _: Demand) {}
    }

    #[tokio::test]
    async fn a_host_that_is_added_later_has_a_place_before_its_first_update() {
        let (sender, updates) = mpsc::channel(CAPACITY);
        let (names, hosts) = watch::channel(vec!["first".to_owned()]);
        let mut feed = Feed::new(updates, hosts, NoControls, Arc::new(SystemClock));
        let mut fleet = Fleet::new(0);
        feed.add_hosts(&mut fleet);
        assert_eq!(fleet.hosts().len(), 1);
        names.send_modify(|names| names.push("second".to_owned()));
        sender.send((1, HostUpdate::Connected(Default::default()))).await.unwrap();
        assert_eq!(feed.apply_next(&mut fleet).await, Some(1));
        let known: Vec<_> = fleet.hosts().iter().map(|host| (host.name.as_str(), host.info.is_some())).collect();
        assert_eq!(known, [("first", false), ("second", true)]);
        drop(sender);
        assert_eq!(feed.apply_next(&mut fleet).await, None);
    }
}
