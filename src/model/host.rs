//! The node under the domains.

use super::{Counter, Groups};
use crate::units::{Bytes, Nanoseconds};

/// What a host is; asked once a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostInfo {
    /// `virConnectGetHostname`.
    pub hostname: String,
    /// The URI in use, as libvirt resolved it (`virConnectGetURI`).
    pub uri: String,
    /// `virConnectGetType`: QEMU, LXC, Xen, Test …
    pub driver: String,
    /// `virConnectGetVersion`, as `7.2.22`; `None` where the driver does not tell.
    pub hypervisor_version: Option<String>,
    /// `virConnectGetLibVersion`, as `9.0.0`.
    pub libvirt_version: Option<String>,
    /// `virNodeGetInfo.model`, as `x86_64`.
    pub cpu_model: String,
    /// `virNodeGetInfo.cpus`: active host CPUs. At least 1.
    pub cpus: u32,
    /// `virNodeGetInfo.mhz`; `None` where it says 0.
    pub mhz: Option<u32>,
    /// NUMA nodes, sockets a node, cores a socket, threads a core (`virNodeGetInfo`).
    pub topology: (u32, u32, u32, u32),
    /// Groups that cost nothing here, because they need no call; so they are asked of every domain at every tick.
    pub local: Groups,
    /// The figures are made up: a demonstration.
    pub synthetic: bool,
}

/// Time of host CPUs by what they did (`virNodeGetCPUStats`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTimes {
    /// `kernel`.
    pub kernel: Counter<Nanoseconds>,
    /// `user` (guest time is in it).
    pub user: Counter<Nanoseconds>,
    /// `idle`.
    pub idle: Counter<Nanoseconds>,
    /// `iowait`.
    pub iowait: Counter<Nanoseconds>,
}

/// Memory of the node (`virNodeGetMemoryStats`; `virNodeGetInfo`'s figure was measured to be wrong on some hosts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeMemory {
    /// `total`.
    pub total: Bytes,
    /// `free`.
    pub local: Bytes,
    /// `buffers`.
    pub buffers: Bytes,
    /// `cached`.
    pub cached: Bytes,
}

/// The node at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSample {
    /// All CPUs together (`VIR_NODE_CPU_STATS_ALL_CPUS`).
    pub cpu: Option<CpuTimes>,
    /// Memory.
    pub memory: Option<NodeMemory>,
}
