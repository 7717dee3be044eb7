//! The real program in a real pseudo terminal, and on a real command line: what a user meets before any figure.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

mod cli;
mod pty;
mod questions;
mod screen;
#[path = "../shared/mod.rs"]
mod shared;
mod slow_line;
