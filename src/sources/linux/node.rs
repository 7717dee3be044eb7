//! CPU time and memory of the machine from `/proc/stat` and `/proc/meminfo`: two libvirt calls less at every sample.
//!
//! libvirtd takes the same values from the same files. In a container, these files may show other values than the machine's.
//! So they are used only after a test: libvirt's first answer must lie between a reading before it and one after it.

use super::cached_file::CachedFile;
use super::process_stat::tick_nanoseconds;
use crate::model::{Counter, CpuTimes, NodeMemory, NodeSample};
use crate::units::{Bytes, Nanoseconds};
use std::path::Path;

/// `/proc/stat` and `/proc/meminfo`.
pub(crate) struct NodeFiles {
    stat: CachedFile,
    meminfo: CachedFile,
    agreement: Agreement,
}

/// Whether the files agree with libvirt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    /// Not tested yet.
    Unknown,
    Confirmed,
    /// The files show another machine than libvirt.
    Refuted,
}

impl Default for NodeFiles {
    fn default() -> Self {
        Self::below(Path::new("/"))
    }
}

impl NodeFiles {
    /// The files of the machine whose file system begins at `root`.
    fn below(root: &Path) -> Self {
        Self {
            stat: CachedFile::new(root.join("proc/stat")),
            meminfo: CachedFile::new(root.join("proc/meminfo")),
            agreement: Agreement::Unknown,
        }
    }

    /// The CPU time and memory of the machine now: from the files once they are known to agree with libvirt, otherwise from
    /// `read_libvirt`. The error is that of `read_libvirt`.
    pub(crate) fn sample<E>(&mut self, read_libvirt: impl FnOnce() -> Result<NodeSample, E>) -> Result<NodeSample, E> {
        match self.agreement {
            Agreement::Refuted => read_libvirt(),
            Agreement::Confirmed => self.read().map_or_else(read_libvirt, Ok),
            Agreement::Unknown => {
                let before = self.read();
                let answer = read_libvirt()?;
                let agree = before.zip(self.read()).is_some_and(|(before, after)| is_between(&before, &answer, &after));
                self.agreement = if agree { Agreement::Confirmed } else { Agreement::Refuted };
                Ok(answer)
            }
        }
    }

    fn read(&mut self) -> Option<NodeSample> {
        let cpu = self.stat.read(true, cpu_times)?;
        let memory = self.meminfo.read(true, node_memory)?;
        Some(NodeSample { cpu: Some(cpu), memory: Some(memory) })
    }
}

/// True if `sample` can have been taken from the same machine between two others. Idle time and I/O wait are not compared: the
/// kernel can let them fall.
fn is_between(before: &NodeSample, sample: &NodeSample, after: &NodeSample) -> bool {
    let total = |sample: &NodeSample| sample.memory.map(|memory| memory.total);
    let in_order = |of: fn(&CpuTimes) -> Counter<Nanoseconds>| {
        let time = |sample: &NodeSample| sample.cpu.as_ref().map(|cpu| of(cpu).total());
        time(sample).is_some() && time(before) <= time(sample) && time(sample) <= time(after)
    };
    total(sample).is_some() && total(before) == total(sample) && in_order(|cpu| cpu.kernel) && in_order(|cpu| cpu.user)
}

/// The first line of `/proc/stat`, added up as libvirt does.
fn cpu_times(text: &str) -> Option<CpuTimes> {
    let numbers = text.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace();
    let fields: Vec<u64> = numbers.map_while(|number| number.parse().ok()).collect();
    let [user, nice, system, idle, iowait, irq, softirq, ..] = fields[..] else { return None };
    let time = |ticks: u64| Counter(Nanoseconds(ticks.saturating_mul(tick_nanoseconds())));
    Some(CpuTimes {
        kernel: time(system.saturating_add(irq).saturating_add(softirq)),
        user: time(user.saturating_add(nice)),
        idle: time(idle),
        iowait: Some(time(iowait)),
    })
}

