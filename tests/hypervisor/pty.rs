//! The real program in a real pseudo terminal.

use crate::frames::Frames;
use crate::screen::Screen;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The program.
pub const VTOP: &str = env!("CARGO_BIN_EXE_vtop");
/// Only what goes wrong takes so long.
const LIMIT: Duration = Duration::from_secs(30);
/// What could change the program's ways from outside.
pub const FOREIGN: [&str; 4] = ["LIBVIRT_DEFAULT_URI", "VTOP_DELAY", "NO_COLOR", "COLORTERM"];

pub struct Program {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Arc<(Mutex<Frames>, Condvar)>,
    /// Closed, it would end the program.
    _terminal: Box<dyn MasterPty + Send>,
}

impl Program {
    pub fn start(arguments: &[&str], (columns, rows): (u16, u16)) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(VTOP);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        FOREIGN.iter().for_each(|name| command.env_remove(name));
        let child = pair.slave.spawn_command(command).unwrap();
        let shown = Arc::new((Mutex::new(Frames::new(columns, rows)), Condvar::new()));
        let for_reader = Arc::clone(&shown);
        let mut output = pair.master.try_clone_reader().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                for_reader.0.lock().unwrap_or_else(PoisonError::into_inner).process(&buffer[..count]);
                for_reader.1.notify_all();
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, keyboard, shown, _terminal: pair.master }
    }

    /// Waits until there is what is wanted on the screen.
    pub fn wait<T>(&self, what: &str, wanted: impl Fn(&Screen) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let screen = Screen::of_terminal(shown.screen());
            if let Some(found) = wanted(&screen) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never on the screen: {what}; but\n{}", screen.text());
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Quits; the exit code.
    pub fn quit(mut self) -> u32 {
        self.keys("q");
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "q does not end it");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // After a failed test it may still run.
        let _ = self.child.kill();
    }
}
