//! vtop in a pseudo terminal, and the time from a key to its frame.

use crate::process::{Holdings, Process, kernel_waited};
use crate::shared::program::vtop;
use crate::shared::pty::{Pty, exit_code};
use crate::shared::shown::Shown;
use portable_pty::{Child, MasterPty};
use rustix::process::Pid;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Prefix of the failure message of a late key.
pub const LATE: &str = "a key was answered late";
/// Limit from a key to its frame.
const KEY_LIMIT: Duration = Duration::from_millis(50);
/// Time from one key to the next.
const BEAT: Duration = Duration::from_millis(100);
/// Name of the threads that press keys and read the screen.
const HELPERS: &str = "keys and screen";
/// Threads of the program that a key passes through.
const ON_THE_WAY: [&str; 3] = ["input", "vtop", "writer"];
/// The sort marks: descending, ascending.
const MARKS: [char; 2] = ['▾', '▴'];

pub struct Program {
    child: Mutex<Box<dyn Child + Send + Sync>>,
    keyboard: Mutex<Box<dyn Write + Send>>,
    shown: Shown,
    /// Set while the terminal is not read.
    deaf: Arc<AtomicBool>,
    pid: u32,
    /// Kept open: closing it would end the program.
    _terminal: Mutex<Box<dyn MasterPty + Send>>,
}

/// Measurements while keys were pressed.
#[derive(Clone, Copy, Debug)]
pub struct Beats {
    /// Longest time from a key to its frame.
    pub longest: Duration,
    /// The same without the time in which the program waited for a CPU.
    pub own: Duration,
    /// Largest number of calls that hung at the same time.
    pub stuck: usize,
}

impl Beats {
    /// Fails if a key was answered late for another reason than a busy CPU.
    pub fn judge(self) {
        assert!(self.own < KEY_LIMIT, "{LATE}: {self:?}");
        if self.longest >= KEY_LIMIT {
            println!("the machine is busy: {self:?}");
        }
    }
}

impl Program {
    pub fn start(uri: &str, more: &[&str]) -> Self {
        Self::sized(uri, more, (100, 30))
    }

    pub fn sized(uri: &str, more: &[&str], size: (u16, u16)) -> Self {
        let shown = Shown::new(size);
        let deaf = Arc::new(AtomicBool::new(false));
        let (for_reader, is_deaf) = (shown.clone(), Arc::clone(&deaf));
        let take = move |bytes: &[u8]| {
            while is_deaf.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
            }
            for_reader.process(bytes);
            true
        };
        let command = vtop(&[&["--connect", uri], more].concat());
        let Pty { child, keyboard, master, .. } = Pty::start(command, size, HELPERS, take);
        let pid = child.process_id().unwrap();
        let (child, keyboard) = (Mutex::new(child), Mutex::new(keyboard));
        Self { child, keyboard, shown, deaf, pid, _terminal: Mutex::new(master) }
    }

    /// Starts the program and waits until all domains are on the screen and keys are read.
    pub fn steady(uri: &str, more: &[&str]) -> Self {
        let program = Self::start(uri, more);
        program.settle();
        program
    }

    /// Waits for figures of all domains and the host, and for the answer to a key: only then all files are open.
    pub fn settle(&self) {
        self.wait("all domains", |text| {
            let has_figures = !text.contains("–/–") && !text.contains("–%");
            text.contains("vtop-lab-mem") && text.contains("vtop-lab-idle-08") && has_figures
        });
        // Away and back.
        self.beat();
        self.beat();
    }

    /// Waits until the screen matches; returns the time that it took.
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        self.shown.wait(what, |screen| wanted(&screen.contents()).then_some(()));
        start.elapsed()
    }

    pub fn text(&self) -> String {
        self.shown.text()
    }

    pub fn keys(&self, keys: &str) {
        let mut keyboard = self.keyboard.lock().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Sets whether the terminal is read.
    pub fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.pid.try_into().unwrap()).unwrap()
    }

    pub fn process(&self) -> Process {
        Process::of(self.pid)
    }

    /// Time that a key and its frame have waited for a CPU so far: in the program, in the test's threads and in the kernel.
    fn waited(&self) -> Duration {
        self.process().waited(&ON_THE_WAY) + Process::this().waited(&[HELPERS]) + kernel_waited()
    }

    pub fn holdings(&self) -> Holdings {
        self.process().holdings()
    }

    fn mark(&self) -> Option<char> {
        self.text().chars().find(|letter| MARKS.contains(letter))
    }

    /// Reverses the order with a key and returns the time until its mark changed.
    pub fn beat(&self) -> Duration {
        let before = self.mark();
        let start = Instant::now();
        self.keys("r");
        self.wait("the other order", |text| text.chars().find(|letter| MARKS.contains(letter)) != before);
        start.elapsed()
    }

    /// Presses keys while `during` runs.
    pub fn beating<T>(&self, during: impl FnOnce() -> T) -> (T, Beats) {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let beater = std::thread::Builder::new().name(HELPERS.into());
            let beating = beater
                .spawn_scoped(scope, || {
                    let mut times = Vec::new();
                    let (mut callers, mut own) = (0, Duration::ZERO);
                    while !done.load(Ordering::Relaxed) {
                        let waited = self.waited();
                        let time = self.beat();
                        times.push(time);
                        own = own.max(time.saturating_sub(self.waited().saturating_sub(waited)));
                        callers = callers.max(self.process().callers());
                        std::thread::sleep(BEAT.saturating_sub(time));
                    }
                    (times, callers, own)
                })
                .unwrap();
            // The keys end with it, also after a panic.
            let end = EndOf(&done);
            let result = during();
            drop(end);
            let (times, callers, own) = beating.join().unwrap();
            let longest = times.iter().max().copied().unwrap_or_default();
            let late = times.iter().filter(|time| time.as_millis() >= 50).count();
            let beats = Beats { longest, own, stuck: callers.saturating_sub(1) };
            println!("{} keys, {late} later than 50 ms, {beats:?}", times.len());
            (result, beats)
        })
    }

    /// Quits; returns the time that it took.
    pub fn quit(self) -> Duration {
        let start = Instant::now();
        self.keys("q");
        let code = exit_code(self.child.lock().unwrap().as_mut());
        let took = start.elapsed();
        assert_eq!(code, 0);
        took
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.set_deaf(false);
        // The program may still run after a failed fault.
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
        }
    }
}

struct EndOf<'a>(&'a AtomicBool);

impl Drop for EndOf<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
