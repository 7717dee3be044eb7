//! The catalogue of derived figures: rates, shares, means and gauges of everything that has a history.
//!
//! Each line has the key and the name of the figure, its unit, the group of statistics that it needs, and the rule that derives it
//! from raw figures ([`crate::model::totals`]). Columns, charts, sort keys, JSON, CSV and their documentation iterate over
//! these lists. A new derived figure is a line here; where [`Derivation::Own`] says so, `derive` has the code for it.

use crate::model::totals::{CpuTotal, DiskTotal, HostCpuTotal, HostTotal, MemoryTotal, NicTotal, Total, VcpuTotal};
use crate::model::{Groups, Info, Quantity};
use crate::units::Unit;
use std::borrow::Cow;

/// A closed list of the derived figures of one kind of thing.
pub trait Metric: Copy + Eq + 'static {
    /// The raw figures that these are derived from.
    type Total: Source;
    /// All figures, in the order in which they are shown.
    const ALL: &'static [Self];

    /// Its place in [`Metric::ALL`].
    fn index(self) -> usize;

    /// Its description.
    fn info(self) -> &'static Info;

    /// The group of statistics that it comes from. Empty: the figures of the host itself, which need no group.
    fn group(self) -> Groups;

    /// How it is derived.
    fn derivation(self) -> Derivation<Self::Total>;

    /// Its key in JSON, and its heading in CSV.
    fn key(self) -> &'static str {
        self.info().key
    }

    /// The keys of libvirt's typed parameters, or the calls, that it comes from.
    fn source(self) -> Cow<'static, str> {
        self.derivation().source()
    }
}

/// Something that names the parameter or call of libvirt that it comes from.
pub trait Source: Copy + 'static {
    /// The parameter (`block.N.rd.bytes`) or the call.
    fn source(self) -> &'static str;
}

impl<T: Total> Source for T {
    fn source(self) -> &'static str {
        Total::source(self)
    }
}

/// How a derived figure comes from raw figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation<T> {
    /// The value itself.
    Gauge(T),
    /// Growth per second.
    Rate(T),
    /// Growth of a time as a share of the time between two readings; 100 % is one core.
    Share(T),
    /// Mean time of a request: growth of a time divided by growth of the number of requests.
    MeanTime(T, T),
    /// Derived by its own code in `derive`. The text names the libvirt parameters or calls that it comes from.
    Own(Quantity, &'static str),
}

impl<T> Derivation<T> {
    /// What kind of number comes out.
    pub const fn quantity(&self) -> Quantity {
        match self {
            Self::Gauge(_) => Quantity::Gauge,
            Self::Rate(_) => Quantity::Rate,
            Self::Share(_) => Quantity::Share,
            Self::MeanTime(..) => Quantity::Mean,
            Self::Own(quantity, _) => *quantity,
        }
    }
}

impl<T: Source> Derivation<T> {
    fn source(self) -> Cow<'static, str> {
        match self {
            Self::Gauge(total) | Self::Rate(total) | Self::Share(total) => total.source().into(),
            Self::MeanTime(time, requests) => format!("{} ÷ {}", time.source(), requests.source()).into(),
            Self::Own(_, source) => source.into(),
        }
    }
}

/// A raw figure of a domain as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainTotal {
    /// Of its CPU time.
    Cpu(CpuTotal),
    /// Of its memory.
    Memory(MemoryTotal),
}

impl Source for DomainTotal {
    fn source(self) -> &'static str {
        match self {
            Self::Cpu(total) => Total::source(total),
            Self::Memory(total) => Total::source(total),
        }
    }
}

impl Derivation<DomainTotal> {
    /// The same rule on the record of the CPU time alone; `None` for a figure that does not come from this record.
    pub(super) const fn of_cpu(self) -> Option<Derivation<CpuTotal>> {
        Some(match self {
            Self::Gauge(Cpu(total)) => Derivation::Gauge(total),
            Self::Rate(Cpu(total)) => Derivation::Rate(total),
            Self::Share(Cpu(total)) => Derivation::Share(total),
            _ => return None,
        })
    }

