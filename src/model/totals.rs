//! The catalogue of raw figures: every counter and gauge that a source reports, with the field that holds the value.
//!
//! JSON, CSV and their documentation iterate over these lists, and the device screen takes its totals from them. A new
//! raw figure is a field of a sample, a line here, and a line in the reader of its source.

use super::{BlockSample, Counter, CpuSample, Info, MemorySample, NetSample, NodeSample, Quantity, VcpuSample};
use crate::units::{Amount, Nanoseconds, Unit};

/// A closed list of the raw figures of one kind of record.
pub trait Total: Copy + Eq + 'static {
    /// The record that holds the values.
    type Record;
    /// All figures, in the order in which they are written.
    const ALL: &'static [Self];

    /// Its description.
    fn info(self) -> &'static Info;

    /// The key of libvirt's typed parameter that it comes from (`block.N.rd.bytes`), or the call.
    fn source(self) -> &'static str;

    /// Its value in a record, in the unit of [`Total::info`]. `None`: the source did not report it.
    fn of(self, record: &Self::Record) -> Option<u64>;

    /// Its key in JSON, and its heading in CSV.
    fn key(self) -> &'static str {
        self.info().key
    }

    /// Whether it only grows until the domain or the host starts again. The others are gauges.
    fn is_counter(self) -> bool {
        self.info().quantity == Quantity::Counter
    }
}

macro_rules! totals {
    (
        $(#[$doc:meta])*
        $name:ident of $record:ty {
            $($variant:ident: $key:literal, $label:literal, $unit:ident, $quantity:ident, $source:literal, $value:expr, $about:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $about] $variant,)* }

        impl Total for $name {
            type Record = $record;
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn info(self) -> &'static Info {
                const INFOS: &[Info] = &[$(Info {
                    key: $key,
                    label: $label,
                    unit: Unit::$unit,
                    quantity: Quantity::$quantity,
                    about: $about,
                }),*];
                &INFOS[self as usize]
            }

            fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }

            fn of(self, record: &$record) -> Option<u64> {
                match self {
                    $(Self::$variant => {
                        let value: fn(&$record) -> Option<_> = $value;
                        value(record).map(Amount::value)
                    })*
                }
            }
        }
    };
}

totals! {
    /// Raw figures of the CPU time of a domain.
    CpuTotal of CpuSample {
        Time: "cpu_time_nanoseconds", "CPU time", Nanoseconds, Counter, "cpu.time", |cpu| cpu.time,
            "CPU time of vCPUs, emulator and I/O threads.";
        User: "cpu_user_nanoseconds", "user time", Nanoseconds, Counter, "cpu.user", |cpu| cpu.user,
            "The part in user mode.";
        System: "cpu_system_nanoseconds", "system time", Nanoseconds, Counter, "cpu.system", |cpu| cpu.system,
            "The part in the kernel.";
        Delay: "cpu_delay_nanoseconds", "steal time", Nanoseconds, Counter, "/proc/PID/task/TID/schedstat",
            |cpu| cpu.vcpus.map(|vcpus| vcpus.delay),
            "Time in which vCPUs were runnable but had no host CPU, sum of the vCPUs; read only on the hypervisor itself.";
        Vcpus: "cpu_vcpus_nanoseconds", "vCPU time", Nanoseconds, Counter, "/proc/PID/task/TID/schedstat",
            |cpu| cpu.vcpus.map(|vcpus| vcpus.used),
            "CPU time of the vCPUs, sum of the vCPUs; read only on the hypervisor itself.";
    }
}

