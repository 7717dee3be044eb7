//! Threads, sockets and run delay of a process, from /proc.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Name of the sampler's threads that make calls.
pub const CALLERS: &str = "host ";

/// Threads, sockets and children of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    pub threads: usize,
    pub sockets: usize,
    /// Child processes (ssh, for example) that it has not waited for.
    pub children: usize,
}

impl Holdings {
    /// Whether no count exceeds the other's.
    pub fn is_within(self, other: Self) -> bool {
        self.threads <= other.threads && self.sockets <= other.sockets && self.children <= other.children
    }
}

pub struct Process(u32);

impl Process {
    pub fn this() -> Self {
        Self(std::process::id())
    }

    pub fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// Threads that make calls: one, and one for each call that hangs.
    pub fn callers(&self) -> usize {
        let is_caller = |task: &Path| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with(CALLERS));
        self.entries("task").filter(|task| is_caller(task)).count()
    }

    /// Time that threads of these names have waited for a CPU so far.
    pub fn waited(&self, names: &[&str]) -> Duration {
        let is_wanted = |name: &str| names.contains(&name);
        self.entries("task").filter_map(|task| waited(&task, is_wanted)).sum()
    }

    pub fn holdings(&self) -> Holdings {
        let is_socket = |fd: &Path| fs::read_link(fd).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
        Holdings {
            threads: self.entries("task").count(),
            sockets: self.entries("fd").filter(|fd| is_socket(fd)).count(),
            children: self.entries("task").map(|task| children(&task)).sum(),
        }
    }

    /// Waits until the counts are back to those before, with a limit.
    pub fn settled(&self, before: Holdings) -> Holdings {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let now = self.holdings();
            if now.is_within(before) || Instant::now() > deadline {
                return now;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn entries(&self, folder: &str) -> impl Iterator<Item = PathBuf> + use<> {
        entries(&format!("/proc/{}/{folder}", self.0))
    }
}

/// Time that the kernel's unbound workers have waited for a CPU so far. They carry the bytes of pseudo terminals, so keys
/// and frames wait for them.
pub fn kernel_waited() -> Duration {
    entries("/proc").filter_map(|process| waited(&process, |name| name.starts_with("kworker/u"))).sum()
}

/// A task's `run_delay` if its name matches.
fn waited(task: &Path, is_wanted: impl Fn(&str) -> bool) -> Option<Duration> {
    let name = fs::read_to_string(task.join("comm")).ok()?;
    if !is_wanted(name.trim_end()) {
        return None;
    }
    let times = fs::read_to_string(task.join("schedstat")).ok()?;
    times.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

/// Number of child processes of a thread that were not waited for.
fn children(task: &Path) -> usize {
    fs::read_to_string(task.join("children")).unwrap_or_default().split_whitespace().count()
}

fn entries(folder: &str) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