    /// The same rule on the record of the memory alone; `None` for a figure that does not come from this record.
    pub(super) const fn of_memory(self) -> Option<Derivation<MemoryTotal>> {
        Some(match self {
            Self::Gauge(Memory(total)) => Derivation::Gauge(total),
            Self::Rate(Memory(total)) => Derivation::Rate(total),
            Self::Share(Memory(total)) => Derivation::Share(total),
            _ => return None,
        })
    }
}

macro_rules! metrics {
    (
        $(#[$doc:meta])*
        $name:ident of $total:ty {
            $($variant:ident: $key:literal, $label:literal, $unit:ident, $group:expr, $derivation:expr, $about:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $about] $variant,)* }

        impl $name {
            const DERIVATIONS: &'static [Derivation<$total>] = &[$($derivation),*];
        }

        impl Metric for $name {
            type Total = $total;
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn index(self) -> usize { self as usize }

            fn info(self) -> &'static Info {
                const INFOS: &[Info] = &[$(Info {
                    key: $key,
                    label: $label,
                    unit: Unit::$unit,
                    quantity: $name::DERIVATIONS[$name::$variant as usize].quantity(),
                    about: $about,
                }),*];
                &INFOS[self as usize]
            }

            fn group(self) -> Groups {
                match self { $(Self::$variant => $group,)* }
            }

            fn derivation(self) -> Derivation<$total> {
                Self::DERIVATIONS[self as usize]
            }
        }
    };
}

use Derivation::{Gauge, MeanTime, Own, Rate, Share};
use DomainTotal::{Cpu, Memory};

const NODE: Groups = Groups::empty();
const CPU: Groups = Groups::CPU;
const MEMORY: Groups = Groups::MEMORY;
const VCPU: Groups = Groups::VCPU;
const BLOCK: Groups = Groups::BLOCK;
const NET: Groups = Groups::NET;

metrics! {
    /// Figures of a host.
    HostMetric of HostTotal {
        Cpu: "cpu_percent", "CPU", Percent, NODE, Own(Quantity::Share, "virNodeGetCPUStats"),
            "CPU time that is neither idle nor iowait; 100 % is all host CPUs.";
        Iowait: "iowait_percent", "iowait", Percent, NODE, Own(Quantity::Share, "virNodeGetCPUStats"),
            "Time in which host CPUs waited for I/O; 100 % is all host CPUs.";
        MemoryUsed: "memory_used_bytes", "memory", Bytes, NODE, Own(Quantity::Gauge, "/proc/meminfo, virNodeGetMemoryStats"),
            "Memory in use, without the pool of hugepages: on the hypervisor itself total − hugepages − available − ZFS ARC, \
             elsewhere total − free − buffers − cached: then hugepages and slab count as used, shared memory of guests as free.";
        HugepagesUsed: "hugepages_used_bytes", "hugepages", Bytes, NODE,
            Own(Quantity::Gauge, "/sys/kernel/mm/hugepages/*/{nr,free}_hugepages"),
            "The part of the pool of hugepages that is in use; read only on the hypervisor itself.";
        SwapUsed: "swap_used_bytes", "swap", Bytes, NODE, Own(Quantity::Gauge, "/proc/meminfo SwapTotal, SwapFree"),
            "The part of the swap that is in use; read only on the hypervisor itself.";
        DiskRead: "disk_read_bytes_per_second", "disk read", BytesPerSecond, BLOCK, Own(Quantity::Rate, "block.N.rd.bytes"),
            "Bytes read per second, sum of all domains.";
        DiskWrite: "disk_write_bytes_per_second", "disk write", BytesPerSecond, BLOCK, Own(Quantity::Rate, "block.N.wr.bytes"),
            "Bytes written per second, sum of all domains.";
        DiskRequests: "disk_requests_per_second", "disk IOPS", OperationsPerSecond, BLOCK,
            Own(Quantity::Rate, "block.N.rd.reqs + block.N.wr.reqs"),
            "Reads and writes per second, sum of all domains.";
        NetRx: "net_rx_bytes_per_second", "net rx", BytesPerSecond, NET, Own(Quantity::Rate, "net.N.rx.bytes"),
            "Bytes received per second, sum of all domains.";
        NetTx: "net_tx_bytes_per_second", "net tx", BytesPerSecond, NET, Own(Quantity::Rate, "net.N.tx.bytes"),
            "Bytes sent per second, sum of all domains.";
    }
}

