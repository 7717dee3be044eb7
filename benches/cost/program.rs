//! A program that is measured, in a pseudo terminal or at a pipe, and what it writes.

use crate::clock;
use crate::shared::frames::Frames;
use crate::shared::program::{in_terminal, without_terminal};
use crate::shared::pty::Pty;
use portable_pty::{Child, MasterPty};
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Columns and rows.
pub const SIZE: (u16, u16) = (150, 50);
/// The thread that takes what comes in a terminal.
pub const READER: &str = "terminal";
/// The end of a frame.
const END: &[u8] = b"\x1b[?2026l";

/// What came from the program.
pub struct Written {
    pub bytes: u64,
    /// Lines, at a pipe.
    pub lines: usize,
    /// When each frame was there as a whole.
    pub frames: Vec<Instant>,
    /// The last bytes, in which an end may have begun.
    tail: Vec<u8>,
    /// `None` at a pipe.
    screen: Option<Frames>,
}

impl Written {
    /// Nothing yet, and what takes the first of it.
    fn anew(screen: Option<Frames>) -> (Shared, impl FnMut(&[u8]) -> bool + Send + 'static) {
        let nothing = Self { bytes: 0, lines: 0, frames: Vec::new(), tail: Vec::new(), screen };
        let written = Arc::new((Mutex::new(nothing), Condvar::new()));
        let taking = Arc::clone(&written);
        let take = move |bytes: &[u8]| {
            let at = Instant::now();
            lock(&taking.0).take(bytes, at);
            taking.1.notify_all();
            true
        };
        (written, take)
    }

    fn take(&mut self, bytes: &[u8], at: Instant) {
        self.bytes += bytes.len() as u64;
        let Some(screen) = &mut self.screen else {
            self.lines += bytes.iter().filter(|&&byte| byte == b'\n').count();
            return;
        };
        self.tail.extend_from_slice(bytes);
        let ends = self.tail.windows(END.len()).filter(|part| *part == END).count();
        self.frames.extend(std::iter::repeat_n(at, ends));
        // Less than an end, so that none is counted twice; past the last one.
        let after = self.tail.windows(END.len()).rposition(|part| part == END).map_or(0, |place| place + END.len());
        let keep = after.max(self.tail.len().saturating_sub(END.len() - 1));
        self.tail.drain(..keep);
        screen.process(bytes);
    }

    /// What is on the screen; nothing at a pipe.
    pub fn text(&self) -> String {
        self.screen.as_ref().map(|screen| screen.screen().contents()).unwrap_or_default()
    }
}

/// What is written, and the news that it was.
type Shared = Arc<(Mutex<Written>, Condvar)>;

/// A running program; it ends with this.
pub struct Program {
    child: Box<dyn Child + Send + Sync>,
    pub pid: u32,
    keyboard: Mutex<Box<dyn Write + Send>>,
    written: Shared,
    /// Closed, it would end the program.
    _terminal: Option<Box<dyn MasterPty + Send>>,
}

impl Program {
    /// Starts it in a terminal of its own.
    pub fn in_terminal(command: &[String]) -> Result<Self, String> {
        let mut builder = in_terminal(&command[0]);
        builder.args(&command[1..]);
        let (written, take) = Written::anew(Some(Frames::new(SIZE.0, SIZE.1)));
        let pty = Pty::start(builder, SIZE, READER, take);
        let Pty { child, keyboard, master, .. } = pty;
        Self::new(child, written, keyboard, Some(master)).ok_or_else(|| format!("{command:?} has no process"))
    }

    /// Starts it as the first of a pipeline.
    pub fn at_a_pipe(command: &[String]) -> Result<Self, String> {
        let mut builder = without_terminal(&command[0]);
        builder.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = builder.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let (written, mut take) = Written::anew(None);
        let mut output = child.stdout.take().ok_or_else(|| format!("{command:?} has no output"))?;
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = output.read(&mut buffer)
                && take(&buffer[..count])
            {}
        });
        Self::new(Box::new(child), written, Box::new(std::io::sink()), None)
            .ok_or_else(|| format!("{command:?} has no process"))
    }

    fn new(
        child: Box<dyn Child + Send + Sync>,
        written: Shared,
        keyboard: Box<dyn Write + Send>,
        terminal: Option<Box<dyn MasterPty + Send>>,
    ) -> Option<Self> {
        Some(Self { pid: child.process_id()?, child, keyboard: Mutex::new(keyboard), written, _terminal: terminal })
    }

    /// What it has written so far.
    pub fn written(&self) -> MutexGuard<'_, Written> {
        lock(&self.written.0)
    }

    /// What is read of it while it runs.
    pub fn gauges(&self) -> Gauges {
        Gauges { pid: self.pid, written: Arc::clone(&self.written) }
    }

    /// Waits until what was written is as wanted.
    pub fn wait(&self, limit: Duration, wanted: impl Fn(&Written) -> bool) -> bool {
        let waited = self.written.1.wait_timeout_while(self.written(), limit, |written| !wanted(written));
        !waited.unwrap_or_else(|poisoned| poisoned.into_inner()).1.timed_out()
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        let mut keyboard = lock(&self.keyboard);
        // A program that has ended is found out by what it does not write.
        let _ = keyboard.write_all(keys.as_bytes());
        let _ = keyboard.flush();
    }

    /// Resident memory in KiB; `None` once it has ended.
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// What can be read of a program from any thread.
pub struct Gauges {
    pid: u32,
    written: Shared,
}

impl Gauges {
    /// CPU time so far.
    pub fn clock(&self) -> Duration {
        clock::of(self.pid)
    }

    /// Bytes and frames so far.
    pub fn written(&self) -> (u64, u64) {
        let written = lock(&self.written.0);
        (written.bytes, written.frames.len() as u64)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
