//! The loop of the interactive mode, and its tests.

mod run;
#[cfg(test)]
mod tests;

pub(super) use run::{End, EventLoop};
