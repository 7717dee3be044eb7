//! CPU time and steal of QEMU's domains from the kernel's own books, where vtop runs on the hypervisor itself.
//!
//! libvirt reads the same files (`cpuacct.usage` and `cpuacct.stat`, or `cpu.stat`, of the domain's cgroup, `schedstat`
//! of its vCPU threads),
//! but asks the QEMU as well, which costs the host more than a hundred times as much. Where a domain's process is not
//! found for certain, nothing is said, and libvirt is asked.

use super::cached_file::CachedFile;
use crate::model::{Counter, CpuSample, DomainSample, Groups, VcpuDelay};
use crate::units::Nanoseconds;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Looking through all processes is not free: not more often than this for those that were not found.
const SEARCH_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether a domain's process has other threads: plugging a vCPU raises no event.
const THREADS_EVERY: Duration = Duration::from_secs(10);
/// How old the list of its vCPU threads may get. One may come while another thread goes.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// cgroup v1: CPU time, and its parts.
const OLD: &str = "cpuacct.usage";
const OLD_PARTS: &str = "cpuacct.stat";
/// Files that are kept open; what is more is opened for every reading.
const MOST_OPEN: usize = 512;
/// The books of this machine's domains.
pub(crate) struct QemuProcesses {
    processes: PathBuf,
    cgroups: PathBuf,
    known: HashMap<Uuid, Account>,
    searched: Option<Instant>,
    open: usize,
}

/// One run of a domain.
struct Account {
    run: u32,
    /// `None`: its process was not found.
    process: Option<Process>,
}

struct Process {
    folder: PathBuf,
    usage: CachedFile,
    /// Where user and system time are in another file than their sum.
    parts: Option<CachedFile>,
    vcpus: Vec<CachedFile>,
    /// Links of the folder of its threads: two more than there are threads.
    links: u64,
    looked: Instant,
    listed: Instant,
}

impl Default for QemuProcesses {
    fn default() -> Self {
        Self::under("/proc".into(), "/sys/fs/cgroup".into())
    }
}

impl QemuProcesses {
    fn under(processes: PathBuf, cgroups: PathBuf) -> Self {
        Self { processes, cgroups, known: HashMap::new(), searched: None, open: 0 }
    }

    /// Completes the pulse of all domains; those of which nothing is said come back.
    pub(crate) fn fill(&mut self, domains: &mut BTreeMap<Uuid, DomainSample>) -> BTreeSet<Uuid> {
        let active = domains.iter().filter_map(|(uuid, sample)| Some((*uuid, sample.run?)));
        self.follow(&active.collect::<Vec<_>>());
        let mut silent = BTreeSet::new();
        for (uuid, sample) in domains {
            let Some(run) = sample.run else { continue };
            match self.read(uuid, run) {
                Some(cpu) => {
                    sample.cpu = cpu;
                    sample.answered |= Groups::CPU;
                }
                None => drop(silent.insert(*uuid)),
            }
        }
        silent
    }

    /// Finds the processes of active domains (UUID and ID) that are new, and forgets those that are gone.
    fn follow(&mut self, active: &[(Uuid, u32)]) {
        let is_known = |known: &HashMap<Uuid, Account>, uuid: &Uuid, run: u32| {
            known.get(uuid).is_some_and(|account| account.run == run)
        };
        if self.known.len() > active.len() {
            let there: HashMap<Uuid, u32> = active.iter().copied().collect();
            self.known.retain(|uuid, account| there.get(uuid) == Some(&account.run));
        }
        let new = active.iter().any(|(uuid, run)| !is_known(&self.known, uuid, *run));
        let lost = self.known.values().any(|account| account.process.is_none());
        let again = self.searched.is_none_or(|at| at.elapsed() > SEARCH_EVERY);
        if !(new || lost && again) {
            return;
        }
        self.searched = Some(Instant::now());
        let mut found = self.search();
        for (uuid, run) in active {
            let account = self.known.get(uuid).filter(|account| account.run == *run);
            if account.is_some_and(|account| account.process.is_some()) {
                continue;
            }
            let process = found.remove(uuid).flatten().and_then(|folder| Process::of(folder, *run, &self.cgroups));
            self.known.insert(*uuid, Account { run: *run, process });
        }
        self.open = self.known.values().filter_map(|account| account.process.as_ref()).map(Process::open).sum();
    }

