//! How to reach a hypervisor, and how to read it.

/// How to reach a hypervisor, and how to read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibvirtOptions {
    /// The URI of the connection; `None` for libvirt's own choice (its configuration, or the first driver that works).
    pub uri: Option<String>,
    /// Which calls to use.
    pub calls: Calls,
}

/// Which calls to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Bulk calls where the driver has them.
    #[default]
    Auto,
    /// One call for each domain and group, even where the driver has bulk calls.
    PerDomain,
}
