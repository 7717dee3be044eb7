//! Every derived figure, once: its name for people, its name for machines, its unit and its meaning.
//!
//! Tables, charts, sort orders, the help of a column and the JSON keys all read this list.

use crate::model::Groups;
use crate::units::Unit;

/// What is known of a figure apart from its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Machine-readable name without its unit, `snake_case`.
    pub key: &'static str,
    /// Name on a screen.
    pub label: &'static str,
    /// Unit of the value.
    pub unit: Unit,
    /// What it is and which libvirt figures it comes from, one sentence.
    pub about: &'static str,
}

/// A closed list of figures that belong to one kind of thing.
pub trait Metric: Copy + Eq + 'static {
    /// All of them, in the order in which they are shown.
    const ALL: &'static [Self];
    /// Its place in [`Metric::ALL`].
    fn index(self) -> usize;
    /// Its description.
    fn info(self) -> &'static Info;
}

macro_rules! metrics {
    ($(#[$doc:meta])* $name:ident { $($variant:ident: $key:literal, $label:literal, $unit:ident, $about:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $about] $variant,)* }

        impl Metric for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            fn index(self) -> usize { self as usize }
            fn info(self) -> &'static Info {
                const INFOS: &[Info] =
                    &[$(Info { key: $key, label: $label, unit: Unit::$unit, about: $about }),*];
                &INFOS[self as usize]
            }
        }
    };
}

metrics! {
    /// Figures of a host.
    HostMetric {
        Cpu: "cpu", "CPU", Percent, "Busy time of all host CPUs; 100 % is all of them (virNodeGetCPUStats: 1 − idle − iowait).";
        Iowait: "iowait", "iowait", Percent, "Time in which host CPUs waited for I/O; 100 % is all of them (virNodeGetCPUStats iowait).";
        MemoryUsed: "memory_used", "memory", Bytes, "Memory of the host that is neither free nor cache (virNodeGetMemoryStats total − free − buffers − cached).";
        DiskRead: "disk_read", "disk read", BytesPerSecond, "Sum of all domains' disk reads.";
        DiskWrite: "disk_write", "disk write", BytesPerSecond, "Sum of all domains' disk writes.";
        DiskRequests: "disk_requests", "disk IOPS", OperationsPerSecond, "Sum of all domains' reads and writes.";
        NetRx: "net_rx", "net rx", BytesPerSecond, "Sum of what all domains received.";
        NetTx: "net_tx", "net tx", BytesPerSecond, "Sum of what all domains sent.";
    }
}

metrics! {
    /// Figures of a domain.
    DomainMetric {
        Cpu: "cpu", "CPU", Percent, "CPU time of the domain with its emulator and I/O threads; 100 % is one core (cpu.time).";
        User: "cpu_user", "user", Percent, "Its part in user mode, counted more coarsely than the whole; 100 % is one core (cpu.user).";
        System: "cpu_system", "system", Percent, "Its part in the kernel, counted more coarsely than the whole; 100 % is one core (cpu.system).";
        Steal: "steal", "steal", Percent, "Time in which its vCPUs could run but had no host CPU, the mean of its vCPUs (vcpu.N.delay).";
        MemoryUsed: "memory_used", "used", Bytes, "What the guest uses: available − usable, or available − unused where the guest does not tell usable, which counts its page cache as used (balloon.*).";
        MemoryAvailable: "memory_available", "guest total", Bytes, "What the guest sees as its whole memory (balloon.available).";
        MemoryGiven: "memory_given", "given", Bytes, "What the balloon leaves to the guest now (balloon.current).";
        Rss: "memory_rss", "host RSS", Bytes, "What the domain's process holds on the host (balloon.rss).";
        MemoryCached: "memory_cached", "guest cache", Bytes, "Page cache of the guest that it could give back (balloon.disk_caches).";
        SwapIn: "swap_in", "swap in", BytesPerSecond, "What the guest reads back from its swap (balloon.swap_in).";
        SwapOut: "swap_out", "swap out", BytesPerSecond, "What the guest writes to its swap (balloon.swap_out).";
        MajorFaults: "major_faults", "major faults", EventsPerSecond, "Page faults of the guest that had to read a disk (balloon.major_fault).";
        DiskRead: "disk_read", "read", BytesPerSecond, "Sum over its disks (block.N.rd.bytes).";
        DiskWrite: "disk_write", "write", BytesPerSecond, "Sum over its disks (block.N.wr.bytes).";
        ReadRequests: "disk_read_requests", "read IOPS", OperationsPerSecond, "Sum over its disks (block.N.rd.reqs).";
        WriteRequests: "disk_write_requests", "write IOPS", OperationsPerSecond, "Sum over its disks (block.N.wr.reqs).";
        WorstLatency: "disk_worst_latency", "latency", Nanoseconds, "The slowest of its disks and directions: mean time of a read, a write or a flush (block.N.{rd,wr,fl}.times ÷ reqs).";
        NetRx: "net_rx", "rx", BytesPerSecond, "Received, sum over its NICs, seen from the guest (net.N.rx.bytes).";
        NetTx: "net_tx", "tx", BytesPerSecond, "Sent, sum over its NICs, seen from the guest (net.N.tx.bytes).";
        RxPackets: "net_rx_packets", "rx packets", PacketsPerSecond, "Packets received, sum over its NICs (net.N.rx.pkts).";
        TxPackets: "net_tx_packets", "tx packets", PacketsPerSecond, "Packets sent, sum over its NICs (net.N.tx.pkts).";
        NetDrops: "net_drops", "drops", PacketsPerSecond, "Packets dropped in both directions, sum over its NICs (net.N.{rx,tx}.drop).";
        NetErrors: "net_errors", "errors", PacketsPerSecond, "Packets with errors in both directions, sum over its NICs (net.N.{rx,tx}.errs).";
    }
}