    /// CPU time and steal of a domain now.
    fn read(&mut self, uuid: &Uuid, run: u32) -> Option<CpuSample> {
        let account = self.known.get_mut(uuid).filter(|account| account.run == run)?;
        let process = account.process.as_mut()?;
        let before = process.open();
        let read = process.read(self.open < MOST_OPEN);
        self.open = self.open - before + process.open();
        if read.is_none() {
            // It has ended, or moved.
            self.open -= process.open();
            account.process = None;
        }
        read
    }

    /// Every process that says on its command line to be the QEMU of a domain; `None` where two say so.
    fn search(&self) -> HashMap<Uuid, Option<PathBuf>> {
        let mut found = HashMap::new();
        for entry in std::fs::read_dir(&self.processes).into_iter().flatten().flatten() {
            if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let folder = entry.path();
            let uuid = std::fs::read(folder.join("cmdline")).ok().and_then(|line| uuid_of(&line));
            if let Some(uuid) = uuid {
                found.entry(uuid).and_modify(|folder| *folder = None).or_insert(Some(folder));
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

impl Process {
    fn of(folder: PathBuf, run: u32, cgroups: &Path) -> Option<Self> {
        let usage = usage_file(&std::fs::read_to_string(folder.join("cgroup")).ok()?, run, cgroups)?;
        let now = Instant::now();
        let parts =
            usage.file_name().is_some_and(|name| name == OLD).then(|| CachedFile::at(usage.with_file_name(OLD_PARTS)));
        let usage = CachedFile::at(usage);
        let mut process = Self { folder, usage, parts, vcpus: Vec::new(), links: 0, looked: now, listed: now };
        process.list();
        Some(process)
    }

    fn open(&self) -> usize {
        self.vcpus.iter().chain([&self.usage]).chain(&self.parts).filter(|book| book.is_open()).count()
    }

    fn read(&mut self, keep: bool) -> Option<CpuSample> {
        let (time, mut parts) = self.usage.read(keep, usage)?;
        if let Some(book) = &mut self.parts {
            parts = book.read(keep, old_parts);
        }
        let mut delay = self.delay(keep);
        if delay.is_none() || self.has_other_threads() {
            self.list();
            delay = self.delay(keep);
        }
        let vcpus = u32::try_from(self.vcpus.len()).ok()?;
        let delay = delay.filter(|_| vcpus > 0).map(|time| VcpuDelay { vcpus, time: Counter(Nanoseconds(time)) });
        let [user, system] = [0, 1].map(|part| parts.map(|parts| Counter(Nanoseconds(parts[part]))));
        Some(CpuSample { time: Some(Counter(Nanoseconds(time))), user, system, delay })
    }

    /// To look at the names of all threads takes as long as fifty readings; their number is told at once.
    fn has_other_threads(&mut self) -> bool {
        if self.looked.elapsed() <= THREADS_EVERY {
            return false;
        }
        self.looked = Instant::now();
        self.listed.elapsed() > LIST_EVERY || links(&self.folder) != self.links
    }

    fn list(&mut self) {
        self.links = links(&self.folder);
        self.vcpus = vcpu_threads(&self.folder);
        self.listed = Instant::now();
        self.looked = self.listed;
    }

    /// `None`: one of the threads is gone.
    fn delay(&mut self, keep: bool) -> Option<u64> {
        self.vcpus.iter_mut().try_fold(0_u64, |sum, book| Some(sum.saturating_add(book.read(keep, delay)?)))
    }
}

/// The file with the CPU time of a domain, from the `cgroup` file of its process: which is in a part of the domain's
/// cgroup (`emulator`) or in that itself.
fn usage_file(cgroup: &str, run: u32, cgroups: &Path) -> Option<PathBuf> {
    let place = |wanted: &str| {
        cgroup.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let path = path.trim_start_matches('/');
            let path = path.strip_suffix("/emulator").unwrap_or(path);
            let is_it = is_of(path, run) && controllers.split(',').any(|controller| controller == wanted);
            is_it.then(|| (controllers.to_owned(), path.to_owned()))
        })
    };
    let old = place("cpuacct").into_iter().flat_map(|(controllers, path)| {
        [controllers, "cpuacct".to_owned()].map(|folder| cgroups.join(folder).join(&path).join(OLD))
    });
    let new = place("").map(|(_, path)| cgroups.join(path).join("cpu.stat"));
    old.chain(new).find(|file| file.is_file())
}

/// Whether a cgroup is that of one domain only, by the name that libvirt gives it: `qemu-3-name.libvirt-qemu`, or
/// `machine-qemu\x2d3\x2dname.scope` where systemd made it. Where libvirt makes none (a session's, one without cgroups) the
/// process is in one that it shares with others. An embedded driver puts a hash before the ID.
fn is_of(path: &str, run: u32) -> bool {
    path.split('/').any(|part| {
        let part = part.replace("\\x2d", "-");
        let name = part.strip_prefix("machine-").unwrap_or(&part);
        name.starts_with("qemu-") && name.contains(&format!("-{run}-"))
    })
}

/// Nanoseconds, from `cpuacct.usage` (a number) or `cpu.stat` (`usage_usec`), which has those in user mode and in the
/// kernel as well.
fn usage(text: &str) -> Option<(u64, Option<[u64; 2]>)> {
    let microseconds = |key| number(text, key)?.checked_mul(1000);
    match microseconds("usage_usec ") {
        Some(time) => Some((time, microseconds("user_usec ").zip(microseconds("system_usec ")).map(Into::into))),
        None => Some((text.trim().parse().ok()?, None)),
    }
}

/// The same parts from `cpuacct.stat`, which counts ticks.
fn old_parts(text: &str) -> Option<[u64; 2]> {
    let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1);
    Some([number(text, "user ")?.checked_mul(tick)?, number(text, "system ")?.checked_mul(tick)?])
}

fn number(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
}

/// The second number of `schedstat`: nanoseconds in which the thread could run and had no CPU.
fn delay(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn links(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("task")).map_or(0, |task| task.nlink())
}

/// The threads that QEMU calls `CPU 0/KVM`, `CPU 1/TCG` …
fn vcpu_threads(folder: &Path) -> Vec<CachedFile> {
    let is_vcpu = |task: &Path| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("CPU ") && name.contains('/'))
    };
    let tasks = std::fs::read_dir(folder.join("task")).into_iter().flatten().flatten().map(|task| task.path());
    tasks.filter(|task| is_vcpu(task)).map(|task| CachedFile::at(task.join("schedstat"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const UUID: Uuid = Uuid::from_u128(0x1f04_da58_5fe1_4512_be7b_cf05_93d2_3ce8);

    /// A machine made of files.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn qemu(&self, pid: u32, cgroup: &str) {
            self.write(&format!("proc/{pid}/cmdline"), &format!("qemu\0-name\0x\0-uuid\0{UUID}\0-S\0"));
            self.write(&format!("proc/{pid}/cgroup"), cgroup);
            self.write(&format!("proc/{pid}/task/{pid}/comm"), "qemu-system-x86\n");
            for vcpu in 0..2 {
                self.write(&format!("proc/{pid}/task/{}/comm", pid + 1 + vcpu), &format!("CPU {vcpu}/KVM\n"));
                self.write(&format!("proc/{pid}/task/{}/schedstat", pid + 1 + vcpu), "5 700 9\n");
            }
        }

        fn processes(&self) -> QemuProcesses {
            QemuProcesses::under(self.0.path().join("proc"), self.0.path().join("cgroup"))
        }
    }

    fn sample(time: u64, delay: u64, parts: Option<[u64; 2]>) -> Option<CpuSample> {
        let [time, delay] = [time, delay].map(|time| Counter(Nanoseconds(time)));
        let [user, system] = [0, 1].map(|part| parts.map(|parts| Counter(Nanoseconds(parts[part]))));
        Some(CpuSample { time: Some(time), user, system, delay: Some(VcpuDelay { vcpus: 2, time: delay }) })
    }

    #[test]
    fn both_kinds_of_cgroups_are_read() {
        let old = "9:name=systemd:/x\n4:cpu,cpuacct:/machine/qemu-1-a.libvirt-qemu/emulator\n0::/\n";
        let split = "2:cpuacct:/machine/qemu-1-a.libvirt-qemu/emulator\n";
        let new = "0::/machine.slice/machine-qemu\\x2d1\\x2da.scope/libvirt/emulator\n";
        for (cgroup, file, text) in [
            (old, "cgroup/cpu,cpuacct/machine/qemu-1-a.libvirt-qemu/cpuacct.usage", "9000\n"),
            (split, "cgroup/cpuacct/machine/qemu-1-a.libvirt-qemu/cpuacct.usage", "9000\n"),
            (
                new,
                "cgroup/machine.slice/machine-qemu\\x2d1\\x2da.scope/libvirt/cpu.stat",
                "usage_usec 9\nuser_usec 4\nsystem_usec 5\n",
            ),
        ] {
            let machine = Machine::new();
            machine.qemu(100, cgroup);
            machine.write(file, text);
            let parts = match file.strip_suffix("cpuacct.usage") {
                Some(folder) => {
                    machine.write(&format!("{folder}cpuacct.stat"), "user 4\nsystem 5\n");
                    let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second();
                    [4 * tick, 5 * tick]
                }
                None => [4000, 5000],
            };
            let mut processes = machine.processes();
            processes.follow(&[(UUID, 1)]);
            assert_eq!(processes.read(&UUID, 1), sample(9000, 1400, Some(parts)), "{cgroup}");
            machine.write("proc/100/task/102/schedstat", "6 800 9\n");
            assert_eq!(processes.read(&UUID, 1), sample(9000, 1500, Some(parts)), "read anew");
        }
    }

    #[test]
    fn what_is_not_certain_is_not_said() {
        let machine = Machine::new();
        let cgroup = "2:cpuacct:/qemu-1-a/emulator\n";
        machine.qemu(100, cgroup);
        machine.write("cgroup/cpuacct/qemu-1-a/cpuacct.usage", "1\n");
        let mut processes = machine.processes();
        processes.follow(&[(UUID, 1)]);
        assert!(processes.read(&UUID, 1).is_some());
        assert_eq!(processes.read(&UUID, 2), None, "another run");
        assert_eq!(processes.read(&Uuid::nil(), 1), None);
        machine.qemu(200, cgroup);
        processes.follow(&[(UUID, 2)]);
        assert_eq!(processes.read(&UUID, 2), None, "two processes claim to be it");

        // None of its own: the root, a login's, another domain's.
        for place in ["", "user.slice/user-0.slice/session-1.scope", "machine/qemu-2-a.libvirt-qemu"] {
            let machine = Machine::new();
            machine.qemu(100, &format!("2:cpuacct:/{place}\n0::/{place}\n"));
            machine.write(&format!("cgroup/cpuacct/{place}/cpuacct.usage"), "1\n");
            machine.write(&format!("cgroup/{place}/cpu.stat"), "usage_usec 1\n");
            let mut processes = machine.processes();
            processes.follow(&[(UUID, 1)]);
            assert_eq!(processes.read(&UUID, 1), None, "{place}");
        }
    }

    #[test]
    fn a_process_that_ends_is_let_go_and_a_vcpu_that_is_unplugged_costs_nothing() {
        let machine = Machine::new();
        machine.qemu(100, "2:cpuacct:/qemu-1-a/emulator\n");
        machine.write("cgroup/cpuacct/qemu-1-a/cpuacct.usage", "1\n");
        let mut processes = machine.processes();
        processes.follow(&[(UUID, 1)]);
        assert_eq!((processes.read(&UUID, 1), processes.open), (sample(1, 1400, None), 3));
        machine.qemu(100, "2:cpuacct:/qemu-2-a/emulator\n");
        machine.write("cgroup/cpuacct/qemu-2-a/cpuacct.usage", "1\n");
        processes.follow(&[]);
        processes.follow(&[(UUID, 2)]);
        processes.open = MOST_OPEN;
        assert_eq!(
            (processes.read(&UUID, 2), processes.open),
            (sample(1, 1400, None), MOST_OPEN),
            "files need not be kept open"
        );
        fs::remove_dir_all(machine.0.path().join("proc/100/task/102")).unwrap();
        let one = processes.read(&UUID, 2).and_then(|cpu| cpu.delay);
        assert_eq!(one, Some(VcpuDelay { vcpus: 1, time: Counter(Nanoseconds(700)) }));
        fs::remove_dir_all(machine.0.path().join("cgroup")).unwrap();
        assert_eq!(processes.read(&UUID, 2), None);
        processes.follow(&[]);
        assert!(processes.known.is_empty());
    }
}
