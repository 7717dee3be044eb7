//! Where figures come from. A source is blocking and single-threaded; [`worker`] gives it a thread of its own.

pub mod event_queue;
pub mod libvirt;
mod linux;
pub mod notices;
mod source;
pub mod synthetic;
pub mod worker;

pub use source::{Bypass, FailureScope, Monitor, Notice, Notify, Request, Source, SourceError};
