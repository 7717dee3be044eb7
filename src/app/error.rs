//! Why the program ends early.

use crate::fleet::UnreachedHost;
use std::io::{self, Write};
use std::process::ExitCode;

/// The exit code of Rust programs that panic.
pub(super) const PANIC_EXIT_CODE: u8 = 101;

/// Blanks before a further line of a message.
const INDENT: &str = "      ";

/// Why the program ends although the user did not end it.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// Standard output is not a terminal.
    #[error("standard output is not a terminal")]
    NoTerminal,
    /// There is no terminal to read keys from.
    #[error(
        "no terminal to read keys from: standard input is not a terminal, and the process has no controlling terminal"
    )]
    NoKeyboard,
    /// The terminal cannot show a screen, by its `TERM`; `None`: it has none.
    #[error("{}", no_screen(.0.as_deref()))]
    NoScreen(Option<String>),
    /// No host could be reached at the start.
    #[error("{}", unreachable(.0))]
    Unreachable(Vec<UnreachedHost>),
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
            Self::NoKeyboard => {
                Some("start it with a terminal as standard input, such as ssh -t or docker run -it; or use vtop --json")
            }
            Self::NoScreen(_) => {
                Some("use vtop --json or vtop --csv, or set TERM to the type of the terminal, such as TERM=xterm vtop")
            }
            Self::ThreadGone(_) => Some("please report it, with the lines above"),
            Self::Unreachable(hosts) => match &hosts[..] {
                [host] => host.failure.advice.as_deref(),
                // The message has it.
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoTerminal | Self::NoKeyboard | Self::NoScreen(_) => ExitCode::from(2),
            Self::ThreadGone(_) => ExitCode::from(PANIC_EXIT_CODE),
            Self::Unreachable(hosts) if hosts.iter().any(|host| host.failure.is_bug) => ExitCode::from(PANIC_EXIT_CODE),
            _ => ExitCode::FAILURE,
        }
    }

    /// Prints the error and the advice to standard error. If that fails, only the exit code is left.
    pub(super) fn print(&self) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "vtop: {self}");
        if let Some(advice) = self.advice() {
            let _ = writeln!(stderr, "{INDENT}{advice}");
        }
    }
}

/// That a terminal of this type has no screen.
fn no_screen(term: Option<&str>) -> String {
    match term {
        Some(term) => {
            format!("a terminal of the type '{term}' (the environment variable TERM) has no screen to draw on")
        }
        None => "the environment variable TERM, the type of the terminal, is not set".to_owned(),
    }
}

/// The failure of one host, or those of several, each with its host and its advice on lines of their own.
fn unreachable(hosts: &[UnreachedHost]) -> String {
    if let [host] = hosts {
        return host.failure.message.clone();
    }
    let mut words = "no host can be reached".to_owned();
    for UnreachedHost { name, failure } in hosts {
        words += &format!("\n{INDENT}{name}: {}", failure.message);
        words.extend(failure.advice.iter().map(|advice| format!("; {advice}")));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Failure;
    use crate::time::Timestamp;
    use std::time::Duration;

    fn host(name: &str, advice: Option<&str>) -> UnreachedHost {
        let at = Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        let advice = advice.map(str::to_owned);
        let failure = Failure { message: "connection refused".to_owned(), advice, retry_in: None, at, is_bug: false };
        UnreachedHost { name: name.to_owned(), failure }
    }

    #[test]
    fn one_host_fails_with_its_message_and_several_with_their_names() {
        let one = AppError::Unreachable(vec![host("a", Some("start it"))]);
        assert_eq!((one.to_string(), one.advice()), ("connection refused".to_owned(), Some("start it")));
        let several = AppError::Unreachable(vec![host("a", Some("start it")), host("b", None)]);
        let words = "no host can be reached\n      a: connection refused; start it\n      b: connection refused";
        assert_eq!((several.to_string().as_str(), several.advice()), (words, None));
    }
}
