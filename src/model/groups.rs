//! What can be asked of a hypervisor, and what it turned out to lack.

bitflags::bitflags! {
    /// Groups of statistics, in libvirt's cut (`virDomainStatsTypes`). Dear ones wake the QEMU monitor.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Groups: u32 {
        /// State and reason. Asks no monitor.
        const STATE = 1;
        /// CPU time of the whole domain.
        const CPU = 1 << 1;
        /// Memory: balloon and guest figures.
        const MEMORY = 1 << 2;
        /// Per-vCPU times.
        const VCPU = 1 << 3;
        /// NIC counters. Asks no monitor.
        const NET = 1 << 4;
        /// Disk counters and sizes.
        const BLOCK = 1 << 5;
        /// CPU time per host CPU (`virDomainGetCPUStats` from CPU 0): one more call, for the looked-at domain only.
        const HOST_CPU = 1 << 6;
    }
}

impl Groups {
    /// What asks no QEMU: the pulse, which every domain gives at every interval.
    pub const CHEAP: Groups = Groups::STATE.union(Groups::NET);
    /// Everything that the overview shows.
    pub const OVERVIEW: Groups = Groups::STATE
        .union(Groups::CPU)
        .union(Groups::MEMORY)
        .union(Groups::VCPU)
        .union(Groups::NET)
        .union(Groups::BLOCK);
}

/// A libvirt call (or a group of the bulk call) that a driver may lack. A lack costs its columns, nothing else.
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
    /// libvirt's name of it.
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

/// A call that failed and why, in words for the operator ("not supported by lxc").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedCall {
    /// What was asked.
    pub call: Call,
    /// Why there is no answer.
    pub reason: String,
}
