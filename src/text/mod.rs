//! Text that several parts of the program print.

mod shell;

pub use shell::shell_word;
