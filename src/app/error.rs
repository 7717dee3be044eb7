//! Why the program ends early.

use crate::model::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit code of Rust programs that panic.
pub(super) const PANIC_EXIT_CODE: u8 = 101;

/// Why the program ends although the user did not end it.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// Standard output is not a terminal.
    #[error("standard output is not a terminal")]
    NoTerminal,
    /// No host could be reached at the start.
    #[error("{}", .0.message)]
    Unreachable(Failure),
    /// Reading or writing the terminal failed.
    #[error("the terminal failed: {0}")]
    Terminal(#[source] io::Error),
    /// Writing a report failed.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
    /// The system refused a thread, a signal handler or the like.
    #[error("cannot start: {0}")]
    Setup(#[source] io::Error),
    /// A thread of vtop has panicked.
    #[error("the thread `{0}` has ended, which is a bug in vtop")]
    ThreadGone(&'static str),
}

impl AppError {
    /// What the operator can do.
    fn advice(&self) -> Option<&str> {
        match self {
            Self::NoTerminal => Some("for a file or a pipe, use vtop --json or vtop --csv"),
            Self::ThreadGone(_) => Some("please report it, with the lines above"),
            Self::Unreachable(failure) => failure.advice.as_deref(),
            _ => None,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoTerminal => ExitCode::from(2),
            Self::ThreadGone(_) => ExitCode::from(PANIC_EXIT_CODE),
            Self::Unreachable(failure) if failure.is_bug => ExitCode::from(PANIC_EXIT_CODE),
            _ => ExitCode::FAILURE,
        }
    }

    /// Prints the error and the advice to standard error. If that fails, only the exit code is left.
    pub(super) fn print(&self) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "vtop: {self}");
        if let Some(advice) = self.advice() {
            let _ = writeln!(stderr, "      {advice}");
        }
    }
}
