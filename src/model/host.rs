//! A host: the machine that its domains run on, which libvirt calls the node.

use super::{Counter, Driver};
use crate::units::{Bytes, Nanoseconds};

/// What a host is; read once for each connection. `None`: libvirt does not return it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostInfo {
    /// `virConnectGetHostname`; the URI if that call fails.
    pub hostname: String,
    /// The URI in use, as libvirt resolved it (`virConnectGetURI`).
    pub uri: String,
    /// `virConnectGetType`.
    pub driver: Driver,
    /// `virConnectGetVersion`, as `7.2.22`.
    pub hypervisor_version: Option<String>,
    /// `virConnectGetLibVersion`, as `9.0.0`.
    pub libvirt_version: Option<String>,
    /// `virNodeGetInfo.model`, as `x86_64`.
    pub cpu_model: Option<String>,
    /// `virNodeGetInfo.cpus`: active host CPUs.
    pub cpus: Option<u32>,
    /// `virNodeGetInfo.mhz`: clock rate of the host CPUs, in MHz.
    pub mhz: Option<u32>,
    /// How many calls a sample makes in parallel at most; 1 if the source has a single connection.
    pub parallel_calls: usize,
    /// True if all values are synthetic (`--demo`).
    pub synthetic: bool,
}

/// Time of all host CPUs, by what they did (`virNodeGetCPUStats`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTimes {
    /// `kernel`.
    pub kernel: Counter<Nanoseconds>,
    /// `user` (guest time is in it).
    pub user: Counter<Nanoseconds>,
    /// `idle`.
    pub idle: Counter<Nanoseconds>,
    /// `iowait`. `None` if the host's system does not count it; `idle` includes it then.
    pub iowait: Option<Counter<Nanoseconds>>,
}

/// Memory of the node (`virNodeGetMemoryStats`; the size in `virNodeGetInfo` was wrong on some hosts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeMemory {
    /// `total`.
    pub total: Bytes,
    /// `free`.
    pub free: Bytes,
    /// `buffers`.
    pub buffers: Option<Bytes>,
    /// `cached`.
    pub cached: Option<Bytes>,
}

/// The node at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSample {
    /// All CPUs together (`VIR_NODE_CPU_STATS_ALL_CPUS`).
    pub cpu: Option<CpuTimes>,
    /// Memory.
    pub memory: Option<NodeMemory>,
}