metrics! {
    /// Figures of a domain.
    DomainMetric of DomainTotal {
        Cpu: "cpu_percent", "CPU", Percent, CPU, Share(Cpu(CpuTotal::Time)),
            "CPU time of vCPUs, emulator and I/O threads; 100 % is one core.";
        User: "cpu_user_percent", "user", Percent, CPU, Share(Cpu(CpuTotal::User)),
            "The part of the CPU time in user mode, in coarser steps than the whole; 100 % is one core.";
        System: "cpu_system_percent", "system", Percent, CPU, Share(Cpu(CpuTotal::System)),
            "The part of the CPU time in the kernel, in coarser steps than the whole; 100 % is one core.";
        Steal: "steal_percent", "steal", Percent, VCPU, Own(Quantity::Share, "vcpu.N.delay"),
            "Time in which vCPUs were runnable but had no host CPU, mean of the vCPUs; 100 % is one core.";
        Vcpus: "vcpus_percent", "vCPUs", Percent, VCPU, Own(Quantity::Share, "vcpu.N.time"),
            "CPU time of the vCPUs alone, sum of the vCPUs; 100 % is one core.";
        OtherThreads: "other_threads_percent", "other threads", Percent, VCPU, Own(Quantity::Share, "cpu.time − vcpu.N.time"),
            "CPU time of everything else that works for the domain: emulator (block jobs, migration, devices), I/O threads, vhost; 100 % is one core.";
        MemoryUsed: "memory_used_bytes", "used", Bytes, MEMORY, Own(Quantity::Gauge, "balloon.available − balloon.usable"),
            "Memory that the guest uses. If the guest does not report usable: available − unused − its page cache; with its page cache if it does not report that either.";
        MemoryAvailable: "memory_available_bytes", "guest total", Bytes, MEMORY, Gauge(Memory(MemoryTotal::Available)),
            "Total memory as the guest sees it.";
        MemoryGiven: "memory_given_bytes", "given", Bytes, MEMORY, Gauge(Memory(MemoryTotal::Current)),
            "Memory that the balloon gives to the guest.";
        Rss: "memory_rss_bytes", "host RSS", Bytes, MEMORY, Gauge(Memory(MemoryTotal::Rss)),
            "Resident memory of the domain's process on the host.";
        MemoryCached: "memory_cached_bytes", "guest cache", Bytes, MEMORY, Gauge(Memory(MemoryTotal::DiskCaches)),
            "Page cache of the guest.";
        SwapIn: "swap_in_bytes_per_second", "swap in", BytesPerSecond, MEMORY, Rate(Memory(MemoryTotal::SwapIn)),
            "What the guest reads from its swap, per second.";
        SwapOut: "swap_out_bytes_per_second", "swap out", BytesPerSecond, MEMORY, Rate(Memory(MemoryTotal::SwapOut)),
            "What the guest writes to its swap, per second.";
        MajorFaults: "major_faults_per_second", "major faults", EventsPerSecond, MEMORY, Rate(Memory(MemoryTotal::MajorFaults)),
            "Page faults of the guest that needed a disk read, per second.";
        HugetlbAllocations: "hugetlb_allocations_per_second", "hugepages allocated", EventsPerSecond, MEMORY,
            Rate(Memory(MemoryTotal::HugetlbAllocations)),
            "Hugepages that the guest allocated, per second.";
        HugetlbFailures: "hugetlb_failures_per_second", "hugepages failed", EventsPerSecond, MEMORY,
            Rate(Memory(MemoryTotal::HugetlbFailures)),
            "Hugepages that the guest could not allocate, per second.";
        DiskRead: "disk_read_bytes_per_second", "read", BytesPerSecond, BLOCK, Own(Quantity::Rate, "block.N.rd.bytes"),
            "Bytes read per second, sum of its disks.";
        DiskWrite: "disk_write_bytes_per_second", "write", BytesPerSecond, BLOCK, Own(Quantity::Rate, "block.N.wr.bytes"),
            "Bytes written per second, sum of its disks.";
        ReadRequests: "disk_read_requests_per_second", "read IOPS", OperationsPerSecond, BLOCK,
            Own(Quantity::Rate, "block.N.rd.reqs"),
            "Read requests per second, sum of its disks.";
        WriteRequests: "disk_write_requests_per_second", "write IOPS", OperationsPerSecond, BLOCK,
            Own(Quantity::Rate, "block.N.wr.reqs"),
            "Write requests per second, sum of its disks.";
        WorstLatency: "disk_worst_latency_nanoseconds", "latency", Nanoseconds, BLOCK,
            Own(Quantity::Mean, "block.N.*.times ÷ block.N.*.reqs"),
            "Mean time of a request: the slowest of its disks and of reads, writes and flushes; none without a request.";
        NetRx: "net_rx_bytes_per_second", "rx", BytesPerSecond, NET, Own(Quantity::Rate, "net.N.rx.bytes"),
            "Bytes received per second as the guest sees them, sum of its NICs.";
        NetTx: "net_tx_bytes_per_second", "tx", BytesPerSecond, NET, Own(Quantity::Rate, "net.N.tx.bytes"),
            "Bytes sent per second as the guest sees them, sum of its NICs.";
        RxPackets: "net_rx_packets_per_second", "rx packets", PacketsPerSecond, NET, Own(Quantity::Rate, "net.N.rx.pkts"),
            "Packets received per second, sum of its NICs.";
        TxPackets: "net_tx_packets_per_second", "tx packets", PacketsPerSecond, NET, Own(Quantity::Rate, "net.N.tx.pkts"),
            "Packets sent per second, sum of its NICs.";
        NetDrops: "net_drops_per_second", "drops", PacketsPerSecond, NET,
            Own(Quantity::Rate, "net.N.rx.drop + net.N.tx.drop"),
            "Dropped packets per second in both directions, sum of its NICs.";
        NetErrors: "net_errors_per_second", "errors", PacketsPerSecond, NET,
            Own(Quantity::Rate, "net.N.rx.errs + net.N.tx.errs"),
            "Packets with errors per second in both directions, sum of its NICs.";
    }
}

