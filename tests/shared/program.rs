//! The vtop program with a fixed environment.

use portable_pty::CommandBuilder;
use std::process::Command;

/// The program.
pub const VTOP: &str = env!("CARGO_BIN_EXE_vtop");
/// Environment variables that change its behaviour; removed.
const FOREIGN: [&str; 9] = [
    "LIBVIRT_DEFAULT_URI",
    "VTOP_DELAY",
    "NO_COLOR",
    "COLORTERM",
    "COLORFGBG",
    "STY",
    "TMUX",
    "XDG_VTNR",
    "RUST_BACKTRACE",
];

/// vtop in a terminal.
pub fn vtop(arguments: &[&str]) -> CommandBuilder {
    let mut command = in_terminal(VTOP);
    command.args(arguments);
    command
}

/// Any program in a terminal.
pub fn in_terminal(program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    FOREIGN.iter().for_each(|name| command.env_remove(name));
    command
}

/// Any program without a terminal.
pub fn without_terminal(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C.UTF-8");
    FOREIGN.iter().for_each(|name| _ = command.env_remove(name));
    command
}
