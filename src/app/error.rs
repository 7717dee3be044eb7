//! Why the program ends early.

use crate::model::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code of a panic, as Rust itself has it.
pub(super) const PANIC_EXIT_CODE: u8 = 101;

/// What ended the program before its user did.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// There is no screen to draw on.
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
    /// The system did not give what the program needs.
    #[error("cannot start: {0}")]
    Setup(#[source] io::Error),
    /// The tasks that sample are gone.
    #[error("sampling has ended, which is a bug in vtop")]
    NoSamples,
}

impl AppError {
    /// What to do about it.
    fn advice(&self) -> Option<&str> {
        match self {
            Self::NoTerminal => Some("for a file or a pipe, use vtop --json or vtop --csv"),
            Self::Unreachable(failure) => failure.advice.as_deref(),
            _ => None,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoTerminal => ExitCode::from(2),
            // Nothing but a panic ends them.
            Self::NoSamples => ExitCode::from(PANIC_EXIT_CODE),
            _ => ExitCode::FAILURE,
        }
    }

    /// Tells it on standard error; where even that fails, the exit code has to do.
    pub(super) fn print(&self) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "vtop: {self}");
        if let Some(advice) = self.advice() {
            let _ = writeln!(stderr, "      {advice}");
        }
    }
}
