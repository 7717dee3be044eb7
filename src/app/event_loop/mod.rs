//! The interactive mode's loop, and its tests.

mod run;

pub(super) use run::{End, EventLoop};
