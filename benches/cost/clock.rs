//! CPU time of other processes in nanoseconds from the kernel, ended threads included.

#![allow(unsafe_code)] // Two calls of the C library for which there is no safe wrapper.

use std::fs;
use std::mem::MaybeUninit;
use std::time::Duration;

/// CPU time of a process so far; 0 after its end.
pub fn of(pid: u32) -> Duration {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return Duration::ZERO };
    let mut id: libc::clockid_t = 0;
    // SAFETY: `id` is a place for the answer.
    if unsafe { libc::clock_getcpuclockid(pid, &mut id) } != 0 {
        return Duration::ZERO;
    }
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: `time` is a place for the answer, and zeroes are a time.
    let time = unsafe {
        libc::clock_gettime(id, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// CPU time of a process's live threads with these names, as accounted by the scheduler, which may be some milliseconds
/// behind for a running thread.
pub fn of_threads(pid: u32, wanted: impl Fn(&str) -> bool) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let time = |task: fs::DirEntry| {
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        if !wanted(name.trim_end()) {
            return None;
        }
        let booked = fs::read_to_string(task.path().join("schedstat")).ok()?;
        booked.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    };
    tasks.filter_map(time).sum()
}

/// CPU time that the whole machine has spent so far, in steps of 10 ms.
pub fn of_machine() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let words = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, …: all but idle, iowait and steal.
    let busy: u64 = ticks.iter().enumerate().filter(|(index, _)| matches!(index, 0..=2 | 5..=6)).map(|(_, n)| n).sum();
    Duration::from_millis(10 * busy)
}
