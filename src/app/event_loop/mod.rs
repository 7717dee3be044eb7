//! The loop of the interactive mode.

mod pace;
mod run;
#[cfg(test)]
mod tests;

pub(super) use run::{End, EventLoop};
