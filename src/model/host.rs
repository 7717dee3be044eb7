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

/// Memory of the node (`virNodeGetMemoryStats`; the size in `virNodeGetInfo` was wrong on some hosts). libvirt returns the first
/// four fields; the others are of the files of the machine itself, and `None` where vtop does not run on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeMemory {
    /// `total`.
    pub total: Bytes,
    /// `free`.
    pub free: Bytes,
    /// `buffers`.
    pub buffers: Option<Bytes>,
    /// `cached`: the page cache, with shared memory (memfd, tmpfs) in it.
    pub cached: Option<Bytes>,
    /// `MemAvailable` of `/proc/meminfo`: what programs can get without swapping. The pool of hugepages is not in it.
    pub available: Option<Bytes>,
    /// The pool of hugepages of all sizes (`nr_hugepages`): memory that nothing else can use.
    pub hugepages: Option<Bytes>,
    /// The part of the pool that nothing uses (`free_hugepages`).
    pub hugepages_free: Option<Bytes>,
    /// What the ARC (cache) of ZFS has above its minimum (`arcstats`): the kernel can take it back, but `MemAvailable` does not
    /// count it. `None` without ZFS.
    pub arc_reclaimable: Option<Bytes>,
    /// `SwapTotal` of `/proc/meminfo`.
    pub swap: Option<Bytes>,
    /// `SwapFree` of `/proc/meminfo`.
    pub swap_free: Option<Bytes>,
}

impl NodeMemory {
    /// The memory that is not reserved for hugepages: what [`used`](Self::used) is a part of.
    pub fn total_without_hugepages(&self) -> Bytes {
        Bytes(self.total.0.saturating_sub(self.hugepages.unwrap_or_default().0))
    }

    /// Memory in use, without the pool of hugepages. Without [`available`](Self::available) it is an estimate: reclaimable slab
    /// counts as used, shared memory of guests as free. `None`: libvirt does not return enough.
    pub fn used(&self) -> Option<Bytes> {
        let unused = match self.available {
            Some(available) => available.0.saturating_add(self.arc_reclaimable.unwrap_or_default().0),
            None => self.free.0.saturating_add(self.buffers?.0).saturating_add(self.cached?.0),
        };
        Some(Bytes(self.total_without_hugepages().0.saturating_sub(unused)))
    }

    /// What [`used`](Self::used) includes without being in use, in a few words; `None`: nothing.
    pub fn estimate(&self) -> Option<&'static str> {
        match (self.available, self.hugepages) {
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some("with hugepages"),
            (None, Some(_)) => Some("with slab"),
            (None, None) => Some("with hugepages, slab"),
        }
    }

    /// The part of the pool of hugepages that is in use.
    pub fn hugepages_used(&self) -> Option<Bytes> {
        Some(Bytes(self.hugepages?.0.saturating_sub(self.hugepages_free?.0)))
    }

    /// The part of the swap that is in use.
    pub fn swap_used(&self) -> Option<Bytes> {
        Some(Bytes(self.swap?.0.saturating_sub(self.swap_free?.0)))
    }
}

/// The node at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSample {
    /// All CPUs together (`VIR_NODE_CPU_STATS_ALL_CPUS`).
    pub cpu: Option<CpuTimes>,
    /// Memory.
    pub memory: Option<NodeMemory>,
}
