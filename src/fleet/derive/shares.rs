//! Figures that are computed from others when they are shown: shares of CPU and memory, the slowest disk.

use crate::fleet::at_limit::AtLimit;
use crate::fleet::domain::{Disk, Domain};
use crate::fleet::history::When;
use crate::fleet::metric::{DiskMetric, DomainMetric};
use crate::model::CpuSet;
use crate::units::Bytes;

impl Domain {
    /// CPU use in percent of all CPUs of the host, as virt-top shows it.
    pub fn cpu_of_host(&self, host_cpus: u32, when: When) -> Option<f64> {
        self.series.value(DomainMetric::Cpu, when).filter(|_| host_cpus > 0).map(|cpu| cpu / f64::from(host_cpus))
    }

    /// CPU time of the vCPUs in percent of the vCPUs that the domain has at that time: how busy the guest is. A container has
    /// no vCPUs: all of its CPU time is the guest's.
    pub fn cpu_of_guest(&self, when: When) -> Option<f64> {
        let is_container = self.definition.as_ref().is_some_and(|definition| definition.is_container());
        let metric = if is_container { DomainMetric::Cpu } else { DomainMetric::Vcpus };
        let cpu = self.series.value(metric, when)?;
        let vcpus = self.vcpu_count(when).filter(|&count| count > 0)?;
        Some(cpu / f64::from(vcpus))
    }

    /// The host CPUs to which its vCPUs are pinned, all vCPUs together: by its definition, else by what the kernel lets its vCPU
    /// threads use, which also knows of a placement by libvirt (`placement='auto'`) and of `taskset`. `None`: it is not known.
    /// The set may hold all CPUs of the host.
    pub fn pinned_to(&self) -> Option<&CpuSet> {
        let defined = self.definition.as_ref().and_then(|definition| definition.pinned_to.as_ref());
        defined.or(self.allowed_cpus.as_deref())
    }

    /// The most CPU time that its vCPUs can use, in percent of one CPU: the top of the scale of its chart. At least 100.
    pub fn cpu_ceiling(&self, when: When) -> f64 {
        100.0 * f64::from(self.vcpu_count(when).unwrap_or(1).max(1))
    }

    /// Memory that the balloon gives now; while it is off, what it will start with.
    pub fn memory_given(&self) -> Option<Bytes> {
        self.memory.current.or_else(|| self.definition.as_ref().and_then(|definition| definition.memory_max))
    }

    /// Used memory in percent of what the guest sees; 0..=100.
    pub fn memory_used_percent(&self, when: When) -> Option<f64> {
        let used = self.series.value(DomainMetric::MemoryUsed, when)?;
        let available = self.series.value(DomainMetric::MemoryAvailable, when).filter(|&bytes| bytes > 0.0)?;
        Some((100.0 * used / available).clamp(0.0, 100.0))
    }

    /// Whether its used memory counts all of the guest's page cache, so that it does not say whether memory is short. `None`:
    /// used memory is not known.
    pub fn memory_used_with_cache(&self, when: When) -> Option<bool> {
        self.series.value(DomainMetric::MemoryUsed, when)?;
        self.condition(when).map(|condition| condition.used_with_cache)
    }

    /// The slowest disk, its slowest kind of request, and the mean time of these requests in nanoseconds. `None`: no request
    /// completed.
    pub fn worst_latency(&self, when: When) -> Option<(&str, DiskMetric, f64)> {
        self.latencies(when).max_by(|left, right| left.2.total_cmp(&right.2)).map(named)
    }

    /// As [`Self::worst_latency`], of the requests that do not wait for a limit of their disk.
    pub(in crate::fleet) fn worst_unlimited_latency(&self, when: When) -> Option<(&str, DiskMetric, f64)> {
        let unlimited = self.latencies(when).filter(|(disk, metric, _)| !disk.delays(*metric, when));
        unlimited.max_by(|left, right| left.2.total_cmp(&right.2)).map(named)
    }

    /// The disk with the slowest requests that wait for a limit of their disk, that limit, and their mean time in nanoseconds.
    pub(in crate::fleet) fn worst_limited_latency(&self, when: When) -> Option<(&str, AtLimit, f64)> {
        let limited = self.latencies(when).filter(|(disk, metric, _)| disk.delays(*metric, when));
        let (disk, _, latency) = limited.max_by(|left, right| left.2.total_cmp(&right.2))?;
        Some((disk.key.as_str(), disk.at_limit(when)?, latency))
    }

    fn latencies(&self, when: When) -> impl Iterator<Item = (&Disk, DiskMetric, f64)> {
        self.disks.iter().flat_map(move |disk| {
            [DiskMetric::ReadLatency, DiskMetric::WriteLatency, DiskMetric::FlushLatency]
                .into_iter()
                .filter_map(move |metric| Some((disk, metric, disk.series.value(metric, when)?)))
        })
    }
}

impl Disk {
    /// True if requests of this kind wait for a limit of the disk.
    pub(in crate::fleet) fn delays(&self, latency: DiskMetric, when: When) -> bool {
        self.at_limit(when).is_some_and(|limit| limit.delays(latency))
    }
}

fn named((disk, metric, latency): (&Disk, DiskMetric, f64)) -> (&str, DiskMetric, f64) {
    (disk.key.as_str(), metric, latency)
}
