//! CPU time and memory of the machine from `/proc/stat` and `/proc/meminfo`: two libvirt calls less at every sample. The files
//! also have what libvirt does not return: the memory that is available, the pool of hugepages, swap, and the cache of ZFS.
//!
//! libvirtd takes the same values from the same files. In a container, these files may show other values than the machine's.
//! So they are used only after a test: libvirt's first answer must lie between a reading before it and one after it.

use super::cached_file::CachedFile;
use super::hugepages::HugepagePool;
use super::process_stat::tick_nanoseconds;
use crate::model::{Counter, CpuTimes, NodeMemory, NodeSample};
use crate::units::{Bytes, Nanoseconds};
use std::path::Path;

/// Bytes that hold all lines of `/proc/meminfo` that are read: `Hugetlb` is one of the last.
const MEMINFO_BYTES: usize = 4096;
/// Bytes that hold all of `arcstats`.
const ARCSTATS_BYTES: usize = 16_384;

/// The files of a machine.
pub(crate) struct NodeFiles {
    stat: CachedFile,
    meminfo: CachedFile,
    hugepages: HugepagePool,
    arcstats: CachedFile,
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
            hugepages: HugepagePool::below(root),
            arcstats: CachedFile::new(root.join("proc/spl/kstat/zfs/arcstats")),
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
                let after = before.zip(self.read()).filter(|(before, after)| is_between(before, &answer, after));
                self.agreement = if after.is_some() { Agreement::Confirmed } else { Agreement::Refuted };
                // The memory of the first sample is computed like that of the others.
                Ok(after.map_or(answer.clone(), |(_, after)| NodeSample { memory: after.memory, ..answer }))
            }
        }
    }

    fn read(&mut self) -> Option<NodeSample> {
        let cpu = self.stat.read(true, cpu_times)?;
        let memory = self.memory()?;
        Some(NodeSample { cpu: Some(cpu), memory: Some(memory) })
    }

    fn memory(&mut self) -> Option<NodeMemory> {
        let mut memory = self.meminfo.read_up_to::<MEMINFO_BYTES, _>(true, node_memory)?;
        // Without `Hugetlb` (kernels before 4.19) the pool is not known yet; most machines have none.
        if memory.hugepages != Some(Bytes(0))
            && let Some((pool, free)) = self.hugepages.read()
        {
            (memory.hugepages, memory.hugepages_free) = (Some(pool), Some(free));
        }
        // The module of ZFS may be loaded, or unloaded, at any time.
        memory.arc_reclaimable = self.arcstats.read_up_to::<ARCSTATS_BYTES, _>(false, arc_reclaimable);
        Some(memory)
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

/// `/proc/meminfo`. The pool of hugepages is that of all page sizes (`Hugetlb`); its free part is known here only if all of its
/// pages have the default size.
fn node_memory(text: &str) -> Option<NodeMemory> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let size = |name: &str| field(name)?.strip_suffix(" kB")?.parse().ok().map(Bytes::from_kib);
    let pages = |name: &str| {
        let count: u64 = field(name)?.parse().ok()?;
        Some(Bytes(count.saturating_mul(size("Hugepagesize")?.0)))
    };
    let default_pool = pages("HugePages_Total");
    let hugepages = size("Hugetlb").or(default_pool);
    Some(NodeMemory {
        total: size("MemTotal")?,
        free: size("MemFree")?,
        buffers: size("Buffers"),
        cached: size("Cached"),
        available: size("MemAvailable"),
        hugepages,
        hugepages_free: pages("HugePages_Free").filter(|_| hugepages == default_pool),
        arc_reclaimable: None,
        swap: size("SwapTotal"),
        swap_free: size("SwapFree"),
    })
}

