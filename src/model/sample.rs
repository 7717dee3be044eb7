//! Samples: what one reading of a host returned.

use super::{
    Blocked, Counter, CpuSet, DomainDefinition, DomainState, Groups, NodeSample, StateReason, UnsupportedCall,
};
use crate::time::Timestamp;
use crate::units::{Bytes, Events, Nanoseconds, Operations, Packets};
use compact_str::{CompactString, format_compact};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What a sample is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleKind {
    /// A sample with the figures that are due at a tick, and those of the node. It is a point on the time axis.
    #[default]
    Full,
    /// A sample of the list of domains and their states, between two full samples: after a lifecycle event, and as the first
    /// sample of a connection. It has no figures, and is no point on the time axis.
    StateOnly,
}

/// What one reading of a host returned.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSample {
    /// When libvirt's answer came.
    pub at: Timestamp,
    /// What the sample is for.
    pub kind: SampleKind,
    /// Groups that were requested of every active domain.
    pub requested: Groups,
    /// The node; all `None` in a state-only sample.
    pub node: NodeSample,
    /// Every domain that exists, inactive ones too.
    pub domains: BTreeMap<Uuid, DomainSample>,
    /// Calls that the driver of this host does not support, as far as the source knows.
    pub unsupported: Arc<Vec<UnsupportedCall>>,
}

/// One domain at one moment. Two readings belong to the same run if their UUID and `run` are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainSample {
    /// The name. It can change; the UUID cannot.
    pub name: CompactString,
    /// `virDomainGetID`; `None` while the domain is inactive. A new ID is a new run, in which counters begin at 0.
    pub run: Option<u32>,
    /// `state.state`.
    pub state: DomainState,
    /// `state.reason`.
    pub reason: StateReason,
    /// From the XML (`virDomainGetXMLDesc`); `None` until it was read.
    pub definition: Option<Arc<DomainDefinition>>,
    /// Groups that this reading returned. A group that is not among them and was not requested keeps its last figures.
    pub answered: Groups,
    /// Groups that this reading requested and that libvirt left out, because another client held the domain's job lock (`NOWAIT`)
    /// or because QEMU did not answer. The next reading may have them. They are not among the calls that the driver does not
    /// support ([`DomainSample::unsupported`]).
    pub unanswered: Groups,
    /// Groups that this reading took from files of this machine, without a libvirt call.
    pub local: Groups,
    /// Groups that were requested of this domain in addition to [`HostSample::requested`]; set by the sampler. A group that was
    /// requested and is not in `answered` has no figures now.
    pub extra: Groups,
    /// Groups that were read at another moment than [`HostSample::at`], and that moment. libvirt reads one domain after
    /// another, and a rate needs the moments of its own two readings.
    pub own_time: Option<(Groups, Timestamp)>,
    /// Group CPU.
    pub cpu: CpuSample,
    /// The host CPUs that its vCPU threads may use, all threads together: `Cpus_allowed_list` in `/proc/PID/task/TID/status`,
    /// read with a local group CPU. `None`: not read.
    pub allowed_cpus: Option<Arc<CpuSet>>,
    /// Group VCPU, by vCPU number; sparse where vCPUs are offline.
    pub vcpus: BTreeMap<u32, VcpuSample>,
    /// Group HOST_CPU: CPU time that this domain used on each host CPU (`virDomainGetCPUStats` from CPU 0).
    pub host_cpus: Vec<Counter<Nanoseconds>>,
    /// Group MEMORY.
    pub memory: MemorySample,
    /// Group BLOCK, in the driver's order.
    pub disks: Vec<BlockSample>,
    /// Group NET, in the driver's order.
    pub nics: Vec<NetSample>,
    /// Calls that failed for this domain only.
    pub unsupported: Vec<UnsupportedCall>,
    /// Why its expensive groups are not read; `None` if nothing blocks the domain. The source sets it from this reading; then the
    /// sampler's watchdog adds hangs from earlier samples, and removes those that are too short.
    pub blocked: Option<Blocked>,
}