/// The first lines of `/proc/meminfo`.
fn node_memory(text: &str) -> Option<NodeMemory> {
    let size = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix(" kB")?.parse().ok().map(Bytes::from_kib)
    };
    Some(NodeMemory {
        total: size("MemTotal")?,
        free: size("MemFree")?,
        buffers: size("Buffers"),
        cached: size("Cached"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::fs;

    const MEMINFO: &str = "MemTotal:       24689512 kB\nMemFree:        23012344 kB\nMemAvailable:   23756780 kB\n\
                           Buffers:           53124 kB\nCached:           921372 kB\nSwapCached:            0 kB\n";

    /// Times in ticks of the kernel's clock.
    fn node(kernel: u64, total: u64) -> NodeSample {
        let time = |ticks| Counter(Nanoseconds(ticks * (1_000_000_000 / rustix::param::clock_ticks_per_second())));
        NodeSample {
            cpu: Some(CpuTimes { kernel: time(kernel), user: time(600), idle: time(4000), iowait: Some(time(300)) }),
            memory: Some(NodeMemory {
                total: Bytes::from_kib(total),
                free: Bytes::from_kib(23_012_344),
                buffers: Some(Bytes::from_kib(53_124)),
                cached: Some(Bytes::from_kib(921_372)),
            }),
        }
    }

    #[test]
    fn files_that_agree_with_libvirt_replace_its_calls() {
        let folder = tempfile::tempdir().unwrap();
        let proc = folder.path().join("proc");
        fs::create_dir(&proc).unwrap();
        let write = |system: u64| {
            let stat = format!("cpu  500 100 {system} 4000 300 30 70 9 8 7\ncpu0 1 2 3\n");
            fs::write(proc.join("stat"), stat).unwrap();
        };
        fs::write(proc.join("meminfo"), MEMINFO).unwrap();
        let answer = |sample: NodeSample| move || Ok::<_, Infallible>(sample);
        let no_call = || -> Result<NodeSample, Infallible> { panic!("libvirt is called") };

        write(100);
        let mut files = NodeFiles::below(folder.path());
        let Ok(_) = files.sample(answer(node(200, 24_689_512)));
        write(300);
        assert_eq!(files.sample(no_call), Ok(node(400, 24_689_512)));
        fs::write(proc.join("stat"), "").unwrap();
        assert_eq!(files.sample(answer(node(900, 1))), Ok(node(900, 1)), "unreadable");

        write(100);
        for other in [node(300, 24_689_512), node(100, 24_689_512), node(200, 24_689_511), NodeSample::default()] {
            let mut files = NodeFiles::below(folder.path());
            let Ok(_) = files.sample(answer(other));
            assert_eq!(files.agreement, Agreement::Refuted);
            assert_eq!(files.sample(answer(node(900, 1))), Ok(node(900, 1)), "another machine's");
        }
    }

    #[test]
    fn an_error_of_libvirt_leaves_the_question_open() {
        let mut files = NodeFiles::default();
        assert_eq!(files.sample(|| Err("gone")), Err("gone"));
        assert_eq!(files.agreement, Agreement::Unknown);
    }

    #[test]
    fn text_that_cannot_be_parsed_gives_no_values() {
        for text in ["", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7", "cpu  1 2 x 4 5 6 7"] {
            assert_eq!(cpu_times(text), None, "{text}");
        }
        for text in ["", "MemTotal: 7 kB\n", "MemTotal: 7\nMemFree: 7\nBuffers: 7\nCached: 7\n"] {
            assert_eq!(node_memory(text), None, "{text}");
        }
    }

    #[test]
    fn values_that_are_missing_stay_missing() {
        let memory = node_memory("MemTotal: 7 kB\nMemFree: 5 kB\n").unwrap();
        assert_eq!((memory.buffers, memory.cached), (None, None));
    }

    #[test]
    fn times_that_do_not_fit_become_the_largest_number() {
        let most = u64::MAX;
        let times = cpu_times(&format!("cpu  {most} {most} {most} {most} {most} {most} {most}\n")).unwrap();
        let largest = Counter(Nanoseconds(most));
        assert_eq!(times, CpuTimes { kernel: largest, user: largest, idle: largest, iowait: Some(largest) });
    }
}
