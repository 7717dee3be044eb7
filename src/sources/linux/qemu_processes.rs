//! CPU time and steal of QEMU domains from the kernel's files, without a call to libvirt.
//!
//! libvirt reads the same files, but its bulk call asks the QEMU as well, which costs the host more than a hundred times as
//! much. A domain whose process is not found (vtop runs in a container that has its own `/proc`) is left out: then its CPU
//! time is read through libvirt.

use super::cgroup::CgroupMounts;
use super::net_dev;
use super::qemu_process::QemuProcess;
use crate::model::{CpuSample, CpuSet, DomainSample, Groups, GuestSide, NetSample};
use crate::time::Stopwatch;
use compact_str::CompactString;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often the processes of all domains that were not found are searched again. A search reads the command lines of all
/// processes.
const SEARCH_EVERY: Duration = Duration::from_secs(5);
/// Files that stay open between two readings, of all domains. Further files are opened for every reading.
const MAX_OPEN_FILES: usize = 512;

/// The QEMU processes of this machine's domains.
pub(crate) struct QemuProcesses {
    root: PathBuf,
    known: HashMap<Uuid, KnownRun>,
    searched: Option<Stopwatch>,
    open_files: usize,
}

/// One run of a domain.
struct KnownRun {
    run: u32,
    /// `None` if its process was not found.
    process: Option<QemuProcess>,
    /// The directory of the process under `/proc`.
    directory: Option<PathBuf>,
    /// Of network devices whose side is known, by name.
    guest_sides: HashMap<CompactString, GuestSide>,
}

impl KnownRun {
    fn read_nic(&mut self, nic: &mut NetSample) {
        let Some(directory) = &self.directory else { return };
        let known = self.guest_sides.get(&nic.name).copied();
        if let Some(side) = known.or_else(|| net_dev::guest_side(directory, &nic.name)) {
            if known.is_none() {
                self.guest_sides.insert(nic.name.clone(), side);
            }
            // Once the process has ended, there are no counters: those of libvirt may have other directions.
            net_dev::count(&net_dev::read(directory).unwrap_or_default(), side, nic);
        }
    }
}

impl Default for QemuProcesses {
    fn default() -> Self {
        Self::below("/".into())
    }
}

impl QemuProcesses {
    /// The processes of the machine whose file system begins at `root`.
    pub(super) fn below(root: PathBuf) -> Self {
        Self { root, known: HashMap::new(), searched: None, open_files: 0 }
    }

    /// Reads the CPU time of all active domains whose process is found, and marks it as local ([`DomainSample::local`]).
    pub(crate) fn read_cpu(&mut self, domains: &mut BTreeMap<Uuid, DomainSample>) {
        let active: Vec<(Uuid, u32)> = domains.iter().filter_map(|(uuid, sample)| Some((*uuid, sample.run?))).collect();
        self.follow(&active);
        for (uuid, run) in active {
            if let Some((cpu, allowed_cpus)) = self.read(&uuid, run)
                && let Some(sample) = domains.get_mut(&uuid)
            {
                sample.cpu = cpu;
                sample.allowed_cpus = allowed_cpus;
                sample.answered |= Groups::CPU;
                sample.local |= Groups::CPU;
            }
        }
    }

    /// Reads the counters of these NICs (domain and device) from the kernel, which knows on which side of the device the guest
    /// is. A NIC of a QEMU that is not found, or whose files vtop may not read, keeps libvirt's counters.
    pub(crate) fn read_nics(&mut self, nics: &[(Uuid, CompactString)], domains: &mut BTreeMap<Uuid, DomainSample>) {
        if nics.is_empty() {
            return;
        }
        let active: Vec<(Uuid, u32)> = domains.iter().filter_map(|(uuid, sample)| Some((*uuid, sample.run?))).collect();
        self.follow(&active);
        for (uuid, device) in nics {
            let Some(sample) = domains.get_mut(uuid) else { continue };
            let known = self.known.get_mut(uuid).filter(|known| Some(known.run) == sample.run);
            let nic = sample.nics.iter_mut().find(|nic| nic.name == *device);
            if let Some((known, nic)) = known.zip(nic) {
                known.read_nic(nic);
            }
        }
    }

