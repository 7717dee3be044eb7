//! Into raw mode and the alternate screen, and out of them at every way out.

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use std::io::{self, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

/// What the loop does to the terminal apart from drawing.
pub(super) trait Tty {
    /// Raw mode and alternate screen.
    fn take(&mut self) -> io::Result<()>;
    /// As it was before.
    fn give_back(&mut self);
    /// Asks the system to stop this process until it is told to go on; may return before that has happened.
    fn stop(&mut self) -> io::Result<()>;
}

/// The terminal is as vtop wants it. One for the process, as there is one terminal, and a panic has to find it.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal of the process; given back when this is dropped.
pub(super) struct OwnTerminal(());

impl OwnTerminal {
    /// Takes the terminal.
    pub(super) fn take() -> io::Result<Self> {
        // Made before the attempt, so that one that gets half way is taken back too.
        let terminal = Self(());
        take()?;
        Ok(terminal)
    }
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, Hide)
}

/// As it was before. Safe to call at any time, as often as one likes.
pub(super) fn give_back() {
    if TAKEN.load(Ordering::SeqCst) {
        // Where the terminal is gone there is nothing to restore, and nobody to tell.
        let _ = execute!(stdout(), SetAttribute(Attribute::Reset), LeaveAlternateScreen, Show);
        abandon();
    }
}

/// Its modes as they were before, and nothing written: it takes nothing.
pub(super) fn abandon() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
    }
}

impl Tty for OwnTerminal {
    fn take(&mut self) -> io::Result<()> {
        // Whoever had the terminal meanwhile may have changed its mode.
        let _ = disable_raw_mode();
        take()
    }

    fn give_back(&mut self) {
        give_back();
    }

    fn stop(&mut self) -> io::Result<()> {
        // The whole job, as the terminal's own ^Z does it: a script around vtop stops with it.
        Ok(rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?)
    }
}
