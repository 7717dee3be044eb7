//! CPU time of a process: `/proc/PID/stat`. libvirt takes the CPU time of a domain without a cgroup of its own from the same
//! file.

use super::cached_file::CachedFile;
use crate::model::{Counter, CpuSample, CpuSource};
use crate::units::Nanoseconds;
use std::path::Path;

/// The CPU time of all threads of one process, those that ended included. It moves in steps of a clock tick (10 ms).
pub(super) struct ProcessStat {
    file: CachedFile,
    /// Field `starttime`: a process that gets the same number later has another one.
    start_time: Option<u64>,
}

/// Values of `/proc/PID/stat`, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    user: u64,
    system: u64,
    start_time: u64,
}

impl ProcessStat {
    /// The process whose directory under `/proc` is `process`; opens nothing.
    pub(super) fn new(process: &Path) -> Self {
        Self { file: CachedFile::new(process.join("stat")), start_time: None }
    }

    /// 1 if the file is open, otherwise 0.
    pub(super) fn open_files(&self) -> usize {
        usize::from(self.file.is_open())
    }

    /// The CPU time now. `None` once the process has ended.
    pub(super) fn read(&mut self, keep_open: bool) -> Option<CpuSample> {
        let ticks = self.file.read(keep_open, parse)?;
        if *self.start_time.get_or_insert(ticks.start_time) != ticks.start_time {
            return None;
        }
        let time = |ticks: u64| Counter(Nanoseconds(ticks.saturating_mul(tick_nanoseconds())));
        Some(CpuSample {
            time: Some(time(ticks.user.saturating_add(ticks.system))),
            user: Some(time(ticks.user)),
            system: Some(time(ticks.system)),
            vcpus: None,
            source: CpuSource::Process,
        })
    }
}

/// Nanoseconds of one clock tick of the kernel.
pub(super) fn tick_nanoseconds() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)
}

fn parse(text: &str) -> Option<Ticks> {
    // Field 2 is the name in parentheses, and may itself contain spaces and parentheses. Field 3 follows the last one.
    let fields = text.rsplit_once(')')?.1;
    let field = |number: usize| fields.split_ascii_whitespace().nth(number - 3)?.parse().ok();
    Some(Ticks { user: field(14)?, system: field(15)?, start_time: field(22)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let text = "4711 (a) b (qemu) S 1 2 3 4 5 6 7 8 9 10 1400 1500 16 17 18 19 20 21 98765 23\n";
        assert_eq!(parse(text), Some(Ticks { user: 1400, system: 1500, start_time: 98_765 }));
    }

    #[test]
    fn incomplete_text_has_no_values() {
        for text in ["", "1 (a", "1 (a) S", "1 (a) S 1 2 3 4 5 6 7 8 9 10 x 15 16 17 18 19 20 21 22"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_that_do_not_fit_become_the_largest_number() {
        let folder = tempfile::tempdir().unwrap();
        let most = u64::MAX;
        let text = format!("1 (a) S 1 2 3 4 5 6 7 8 9 10 {most} {most} 16 17 18 19 20 21 7\n");
        std::fs::write(folder.path().join("stat"), text).unwrap();
        let cpu = ProcessStat::new(folder.path()).read(false).unwrap();
        assert_eq!(cpu.time, Some(Counter(Nanoseconds(u64::MAX))));
        assert_eq!(cpu.user, Some(Counter(Nanoseconds(u64::MAX))));
    }

    #[test]
    fn another_process_with_the_same_number_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |start_time: u64| {
            let text = format!("1 (a) S 1 2 3 4 5 6 7 8 9 10 3 4 16 17 18 19 20 21 {start_time}\n");
            std::fs::write(folder.path().join("stat"), text).unwrap();
        };
        write(500);
        let mut stat = ProcessStat::new(folder.path());
        assert!(stat.read(false).is_some() && stat.read(false).is_some());
        write(501);
        assert_eq!(stat.read(false), None);
    }
}
