//! The real program in a real pseudo terminal, and how fast it answers its keys.

use crate::frames::Frames;
use crate::process::{Holdings, Process, kernel_waited};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The program.
const VTOP: &str = env!("CARGO_BIN_EXE_vtop");
/// Only what goes wrong takes so long.
pub const LIMIT: Duration = Duration::from_secs(30);
/// How a failure over a late key begins.
pub const LATE: &str = "a key was answered late";
/// From a key to its frame.
const KEY_LIMIT: Duration = Duration::from_millis(50);
/// From one key to the next.
const BEAT: Duration = Duration::from_millis(100);
/// The name of the threads that press keys and look at the screen.
const HELPERS: &str = "keys and screen";
/// The program's threads that a key passes through: the one that reads keys, and the one that draws.
const ON_THE_WAY: [&str; 2] = ["input", "vtop"];
/// The mark of the order of rows, one way and the other.
const MARKS: [char; 2] = ['▾', '▴'];

pub struct Program {
    child: Mutex<Box<dyn Child + Send + Sync>>,
    keyboard: Mutex<Box<dyn Write + Send>>,
    shown: Arc<(Mutex<Frames>, Condvar)>,
    /// Nobody reads the terminal.
    deaf: Arc<AtomicBool>,
    pid: u32,
    /// Closed, it would end the program.
    _terminal: Mutex<Box<dyn MasterPty + Send>>,
}

/// What was seen while keys were pressed.
#[derive(Clone, Copy, Debug)]
pub struct Beats {
    /// Longest time from a key to its frame.
    pub longest: Duration,
    /// The same without the time in which the program waited for a CPU, which others had.
    pub own: Duration,
    /// Calls that hung at the same time, at most.
    pub stuck: usize,
}

impl Beats {
    /// Fails where a key was answered late, and not for want of a CPU.
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

    pub fn sized(uri: &str, more: &[&str], (columns, rows): (u16, u16)) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(VTOP);
        command.args([&["--connect", uri], more].concat());
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for name in ["LIBVIRT_DEFAULT_URI", "VTOP_DELAY", "NO_COLOR", "COLORTERM"] {
            command.env_remove(name);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let pid = child.process_id().unwrap();
        let shown = Arc::new((Mutex::new(Frames::new(columns, rows)), Condvar::new()));
        let deaf = Arc::new(AtomicBool::new(false));
        let (for_reader, is_deaf) = (Arc::clone(&shown), Arc::clone(&deaf));
        let mut output = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::Builder::new().name(HELPERS.into());
        let reading = move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                while is_deaf.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                for_reader.0.lock().unwrap().process(&buffer[..count]);
                for_reader.1.notify_all();
            }
        };
        reader.spawn(reading).unwrap();
        let keyboard = Mutex::new(pair.master.take_writer().unwrap());
        Self { child: Mutex::new(child), keyboard, shown, deaf, pid, _terminal: Mutex::new(pair.master) }
    }

    /// The same, once all domains are on the screen with rates.
    pub fn steady(uri: &str, more: &[&str]) -> Self {
        let program = Self::start(uri, more);
        program.wait("all domains", |text| text.contains("vtop-lab-mem") && text.contains("vtop-lab-idle-08"));
        program
    }

    /// Waits until the screen is as wanted; how long that took.
    pub fn wait(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Duration {
        let start = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let text = shown.screen().contents();
            if wanted(&text) {
                return start.elapsed();
            }
            let left = LIMIT.saturating_sub(start.elapsed());
            if left.is_zero() {
                drop(shown);
                panic!("never on the screen: {what}; but\n{text}");
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    pub fn text(&self) -> String {
        self.shown.0.lock().unwrap().screen().contents()
    }

    pub fn keys(&self, keys: &str) {
        let mut keyboard = self.keyboard.lock().unwrap();
        keyboard.write_all(keys.as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Whether anybody reads the terminal.
    pub fn set_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::Relaxed);
    }

    pub fn process(&self) -> Process {
        Process::of(self.pid)
    }

    /// How long a key and its frame have waited for a CPU so far: in the program, in those that press and look, and
    /// between them, in the kernel.
    fn waited(&self) -> Duration {
        self.process().waited(&ON_THE_WAY) + Process::this().waited(&[HELPERS]) + kernel_waited()
    }

    pub fn holdings(&self) -> Holdings {
        self.process().holdings()
    }

    fn mark(&self) -> Option<char> {
        self.text().chars().find(|letter| MARKS.contains(letter))
    }

    /// The order of rows is turned by a key and seen in its mark: how long that takes.
    pub fn beat(&self) -> Duration {
        let before = self.mark();
        let start = Instant::now();
        self.keys("r");
        self.wait("the other order", |text| text.chars().find(|letter| MARKS.contains(letter)) != before);
        start.elapsed()
    }

    /// Presses keys for as long as `during` takes.
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
            // However it ends, the keys end with it.
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

    /// Quits; how long that took.
    pub fn quit(self) -> Duration {
        let start = Instant::now();
        self.keys("q");
        let mut child = self.child.lock().unwrap();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                let took = start.elapsed();
                assert_eq!(status.exit_code(), 0);
                return took;
            }
            assert!(start.elapsed() < LIMIT, "q does not end it");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.set_deaf(false);
        // After a failed fault it may still run.
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