metrics! {
    /// Figures of a vCPU.
    VcpuMetric {
        Use: "use", "use", Percent, "CPU time of the vCPU; 100 % is one core. It moves in steps of 10 ms (vcpu.N.time).";
        Steal: "steal", "steal", Percent, "Time in which it could run but had no host CPU (vcpu.N.delay).";
        Wait: "wait", "wait", Percent, "Time in which it waited for I/O; stays 0 on kernels that do not count it (vcpu.N.wait).";
    }
}

metrics! {
    /// Figures of a domain on one host CPU.
    HostCpuMetric {
        Use: "use", "use", Percent, "CPU time that the domain had on this host CPU; 100 % is the whole CPU (virDomainGetCPUStats).";
    }
}

metrics! {
    /// Figures of a disk.
    DiskMetric {
        ReadBytes: "read", "read", BytesPerSecond, "Bytes read (rd.bytes).";
        WriteBytes: "write", "write", BytesPerSecond, "Bytes written (wr.bytes).";
        ReadRequests: "read_requests", "read IOPS", OperationsPerSecond, "Read requests (rd.reqs).";
        WriteRequests: "write_requests", "write IOPS", OperationsPerSecond, "Write requests (wr.reqs).";
        Flushes: "flushes", "flush IOPS", OperationsPerSecond, "Flush requests: the guest wants its writes to be safe (fl.reqs).";
        ReadLatency: "read_latency", "read latency", Nanoseconds, "Mean time of a read (rd.times ÷ rd.reqs).";
        WriteLatency: "write_latency", "write latency", Nanoseconds, "Mean time of a write (wr.times ÷ wr.reqs).";
        FlushLatency: "flush_latency", "flush latency", Nanoseconds, "Mean time of a flush (fl.times ÷ fl.reqs).";
        InFlight: "in_flight", "in flight", Count, "Mean number of requests under way ((rd.times + wr.times) ÷ elapsed). They are counted as they end: no figure where none did, idle or stuck.";
        Errors: "errors", "errors", EventsPerSecond, "Failed requests; only some drivers count them (virDomainBlockStats errs).";
    }
}

metrics! {
    /// Figures of a NIC, from the guest's side.
    NicMetric {
        RxBytes: "rx", "rx", BytesPerSecond, "Bytes received (rx.bytes).";
        TxBytes: "tx", "tx", BytesPerSecond, "Bytes sent (tx.bytes).";
        RxPackets: "rx_packets", "rx packets", PacketsPerSecond, "Packets received (rx.pkts).";
        TxPackets: "tx_packets", "tx packets", PacketsPerSecond, "Packets sent (tx.pkts).";
        RxDrops: "rx_drops", "rx drops", PacketsPerSecond, "Packets dropped on their way to the guest (rx.drop).";
        TxDrops: "tx_drops", "tx drops", PacketsPerSecond, "Packets of the guest that were dropped (tx.drop).";
        RxErrors: "rx_errors", "rx errors", PacketsPerSecond, "Received packets with errors (rx.errs).";
        TxErrors: "tx_errors", "tx errors", PacketsPerSecond, "Sent packets with errors (tx.errs).";
    }
}

impl DomainMetric {
    /// The group of statistics that it comes from.
    pub fn group(self) -> Groups {
        use DomainMetric::*;
        match self {
            Cpu | User | System => Groups::CPU,
            Steal => Groups::VCPU,
            MemoryUsed | MemoryAvailable | MemoryCached | MemoryGiven | Rss | SwapIn | SwapOut | MajorFaults => {
                Groups::MEMORY
            }
            DiskRead | DiskWrite | ReadRequests | WriteRequests | WorstLatency => Groups::BLOCK,
            NetRx | NetTx | RxPackets | TxPackets | NetDrops | NetErrors => Groups::NET,
        }
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
            assert!(keys.insert(info.key), "{metric:?}: key {} twice", info.key);
            assert!(info.about.ends_with('.'), "{metric:?}: a sentence ends with a full stop");
        }
    }

    #[test]
    fn every_list_is_indexed_in_order_and_has_unique_keys() {
        check::<HostMetric>();
        check::<DomainMetric>();
        check::<VcpuMetric>();
        check::<HostCpuMetric>();
        check::<DiskMetric>();
        check::<NicMetric>();
    }
}
