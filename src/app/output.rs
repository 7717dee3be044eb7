//! Bytes for the terminal, from one thread at a time. A terminal that stops reading blocks only the thread that writes.

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};
use rustix::stdio::stdout;
use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// Bytes of one system call. The kernel passes on larger ones in such pieces, too.
const CHUNK: usize = 2048;
/// How long the terminal may take to read what restores the screen.
const LAST_LIMIT: Duration = Duration::from_secs(1);
/// The same after the kernel has discarded what the terminal did not read.
const DISCARDED_LIMIT: Duration = Duration::from_millis(200);

/// Locked by the thread that writes. True while the alternate screen is on.
static ALTERNATE_SCREEN: Mutex<bool> = Mutex::new(false);
/// No more frames are written.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// Writes a frame; `enter` the alternate screen before it. It blocks while the terminal does not read; [`finish`] cuts it
/// short.
pub(super) fn write_frame(enter: bool, frame: &[u8]) -> io::Result<()> {
    let mut alternate_screen = lock();
    let stopped = || STOPPED.load(Ordering::SeqCst);
    if enter && !stopped() {
        *alternate_screen = true;
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        write(&bytes)?;
    }
    frame.chunks(CHUNK).take_while(|_| !stopped()).try_for_each(write)
}

/// Allows frames again, after [`finish`].
pub(super) fn resume() {
    STOPPED.store(false, Ordering::SeqCst);
}

/// Stops frames, also one that is being written, and restores the screen from before them. If the terminal does not read,
/// the kernel discards what waits for it. The call returns in little more than a second in any case. An error is ignored:
/// the terminal is gone.
pub(super) fn finish() {
    STOPPED.store(true, Ordering::SeqCst);
    let (sender, restored) = mpsc::channel();
    let restore = move || {
        let _ = restore_screen();
        let _ = sender.send(());
    };
    // The writer may be blocked, so this has a thread of its own.
    if Builder::new().name("last output".into()).spawn(restore).is_ok() && restored.recv_timeout(LAST_LIMIT).is_err() {
        discard();
        let _ = restored.recv_timeout(DISCARDED_LIMIT);
    }
}

fn restore_screen() -> io::Result<()> {
    let mut alternate_screen = lock();
    if std::mem::take(&mut *alternate_screen) {
        let mut bytes = Vec::new();
        // An escape sequence that was cut short ends with the next one.
        queue!(bytes, EndSynchronizedUpdate, SetAttribute(Attribute::Reset))?;
        // Where there is no alternate screen (the Linux console, GNU screen) the shell goes on below the last frame.
        queue!(bytes, MoveTo(0, u16::MAX - 1), Clear(ClearType::CurrentLine))?;
        queue!(bytes, DisableBracketedPaste, LeaveAlternateScreen, Show)?;
        write(&bytes)?;
    }
    Ok(())
}

fn lock() -> MutexGuard<'static, bool> {
    ALTERNATE_SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::write(stdout(), bytes))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// Discards what the terminal did not read.
fn discard() {
    let _ = tcflush(stdout(), QueueSelector::OFlush);
    // A pseudo terminal does not wake its writers by itself then.
    let _ = tcflow(stdout(), Action::OOff);
    let _ = tcflow(stdout(), Action::OOn);
}
