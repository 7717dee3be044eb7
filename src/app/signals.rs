//! What the system tells the process.

use std::io;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

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

    fn kind(self) -> SignalKind {
        match self {
            Self::Hangup => SignalKind::hangup(),
            Self::Interrupt => SignalKind::interrupt(),
            Self::Quit => SignalKind::quit(),
            Self::Terminate => SignalKind::terminate(),
            Self::Continue => SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()),
        }
    }

    /// As a shell tells of a process that the signal ended: 128 and its number.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(128 + self.kind().as_raw_value() as u8)
    }
}

/// Listens from now on, so that none of these signals ends the process by itself.
pub(super) fn listen() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for kind in Signal::ALL {
        let mut signals = signal(kind.kind())?;
        let sender = sender.clone();
        tokio::spawn(async move { while signals.recv().await.is_some() && sender.send(kind).is_ok() {} });
    }
    Ok(receiver)
}
