//! A measured program in a pseudo terminal or at a pipe, and its output.

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
/// Name of the thread that reads a terminal.
pub const READER: &str = "terminal";
/// Byte sequence at the end of a frame.
const END: &[u8] = b"\x1b[?2026l";

/// Output of the program.
pub struct Written {
    pub bytes: u64,
    /// Lines, at a pipe.
    pub lines: usize,
    /// When each frame was complete.
    pub frames: Vec<Instant>,
    /// The last bytes, which may begin the end of a frame.
    tail: Vec<u8>,
    /// `None` at a pipe.
    screen: Option<Frames>,
}

impl Written {
    /// Empty output, and the function that adds to it.
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
        // Shorter than an end sequence, so that none is counted twice.
        let after = self.tail.windows(END.len()).rposition(|part| part == END).map_or(0, |place| place + END.len());
        let keep = after.max(self.tail.len().saturating_sub(END.len() - 1));
        self.tail.drain(..keep);
        screen.process(bytes);
    }

    /// Text of the screen; empty at a pipe.
    pub fn text(&self) -> String {
        self.screen.as_ref().map(|screen| screen.screen().contents()).unwrap_or_default()
    }
}

/// True if a command runs the program as its child.
fn forks(command: &[String]) -> bool {
    command[0] == "unshare" && command.iter().any(|word| word == "--fork")
}

/// The child of a process, once it has one. `None` if it gets none within five seconds.
fn child_of(parent: u32) -> Option<u32> {
    let parent_of = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        if let Some(child) = pids.find(|pid| parent_of(*pid) == Some(parent)) {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

/// The output, and the condition that signals changes.
type Shared = Arc<(Mutex<Written>, Condvar)>;

/// A running program; ended on drop.
pub struct Program {
    child: Box<dyn Child + Send + Sync>,
    pub pid: u32,
    keyboard: Mutex<Box<dyn Write + Send>>,
    written: Shared,
    /// Kept open: closing it would end the program.
    _terminal: Option<Box<dyn MasterPty + Send>>,
}

impl Program {
    /// Starts a program in a terminal.
    pub fn in_terminal(command: &[String]) -> Result<Self, String> {
        let mut builder = in_terminal(&command[0]);
        builder.args(&command[1..]);
        let (written, take) = Written::anew(Some(Frames::new(SIZE.0, SIZE.1)));
        let pty = Pty::start(builder, SIZE, READER, take);
        let Pty { child, keyboard, master, .. } = pty;
        let forks = forks(command);
        Self::new(child, forks, written, keyboard, Some(master)).ok_or_else(|| format!("{command:?} has no process"))
    }

    /// Starts a program at a pipe.
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
        Self::new(Box::new(child), forks(command), written, Box::new(std::io::sink()), None)
            .ok_or_else(|| format!("{command:?} has no process"))
    }

    fn new(
        child: Box<dyn Child + Send + Sync>,
        forks: bool,
        written: Shared,
        keyboard: Box<dyn Write + Send>,
        terminal: Option<Box<dyn MasterPty + Send>>,
    ) -> Option<Self> {
        let pid = child.process_id()?;
        let pid = if forks { child_of(pid)? } else { pid };
        Some(Self { pid, child, keyboard: Mutex::new(keyboard), written, _terminal: terminal })
    }

    /// Output so far.
    pub fn written(&self) -> MutexGuard<'_, Written> {
        lock(&self.written.0)
    }

    /// A handle that reads its CPU time and output counts.
    pub fn gauges(&self) -> Gauges {
        Gauges { pid: self.pid, written: Arc::clone(&self.written) }
    }

    /// Waits until the output matches; false at the limit.
    pub fn wait(&self, limit: Duration, wanted: impl Fn(&Written) -> bool) -> bool {
        let waited = self.written.1.wait_timeout_while(self.written(), limit, |written| !wanted(written));
        !waited.unwrap_or_else(|poisoned| poisoned.into_inner()).1.timed_out()
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        let mut keyboard = lock(&self.keyboard);
        // A failed write shows in the missing output.
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

/// Measurements of a program, readable from any thread.
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
