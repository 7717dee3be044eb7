//! Text that several parts of the program print: widths in cells, limits with units, words of shell commands.

mod cells;
mod limit;
mod shell;

pub use cells::{cells, clean, width};
pub use limit::limit;
pub use shell::shell_word;
