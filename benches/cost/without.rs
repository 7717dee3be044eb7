//! Places where vtop cannot read the CPU time of domains from the files of their cgroups.

use clap::ValueEnum;

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Without {
    /// No cgroup is mounted where vtop runs
    Cgroups,
    /// libvirt makes no cgroups for the domains, as qemu:///session: all QEMUs share one
    OwnCgroups,
    /// vtop runs in a process namespace of its own, with its own /proc, as in a container
    Processes,
}

/// Unmounts all cgroups, and then becomes the program that its arguments name.
const UNMOUNT: &str = "umount --recursive --lazy /sys/fs/cgroup && exec \"$@\"";

impl Without {
    /// One line for the results.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Cgroups => "vtop runs where no cgroups are mounted",
            Self::OwnCgroups => "The domains have no cgroups of their own",
            Self::Processes => "vtop runs in a process namespace of its own",
        }
    }

    /// The words before a command that make it run in such a place.
    pub fn prefix(self) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Cgroups => &["unshare", "--mount", "--propagation", "private", "sh", "-c", UNMOUNT, "sh"],
            Self::OwnCgroups => &[],
            Self::Processes => &["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}
