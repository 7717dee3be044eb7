//! Files of /proc and /sys of the machine that vtop runs on.

mod cached_file;
mod node;
mod processes;

pub(crate) use node::NodeFiles;
pub(crate) use processes::QemuProcesses;
