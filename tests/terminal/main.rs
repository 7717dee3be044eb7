//! The real program in a real pseudo terminal, and on a real command line: what a user meets before any figure.

mod cli;
mod pty;
mod screen;
