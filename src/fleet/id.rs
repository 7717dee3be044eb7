//! Identities of hosts and domains.

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
