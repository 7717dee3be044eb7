//! All that is known: every host, its domains, their devices, rates and history. The one state of the program.
//!
//! Rates are derived here, once, for every screen and every output.

mod code;
mod condition;
mod device;
mod domain;
mod events;
mod health;
mod history;
mod host;
pub mod metric;
mod missing;
mod packed;
mod page;
mod rates;
mod round;
mod spells;
mod track;

pub use condition::Condition;
pub use device::{Device, Devices};
pub use domain::{Disk, Domain, HostCpu, IoErrorPause, Nic, Vcpu};
pub use events::{EVENTS_KEPT, EventLog};
pub use health::{
    Culprit, Finding, HOST_CPU_LIMITS, HOST_MEMORY_LIMITS, LATENCY_LIMITS, LOSS_LIMITS, STEAL_LIMITS, Severity,
};
pub use host::{Host, Link};
pub use missing::Missing;
pub use track::{HISTORY_TICKS, Past, Span, Tick, TimeCursor, Timeline, Track, When};

use crate::model::HostUpdate;
use uuid::Uuid;

/// Which host: its place among the arguments.
pub type HostId = usize;

/// A domain among all hosts. It stays the same while the domain is renamed, restarted or moves in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId {
    /// Its host.
    pub host: HostId,
    /// Its UUID.
    pub uuid: Uuid,
}

/// All hosts.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    hosts: Vec<Host>,
}

impl Fleet {
    /// As many hosts as will be watched, of which nothing is known yet.
    pub fn new(hosts: usize) -> Self {
        Self { hosts: (0..hosts).map(Host::new).collect() }
    }

    /// Takes one step of one host. An unknown host is ignored.
    pub fn apply(&mut self, host: HostId, update: HostUpdate) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.apply(update);
        }
    }

    /// The hosts, in the order of the arguments.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// A host.
    pub fn host(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(id)
    }

    /// A domain and its host; `None` once it is gone.
    pub fn domain(&self, id: DomainId) -> Option<(&Host, &Domain)> {
        let host = self.hosts.get(id.host)?;
        Some((host, host.domains.get(&id.uuid)?))
    }

    /// Every domain of every host.
    pub fn domains(&self) -> impl Iterator<Item = (DomainId, &Host, &Domain)> {
        self.hosts.iter().enumerate().flat_map(|(id, host)| {
            host.domains.values().map(move |domain| (DomainId { host: id, uuid: domain.uuid }, host, domain))
        })
    }
}

#[cfg(test)]
mod tests;
