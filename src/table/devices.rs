//! Columns of the lists of disks, NICs and vCPUs.

use super::column::{Column, Content};
use super::sort::SortKey;
use crate::fleet::metric::{DiskMetric as D, DomainMetric, NicMetric as N, VcpuMetric as V};

/// Name of the domain; the domain's own screen leaves it out.
const DOMAIN: Column = Column::words("domain", "DOMAIN", Content::Name, (12, 30), 2, 0)
    .sorted(SortKey::Name)
    .described("Name of the domain.", "virDomainGetName");

const fn disk(id: &'static str, heading: &'static str, metric: D, width: u16, rank: u8) -> Column {
    Column::figure(id, heading, Content::Disk(metric), width, rank, SortKey::Disk(metric))
}

const fn nic(id: &'static str, heading: &'static str, metric: N, width: u16, rank: u8) -> Column {
    Column::figure(id, heading, Content::Nic(metric), width, rank, SortKey::Nic(metric))
}

const fn vcpu(id: &'static str, heading: &'static str, metric: V, width: u16, rank: u8) -> Column {
    Column::figure(id, heading, Content::Vcpu(metric), width, rank, SortKey::Vcpu(metric))
}

/// Columns of the list of disks, from left to right.
pub(super) const DISKS: &[Column] = &[
    DOMAIN,
    Column::words("disk", " DISK", Content::Device, (5, 10), 1, 0).described(
        "Sign of the worst figure of the disk, and its target; a backing layer is vda[2].",
        "block.N.name, block.N.backingIndex",
    ),
    Column::words("history", "", Content::DiskHistory, (6, 30), 2, 7).described(
        "Chart of bytes read and written together. All rows have the same scale; the heading shows its top.",
        "block.N.rd.bytes + block.N.wr.bytes",
    ),
    disk("read", "RD/s", D::ReadBytes, 5, 0).summed(SortKey::DiskBytes),
    disk("write", "WR/s", D::WriteBytes, 5, 0),
    disk("reads", "RDOPS", D::ReadRequests, 6, 2).summed(SortKey::DiskRequests),
    disk("writes", "WROPS", D::WriteRequests, 6, 2),
    disk("flushes", "FLUSH", D::Flushes, 6, 3),
    disk("read_latency", "RDLAT", D::ReadLatency, 6, 1).summed(SortKey::Domain(DomainMetric::WorstLatency)),
    disk("write_latency", "WRLAT", D::WriteLatency, 6, 1),
    disk("flush_latency", "FLLAT", D::FlushLatency, 6, 4),
    disk("queue", "QUEUE", D::InFlight, 6, 5),
    disk("errors", "ERRS", D::Errors, 5, 9),
    Column::words("source", "SOURCE", Content::About, (16, 60), 2, 8)
        .described("Image, device or URL of the disk.", "virDomainGetXMLDesc, block.N.path"),
];

/// Columns of the list of NICs, from left to right.
pub(super) const NICS: &[Column] = &[
    DOMAIN,
    Column::words("nic", " NIC", Content::Device, (7, 12), 1, 0)
        .described("Sign of the worst figure of the NIC, and its device on the host (vnet3).", "net.N.name"),
    Column::words("history", "", Content::NicHistory, (6, 30), 2, 7).described(
        "Chart of bytes received and sent together. All rows have the same scale; the heading shows its top.",
        "net.N.rx.bytes + net.N.tx.bytes",
    ),
    nic("rx", "RX/s", N::RxBytes, 5, 0).summed(SortKey::NetBytes),
    nic("tx", "TX/s", N::TxBytes, 5, 0),
    nic("rx_packets", "RXPK", N::RxPackets, 5, 1),
    nic("tx_packets", "TXPK", N::TxPackets, 5, 1),
    nic("rx_drops", "RXDROP", N::RxDrops, 7, 2),
    nic("tx_drops", "TXDROP", N::TxDrops, 7, 2),
    nic("rx_errors", "RXERR", N::RxErrors, 6, 3),
    nic("tx_errors", "TXERR", N::TxErrors, 6, 3),
    Column::words("connection", "CONNECTED TO", Content::About, (16, 60), 2, 8)
        .described("Type and source of the interface, as bridge br0.", "virDomainGetXMLDesc"),
];

/// Columns of the list of vCPUs, from left to right.
pub(super) const VCPUS: &[Column] = &[
    DOMAIN,
    Column::words("vcpu", " vCPU", Content::Device, (5, 5), 0, 0)
        .described("Sign of the worst figure of the vCPU, and its number.", "vcpu.N"),
    Column::words("history", "", Content::VcpuHistory, (10, 80), 4, 3)
        .described("Chart of USE%. All rows have the same scale; the heading shows its top.", "vcpu.N.time"),
    vcpu("use", "USE%", V::Use, 5, 0),
    vcpu("steal", "STEAL%", V::Steal, 7, 0),
    vcpu("wait", "WAIT%", V::Wait, 6, 1),
    Column::words("state", "STATE", Content::About, (8, 24), 1, 2).described(
        "State of the vCPU, and that of a domain whose vCPUs do not run. Where domains are read one by one (LXC, test driver), also the host CPU that it ran on last.",
        "vcpu.N.state, virDomainGetVcpus",
    ),
];