    /// Finds the processes of new runs (UUID and ID), and forgets runs that ended.
    fn follow(&mut self, active: &[(Uuid, u32)]) {
        if self.known.len() > active.len() {
            let runs: HashMap<Uuid, u32> = active.iter().copied().collect();
            self.known.retain(|uuid, known| runs.get(uuid) == Some(&known.run));
        }
        let is_new = |(uuid, run): &(Uuid, u32)| self.known.get(uuid).is_none_or(|known| known.run != *run);
        let is_any_new = active.iter().any(is_new);
        let is_any_missing = self.known.values().any(|known| known.process.is_none());
        let is_due = self.searched.is_none_or(|at| at.elapsed() > SEARCH_EVERY);
        if !(is_any_new || is_any_missing && is_due) {
            return;
        }
        self.searched = Some(Stopwatch::start());
        let mut found = self.search();
        let mounts = CgroupMounts::read(&self.root);
        for (uuid, run) in active {
            if self.known.get(uuid).is_some_and(|known| known.run == *run && known.process.is_some()) {
                continue;
            }
            let directory = found.remove(uuid).flatten();
            let process = directory.clone().map(|process| QemuProcess::new(process, *run, &mounts));
            self.known.insert(*uuid, KnownRun { run: *run, process, directory, guest_sides: HashMap::new() });
        }
        self.open_files =
            self.known.values().filter_map(|known| known.process.as_ref()).map(QemuProcess::open_files).sum();
    }

    /// CPU time and steal of a domain now, and the host CPUs that its vCPUs may use.
    fn read(&mut self, uuid: &Uuid, run: u32) -> Option<(CpuSample, Option<Arc<CpuSet>>)> {
        let known = self.known.get_mut(uuid).filter(|known| known.run == run)?;
        let process = known.process.as_mut()?;
        let before = process.open_files();
        let read = process.read(self.open_files < MAX_OPEN_FILES);
        let allowed_cpus = process.allowed_cpus();
        self.open_files = self.open_files - before + process.open_files();
        if read.is_none() {
            self.open_files -= process.open_files();
            known.process = None;
        }
        read.map(|cpu| (cpu, allowed_cpus))
    }

    /// The directories of all processes that have the UUID of a domain on their command line; `None` if two processes have the
    /// same one.
    fn search(&self) -> HashMap<Uuid, Option<PathBuf>> {
        let mut found = HashMap::new();
        for entry in std::fs::read_dir(self.root.join("proc")).into_iter().flatten().flatten() {
            if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let process = entry.path();
            let uuid = std::fs::read(process.join("cmdline")).ok().and_then(|line| uuid_of(&line));
            if let Some(uuid) = uuid {
                found.entry(uuid).and_modify(|process| *process = None).or_insert(Some(process));
            }
        }
        found
    }
}

/// The UUID that follows `-uuid` on the command line of a QEMU.
fn uuid_of(command_line: &[u8]) -> Option<Uuid> {
    let mut words = command_line.split(|byte| *byte == 0);
    words.find(|word| *word == b"-uuid")?;
    Uuid::try_parse_ascii(words.next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_follows_its_option() {
        let uuid = Uuid::from_u128(0x1f04_da58_5fe1_4512_be7b_cf05_93d2_3ce8);
        assert_eq!(uuid_of(format!("qemu\0-name\0-x\0-uuid\0{uuid}\0-S\0").as_bytes()), Some(uuid));
        for line in ["", "qemu\0-uuid", "qemu\0-uuid\0x\0", "qemu\0-uuid=1"] {
            assert_eq!(uuid_of(line.as_bytes()), None, "{line}");
        }
    }
}