totals! {
    /// Raw figures of the memory of a domain.
    MemoryTotal of MemorySample {
        Current: "current_bytes", "balloon", Bytes, Gauge, "balloon.current", |memory| memory.current,
            "Memory that the balloon gives to the guest.";
        Maximum: "maximum_bytes", "maximum", Bytes, Gauge, "balloon.maximum", |memory| memory.maximum,
            "Memory that the balloon can give at most.";
        Available: "available_bytes", "guest total", Bytes, Gauge, "balloon.available", |memory| memory.available,
            "Total memory as the guest sees it.";
        Unused: "unused_bytes", "unused", Bytes, Gauge, "balloon.unused", |memory| memory.unused,
            "Memory of the guest that nothing uses.";
        Usable: "usable_bytes", "usable", Bytes, Gauge, "balloon.usable", |memory| memory.usable,
            "Memory that the guest can use without swapping, like MemAvailable.";
        DiskCaches: "disk_caches_bytes", "page cache", Bytes, Gauge, "balloon.disk_caches", |memory| memory.disk_caches,
            "Page cache of the guest.";
        Rss: "rss_bytes", "host RSS", Bytes, Gauge, "balloon.rss", |memory| memory.rss,
            "Resident memory of the domain's process on the host.";
        LastUpdate: "last_update_seconds", "last update", UnixSeconds, Gauge, "balloon.last-update",
            |memory| memory.last_update,
            "When the guest reported these figures, in seconds since 1970; 0: never.";
        SwapIn: "swap_in_bytes", "swap in", Bytes, Counter, "balloon.swap_in", |memory| memory.swap_in,
            "What the guest read from its swap.";
        SwapOut: "swap_out_bytes", "swap out", Bytes, Counter, "balloon.swap_out", |memory| memory.swap_out,
            "What the guest wrote to its swap.";
        MajorFaults: "major_faults", "major faults", Events, Counter, "balloon.major_fault", |memory| memory.major_faults,
            "Page faults of the guest that needed a disk read.";
        MinorFaults: "minor_faults", "minor faults", Events, Counter, "balloon.minor_fault", |memory| memory.minor_faults,
            "Page faults of the guest that needed no disk read.";
        HugetlbAllocations: "hugetlb_allocations", "hugepages allocated", Events, Counter, "balloon.hugetlb_pgalloc",
            |memory| memory.hugetlb_allocations,
            "Hugepages that the guest allocated.";
        HugetlbFailures: "hugetlb_failures", "hugepages failed", Events, Counter, "balloon.hugetlb_pgfail",
            |memory| memory.hugetlb_failures,
            "Hugepages that the guest could not allocate.";
    }
}

totals! {
    /// Raw figures of a vCPU.
    VcpuTotal of VcpuSample {
        Time: "time_nanoseconds", "CPU time", Nanoseconds, Counter, "vcpu.N.time", |vcpu| vcpu.time,
            "CPU time; moves in steps of 10 ms.";
        Delay: "delay_nanoseconds", "steal time", Nanoseconds, Counter, "vcpu.N.delay", |vcpu| vcpu.delay,
            "Time in which it was runnable but had no host CPU.";
        Wait: "wait_nanoseconds", "wait time", Nanoseconds, Counter, "vcpu.N.wait", |vcpu| vcpu.wait,
            "Time in which it waited for I/O; 0 on kernels that do not count it.";
    }
}

totals! {
    /// Raw figures of a domain on one host CPU.
    HostCpuTotal of Counter<Nanoseconds> {
        Time: "time_nanoseconds", "CPU time", Nanoseconds, Counter, "virDomainGetCPUStats", |time| Some(*time),
            "CPU time of the domain on this host CPU.";
    }
}

totals! {
    /// Raw figures of a disk.
    DiskTotal of BlockSample {
        Capacity: "capacity_bytes", "capacity", Bytes, Gauge, "block.N.capacity", |disk| disk.capacity,
            "Size that the guest sees.";
        Allocation: "allocation_bytes", "written up to", Bytes, Gauge, "block.N.allocation", |disk| disk.allocation,
            "Highest offset written.";
        Physical: "physical_bytes", "on the host", Bytes, Gauge, "block.N.physical", |disk| disk.physical,
            "Space that the image takes on the host.";
        ReadBytes: "read_bytes", "read", Bytes, Counter, "block.N.rd.bytes", |disk| disk.read_bytes,
            "Bytes read.";
        WriteBytes: "write_bytes", "write", Bytes, Counter, "block.N.wr.bytes", |disk| disk.write_bytes,
            "Bytes written.";
        ReadRequests: "read_requests", "reads", Operations, Counter, "block.N.rd.reqs", |disk| disk.read_requests,
            "Read requests.";
        WriteRequests: "write_requests", "writes", Operations, Counter, "block.N.wr.reqs", |disk| disk.write_requests,
            "Write requests.";
        FlushRequests: "flush_requests", "flushes", Operations, Counter, "block.N.fl.reqs", |disk| disk.flush_requests,
            "Flush requests.";
        ReadTime: "read_time_nanoseconds", "read time", Nanoseconds, Counter, "block.N.rd.times", |disk| disk.read_time,
            "Sum of the times of all read requests.";
        WriteTime: "write_time_nanoseconds", "write time", Nanoseconds, Counter, "block.N.wr.times",
            |disk| disk.write_time,
            "Sum of the times of all write requests.";
        FlushTime: "flush_time_nanoseconds", "flush time", Nanoseconds, Counter, "block.N.fl.times",
            |disk| disk.flush_time,
            "Sum of the times of all flush requests.";
        Errors: "errors", "errors", Events, Counter, "virDomainBlockStats errs", |disk| disk.errors,
            "Failed requests; few drivers count them.";
    }
}

