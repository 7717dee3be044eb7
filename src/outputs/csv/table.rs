//! The tables.

/// A table, of which a report writes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// A row for each domain in each sample.
    Domains,
    /// A row for each disk in each sample.
    Disks,
    /// A row for each NIC in each sample.
    Nics,
    /// A row for each vCPU in each sample.
    Vcpus,
    /// A row for each sample of a host.
    Host,
    /// A row for each event.
    Events,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 6] = [Self::Domains, Self::Disks, Self::Nics, Self::Vcpus, Self::Host, Self::Events];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Domains => "domains",
            Self::Disks => "disks",
            Self::Nics => "nics",
            Self::Vcpus => "vcpus",
            Self::Host => "host",
            Self::Events => "events",
        }
    }
}
