//! What several test targets need: the lab, the program in a terminal, commands.

#![allow(dead_code)] // Each target uses a part of it.
#![allow(unreachable_pub)] // A test target has no outside.

pub mod frames;
pub mod guest;
pub mod lab;
pub mod program;
pub mod pty;
pub mod run;
pub mod shown;
