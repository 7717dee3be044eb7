//! CPU time and steal of a domain's vCPUs: how long the vCPU threads of its QEMU ran, and how long they could run but had no
//! host CPU, from `/proc/PID/task/TID/schedstat`. libvirt takes `vcpu.N.delay` from the same files.

use super::cached_file::CachedFile;
use crate::model::{Counter, CpuSet, VcpuTimes};
use crate::time::Stopwatch;
use crate::units::Nanoseconds;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the number of threads is compared: no event reports a vCPU that is plugged in.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// How old the list of vCPU threads may get: a vCPU may come while another thread ends, which leaves the number as it was.
const LIST_EVERY: Duration = Duration::from_secs(60);

/// The vCPU threads of one QEMU process.
pub(super) struct VcpuThreads {
    process: PathBuf,
    files: Vec<CachedFile>,
    /// The host CPUs that the threads may use, all together; as of the last listing.
    allowed: Option<Arc<CpuSet>>,
    /// Hard links of the directory of the threads: two more than there are threads.
    links: u64,
    counted: Stopwatch,
    listed: Stopwatch,
}

impl VcpuThreads {
    /// Lists the threads of the process whose directory under `/proc` is `process`.
    pub(super) fn list(process: PathBuf) -> Self {
        let now = Stopwatch::start();
        let mut threads = Self { process, files: Vec::new(), allowed: None, links: 0, counted: now, listed: now };
        threads.list_again();
        threads
    }

    /// How many files are open.
    pub(super) fn open_files(&self) -> usize {
        self.files.iter().filter(|file| file.is_open()).count()
    }

    /// The host CPUs that the vCPU threads may use, all threads together; at most a minute old.
    pub(super) fn allowed(&self) -> Option<Arc<CpuSet>> {
        self.allowed.clone()
    }

    /// The times of all vCPU threads together. `None` if there is none, or if the kernel has no `schedstat`.
    pub(super) fn read(&mut self, keep_open: bool) -> Option<VcpuTimes> {
        let mut times = self.sum(keep_open);
        if times.is_none() || self.has_other_threads() {
            self.list_again();
            times = self.sum(keep_open);
            if times.is_none() {
                // This kernel has no `schedstat`. An empty list is not read again before the number of threads changes.
                self.files.clear();
            }
        }
        let count = u32::try_from(self.files.len()).ok().filter(|count| *count > 0)?;
        let [used, delay] = times?.map(|time| Counter(Nanoseconds(time)));
        Some(VcpuTimes { count, used, delay })
    }

    /// `None` if a thread has ended.
    fn sum(&mut self, keep_open: bool) -> Option<[u64; 2]> {
        self.files.iter_mut().try_fold([0_u64; 2], |sums, file| {
            let times = file.read(keep_open, times)?;
            Some([sums[0].saturating_add(times[0]), sums[1].saturating_add(times[1])])
        })
    }

    /// Compares the number of threads first: reading the names of all threads takes as long as fifty readings.
    fn has_other_threads(&mut self) -> bool {
        if self.counted.elapsed() <= COUNT_EVERY {
            return false;
        }
        self.counted = Stopwatch::start();
        self.listed.elapsed() > LIST_EVERY || links(&self.process) != self.links
    }

    fn list_again(&mut self) {
        self.links = links(&self.process);
        let threads = vcpu_threads(&self.process);
        self.allowed = allowed_of(&threads).map(Arc::new);
        self.files = threads.iter().map(|thread| CachedFile::new(thread.join("schedstat"))).collect();
        self.listed = Stopwatch::start();
        self.counted = self.listed;
    }
}

fn links(process: &Path) -> u64 {
    std::fs::metadata(process.join("task")).map_or(0, |task| task.nlink())
}

/// The directories of the threads that QEMU names `CPU 0/KVM`, `CPU 1/TCG` …
fn vcpu_threads(process: &Path) -> Vec<PathBuf> {
    let is_vcpu = |task: &Path| {
        std::fs::read(task.join("comm")).is_ok_and(|name| name.starts_with(b"CPU ") && name.contains(&b'/'))
    };
    let tasks = std::fs::read_dir(process.join("task")).into_iter().flatten().flatten().map(|task| task.path());
    tasks.filter(|task| is_vcpu(task)).collect()
}

