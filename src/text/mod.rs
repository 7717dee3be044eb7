//! Text that several parts of the program print: widths in cells, words of shell commands.

mod cells;
mod shell;

pub use cells::{cells, clean, width};
pub use shell::shell_word;
