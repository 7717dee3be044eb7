//! Groups of statistics, and the calls that read them.

bitflags::bitflags! {
    /// Groups of statistics, as libvirt divides them (`virDomainStatsTypes`). For all but state and network libvirt asks the
    /// domain's QEMU monitor, which makes them expensive.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Groups: u32 {
        /// State and reason (`VIR_DOMAIN_STATS_STATE`). Needs no monitor.
        const STATE = 1;
        /// CPU time of the whole domain (`VIR_DOMAIN_STATS_CPU_TOTAL`).
        const CPU = 1 << 1;
        /// Memory: the balloon, and what the guest reports (`VIR_DOMAIN_STATS_BALLOON`).
        const MEMORY = 1 << 2;
        /// Times of each vCPU (`VIR_DOMAIN_STATS_VCPU`).
        const VCPU = 1 << 3;
        /// NIC counters (`VIR_DOMAIN_STATS_INTERFACE`). Needs no monitor.
        const NET = 1 << 4;
        /// Disk counters and sizes (`VIR_DOMAIN_STATS_BLOCK`).
        const BLOCK = 1 << 5;
        /// CPU time on each host CPU (`virDomainGetCPUStats` from CPU 0). It takes a call for each domain, so it is read only for
        /// domains in [`Demand::focus`](crate::model::Demand::focus), and for outputs with drivers that have no bulk call.
        const HOST_CPU = 1 << 6;
    }
}

impl Groups {
    /// Groups that need no monitor. They are read of every domain at every interval.
    pub const CHEAP: Groups = Groups::STATE.union(Groups::NET);
    /// All groups except [`Groups::HOST_CPU`]: those that the lists and panes show.
    pub const OVERVIEW: Groups = Groups::STATE
        .union(Groups::CPU)
        .union(Groups::MEMORY)
        .union(Groups::VCPU)
        .union(Groups::NET)
        .union(Groups::BLOCK);
}

/// A libvirt call that a driver may not support. Without the call, the columns that it fills are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `virConnectGetAllDomainStats`.
    BulkStats,
    /// `virDomainGetInfo`: state, memory, CPU time.
    DomainInfo,
    /// `virDomainGetCPUStats(-1)`: total, user and system time.
    CpuStatsTotal,
    /// `virDomainGetCPUStats(0..)`: time per host CPU.
    CpuStatsPerCpu,
    /// `virDomainMemoryStats`.
    MemoryStats,
    /// `virDomainGetVcpus`.
    Vcpus,
    /// `virDomainBlockStats`.
    BlockStats,
    /// `virDomainBlockStatsFlags`: flushes and times.
    BlockStatsFlags,
    /// `virDomainGetBlockInfo`: sizes.
    BlockInfo,
    /// `virDomainInterfaceStats`.
    InterfaceStats,
    /// `virDomainGetXMLDesc`.
    XmlDesc,
    /// `virNodeGetCPUStats`.
    NodeCpuStats,
    /// `virNodeGetMemoryStats`.
    NodeMemoryStats,
    /// `virConnectDomainEventRegisterAny`.
    Events,
}

impl Call {
    /// The name of the function in libvirt.
    pub fn name(self) -> &'static str {
        match self {
            Self::BulkStats => "virConnectGetAllDomainStats",
            Self::DomainInfo => "virDomainGetInfo",
            Self::CpuStatsTotal => "virDomainGetCPUStats (total)",
            Self::CpuStatsPerCpu => "virDomainGetCPUStats (per host CPU)",
            Self::MemoryStats => "virDomainMemoryStats",
            Self::Vcpus => "virDomainGetVcpus",
            Self::BlockStats => "virDomainBlockStats",
            Self::BlockStatsFlags => "virDomainBlockStatsFlags",
            Self::BlockInfo => "virDomainGetBlockInfo",
            Self::InterfaceStats => "virDomainInterfaceStats",
            Self::XmlDesc => "virDomainGetXMLDesc",
            Self::NodeCpuStats => "virNodeGetCPUStats",
            Self::NodeMemoryStats => "virNodeGetMemoryStats",
            Self::Events => "virConnectDomainEventRegisterAny",
        }
    }
}

/// A call that failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedCall {
    /// The call.
    pub call: Call,
    /// Why it failed, in words for the operator ("not supported by the LXC driver").
    pub reason: String,
}
