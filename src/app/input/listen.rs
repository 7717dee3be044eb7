//! The thread that reads the terminal. It is never joined: it ends with the process.

use super::keys::{Input, Keys};
use crate::time::timer_now;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::{Errno, retry_on_intr};
use rustix::stdio::stdin;
use rustix::termios::isatty;
use std::fs::File;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// Inputs that may wait for the event loop. Further ones stay in the kernel's buffer of the terminal.
const CAPACITY: usize = 256;
/// How long after an escape character the rest of a sequence may come; otherwise it is the key.
const ESCAPE_LIMIT: Duration = Duration::from_millis(50);
/// The same while an answer of the terminal may still come.
const LATE_ESCAPE_LIMIT: Duration = Duration::from_millis(500);
/// How late an answer may come.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Keys, pasted text and answers, or the error that ends the thread.
pub(crate) type Inputs = mpsc::Receiver<io::Result<Input>>;

/// The terminal that keys come from: standard input, or else the controlling terminal.
pub(super) enum Keyboard {
    Stdin,
    Controlling(File),
}

impl Keyboard {
    pub(super) fn open() -> io::Result<Self> {
        if isatty(stdin()) { Ok(Self::Stdin) } else { File::open("/dev/tty").map(Self::Controlling) }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stdin => stdin(),
            Self::Controlling(file) => file.as_fd(),
        }
    }

    /// Waits for bytes and reads them into `keys`. `limit`: how long to wait. Returns false after that.
    ///
    /// # Errors
    /// Also if the terminal is gone. It would always be readable then, without a byte.
    pub(super) fn read(&self, keys: &mut Keys, limit: Option<Duration>) -> io::Result<bool> {
        let mut descriptors = [PollFd::from_borrowed_fd(self.fd(), PollFlags::IN)];
        let limit = limit.map(|limit| Timespec { tv_sec: limit.as_secs() as _, tv_nsec: limit.subsec_nanos() as _ });
        if retry_on_intr(|| poll(&mut descriptors, limit.as_ref()))? == 0 {
            return Ok(false);
        }
        let mut buffer = [0; 1024];
        match retry_on_intr(|| rustix::io::read(self.fd(), &mut buffer))? {
            0 => Err(Errno::IO.into()),
            count => {
                keys.feed(&buffer[..count]);
                Ok(true)
            }
        }
    }
}

/// Whether there is a terminal to read keys from.
pub(crate) fn can_read() -> bool {
    Keyboard::open().is_ok()
}

/// Starts the thread, which reads until the first error. `keys` has what was read before; `awaited`: an answer may still
/// come.
pub(crate) fn listen(mut keys: Keys, awaited: bool) -> io::Result<Inputs> {
    let keyboard = Keyboard::open()?;
    let (sender, inputs) = mpsc::channel(CAPACITY);
    let started = timer_now();
    std::thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            for input in keys.take() {
                if sender.blocking_send(Ok(input)).is_err() {
                    return;
                }
            }
            let late = awaited && started.elapsed() < LATE_ANSWER;
            let limit = keys.has_escape().then_some(if late { LATE_ESCAPE_LIMIT } else { ESCAPE_LIMIT });
            match keyboard.read(&mut keys, limit) {
                Ok(true) => {}
                Ok(false) => keys.end_escape(),
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            }
        }
    })?;
    Ok(inputs)
}
