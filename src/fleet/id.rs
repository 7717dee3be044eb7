//! Identities of hosts and domains.

use uuid::Uuid;

/// A host: its index in the list of hosts.
pub type HostId = usize;

/// A domain of a host. It stays the same when the domain is renamed, restarted or moves in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId {
    /// Its host.
    pub host: HostId,
    /// Its UUID.
    pub uuid: Uuid,
}
