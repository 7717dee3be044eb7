//! The program, in surroundings that are the same everywhere.

use portable_pty::CommandBuilder;
use std::process::Command;

/// The program.
pub const VTOP: &str = env!("CARGO_BIN_EXE_vtop");
/// What could change its ways from outside.
const FOREIGN: [&str; 5] = ["LIBVIRT_DEFAULT_URI", "VTOP_DELAY", "NO_COLOR", "COLORTERM", "RUST_BACKTRACE"];

/// A call of it in a terminal.
pub fn vtop(arguments: &[&str]) -> CommandBuilder {
    let mut command = in_terminal(VTOP);
    command.args(arguments);
    command
}

/// A call of any program in a terminal.
pub fn in_terminal(program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    FOREIGN.iter().for_each(|name| command.env_remove(name));
    command
}

/// A call of any program without a terminal.
pub fn without_terminal(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C.UTF-8");
    FOREIGN.iter().for_each(|name| _ = command.env_remove(name));
    command
}
