//! A command in a pseudo terminal.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Limit for a wait; only reached on failure.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The question what the terminal is (DA1).
const QUESTION: &[u8] = b"\x1b[c";
/// The cursor is in column 5: four characters of ambiguous width took a column each. The terminal is a VT220.
const ANSWER: &[u8] = b"\x1b[1;5R\x1b[?62;22c";

/// A pseudo terminal and the program in it.
pub struct Pty {
    /// Kept open: closing it would end the program.
    pub master: Box<dyn MasterPty + Send>,
    /// Kept open, so that the terminal outlives the program.
    pub slave: Box<dyn SlavePty + Send>,
    pub keyboard: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    /// The thread that reads the program's output.
    pub reader: JoinHandle<()>,
    /// The terminal's modes before the program.
    pub modes: String,
}

impl Pty {
    /// Starts a command; its output goes to `take` in a thread of that name until `take` returns false. The terminal answers the
    /// first question what it is, as every terminal does, and before it where the cursor is.
    pub fn start(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        Self::with_answer(command, size, reader, Some(ANSWER), take)
    }

    /// As [`Self::start`], with a terminal that answers nothing by itself.
    #[allow(dead_code)] // Not every test target uses it.
    pub fn silent(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        Self::with_answer(command, size, reader, None, take)
    }

    fn with_answer(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        mut answer: Option<&'static [u8]>,
        mut take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = Keyboard(Arc::new(Mutex::new(pair.master.take_writer().unwrap())));
        let mut answers = keyboard.clone();
        let reading = move || {
            let mut buffer = [0; 8192];
            // A question may come in two parts.
            let mut last = Vec::new();
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let bytes = &buffer[..count];
                if let Some(text) = answer {
                    last.extend_from_slice(bytes);
                    if last.windows(QUESTION.len()).any(|part| part == QUESTION) {
                        // The program may have ended.
                        let _ = answers.write_all(text);
                        answer = None;
                    }
                    last.drain(..last.len().saturating_sub(QUESTION.len()));
                }
                if !take(bytes) {
                    return;
                }
            }
        };
        let reader = Builder::new().name(reader.into()).spawn(reading).unwrap();
        let keyboard = Box::new(keyboard);
        Self { master: pair.master, slave: pair.slave, keyboard, child, reader, modes }
    }
}

/// The keys of the terminal, shared with the thread that answers its question.
#[derive(Clone)]
struct Keyboard(Arc<Mutex<Box<dyn Write + Send>>>);

impl Write for Keyboard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.lock().unwrap().flush()
    }
}

pub fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

pub fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("the terminal has modes"))
}

/// Waits for the end of the program; returns its exit code.
pub fn exit_code(child: &mut dyn Child) -> u32 {
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
        std::thread::sleep(Duration::from_millis(1));
    }
}
