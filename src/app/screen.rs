//! The interactive mode: takes the terminal, runs the event loop, gives the terminal back.

use super::event_loop::{End, EventLoop};
use super::input;
use super::signals::{self, Signal};
use super::source;
use super::terminal::OwnTerminal;
use super::trouble::Trouble;
use crate::config::Config;
use crate::sampler::Settings;
use crate::view::Look;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{BufWriter, IsTerminal, stdout};
use std::mem::ManuallyDrop;

/// Room for a whole frame, so that it goes out in one piece.
const FRAME_BYTES: usize = 64 * 1024;

/// Whether there is a screen at all.
pub(super) fn check() -> Result<(), Trouble> {
    if stdout().is_terminal() { Ok(()) } else { Err(Trouble::NoTerminal) }
}

/// Until the user or a signal ends it.
pub(super) async fn run(config: &Config) -> Result<Option<Signal>, Trouble> {
    let look = Look::detect(|name| std::env::var(name).ok());
    let signals = signals::listen().map_err(Trouble::Setup)?;
    let mut own = OwnTerminal::take().map_err(Trouble::Terminal)?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, stdout()));
    // Never dropped: it would only show the cursor, as `own` does, and where the terminal is gone it panics over that.
    let mut terminal = ManuallyDrop::new(Terminal::new(backend).map_err(Trouble::Terminal)?);
    let events = input::listen().map_err(Trouble::Setup)?;
    let (handles, updates) = source::start(config, Settings::screen(config.interval));
    let end = EventLoop::new(&mut terminal, &mut own, look, config.interval, &handles)
        .run(events, updates, signals)
        .await
        .map_err(Trouble::Terminal)?;
    match end {
        End::Quit => Ok(None),
        End::Signal(signal) => Ok(Some(signal)),
        End::Unreachable(failure) => Err(Trouble::Unreachable(failure)),
        End::NoSamples => Err(Trouble::NoSamples),
    }
}
