//! All hosts.

use super::domain::Domain;
use super::host::Host;
use super::id::{DomainId, HostId};
use crate::model::HostUpdate;

/// All hosts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    hosts: Vec<Host>,
}

impl Fleet {
    /// A fleet of this many hosts without names, none of them connected yet.
    pub fn new(hosts: usize) -> Self {
        Self { hosts: (0..hosts).map(|id| Host::new(id, "")).collect() }
    }

    /// Adds a host that is not connected yet. `name`: what the user calls it. Returns its identity.
    pub fn add_host(&mut self, name: &str) -> HostId {
        let id = self.hosts.len();
        self.hosts.push(Host::new(id, name));
        id
    }

    /// Applies one update of one host. An update of an unknown host is ignored.
    pub fn apply(&mut self, host: HostId, update: HostUpdate) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.apply(update);
        }
    }

    /// The hosts, in the order in which they were added.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// A host.
    pub fn host(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(id)
    }

    /// The name of a host for the operator: its hostname, if it is known and no other host has the same, otherwise the name that
    /// the host was added with. Empty for an unknown host.
    pub fn host_name(&self, id: HostId) -> &str {
        fn hostname(host: &Host) -> Option<&str> {
            host.info.as_ref().map(|info| info.hostname.as_str())
        }
        let Some(host) = self.host(id) else { return "" };
        let is_unique = self.hosts.iter().filter(|other| hostname(other) == hostname(host)).count() == 1;
        hostname(host).filter(|name| is_unique && !name.is_empty()).unwrap_or(&host.name)
    }

    /// A domain and its host; `None`: it does not exist (any more).
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