totals! {
    /// Raw figures of a NIC, as the guest sees them.
    NicTotal of NetSample {
        RxBytes: "rx_bytes", "rx", Bytes, Counter, "net.N.rx.bytes", |nic| nic.rx_bytes,
            "Bytes received.";
        RxPackets: "rx_packets", "rx packets", Packets, Counter, "net.N.rx.pkts", |nic| nic.rx_packets,
            "Packets received.";
        RxErrors: "rx_errors", "rx errors", Packets, Counter, "net.N.rx.errs", |nic| nic.rx_errors,
            "Received packets with errors.";
        RxDrops: "rx_drops", "rx drops", Packets, Counter, "net.N.rx.drop", |nic| nic.rx_drops,
            "Packets that were dropped on the way to the guest.";
        TxBytes: "tx_bytes", "tx", Bytes, Counter, "net.N.tx.bytes", |nic| nic.tx_bytes,
            "Bytes sent.";
        TxPackets: "tx_packets", "tx packets", Packets, Counter, "net.N.tx.pkts", |nic| nic.tx_packets,
            "Packets sent.";
        TxErrors: "tx_errors", "tx errors", Packets, Counter, "net.N.tx.errs", |nic| nic.tx_errors,
            "Sent packets with errors.";
        TxDrops: "tx_drops", "tx drops", Packets, Counter, "net.N.tx.drop", |nic| nic.tx_drops,
            "Packets of the guest that were dropped.";
    }
}

