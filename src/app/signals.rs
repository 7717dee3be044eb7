//! Signals of the system, on a thread.

use super::{stop, terminal};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io;
use std::process::ExitCode;
use std::thread::{Builder, sleep};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the event loop may take to end after a signal. It waits for two seconds at most, so only a bug takes longer.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A signal that the interactive mode handles, because it must leave the terminal first.
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
    /// SIGCONT: the process continues after a stop.
    Continue,
    /// SIGTSTP: the process has to stop, after it has left the terminal.
    Stop,
    /// SIGWINCH: the terminal has another size.
    Resize,
}

impl Signal {
    /// Those with a handler. [`Signal::Stop`] has none: it keeps its default action, which `stop` brings about.
    const HANDLED: [Self; 6] =
        [Self::Hangup, Self::Interrupt, Self::Quit, Self::Terminate, Self::Continue, Self::Resize];

    /// Whether it ends the program.
    pub(super) fn ends(self) -> bool {
        !matches!(self, Self::Continue | Self::Stop | Self::Resize)
    }

    fn number(self) -> i32 {
        match self {
            Self::Hangup => SIGHUP,
            Self::Interrupt => SIGINT,
            Self::Quit => SIGQUIT,
            Self::Terminate => SIGTERM,
            Self::Continue => SIGCONT,
            Self::Stop => SIGTSTP,
            Self::Resize => SIGWINCH,
        }
    }

    /// The exit code that a shell reports for a process that the signal ended: 128 and the signal's number.
    fn code(self) -> u8 {
        128 + self.number() as u8
    }

    /// [`Signal::code`] as an exit code of the program.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// Starts the threads. To be called before other threads start. From then on none of these signals ends the process by itself; the thread ends it if the event loop
/// does not.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    // Threads that start later block it too, so only the thread below gets it.
    let stop = stop::signal();
    stop.thread_block()?;
    let stops = sender.clone();
    Builder::new()
        .name("stops".into())
        .spawn(move || while stop.wait().is_ok() && stops.send(Signal::Stop).is_ok() {})?;
    let mut signals = Signals::new(Signal::HANDLED.map(Signal::number))?;
    Builder::new().name("signals".into()).spawn(move || {
        for number in signals.forever() {
            let Some(signal) = Signal::HANDLED.into_iter().find(|signal| signal.number() == number) else { continue };
            // An error means that the event loop has ended already.
            let _ = sender.send(signal);
            if signal.ends() {
                sleep(END_LIMIT);
                terminal::leave();
                low_level::exit(signal.code().into());
            }
        }
    })?;
    Ok(receiver)
}
