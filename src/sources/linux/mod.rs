//! Files of /proc and /sys of the machine that vtop runs on.

mod cached_file;
mod node;
mod processes;

pub(crate) use node::NodeBooks;
pub(crate) use processes::Books;
