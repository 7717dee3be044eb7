//! What the system tells the process.

use super::terminal;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io;
use std::process::ExitCode;
use std::thread::{Builder, sleep};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the end may take that a signal asks for. While the terminal does not read, the screen writes for ever.
const GRACE: Duration = Duration::from_secs(2);

/// A signal that the screen has to hear of, because the terminal is in its hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGINT from outside; ^C is a key.
    Interrupt,
    /// SIGQUIT from outside.
    Quit,
    /// SIGTERM.
    Terminate,
    /// SIGCONT: the process goes on after it was stopped.
    Continue,
}

impl Signal {
    const ALL: [Self; 5] = [Self::Hangup, Self::Interrupt, Self::Quit, Self::Terminate, Self::Continue];

    fn number(self) -> i32 {
        match self {
            Self::Hangup => SIGHUP,
            Self::Interrupt => SIGINT,
            Self::Quit => SIGQUIT,
            Self::Terminate => SIGTERM,
            Self::Continue => SIGCONT,
        }
    }

    /// As a shell tells of a process that the signal ended: 128 and its number.
    fn code(self) -> u8 {
        128 + self.number() as u8
    }

    /// The same, for the end of the program.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Listens from now on, so that none of these signals ends the process by itself. A thread of its own hears them also
/// while the terminal takes nothing, and then ends the program without its screen.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut signals = Signals::new(Signal::ALL.map(Signal::number))?;
    Builder::new().name("signals".into()).spawn(move || {
        for number in signals.forever() {
            let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.number() == number) else { continue };
            // Who would have listened is on the way out already.
            let _ = sender.send(signal);
            if signal != Signal::Continue {
                sleep(GRACE);
                terminal::abandon();
                low_level::exit(signal.code().into());
            }
        }
    })?;
    Ok(receiver)
}
