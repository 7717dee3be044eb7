//! The loop of the interactive mode.

mod line;
mod pace;
mod run;
#[cfg(test)]
mod tests;

pub(super) use line::Line;
pub(super) use run::{End, EventLoop};
