//! Files of `/proc` and `/sys/fs/cgroup` of the machine that vtop runs on. Reading them costs a few microseconds each and asks
//! neither libvirt nor a QEMU.
//!
//! [`QemuProcesses`] reads the CPU time and the steal of domains, and the counters of NICs whose directions libvirt may swap; [`NodeFiles`] the CPU time and the memory of the machine.
//!
//! | file | contents |
//! | --- | --- |
//! | `cached_file` | a file that is read again and again |
//! | `qemu_processes` | finds the QEMU process of each domain (`-uuid` on its command line), and reads all of them |
//! | `qemu_process` | the files of one QEMU process |
//! | `cgroup` | the CPU time of a cgroup: v1, v2 and hybrid mounts |
//! | `process_stat` | the CPU time of a process: `/proc/PID/stat` |
//! | `schedstat` | CPU time and steal of vCPU threads: `/proc/PID/task/TID/schedstat` |
//! | `net_dev` | counters of network devices: `/proc/PID/net/dev` |
//! | `node` | `/proc/stat`, `/proc/meminfo`, and the statistics of ZFS |
//! | `hugepages` | the pool of hugepages: `/sys/kernel/mm/hugepages` |
//!
//! Every reader gets the root directory of the file system as an argument, so that tests can build any machine in a
//! temporary directory.

mod cached_file;
mod cgroup;
mod hugepages;
mod net_dev;
mod node;
mod process_stat;
mod qemu_process;
mod qemu_processes;
mod schedstat;
#[cfg(test)]
mod tests;

pub(crate) use node::NodeFiles;
pub(crate) use qemu_processes::QemuProcesses;
