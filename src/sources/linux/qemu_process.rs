//! The files of one QEMU process: CPU time of its domain, CPU time and steal of its vCPUs.

use super::cgroup::{CgroupCpu, CgroupMounts};
use super::process_stat::ProcessStat;
use super::schedstat::VcpuThreads;
use crate::model::{CpuSample, CpuSet};
use std::path::PathBuf;
use std::sync::Arc;

/// The QEMU process of a domain that runs.
pub(super) struct QemuProcess {
    cpu: CpuFiles,
    vcpus: VcpuThreads,
}

/// Where the CPU time comes from.
enum CpuFiles {
    Cgroup(CgroupCpu),
    /// The domain has no cgroup of its own, or its cgroup cannot be read.
    Process(ProcessStat),
}

impl QemuProcess {
    /// The process whose directory under `/proc` is `process`, of a domain with the ID `run`.
    pub(super) fn new(process: PathBuf, run: u32, mounts: &CgroupMounts) -> Self {
        let membership = std::fs::read_to_string(process.join("cgroup")).unwrap_or_default();
        let cpu = match mounts.domain_cpu(&membership, run) {
            Some(cgroup) => CpuFiles::Cgroup(cgroup),
            None => CpuFiles::Process(ProcessStat::new(&process)),
        };
        Self { cpu, vcpus: VcpuThreads::list(process) }
    }

    /// How many files are open.
    pub(super) fn open_files(&self) -> usize {
        let cpu = match &self.cpu {
            CpuFiles::Cgroup(cgroup) => cgroup.open_files(),
            CpuFiles::Process(stat) => stat.open_files(),
        };
        cpu + self.vcpus.open_files()
    }

    /// As [`VcpuThreads::allowed`].
    pub(super) fn allowed_cpus(&self) -> Option<Arc<CpuSet>> {
        self.vcpus.allowed()
    }

    /// CPU time and steal now. `None` once the process has ended, or its cgroup is gone.
    pub(super) fn read(&mut self, keep_open: bool) -> Option<CpuSample> {
        let cpu = match &mut self.cpu {
            CpuFiles::Cgroup(cgroup) => cgroup.read(keep_open),
            CpuFiles::Process(stat) => stat.read(keep_open),
        };
        Some(CpuSample { vcpus: self.vcpus.read(keep_open), ..cpu? })
    }
}