totals! {
    /// Raw figures of a host.
    HostTotal of NodeSample {
        MemoryTotal: "total_bytes", "memory", Bytes, Gauge, "virNodeGetMemoryStats total",
            |node| node.memory.map(|memory| memory.total),
            "Memory of the host.";
        MemoryFree: "free_bytes", "free", Bytes, Gauge, "virNodeGetMemoryStats free",
            |node| node.memory.map(|memory| memory.free),
            "Memory that nothing uses.";
        MemoryBuffers: "buffers_bytes", "buffers", Bytes, Gauge, "virNodeGetMemoryStats buffers",
            |node| node.memory.and_then(|memory| memory.buffers),
            "Buffers of block devices.";
        MemoryCached: "cached_bytes", "page cache", Bytes, Gauge, "virNodeGetMemoryStats cached",
            |node| node.memory.and_then(|memory| memory.cached),
            "Page cache, with shared memory (memfd, tmpfs) in it.";
        MemoryAvailable: "available_bytes", "available", Bytes, Gauge, "/proc/meminfo MemAvailable",
            |node| node.memory.and_then(|memory| memory.available),
            "Memory that programs can get without swapping; read only on the hypervisor itself.";
        Hugepages: "hugepages_bytes", "hugepages", Bytes, Gauge, "/sys/kernel/mm/hugepages/*/nr_hugepages",
            |node| node.memory.and_then(|memory| memory.hugepages),
            "The pool of hugepages of all sizes; read only on the hypervisor itself.";
        HugepagesFree: "hugepages_free_bytes", "hugepages free", Bytes, Gauge, "/sys/kernel/mm/hugepages/*/free_hugepages",
            |node| node.memory.and_then(|memory| memory.hugepages_free),
            "The part of the pool of hugepages that nothing uses.";
        ArcReclaimable: "zfs_arc_reclaimable_bytes", "ZFS ARC", Bytes, Gauge, "/proc/spl/kstat/zfs/arcstats",
            |node| node.memory.and_then(|memory| memory.arc_reclaimable),
            "What the cache of ZFS has above its minimum: the kernel can take it back.";
        Swap: "swap_bytes", "swap", Bytes, Gauge, "/proc/meminfo SwapTotal",
            |node| node.memory.and_then(|memory| memory.swap),
            "Swap of the host; read only on the hypervisor itself.";
        SwapFree: "swap_free_bytes", "swap free", Bytes, Gauge, "/proc/meminfo SwapFree",
            |node| node.memory.and_then(|memory| memory.swap_free),
            "The part of the swap that nothing uses.";
        CpuKernel: "cpu_kernel_nanoseconds", "kernel time", Nanoseconds, Counter, "virNodeGetCPUStats kernel",
            |node| node.cpu.map(|cpu| cpu.kernel),
            "Time of all host CPUs in the kernel.";
        CpuUser: "cpu_user_nanoseconds", "user time", Nanoseconds, Counter, "virNodeGetCPUStats user",
            |node| node.cpu.map(|cpu| cpu.user),
            "Time of all host CPUs in user mode, with the time of the guests.";
        CpuIdle: "cpu_idle_nanoseconds", "idle time", Nanoseconds, Counter, "virNodeGetCPUStats idle",
            |node| node.cpu.map(|cpu| cpu.idle),
            "Time of all host CPUs in which there was nothing to do.";
        CpuIowait: "cpu_iowait_nanoseconds", "iowait time", Nanoseconds, Counter, "virNodeGetCPUStats iowait",
            |node| node.cpu.and_then(|cpu| cpu.iowait),
            "Time of all host CPUs in which they waited for I/O.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CpuTimes, NodeMemory, VcpuTimes};
    use crate::units::{Bytes, Events, Operations, Packets};
    use std::collections::BTreeSet;

    fn nanoseconds(value: u64) -> Option<Counter<Nanoseconds>> {
        Some(Counter(Nanoseconds(value)))
    }

    /// All values of a record. Keys are unique, and each one ends with its unit.
    fn values<T: Total + std::fmt::Debug>(record: &T::Record) -> Vec<(&'static str, Option<u64>)> {
        let mut keys = BTreeSet::new();
        for total in T::ALL {
            let info = total.info();
            assert!(keys.insert(info.key), "{total:?}: the key {} is there twice", info.key);
            assert!(info.key.ends_with(info.unit.suffix()), "{total:?}: {} has no unit", info.key);
            assert!(info.about.ends_with('.'), "{total:?}: the description is not a sentence");
        }
        T::ALL.iter().map(|total| (total.key(), total.of(record))).collect()
    }

    /// The records are written without `..`: a new field fails to compile here until it is in the catalogue above.
    #[test]
    fn every_counter_and_gauge_of_a_domain_is_in_the_catalogue() {
        let vcpus = VcpuTimes { count: 2, delay: Counter(Nanoseconds(4)), used: Counter(Nanoseconds(5)) };
        let [time, user, system] = [1, 2, 3].map(nanoseconds);
        let cpu = CpuSample { time, user, system, vcpus: Some(vcpus), ..CpuSample::default() };
        assert_eq!(
            values::<CpuTotal>(&cpu),
            [
                ("cpu_time_nanoseconds", Some(1)),
                ("cpu_user_nanoseconds", Some(2)),
                ("cpu_system_nanoseconds", Some(3)),
                ("cpu_delay_nanoseconds", Some(4)),
                ("cpu_vcpus_nanoseconds", Some(5)),
            ]
        );
        let memory = MemorySample {
            current: Some(Bytes(1)),
            maximum: Some(Bytes(2)),
            available: Some(Bytes(3)),
            unused: Some(Bytes(4)),
            usable: Some(Bytes(5)),
            disk_caches: Some(Bytes(6)),
            rss: Some(Bytes(7)),
            last_update: Some(8),
            swap_in: Some(Counter(Bytes(9))),
            swap_out: Some(Counter(Bytes(10))),
            major_faults: Some(Counter(Events(11))),
            minor_faults: Some(Counter(Events(12))),
            hugetlb_allocations: Some(Counter(Events(13))),
            hugetlb_failures: Some(Counter(Events(14))),
        };
        assert_eq!(
            values::<MemoryTotal>(&memory),
            [
                ("current_bytes", Some(1)),
                ("maximum_bytes", Some(2)),
                ("available_bytes", Some(3)),
                ("unused_bytes", Some(4)),
                ("usable_bytes", Some(5)),
                ("disk_caches_bytes", Some(6)),
                ("rss_bytes", Some(7)),
                ("last_update_seconds", Some(8)),
                ("swap_in_bytes", Some(9)),
                ("swap_out_bytes", Some(10)),
                ("major_faults", Some(11)),
                ("minor_faults", Some(12)),
                ("hugetlb_allocations", Some(13)),
                ("hugetlb_failures", Some(14)),
            ]
        );
    }

    #[test]
    fn every_counter_and_gauge_of_a_device_is_in_the_catalogue() {
        let vcpu = VcpuSample {
            state: None,
            time: nanoseconds(1),
            delay: nanoseconds(2),
            wait: nanoseconds(3),
            halted: None,
            host_cpu: None,
        };
        assert_eq!(
            values::<VcpuTotal>(&vcpu),
            [("time_nanoseconds", Some(1)), ("delay_nanoseconds", Some(2)), ("wait_nanoseconds", Some(3))]
        );
        assert_eq!(values::<HostCpuTotal>(&Counter(Nanoseconds(1))), [("time_nanoseconds", Some(1))]);
        let requests = |value| Some(Counter(Operations(value)));
        let disk = BlockSample {
            name: "vda".into(),
            backing_index: None,
            path: None,
            capacity: Some(Bytes(1)),
            allocation: Some(Bytes(2)),
            physical: Some(Bytes(3)),
            read_bytes: Some(Counter(Bytes(4))),
            write_bytes: Some(Counter(Bytes(5))),
            read_requests: requests(6),
            write_requests: requests(7),
            flush_requests: requests(8),
            read_time: nanoseconds(9),
            write_time: nanoseconds(10),
            flush_time: nanoseconds(11),
            errors: Some(Counter(Events(12))),
        };
        assert_eq!(
            values::<DiskTotal>(&disk),
            [
                ("capacity_bytes", Some(1)),
                ("allocation_bytes", Some(2)),
                ("physical_bytes", Some(3)),
                ("read_bytes", Some(4)),
                ("write_bytes", Some(5)),
                ("read_requests", Some(6)),
                ("write_requests", Some(7)),
                ("flush_requests", Some(8)),
                ("read_time_nanoseconds", Some(9)),
                ("write_time_nanoseconds", Some(10)),
                ("flush_time_nanoseconds", Some(11)),
                ("errors", Some(12)),
            ]
        );
        let packets = |value| Some(Counter(Packets(value)));
        let nic = NetSample {
            name: "vnet0".into(),
            rx_bytes: Some(Counter(Bytes(1))),
            rx_packets: packets(2),
            rx_errors: packets(3),
            rx_drops: packets(4),
            tx_bytes: Some(Counter(Bytes(5))),
            tx_packets: packets(6),
            tx_errors: packets(7),
            tx_drops: packets(8),
            guest_side: None,
        };
        assert_eq!(
            values::<NicTotal>(&nic),
            [
                ("rx_bytes", Some(1)),
                ("rx_packets", Some(2)),
                ("rx_errors", Some(3)),
                ("rx_drops", Some(4)),
                ("tx_bytes", Some(5)),
                ("tx_packets", Some(6)),
                ("tx_errors", Some(7)),
                ("tx_drops", Some(8)),
            ]
        );
    }

    #[test]
    fn every_counter_and_gauge_of_a_host_is_in_the_catalogue() {
        let time = |value| Counter(Nanoseconds(value));
        let node = NodeSample {
            memory: Some(NodeMemory {
                total: Bytes(1),
                free: Bytes(2),
                buffers: Some(Bytes(3)),
                cached: Some(Bytes(4)),
                available: Some(Bytes(5)),
                hugepages: Some(Bytes(6)),
                hugepages_free: Some(Bytes(7)),
                arc_reclaimable: Some(Bytes(8)),
                swap: Some(Bytes(9)),
                swap_free: Some(Bytes(10)),
            }),
            cpu: Some(CpuTimes { kernel: time(11), user: time(12), idle: time(13), iowait: Some(time(14)) }),
        };
        assert_eq!(
            values::<HostTotal>(&node),
            [
                ("total_bytes", Some(1)),
                ("free_bytes", Some(2)),
                ("buffers_bytes", Some(3)),
                ("cached_bytes", Some(4)),
                ("available_bytes", Some(5)),
                ("hugepages_bytes", Some(6)),
                ("hugepages_free_bytes", Some(7)),
                ("zfs_arc_reclaimable_bytes", Some(8)),
                ("swap_bytes", Some(9)),
                ("swap_free_bytes", Some(10)),
                ("cpu_kernel_nanoseconds", Some(11)),
                ("cpu_user_nanoseconds", Some(12)),
                ("cpu_idle_nanoseconds", Some(13)),
                ("cpu_iowait_nanoseconds", Some(14)),
            ]
        );
    }

    #[test]
    fn what_the_source_did_not_report_is_none() {
        assert_eq!(DiskTotal::ReadBytes.of(&BlockSample::default()), None);
        assert_eq!(HostTotal::CpuIdle.of(&NodeSample::default()), None);
    }

    #[test]
    fn a_gauge_is_no_counter() {
        assert!(DiskTotal::ReadBytes.is_counter() && !DiskTotal::Capacity.is_counter());
    }
}