/// The CPUs that the threads may use, all together. `None` if a thread has ended or there is none.
fn allowed_of(threads: &[PathBuf]) -> Option<CpuSet> {
    let mut all = CpuSet::default();
    for thread in threads {
        let status = std::fs::read_to_string(thread.join("status")).ok()?;
        all.add(&CpuSet::parse(status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?)?);
    }
    (!all.is_empty()).then_some(all)
}

/// The first two numbers of `schedstat`: nanoseconds in which the thread ran, and in which it could run and had no CPU.
fn times(text: &str) -> Option<[u64; 2]> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn write(process: &Path, thread: u32, name: &str, delay: u64) {
        let task = process.join(format!("task/{thread}"));
        fs::create_dir_all(&task).unwrap();
        fs::write(task.join("comm"), name).unwrap();
        fs::write(task.join("schedstat"), format!("5 {delay} 9\n")).unwrap();
    }

    /// Each thread that [`write`] writes ran for 5 ns.
    fn times_of(count: u32, used: u64, delay: u64) -> Option<VcpuTimes> {
        Some(VcpuTimes { count, used: Counter(Nanoseconds(used)), delay: Counter(Nanoseconds(delay)) })
    }

    #[test]
    fn times_of_vcpu_threads_are_added_up() {
        let folder = tempfile::tempdir().unwrap();
        for (thread, name, delay) in
            [(1, "qemu-system-x86\n", 1), (2, "CPU 0/KVM\n", 700), (3, "CPU 1/TCG\n", 50), (4, "CPU-bound\n", 9)]
        {
            write(folder.path(), thread, name, delay);
        }
        let mut threads = VcpuThreads::list(folder.path().to_owned());
        assert_eq!(threads.read(true), times_of(2, 10, 750));
        assert_eq!(threads.open_files(), 2);
        fs::write(folder.path().join("task/3/schedstat"), "6 60 9\n").unwrap();
        assert_eq!(threads.read(true), times_of(2, 11, 760), "read again");
    }

    #[test]
    fn the_cpus_that_vcpu_threads_may_use() {
        let folder = tempfile::tempdir().unwrap();
        let status = |thread: u32, text: &str| fs::write(folder.path().join(format!("task/{thread}/status")), text);
        for (thread, name, cpus) in
            [(1, "qemu-system-x86\n", "0-7"), (2, "CPU 0/KVM\n", "0"), (3, "CPU 1/KVM\n", "2-3")]
        {
            write(folder.path(), thread, name, 1);
            status(thread, &format!("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{cpus}\nMems_allowed:\t1\n"))
                .unwrap();
        }
        let allowed = || VcpuThreads::list(folder.path().to_owned()).allowed().map(|cpus| cpus.to_string());
        assert_eq!(allowed().as_deref(), Some("0,2-3"), "without the emulator's thread");
        status(3, "Name:\tx\n").unwrap();
        assert_eq!(allowed(), None);
    }

    #[test]
    fn a_vcpu_that_is_unplugged_leaves_the_sum() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 2, "CPU 0/KVM\n", 700);
        write(folder.path(), 3, "CPU 1/KVM\n", 50);
        let mut threads = VcpuThreads::list(folder.path().to_owned());
        assert_eq!(threads.read(false), times_of(2, 10, 750));
        fs::remove_dir_all(folder.path().join("task/3")).unwrap();
        assert_eq!(threads.read(false), times_of(1, 5, 700));
    }

    #[test]
    fn without_vcpu_threads_or_schedstat_there_are_no_times() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(VcpuThreads::list(folder.path().to_owned()).read(false), None);
        write(folder.path(), 2, "CPU 0/KVM\n", 700);
        fs::remove_file(folder.path().join("task/2/schedstat")).unwrap();
        assert_eq!(VcpuThreads::list(folder.path().to_owned()).read(false), None);
    }

    #[test]
    fn a_sum_that_does_not_fit_becomes_the_largest_number() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 2, "CPU 0/KVM\n", u64::MAX);
        write(folder.path(), 3, "CPU 1/KVM\n", 50);
        assert_eq!(VcpuThreads::list(folder.path().to_owned()).read(false), times_of(2, 10, u64::MAX));
    }
}
