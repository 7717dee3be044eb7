//! The node's CPU time and memory from `/proc/stat` and `/proc/meminfo`, which libvirtd reads for the same figures: two calls
//! fewer at every sample. That these files are the node's own is not believed (vtop may run in a container that has
//! others) but found out: what they say before and after libvirt's first answer has to enclose it.

use crate::model::{Counter, CpuTimes, NodeMemory, NodeSample};
use crate::sources::linux::cached_file::CachedFile;
use crate::units::{Bytes, Nanoseconds};
use std::path::Path;

/// The node's books.
pub(crate) struct NodeFiles {
    stat: CachedFile,
    meminfo: CachedFile,
    nanoseconds_a_tick: u64,
    trust: Trust,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Nothing to compare with so far.
    Unknown,
    Proven,
    /// They are somebody else's.
    Refuted,
}

impl Default for NodeFiles {
    fn default() -> Self {
        Self::under(Path::new("/proc"))
    }
}

impl NodeFiles {
    fn under(processes: &Path) -> Self {
        Self {
            stat: CachedFile::at(processes.join("stat")),
            meminfo: CachedFile::at(processes.join("meminfo")),
            nanoseconds_a_tick: 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1),
            trust: Trust::Unknown,
        }
    }

    /// What the node does now; `ask` asks libvirt.
    pub(crate) fn sample<E>(&mut self, ask: impl FnOnce() -> Result<NodeSample, E>) -> Result<NodeSample, E> {
        match self.trust {
            Trust::Refuted => ask(),
            Trust::Proven => self.read().map_or_else(ask, Ok),
            Trust::Unknown => {
                let before = self.read();
                let asked = ask()?;
                let encloses = before.zip(self.read()).is_some_and(|(before, after)| enclose(&before, &asked, &after));
                self.trust = if encloses { Trust::Proven } else { Trust::Refuted };
                Ok(asked)
            }
        }
    }

    fn read(&mut self) -> Option<NodeSample> {
        let tick = self.nanoseconds_a_tick;
        let cpu = self.stat.read(true, |text| cpu_times(text, tick))?;
        let memory = self.meminfo.read(true, node_memory)?;
        Some(NodeSample { cpu: Some(cpu), memory: Some(memory) })
    }
}

/// Whether a sample can have been taken from the same node between two others. Idle time and that of I/O are left out:
/// the kernel lets them fall.
fn enclose(before: &NodeSample, sample: &NodeSample, after: &NodeSample) -> bool {
    let total = |sample: &NodeSample| sample.memory.map(|memory| memory.total);
    let between = |of: fn(&CpuTimes) -> Counter<Nanoseconds>| {
        let time = |sample: &NodeSample| sample.cpu.as_ref().map(|cpu| of(cpu).total());
        time(sample).is_some() && time(before) <= time(sample) && time(sample) <= time(after)
    };
    total(sample).is_some() && total(before) == total(sample) && between(|cpu| cpu.kernel) && between(|cpu| cpu.user)
}

/// The first line of `/proc/stat`, added up as libvirt does.
fn cpu_times(text: &str, tick: u64) -> Option<CpuTimes> {
    let numbers = text.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace();
    let fields: Vec<u64> = numbers.map_while(|number| number.parse().ok()).collect();
    let [user, nice, system, idle, iowait, irq, softirq, ..] = fields[..] else { return None };
    let time = |ticks: u64| Counter(Nanoseconds(ticks.wrapping_mul(tick)));
    Some(CpuTimes {
        kernel: time(system.saturating_add(irq).saturating_add(softirq)),
        user: time(user.saturating_add(nice)),
        idle: time(idle),
        iowait: time(iowait),
    })
}

/// `/proc/meminfo`, of which these are among the first lines.
fn node_memory(text: &str) -> Option<NodeMemory> {
    let size = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix(" kB")?.parse().ok().map(Bytes::from_kib)
    };
    Some(NodeMemory {
        total: size("MemTotal")?,
        local: size("MemFree")?,
        buffers: size("Buffers")?,
        cached: size("Cached")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::fs;

    const MEMINFO: &str = "MemTotal:       24689512 kB\nMemFree:        23012344 kB\nMemAvailable:   23756780 kB\n\
                           Buffers:           53124 kB\nCached:           921372 kB\nSwapCached:            0 kB\n";

    fn node(kernel: u64, total: u64) -> NodeSample {
        let seconds = |seconds| Counter(Nanoseconds(seconds * 1_000_000_000));
        NodeSample {
            cpu: Some(CpuTimes { kernel: seconds(kernel), user: seconds(6), idle: seconds(40), iowait: seconds(3) }),
            memory: Some(NodeMemory {
                total: Bytes::from_kib(total),
                local: Bytes::from_kib(23_012_344),
                buffers: Bytes::from_kib(53_124),
                cached: Bytes::from_kib(921_372),
            }),
        }
    }

    #[test]
    fn what_says_the_same_as_libvirt_is_read_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let write = |system: u64| {
            let stat = format!("cpu  500 100 {system} 4000 300 30 70 9 8 7\ncpu0 1 2 3\n");
            fs::write(folder.path().join("stat"), stat).unwrap();
        };
        fs::write(folder.path().join("meminfo"), MEMINFO).unwrap();
        let ask = |sample: NodeSample| move || Ok::<_, Infallible>(sample);
        let nobody = || -> Result<NodeSample, Infallible> { panic!("libvirt is asked") };

        write(100);
        let mut processes = NodeFiles { nanoseconds_a_tick: 10_000_000, ..NodeFiles::under(folder.path()) };
        let Ok(_) = processes.sample(ask(node(2, 24_689_512)));
        write(300);
        assert_eq!(processes.sample(nobody), Ok(node(4, 24_689_512)));
        fs::write(folder.path().join("stat"), "").unwrap();
        assert_eq!(processes.sample(ask(node(9, 1))), Ok(node(9, 1)), "unreadable");

        write(100);
        for other in [node(3, 24_689_512), node(1, 24_689_512), node(2, 24_689_511), NodeSample::default()] {
            let mut processes = NodeFiles { nanoseconds_a_tick: 10_000_000, ..NodeFiles::under(folder.path()) };
            let Ok(_) = processes.sample(ask(other));
            assert_eq!(processes.trust, Trust::Refuted);
            assert_eq!(processes.sample(ask(node(9, 1))), Ok(node(9, 1)), "another node's");
        }
    }

    #[test]
    fn a_failure_of_libvirt_proves_nothing() {
        let mut processes = NodeFiles::default();
        assert_eq!(processes.sample(|| Err("gone")), Err("gone"));
        assert_eq!(processes.trust, Trust::Unknown);
    }

    #[test]
    fn nonsense_is_no_figure() {
        for text in ["", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7", "cpu  1 2 x 4 5 6 7"] {
            assert_eq!(cpu_times(text, 1), None, "{text}");
        }
        for text in ["", "MemTotal: 7 kB\n", "MemTotal: 7\nMemFree: 7\nBuffers: 7\nCached: 7\n"] {
            assert_eq!(node_memory(text), None, "{text}");
        }
    }
}
