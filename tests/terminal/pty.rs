//! A pseudo terminal with the program in it, and what a terminal would show of its output.

use crate::shared::pty::{Pty, exit_code, modes, pty_size};
use crate::shared::shown::Shown;
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) use crate::shared::program::{VTOP, in_terminal, vtop, without_terminal};
pub(crate) use crate::shared::pty::{LIMIT, Line};

const SIZE: (u16, u16) = (80, 24);
const ENTER_ALTERNATE_SCREEN: &str = "\x1b[?1049h";
const LEAVE_ALTERNATE_SCREEN: &str = "\x1b[?1049l";

pub(crate) struct Terminal {
    /// Its slave is kept open, so that the terminal outlives the program and its modes can be read.
    pty: Pty,
    shown: Shown,
    /// All that was written so far.
    written: Arc<Mutex<Vec<u8>>>,
    /// The reader has ended.
    closed: Arc<AtomicBool>,
    /// The reader waits, so that the program cannot write.
    deaf: Arc<AtomicBool>,
}

/// What is left after the end.
pub(crate) struct Ended {
    pub(crate) code: u32,
    /// The normal screen, without trailing blanks.
    pub(crate) text: String,
    /// Whether the program ever took the screen.
    pub(crate) took_the_screen: bool,
    /// What was written after the screen was left.
    pub(crate) last_words: String,
}

impl Terminal {
    /// Starts a command in a terminal that reads and answers at once.
    pub(crate) fn start(command: CommandBuilder) -> Self {
        Self::on_line(command, Line { answers: true, speed: None })
    }

    /// Starts a command in a terminal behind a line.
    pub(crate) fn on_line(command: CommandBuilder, line: Line) -> Self {
        let (shown, written) = (Shown::new(SIZE), Arc::<Mutex<Vec<u8>>>::default());
        let (closed, deaf) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let for_reader = (shown.clone(), Arc::clone(&written), Arc::clone(&closed), Arc::clone(&deaf));
        let take = move |bytes: &[u8]| {
            let (shown, written, closed, deaf) = &for_reader;
            while deaf.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            // Before it is shown: a test that waits for the screen may read what was written.
            written.lock().unwrap().extend_from_slice(bytes);
            shown.process(bytes);
            !closed.load(Ordering::SeqCst)
        };
        Self { pty: Pty::on_line(command, SIZE, "screen", line, take), shown, written, closed, deaf }
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        self.shown.wait(what, |screen| wanted(screen).then_some(()));
    }

    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    /// Waits for the program's screen with this text on it.
    pub(crate) fn wait_for_screen(&self, text: &str) {
        self.wait_for(text, |screen| {
            screen.alternate_screen() && screen.hide_cursor() && screen.contents().contains(text)
        });
    }

    /// Bytes that the screen has shown.
    pub(crate) fn shown_bytes(&self) -> usize {
        self.written.lock().unwrap().len()
    }

    /// Whether this text was written at some time, in one piece.
    pub(crate) fn has_written(&self, text: &str) -> bool {
        count(&self.written.lock().unwrap(), text) > 0
    }

    /// How often this text was written.
    pub(crate) fn times_written(&self, text: &str) -> usize {
        count(&self.written.lock().unwrap(), text)
    }

    /// Waits until this was written.
    pub(crate) fn wait_for_written(&self, text: &str) {
        self.wait_for_written_times(text, 1);
    }

    /// Waits until this was written for the second time.
    pub(crate) fn wait_for_written_again(&self, text: &str) {
        self.wait_for_written_times(text, 2);
    }