impl DomainSample {
    /// A domain of which only the state was read.
    pub fn new(name: impl Into<CompactString>, run: Option<u32>, state: DomainState, reason: StateReason) -> Self {
        Self {
            name: name.into(),
            run,
            state,
            reason,
            definition: None,
            answered: Groups::STATE,
            unanswered: Groups::empty(),
            local: Groups::empty(),
            extra: Groups::empty(),
            own_time: None,
            cpu: CpuSample::default(),
            allowed_cpus: None,
            vcpus: BTreeMap::new(),
            host_cpus: Vec::new(),
            memory: MemorySample::default(),
            disks: Vec::new(),
            nics: Vec::new(),
            unsupported: Vec::new(),
            blocked: None,
        }
    }
}

/// CPU time of the whole domain: vCPUs, emulator and I/O threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuSample {
    /// `cpu.time`.
    pub time: Option<Counter<Nanoseconds>>,
    /// `cpu.user`.
    pub user: Option<Counter<Nanoseconds>>,
    /// `cpu.system`.
    pub system: Option<Counter<Nanoseconds>>,
    /// Times of all vCPUs together, if they were read without [`Groups::VCPU`]: from `/proc/PID/task/TID/schedstat`.
    pub vcpus: Option<VcpuTimes>,
    /// Where the times were counted.
    pub source: CpuSource,
}

/// Where the CPU time of a domain was counted. The counts of one domain differ: only that of the cgroup includes kernel threads
/// that work for the domain, such as `vhost`. So a rate needs two readings from the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CpuSource {
    /// By libvirt: `cpu.time`, `virDomainGetCPUStats`.
    #[default]
    Libvirt,
    /// By the kernel for the domain's cgroup, read by vtop.
    Cgroup,
    /// By the kernel for the domain's process (`/proc/PID/stat`), read by vtop or by libvirt (`virDomainGetInfo`).
    Process,
}

/// Times of the vCPUs of a domain, each a sum over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcpuTimes {
    /// How many vCPUs the sums cover.
    pub count: u32,
    /// CPU time that they used.
    pub used: Counter<Nanoseconds>,
    /// Time in which they could run but had no host CPU.
    pub delay: Counter<Nanoseconds>,
}

/// `vcpu.N.state` (`virVcpuState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VcpuState {
    /// 0.
    Offline,
    /// 1.
    Running,
    /// 2: blocked on a resource.
    Blocked,
}

/// One vCPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VcpuSample {
    /// `vcpu.N.state`.
    pub state: Option<VcpuState>,
    /// `vcpu.N.time`: CPU time used; moves in steps of 10 ms.
    pub time: Option<Counter<Nanoseconds>>,
    /// `vcpu.N.wait`: waiting on I/O; always 0 on many kernels.
    pub wait: Option<Counter<Nanoseconds>>,
    /// `vcpu.N.delay`: runnable but without a host CPU, which the guest sees as steal.
    pub delay: Option<Counter<Nanoseconds>>,
    /// `vcpu.N.halted`.
    pub halted: Option<bool>,
    /// Host CPU it ran on last (`virDomainGetVcpus`); not in the bulk call.
    pub host_cpu: Option<u32>,
}

/// Memory of a domain: what the balloon gives, and what the guest reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemorySample {
    /// `balloon.current`: given to the guest now.
    pub current: Option<Bytes>,
    /// `balloon.maximum`.
    pub maximum: Option<Bytes>,
    /// `balloon.available`: what the guest sees as its total.
    pub available: Option<Bytes>,
    /// `balloon.unused`: memory of the guest that nothing uses.
    pub unused: Option<Bytes>,
    /// `balloon.usable`: what the guest can use without swapping (like MemAvailable).
    pub usable: Option<Bytes>,
    /// `balloon.disk_caches`.
    pub disk_caches: Option<Bytes>,
    /// `balloon.rss`: resident memory of the domain's process on the host.
    pub rss: Option<Bytes>,
    /// `balloon.swap_in`.
    pub swap_in: Option<Counter<Bytes>>,
    /// `balloon.swap_out`.
    pub swap_out: Option<Counter<Bytes>>,
    /// `balloon.major_fault`.
    pub major_faults: Option<Counter<Events>>,
    /// `balloon.hugetlb_pgalloc`: hugepages that the guest allocated.
    pub hugetlb_allocations: Option<Counter<Events>>,
    /// `balloon.hugetlb_pgfail`: hugepages that the guest could not allocate.
    pub hugetlb_failures: Option<Counter<Events>>,
    /// `balloon.minor_fault`.
    pub minor_faults: Option<Counter<Events>>,
    /// `balloon.last-update`: when the guest last reported, in seconds since 1970; 0: never.
    pub last_update: Option<u64>,
}

