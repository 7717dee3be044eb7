//! Columns of the list of domains.

use super::column::{Column, Content};
use super::sort::SortKey;
use crate::fleet::metric::DomainMetric as M;

const fn metric(id: &'static str, heading: &'static str, metric: M, width: u16, rank: u8) -> Column {
    Column::figure(id, heading, Content::Domain(metric), width, rank, SortKey::Domain(metric))
}

/// Columns of the list of domains, from left to right.
pub(super) const DOMAINS: &[Column] = &[
    Column::words("state", "S", Content::State, (2, 2), 0, 0)
        .sorted(SortKey::State)
        .summed(SortKey::Trouble)
        .described("Sign of the worst finding, and letter of the state.", "state.state"),
    Column::words("name", "NAME", Content::Name, (12, 36), 3, 0)
        .sorted(SortKey::Name)
        .described("Name of the domain.", "virDomainGetName"),
    metric("cpu", "CPU%", M::Cpu, 5, 0),
    Column::words("cpu_history", "", Content::CpuHistory, (5, 40), 2, 3)
        .described("Chart of CPU%; its top is all vCPUs busy.", "cpu.time"),
    Column::figure("cpu_time", "TIME", Content::CpuTime, 7, 9, SortKey::CpuTime)
        .described("CPU time of this run of the domain.", "cpu.time"),
    Column::figure("vcpus", "vCPU", Content::VcpuCount, 5, 8, SortKey::Vcpus)
        .described("Number of vCPUs that are online.", "vcpu.N.state"),
    metric("steal", "ST%", M::Steal, 4, 2),
    Column::figure("memory", "MEMORY", Content::Memory, 9, 1, SortKey::Domain(M::MemoryUsed)).described(
        "Used / given memory. Used: available − usable, as the guest reports it; – if the guest reports nothing; dim and without a bar if it counts page cache. Given: what \
         the balloon gives to the guest. The bar shows the used share of the memory that the guest sees.",
        "balloon.*",
    ),
    Column::figure("read", "RD/s", Content::Domain(M::DiskRead), 5, 4, SortKey::DiskBytes),
    Column::figure("write", "WR/s", Content::Domain(M::DiskWrite), 5, 4, SortKey::DiskBytes),
    Column::figure("iops", "IOPS", Content::DiskRequests, 5, 5, SortKey::DiskRequests)
        .described("Reads and writes per second, sum of its disks.", "block.N.rd.reqs + block.N.wr.reqs"),
    metric("latency", "LAT", M::WorstLatency, 6, 2),
    Column::figure("rx", "RX/s", Content::Domain(M::NetRx), 5, 4, SortKey::NetBytes),
    Column::figure("tx", "TX/s", Content::Domain(M::NetTx), 5, 4, SortKey::NetBytes),
    metric("rx_packets", "RXPK", M::RxPackets, 5, 11),
    metric("tx_packets", "TXPK", M::TxPackets, 5, 11),
    metric("drops", "DROP", M::NetDrops, 5, 10),
    metric("swap_in", "SWIN", M::SwapIn, 5, 12),
    metric("rss", "RSS", M::Rss, 5, 13),
    metric("user", "USR%", M::User, 5, 14),
    metric("system", "SYS%", M::System, 5, 14),
];