    /// Waits until this was written so often.
    pub(crate) fn wait_for_written_times(&self, text: &str, times: usize) {
        let deadline = Instant::now() + LIMIT;
        while count(&self.written.lock().unwrap(), text) < times {
            assert!(Instant::now() < deadline, "{text:?} was not written; but\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn inspect<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.shown.lock().screen())
    }

    pub(crate) fn text(&self) -> String {
        self.shown.text()
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.pty.keyboard.write_all(keys.as_bytes()).unwrap();
        self.pty.keyboard.flush().unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let mut frames = self.shown.lock();
        frames.set_size(columns, rows);
        self.pty.master.resize(pty_size((columns, rows))).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.pty.child.process_id().and_then(|pid| Pid::from_raw(pid.try_into().unwrap())).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Sends a signal to the child process of this name of the program in the terminal.
    pub(crate) fn signal_child(&self, name: &str, signal: Signal) {
        let parent = self.pty.child.process_id().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
        let is_wanted =
            |pid: &&str| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
        let pid = children.split_whitespace().find(is_wanted).unwrap();
        kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap(), signal).unwrap();
    }

    /// Whether the terminal's modes are what they were before the program.
    pub(crate) fn has_its_modes(&self) -> bool {
        modes(self.pty.master.as_ref()) == self.pty.modes
    }

    /// Waits for the program's end, and returns whether this was written.
    pub(crate) fn ended_with(self, text: &str) -> bool {
        let written = Arc::clone(&self.written);
        self.ended();
        count(&written.lock().unwrap(), text) > 0
    }

    /// Waits for the program's end; the terminal has to be as it was.
    pub(crate) fn ended(self) -> Ended {
        self.ended_after(|_| {})
    }

    fn ended_after(mut self, then: impl FnOnce(&Self)) -> Ended {
        let code = exit_code(self.pty.child.as_mut());
        assert!(self.has_its_modes(), "the modes are not as before");
        then(&self);
        // With the last slave closed the reader meets the end, after all that was written.
        drop(self.pty.slave);
        self.pty.reader.join().unwrap();
        let took_the_screen = count(&self.written.lock().unwrap(), ENTER_ALTERNATE_SCREEN) > 0;
        let last_words = {
            let written = self.written.lock().unwrap();
            let written = String::from_utf8_lossy(&written);
            written.rsplit(LEAVE_ALTERNATE_SCREEN).next().unwrap_or_default().to_owned()
        };
        let frames = self.shown.lock();
        let screen = frames.screen();
        let text = screen.contents();
        assert!(!screen.alternate_screen(), "the alternate screen is still on:\n{text}");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert!(screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None, "the mouse is captured");
        Ended { code, text, took_the_screen, last_words }
    }

    /// Stops reading, and waits until the program's writer is blocked by that.
    pub(crate) fn stop_reading(&self) {
        /// A writer that does not run for so long is blocked: frames come more often.
        const IDLE: Duration = Duration::from_millis(1500);
        self.deaf.store(true, Ordering::SeqCst);
        let schedstat = self.thread("writer").join("schedstat");
        let ran = || std::fs::read_to_string(&schedstat).unwrap();
        let deadline = Instant::now() + LIMIT;
        let mut last = (Instant::now(), ran());
        while last.0.elapsed() < IDLE {
            assert!(Instant::now() < deadline, "the writer still runs");
            std::thread::sleep(Duration::from_millis(20));
            let now = ran();
            if now != last.1 {
                last = (Instant::now(), now);
            }
        }
    }

    /// Reads again.
    pub(crate) fn read_again(&self) {
        self.deaf.store(false, Ordering::SeqCst);
    }

    /// The folder in /proc of a thread of the program.
    fn thread(&self, name: &str) -> PathBuf {
        let tasks = format!("/proc/{}/task", self.pty.child.process_id().unwrap());
        let is_wanted =
            |task: &PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name);
        let mut tasks = std::fs::read_dir(tasks).unwrap().map(|task| task.unwrap().path());
        tasks.find(is_wanted).unwrap_or_else(|| panic!("no thread {name}"))
    }

    /// Waits for the end of a program whose terminal does not read, and reads again then. The terminal has to be as it was.
    pub(crate) fn ended_unread(self) -> u32 {
        self.ended_after(|terminal| terminal.read_again()).code
    }

    /// Closes the terminal, as when its window is closed, and waits for the program's end.
    pub(crate) fn closed(self) -> u32 {
        let Pty { master, slave, keyboard, mut child, reader, .. } = self.pty;
        self.closed.store(true, Ordering::SeqCst);
        // The reader lets go of its own handle with the next thing that the program writes.
        reader.join().unwrap();
        drop((keyboard, slave, master));
        exit_code(child.as_mut())
    }
}

/// How often this text is there, in one piece.
fn count(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
}
