//! The task of one host: it connects, samples until the connection is lost, waits, and connects again.
//!
//! | file | contents |
//! | --- | --- |
//! | `state` | what the task owns, and how it sends |
//! | `run` | the task, from the first attempt to connect |
//! | `connection` | an open connection: its state, and waits for the next tick or an answer |
//! | `sample` | one sample, with the watchdog |
//! | `diagnosis` | why a call takes too long |
//! | `keep_blocked` | carries known hangs over from one sample to the next |
//! | `source_thread` | a source on its thread |
//! | `end` | why a connection or the task ends |

mod connection;
mod diagnosis;
mod end;
mod keep_blocked;
mod run;
mod sample;
mod source_thread;
mod state;

pub(super) use state::Task;