/// One disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockSample {
    /// `block.N.name`: the target, as `vda`. Together with `backing_index` it identifies the disk: the number N can change when a
    /// disk is added or removed.
    pub name: CompactString,
    /// `block.N.backingIndex`, for the layers below an overlay; `None` for the disk itself.
    pub backing_index: Option<u32>,
    /// `block.N.path`.
    pub path: Option<Arc<str>>,
    /// `rd.reqs`.
    pub read_requests: Option<Counter<Operations>>,
    /// `rd.bytes`.
    pub read_bytes: Option<Counter<Bytes>>,
    /// `rd.times`: sum over the requests.
    pub read_time: Option<Counter<Nanoseconds>>,
    /// `wr.reqs`.
    pub write_requests: Option<Counter<Operations>>,
    /// `wr.bytes`.
    pub write_bytes: Option<Counter<Bytes>>,
    /// `wr.times`.
    pub write_time: Option<Counter<Nanoseconds>>,
    /// `fl.reqs`.
    pub flush_requests: Option<Counter<Operations>>,
    /// `fl.times`.
    pub flush_time: Option<Counter<Nanoseconds>>,
    /// `errs` of `virDomainBlockStats` (Xen); QEMU does not count them.
    pub errors: Option<Counter<Events>>,
    /// `allocation`: in the bulk call the highest offset written.
    pub allocation: Option<Bytes>,
    /// `capacity`: the size that the guest sees.
    pub capacity: Option<Bytes>,
    /// `physical`: space that it takes on the host, like `du`.
    pub physical: Option<Bytes>,
}

impl BlockSample {
    /// True if the reading has counters of requests or bytes, not only the name.
    pub fn has_counters(&self) -> bool {
        self.read_requests.is_some()
            || self.read_bytes.is_some()
            || self.write_requests.is_some()
            || self.write_bytes.is_some()
    }

    /// The disk's key: its target, and for a layer of a backing chain its index (`vda[2]`).
    pub fn key(&self) -> CompactString {
        match self.backing_index {
            Some(index) => format_compact!("{}[{index}]", self.name),
            None => self.name.clone(),
        }
    }
}

/// One NIC, counted from the guest's side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetSample {
    /// `net.N.name`: the device on the host, as `vnet3`. It identifies the NIC.
    pub name: CompactString,
    /// `rx.bytes`.
    pub rx_bytes: Option<Counter<Bytes>>,
    /// `rx.pkts`.
    pub rx_packets: Option<Counter<Packets>>,
    /// `rx.errs`.
    pub rx_errors: Option<Counter<Packets>>,
    /// `rx.drop`.
    pub rx_drops: Option<Counter<Packets>>,
    /// `tx.bytes`.
    pub tx_bytes: Option<Counter<Bytes>>,
    /// `tx.pkts`.
    pub tx_packets: Option<Counter<Packets>>,
    /// `tx.errs`.
    pub tx_errors: Option<Counter<Packets>>,
    /// `tx.drop`.
    pub tx_drops: Option<Counter<Packets>>,
    /// On which side of its device the guest is. `Some`: the counters are those of the kernel, read by vtop on the hypervisor itself,
    /// so that their directions are right; `None`: they are libvirt's.
    pub guest_side: Option<GuestSide>,
}

/// On which side of its device a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestSide {
    /// Behind it, as behind a TAP device: the guest receives what the device transmits.
    Behind,
    /// In front of it, as of a macvtap device: both receive the same.
    InFront,
}

impl NetSample {
    /// True if the reading has counters of packets or bytes, not only the name.
    pub fn has_counters(&self) -> bool {
        self.rx_bytes.is_some() || self.rx_packets.is_some() || self.tx_bytes.is_some() || self.tx_packets.is_some()
    }
}
