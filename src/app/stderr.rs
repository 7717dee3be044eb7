//! Standard error while the screen is up.
//!
//! A C library that writes there (libvirt with `LIBVIRT_DEBUG=1`, GnuTLS, an `ssh` that libvirt starts) would write over the
//! screen. From entering the terminal until leaving it, file descriptor 2 is a pipe; a thread keeps the last text, which is
//! written to standard error after the terminal was left. A standard error that is no terminal, or another terminal than the
//! screen's, is left alone.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::{Errno, fcntl_dupfd_cloexec, retry_on_intr};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::{dup2_stderr, stderr, stdout};
use rustix::termios::isatty;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread::Builder;
use std::time::Duration;

/// Most bytes of text that are kept.
const MAX_KEPT: usize = 64 * 1024;
/// Bytes that are written to the terminal in one piece after leaving it.
const PIECE: usize = 512;
/// How long the terminal may take to read a piece.
const PIECE_LIMIT: Duration = Duration::from_secs(1);
/// The device number of `/dev/tty`, which is the screen's terminal.
const DEV_TTY: (u32, u32) = (5, 0);

/// The pipe, made once.
static PIPE: OnceLock<&'static Pipe> = OnceLock::new();
/// Standard error from before, while it is held.
static BEFORE: Mutex<Option<OwnedFd>> = Mutex::new(None);

struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    kept: Mutex<Kept>,
    /// Lines since the terminal was entered.
    lines: AtomicU64,
}

/// The last text.
#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    /// Lines of which nothing is kept any more.
    left_out: u64,
}

impl Kept {
    /// Appends text, and drops whole lines from the front until the rest is short enough. Returns how many lines the text
    /// has.
    fn push(&mut self, text: &[u8]) -> u64 {
        self.bytes.extend(text);
        while self.bytes.len() > MAX_KEPT {
            let end = self.bytes.iter().position(|&byte| byte == b'\n').map_or(self.bytes.len(), |end| end + 1);
            self.bytes.drain(..end);
            self.left_out += 1;
        }
        text.iter().filter(|&&byte| byte == b'\n').count() as u64
    }

    /// Takes the text, fit for a terminal: without control characters, with a line end, and with the number of lines that
    /// were left out. Empty if nothing was written.
    fn take(&mut self) -> String {
        let Self { bytes, left_out } = std::mem::take(self);
        let bytes: Vec<u8> = bytes.into();
        let text = String::from_utf8_lossy(&bytes);
        let harmless = |c: char| if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
        let mut taken = String::new();
        if left_out > 0 {
            taken = format!("vtop: earlier lines of standard error left out: {left_out}\n");
        }
        taken.extend(text.replace("\r\n", "\n").chars().map(harmless));
        if !taken.is_empty() && !taken.ends_with('\n') {
            taken.push('\n');
        }
        taken
    }
}

impl Pipe {
    fn open() -> io::Result<Self> {
        // Reading never waits; a writer waits only until the thread has read.
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&read, true)?;
        Ok(Self { read, write, kept: Mutex::default(), lines: AtomicU64::new(0) })
    }

    /// Reads what is in the pipe. Does not wait.
    fn read(&self) -> Result<(), Errno> {
        let mut kept = lock(&self.kept);
        let mut buffer = [0; 4096];
        loop {
            match retry_on_intr(|| rustix::io::read(&self.read, &mut buffer)) {
                Ok(0) => return Err(Errno::PIPE),
                Ok(count) => {
                    let lines = kept.push(&buffer[..count]);
                    self.lines.fetch_add(lines, Ordering::Relaxed);
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn read_for_ever(&self) {
        loop {
            let mut descriptors = [PollFd::new(&self.read, PollFlags::IN)];
            if retry_on_intr(|| poll(&mut descriptors, None)).is_err() || self.read().is_err() {
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether standard error is the screen's terminal.
fn is_on_the_screen() -> bool {
    let device = |fd: rustix::fd::BorrowedFd<'_>| {
        let device = rustix::fs::fstat(fd).ok()?.st_rdev;
        Some((rustix::fs::major(device), rustix::fs::minor(device)))
    };
    let error = device(stderr());
    isatty(stderr()) && (error == device(stdout()) || error == Some(DEV_TTY))
}

/// Holds standard error from now on. Does nothing if it is held, or is not the screen's terminal, or if the system has no
/// descriptor left: then it goes on as before.
pub(super) fn hold() {
    let mut before = lock(&BEFORE);
    if before.is_none() && is_on_the_screen() {
        *before = try_hold().ok();
    }
}

fn try_hold() -> io::Result<OwnedFd> {
    let pipe: &Pipe = match PIPE.get() {
        Some(pipe) => pipe,
        None => {
            let pipe: &Pipe = Box::leak(Box::new(Pipe::open()?));
            Builder::new().name("stderr".into()).spawn(|| pipe.read_for_ever())?;
            PIPE.get_or_init(|| pipe)
        }
    };
    pipe.lines.store(0, Ordering::Relaxed);
    let before = fcntl_dupfd_cloexec(stderr(), 3)?;
    dup2_stderr(&pipe.write)?;
    Ok(before)
}

/// Lines that were written to standard error since the terminal was entered.
pub(super) fn lines() -> u64 {
    PIPE.get().map_or(0, |pipe| pipe.lines.load(Ordering::Relaxed))
}

/// Gives standard error back and writes to it what was held. To be called after the terminal was left. If the terminal does
/// not read for a second, the rest is dropped.
pub(super) fn release() {
    let Some(before) = lock(&BEFORE).take() else { return };
    let _ = dup2_stderr(before.as_fd());
    let Some(pipe) = PIPE.get() else { return };
    // An error: the thread has read all there was.
    let _ = pipe.read();
    let text = lock(&pipe.kept).take();
    if !text.is_empty() {
        write_within_limits(text);
    }
}

/// Writes text on a thread, since a terminal that does not read blocks its writers.
fn write_within_limits(text: String) {
    let (sender, written) = mpsc::channel();
    let write = move || {
        for piece in text.as_bytes().chunks(PIECE) {
            if io::stderr().write_all(piece).is_err() || sender.send(()).is_err() {
                return;
            }
        }
    };
    if Builder::new().name("held text".into()).spawn(write).is_ok() {
        while written.recv_timeout(PIECE_LIMIT).is_ok() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_the_others_are_counted() {
        let mut kept = Kept::default();
        assert_eq!(kept.take(), "");
        assert_eq!(kept.push(b"one\ntwo"), 1);
        assert_eq!(kept.take(), "one\ntwo\n");
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        let lines: u64 = (0..100).map(|_| kept.push(&line)).sum();
        assert_eq!(lines, 100);
        let text = kept.take();
        assert!(text.starts_with("vtop: earlier lines of standard error left out: 36\nxxx"));
        assert_eq!(text.lines().count(), 1 + 64);
        kept.push(&b"y".repeat(10 * MAX_KEPT));
        assert_eq!(kept.take(), "vtop: earlier lines of standard error left out: 1\n");
    }

    #[test]
    fn a_text_gives_the_terminal_no_orders() {
        let mut kept = Kept::default();
        kept.push("a\x1b[2J\u{9b}b\tc\r\nx\u{7}\n".as_bytes());
        assert_eq!(kept.take(), "a\u{fffd}[2J\u{fffd}b\tc\nx\u{fffd}\n");
    }
}
