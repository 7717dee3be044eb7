//! Raw mode and the alternate screen, and their end on every way out.

use super::{output, stderr, stop};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the event loop does with the terminal apart from frames.
pub(crate) trait Tty {
    /// Columns and rows.
    fn size(&self) -> io::Result<(u16, u16)>;
    /// Lines that were written to standard error since the terminal was entered.
    fn stderr_lines(&self) -> u64;
    /// Sets raw mode. The next frame must enter the alternate screen.
    fn enter(&mut self) -> io::Result<()>;
    /// Restores the screen and the modes from before vtop. Frames end.
    fn leave(&mut self);
    /// Asks the system to stop all processes of this job until they get SIGCONT, as the terminal's own ^Z does: a script
    /// around vtop stops too. This process gets SIGTSTP by it, as a signal of the event loop.
    fn stop_job(&mut self) -> io::Result<()>;
    /// Stops this process until it gets SIGCONT, unless it has no shell that could continue it.
    fn stop(&mut self) -> io::Result<()>;
}

/// The terminal has vtop's modes. One for the process, so that a panic hook finds it.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal of the process with vtop's modes; it is left when this is dropped.
pub(super) struct EnteredTerminal(());

impl EnteredTerminal {
    /// Sets raw mode. The first frame must enter the alternate screen.
    pub(super) fn new() -> io::Result<Self> {
        // Made before the attempt, so that a failure half-way is undone.
        let terminal = Self(());
        enter()?;
        Ok(terminal)
    }
}

impl Drop for EnteredTerminal {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    ENTERED.store(true, Ordering::SeqCst);
    output::resume();
    stderr::hold();
    enable_raw_mode()
}

/// Restores the screen and the modes from before vtop, and writes what was held of standard error. If the terminal does not
/// read, it returns after two or three seconds. Safe at any time, from any thread, and more than once.
pub(super) fn leave() {
    if ENTERED.load(Ordering::SeqCst) {
        output::finish();
        if ENTERED.swap(false, Ordering::SeqCst) {
            let _ = disable_raw_mode();
            stderr::release();
        }
    }
}

impl Tty for EnteredTerminal {
    fn size(&self) -> io::Result<(u16, u16)> {
        // Read before every frame. crossterm opens the terminal for it, which takes a tenth of a frame's time.
        let size = match tcgetwinsize(stdout()) {
            Ok(size) => (size.ws_col, size.ws_row),
            Err(_) => crossterm::terminal::size()?,
        };
        Ok(or_default(size, |name| std::env::var(name).ok()))
    }

    fn stderr_lines(&self) -> u64 {
        stderr::lines()
    }

    fn enter(&mut self) -> io::Result<()> {
        // Another program may have changed the modes meanwhile.
        let _ = disable_raw_mode();
        enter()
    }

    fn leave(&mut self) {
        leave();
    }

    fn stop(&mut self) -> io::Result<()> {
        stop::stop_process()
    }

    fn stop_job(&mut self) -> io::Result<()> {
        Ok(rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?)
    }
}

/// A serial console reports 0×0. Then COLUMNS and LINES are used, and otherwise 80×24.
fn or_default((columns, rows): (u16, u16), environment: impl Fn(&str) -> Option<String>) -> (u16, u16) {
    let or = |known: u16, name: &str, default: u16| {
        let given = || environment(name)?.parse().ok().filter(|length| *length > 0);
        if known > 0 { known } else { given().unwrap_or(default) }
    };
    (or(columns, "COLUMNS", 80), or(rows, "LINES", 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_does_not_know_its_size_has_a_default() {
        let serial = |name: &str| (name == "COLUMNS").then(|| "132".to_owned());
        assert_eq!(or_default((0, 0), |_| None), (80, 24));
        assert_eq!(or_default((0, 0), serial), (132, 24));
        assert_eq!(or_default((0, 0), |_| Some("0".into())), (80, 24));
        assert_eq!(or_default((200, 60), serial), (200, 60));
    }
}
