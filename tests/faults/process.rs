//! What a process holds: threads and sockets, as the kernel tells.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The sampler's name for the threads in which calls are made.
pub const CALLERS: &str = "host ";

/// What a process holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    pub threads: usize,
    pub sockets: usize,
}

pub struct Process(u32);

impl Process {
    pub fn this() -> Self {
        Self(std::process::id())
    }

    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// Threads that make calls: one, and each that hangs.
    pub fn callers(&self) -> usize {
        let is_caller = |task: &Path| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with(CALLERS));
        self.entries("task").filter(|task| is_caller(task)).count()
    }

    /// How long threads of these names have waited for a CPU so far.
    pub fn waited(&self, wanted: impl Fn(&str) -> bool) -> Duration {
        let of = |task: &Path| {
            let name = fs::read_to_string(task.join("comm")).ok()?;
            let times = fs::read_to_string(task.join("schedstat")).ok()?;
            let waited = times.split_whitespace().nth(1)?.parse().ok()?;
            wanted(name.trim_end()).then_some(Duration::from_nanos(waited))
        };
        self.entries("task").filter_map(|task| of(&task)).sum()
    }

    pub fn holdings(&self) -> Holdings {
        let is_socket = |fd: &Path| fs::read_link(fd).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        Holdings {
            threads: self.entries("task").count(),
            sockets: self.entries("fd").filter(|fd| is_socket(fd)).count(),
        }
    }

    /// Waits until it holds no more than before, or until that is not to be expected any more.
    pub fn settled(&self, before: Holdings) -> Holdings {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let now = self.holdings();
            if (now.threads <= before.threads && now.sockets <= before.sockets) || Instant::now() > deadline {
                return now;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn entries(&self, folder: &str) -> impl Iterator<Item = std::path::PathBuf> {
        let entries = fs::read_dir(format!("/proc/{}/{folder}", self.0)).into_iter().flatten();
        entries.flatten().map(|entry| entry.path())
    }
}