/// The size of ZFS's ARC above its minimum, from `arcstats`: lines of a name, a type and a value.
fn arc_reclaimable(text: &str) -> Option<Bytes> {
    let value = |name: &str| {
        let mut fields = text
            .lines()
            .map(str::split_ascii_whitespace)
            .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
        fields.nth(1)?.parse::<u64>().ok()
    };
    Some(Bytes(value("size")?.saturating_sub(value("c_min")?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::fs;

    const MEMINFO: &str = "MemTotal:       24689512 kB\nMemFree:        23012344 kB\nMemAvailable:   23756780 kB\n\
                           Buffers:           53124 kB\nCached:           921372 kB\nSwapCached:            0 kB\n\
                           SwapTotal:       2097148 kB\nSwapFree:        1048572 kB\nHugePages_Total:       0\n\
                           HugePages_Free:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n";

    /// `/proc/meminfo` of a kernel 6.1 with 512 hugepages of 2 MiB, 200 of them free, and one of 1 GiB: its last lines lie more
    /// than 1 KiB behind its first ones.
    const LONG_MEMINFO: &str = include_str!("../../../tests/fixtures/proc/meminfo");

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
                available: Some(Bytes::from_kib(23_756_780)),
                hugepages: Some(Bytes(0)),
                hugepages_free: Some(Bytes(0)),
                arc_reclaimable: None,
                swap: Some(Bytes::from_kib(2_097_148)),
                swap_free: Some(Bytes::from_kib(1_048_572)),
            }),
        }
    }

    /// The answer of libvirt: what it does not return is missing.
    fn of_libvirt(kernel: u64, total: u64) -> NodeSample {
        let NodeSample { cpu, memory } = node(kernel, total);
        let memory = memory.map(|NodeMemory { total, free, buffers, cached, .. }| NodeMemory {
            total,
            free,
            buffers,
            cached,
            ..NodeMemory::default()
        });
        NodeSample { cpu, memory }
    }

    /// A machine with these files of `/proc` and `/sys`.
    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_pool_of_hugepages_is_neither_used_nor_available() {
        const SMALL: &str = "sys/kernel/mm/hugepages/hugepages-2048kB";
        const LARGE: &str = "sys/kernel/mm/hugepages/hugepages-1048576kB";
        let counts = [(SMALL, "512\n", "200\n"), (LARGE, "1\n", "0\n")];
        let mut files = vec![("proc/meminfo".to_owned(), LONG_MEMINFO)];
        for (folder, pages, free) in counts {
            files.extend([(format!("{folder}/nr_hugepages"), pages), (format!("{folder}/free_hugepages"), free)]);
        }
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let root = machine(&files);
        let memory = NodeFiles::below(root.path()).memory().unwrap();
        // 15 GiB, of which 2 GiB are hugepages and 9.5 GiB are available.
        assert_eq!(memory.used(), Some(Bytes(7 << 29)));
        assert_eq!(memory.total_without_hugepages(), Bytes(13 << 30));
        assert_eq!((memory.hugepages, memory.hugepages_free), (Some(Bytes(2 << 30)), Some(Bytes(200 << 21))));
        assert_eq!(memory.hugepages_used(), Some(Bytes((1 << 30) + (312 << 21))));
        assert_eq!(memory.swap_used(), Some(Bytes(1 << 30)));

        let root = machine(&[("proc/meminfo", LONG_MEMINFO)]);
        let memory = NodeFiles::below(root.path()).memory().unwrap();
        assert_eq!((memory.hugepages, memory.hugepages_free), (Some(Bytes(2 << 30)), None), "pages of two sizes");
    }

    #[test]
    fn the_cache_of_zfs_above_its_minimum_is_not_used() {
        let arcstats = "13 1 0x01 147 39984 5081837837 1186302345\nname                            type data\n\
                        hits                            4    123\nc                               4    4294967296\n\
                        c_min                           4    1073741824\nc_max                           4    8589934592\n\
                        size                            4    3221225472\nhdr_size                        4    7\n";
        let root = machine(&[("proc/meminfo", LONG_MEMINFO), ("proc/spl/kstat/zfs/arcstats", arcstats)]);
        let memory = NodeFiles::below(root.path()).memory().unwrap();
        assert_eq!(memory.arc_reclaimable, Some(Bytes(2 << 30)));
        assert_eq!(memory.used(), Some(Bytes(3 << 29)));
        for text in ["", "size 4", "size 4 7\n", "size 4 x\nc_min 4 1\n"] {
            assert_eq!(arc_reclaimable(text), None, "{text}");
        }
        assert_eq!(arc_reclaimable("c_min 4 9\nsize 4 7\n"), Some(Bytes(0)), "smaller than its minimum");
    }

    #[test]
    fn a_kernel_without_the_size_of_the_whole_pool_has_that_of_the_default_page_size() {
        let text = "MemTotal: 9000 kB\nMemFree: 7 kB\nHugePages_Total: 3\nHugePages_Free: 1\nHugepagesize: 2048 kB\n";
        let memory = node_memory(text).unwrap();
        assert_eq!((memory.hugepages, memory.hugepages_free), (Some(Bytes(3 << 21)), Some(Bytes(1 << 21))));
        assert_eq!(memory.used(), None, "neither available nor buffers and cache are known");
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
        let Ok(first) = files.sample(answer(of_libvirt(200, 24_689_512)));
        assert_eq!(first, node(200, 24_689_512), "what libvirt does not return is read too");
        write(300);
        assert_eq!(files.sample(no_call), Ok(node(400, 24_689_512)));
        fs::write(proc.join("stat"), "").unwrap();
        assert_eq!(files.sample(answer(node(900, 1))), Ok(node(900, 1)), "unreadable");

        write(100);
        let others =
            [(300, 24_689_512), (100, 24_689_512), (200, 24_689_511)].map(|(kernel, total)| of_libvirt(kernel, total));
        for other in others.into_iter().chain([NodeSample::default()]) {
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
