//! Memory, threads and open files of this process, from /proc.

use std::fs;

#[derive(Clone, Copy, Debug, Default)]
pub struct Gauge {
    pub resident_kib: u64,
    pub threads: u64,
    /// Open file descriptors.
    pub files: u64,
}

impl Gauge {
    pub const MOST: Self = Self { resident_kib: u64::MAX, threads: u64::MAX, files: u64::MAX };

    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").expect("/proc");
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a known key");
            line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
        };
        // Without the descriptor of the folder that is read.
        let files = fs::read_dir("/proc/self/fd").expect("/proc").count() as u64 - 1;
        Self { resident_kib: number("VmRSS:"), threads: number("Threads:"), files }
    }

    pub fn least(self, other: Self) -> Self {
        self.each(other, u64::min)
    }

    pub fn most(self, other: Self) -> Self {
        self.each(other, u64::max)
    }

    fn each(self, other: Self, of: fn(u64, u64) -> u64) -> Self {
        Self {
            resident_kib: of(self.resident_kib, other.resident_kib),
            threads: of(self.threads, other.threads),
            files: of(self.files, other.files),
        }
    }
}