metrics! {
    /// Figures of a vCPU.
    VcpuMetric of VcpuTotal {
        Use: "use_percent", "use", Percent, VCPU, Share(VcpuTotal::Time),
            "CPU time of the vCPU; moves in steps of 10 ms; 100 % is one core.";
        Steal: "steal_percent", "steal", Percent, VCPU, Share(VcpuTotal::Delay),
            "Time in which it was runnable but had no host CPU.";
        Wait: "wait_percent", "wait", Percent, VCPU, Share(VcpuTotal::Wait),
            "Time in which it waited for I/O; 0 on kernels that do not count it.";
    }
}

metrics! {
    /// Figures of a domain on one host CPU.
    HostCpuMetric of HostCpuTotal {
        Use: "use_percent", "use", Percent, Groups::HOST_CPU, Share(HostCpuTotal::Time),
            "CPU time of the domain on this host CPU; 100 % is the whole host CPU.";
    }
}

metrics! {
    /// Figures of a disk.
    DiskMetric of DiskTotal {
        ReadBytes: "read_bytes_per_second", "read", BytesPerSecond, BLOCK, Rate(DiskTotal::ReadBytes),
            "Bytes read per second.";
        WriteBytes: "write_bytes_per_second", "write", BytesPerSecond, BLOCK, Rate(DiskTotal::WriteBytes),
            "Bytes written per second.";
        ReadRequests: "read_requests_per_second", "read IOPS", OperationsPerSecond, BLOCK, Rate(DiskTotal::ReadRequests),
            "Read requests per second.";
        WriteRequests: "write_requests_per_second", "write IOPS", OperationsPerSecond, BLOCK, Rate(DiskTotal::WriteRequests),
            "Write requests per second.";
        Flushes: "flushes_per_second", "flush IOPS", OperationsPerSecond, BLOCK, Rate(DiskTotal::FlushRequests),
            "Flush requests per second.";
        ReadLatency: "read_latency_nanoseconds", "read latency", Nanoseconds, BLOCK,
            MeanTime(DiskTotal::ReadTime, DiskTotal::ReadRequests),
            "Mean time of a read; none without a request.";
        WriteLatency: "write_latency_nanoseconds", "write latency", Nanoseconds, BLOCK,
            MeanTime(DiskTotal::WriteTime, DiskTotal::WriteRequests),
            "Mean time of a write; none without a request.";
        FlushLatency: "flush_latency_nanoseconds", "flush latency", Nanoseconds, BLOCK,
            MeanTime(DiskTotal::FlushTime, DiskTotal::FlushRequests),
            "Mean time of a flush; none without a request.";
        InFlight: "in_flight_count", "in flight", Count, BLOCK,
            Own(Quantity::Mean, "(block.N.rd.times + block.N.wr.times) ÷ elapsed"),
            "Mean number of reads and writes in flight. QEMU counts a request when it completes: none if no request completed, so the disk is idle, or all its requests are stuck.";
        Errors: "errors_per_second", "errors", EventsPerSecond, BLOCK, Rate(DiskTotal::Errors),
            "Failed requests per second; few drivers count them.";
    }
}

