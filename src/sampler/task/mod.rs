//! The life of one host's task: connect, sample, lose the connection, wait, connect again.

mod connection;
mod diagnosis;
mod end;
mod keep_blocked;
mod run;
mod state;

pub(super) use state::Task;
