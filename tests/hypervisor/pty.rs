//! vtop in a pseudo terminal.

use crate::screen::Screen;
use crate::shared::program::vtop;
use crate::shared::pty::{Pty, exit_code};
use crate::shared::shown::Shown;
use portable_pty::{Child, MasterPty};
use std::io::Write;

pub struct Program {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Shown,
    /// Kept open: closing it would end the program.
    _terminal: Box<dyn MasterPty + Send>,
}

impl Program {
    pub fn start(arguments: &[&str], size: (u16, u16)) -> Self {
        let shown = Shown::new(size);
        let for_reader = shown.clone();
        let take = move |bytes: &[u8]| {
            for_reader.process(bytes);
            true
        };
        let Pty { child, keyboard, master, .. } = Pty::start(vtop(arguments), size, "screen", take);
        Self { child, keyboard, shown, _terminal: master }
    }

    /// Waits until the screen matches.
    pub fn wait<T>(&self, what: &str, wanted: impl Fn(&Screen) -> Option<T>) -> T {
        self.shown.wait(what, |screen| wanted(&Screen::of_terminal(screen)))
    }

    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Quits; returns the exit code.
    pub fn quit(mut self) -> u32 {
        self.keys("q");
        exit_code(self.child.as_mut())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program may still run after a failed test.
        let _ = self.child.kill();
    }
}