metrics! {
    /// Figures of a NIC, as the guest sees them.
    NicMetric of NicTotal {
        RxBytes: "rx_bytes_per_second", "rx", BytesPerSecond, NET, Rate(NicTotal::RxBytes),
            "Bytes received per second.";
        TxBytes: "tx_bytes_per_second", "tx", BytesPerSecond, NET, Rate(NicTotal::TxBytes),
            "Bytes sent per second.";
        RxPackets: "rx_packets_per_second", "rx packets", PacketsPerSecond, NET, Rate(NicTotal::RxPackets),
            "Packets received per second.";
        TxPackets: "tx_packets_per_second", "tx packets", PacketsPerSecond, NET, Rate(NicTotal::TxPackets),
            "Packets sent per second.";
        RxDrops: "rx_drops_per_second", "rx drops", PacketsPerSecond, NET, Rate(NicTotal::RxDrops),
            "Packets per second that were dropped on the way to the guest.";
        TxDrops: "tx_drops_per_second", "tx drops", PacketsPerSecond, NET, Rate(NicTotal::TxDrops),
            "Packets of the guest that were dropped, per second.";
        RxErrors: "rx_errors_per_second", "rx errors", PacketsPerSecond, NET, Rate(NicTotal::RxErrors),
            "Received packets with errors, per second.";
        TxErrors: "tx_errors_per_second", "tx errors", PacketsPerSecond, NET, Rate(NicTotal::TxErrors),
            "Sent packets with errors, per second.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check<M: Metric + std::fmt::Debug>() {
        let mut keys = BTreeSet::new();
        for (position, metric) in M::ALL.iter().enumerate() {
            assert_eq!(metric.index(), position);
            let info = metric.info();
            assert!(keys.insert(info.key), "{metric:?}: the key {} is there twice", info.key);
            assert!(info.key.ends_with(info.unit.suffix()), "{metric:?}: {} has no unit", info.key);
            assert!(info.about.ends_with('.'), "{metric:?}: the description is not a sentence");
        }
    }

    #[test]
    fn every_list_is_indexed_in_order_and_has_unique_keys_with_units() {
        check::<HostMetric>();
        check::<DomainMetric>();
        check::<VcpuMetric>();
        check::<HostCpuMetric>();
        check::<DiskMetric>();
        check::<NicMetric>();
    }

    #[test]
    fn the_source_of_a_mean_time_names_both_counters() {
        assert_eq!(DiskMetric::ReadLatency.source(), "block.N.rd.times ÷ block.N.rd.reqs");
        assert_eq!(DiskMetric::ReadBytes.source(), "block.N.rd.bytes");
        assert_eq!(DomainMetric::SwapIn.source(), "balloon.swap_in");
    }

    #[test]
    fn the_derivation_says_what_kind_of_number_a_figure_is() {
        let kinds = [
            (DomainMetric::Cpu.info().quantity, Quantity::Share),
            (DomainMetric::Rss.info().quantity, Quantity::Gauge),
            (DomainMetric::DiskRead.info().quantity, Quantity::Rate),
            (DiskMetric::FlushLatency.info().quantity, Quantity::Mean),
        ];
        kinds.iter().for_each(|(is, expected)| assert_eq!(is, expected));
    }
}
