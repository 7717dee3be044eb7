//! A pseudo terminal with the program in it, and what a terminal would show of its output.

use crate::frames::Frames;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for anything; only a failure takes that long.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// The program.
pub(crate) const VTOP: &str = env!("CARGO_BIN_EXE_vtop");
const ENTER_ALTERNATE_SCREEN: &str = "\x1b[?1049h";

/// What was written so far, and what it looks like.
struct Seen {
    frames: Frames,
    bytes: Vec<u8>,
    /// Nobody looks any more.
    closed: bool,
}

#[derive(Clone)]
struct Output(Arc<(Mutex<Seen>, Condvar)>);

impl Output {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap()
    }
}

pub(crate) struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal outlives the program and its modes can be read.
    slave: Box<dyn SlavePty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Output,
    reader: JoinHandle<()>,
    modes: String,
}

/// What is left after the end.
pub(crate) struct Ended {
    pub(crate) code: u32,
    /// The normal screen, without trailing blanks.
    pub(crate) text: String,
    /// Whether the program ever took the screen.
    pub(crate) took_the_screen: bool,
}

/// A call of the program in surroundings that are the same everywhere.
pub(crate) fn vtop(arguments: &[&str]) -> CommandBuilder {
    let mut command = command(VTOP);
    command.args(arguments);
    command
}

pub(crate) fn command(program: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    for (name, value) in [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")] {
        command.env(name, value);
    }
    for name in ["LIBVIRT_DEFAULT_URI", "VTOP_DELAY", "NO_COLOR", "COLORTERM", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

impl Terminal {
    pub(crate) fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let frames = Frames::new(80, 24);
        let output = Output(Arc::new((Mutex::new(Seen { frames, bytes: Vec::new(), closed: false }), Condvar::new())));
        let mut input = pair.master.try_clone_reader().unwrap();
        let for_reader = output.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = input.read(&mut buffer) {
                let mut seen = for_reader.lock();
                seen.frames.process(&buffer[..count]);
                seen.bytes.extend_from_slice(&buffer[..count]);
                for_reader.0.1.notify_all();
                if seen.closed {
                    break;
                }
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { master: pair.master, slave: pair.slave, keyboard, child, output, reader, modes }
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + LIMIT;
        let mut seen = self.output.lock();
        while !wanted(seen.frames.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never seen: {what}; but\n{}", seen.frames.screen().contents());
            seen = self.output.0.1.wait_timeout(seen, left).unwrap().0;
        }
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

    /// Whether this text was written at some time, in one piece.
    pub(crate) fn has_written(&self, text: &str) -> bool {
        count(&self.output.lock().bytes, text) > 0
    }

    /// Waits until this was written for the second time.
    pub(crate) fn wait_for_written_again(&self, text: &str) {
        let deadline = Instant::now() + LIMIT;
        while count(&self.output.lock().bytes, text) < 2 {
            assert!(Instant::now() < deadline, "{text:?} was not written again; but\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn text(&self) -> String {
        self.output.lock().frames.screen().contents()
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        let mut seen = self.output.lock();
        seen.frames.set_size(cols, rows);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.process_id().and_then(|pid| Pid::from_raw(pid.try_into().unwrap())).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Whether the terminal's modes are what they were before the program.
    pub(crate) fn has_its_modes(&self) -> bool {
        modes(self.master.as_ref()) == self.modes
    }

    /// Waits for the program's end; the terminal has to be as it was.
    pub(crate) fn ended(mut self) -> Ended {
        let code = exit_code(self.child.as_mut());
        assert!(self.has_its_modes(), "the modes are not as before");
        // With the last slave closed the reader meets the end, after all that was written.
        drop(self.slave);
        self.reader.join().unwrap();
        let seen = self.output.lock();
        let screen = seen.frames.screen();
        let text = screen.contents();
        assert!(!screen.alternate_screen(), "the alternate screen is still on:\n{text}");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None, "the mouse is captured");
        let took_the_screen = count(&seen.bytes, ENTER_ALTERNATE_SCREEN) > 0;
        Ended { code, text, took_the_screen }
    }

    /// Closes the terminal, as when its window is closed, and waits for the program's end.
    pub(crate) fn closed(self) -> u32 {
        let Self { master, slave, keyboard, mut child, output, reader, .. } = self;
        output.lock().closed = true;
        // The reader lets go of its own handle with the next thing that the program writes.
        reader.join().unwrap();
        drop((keyboard, slave, master));
        exit_code(child.as_mut())
    }
}

fn exit_code(child: &mut dyn Child) -> u32 {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.signal(), None, "ended by itself, not by a signal");
            return status.exit_code();
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("the program does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("the terminal has modes"))
}

fn count(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
}
