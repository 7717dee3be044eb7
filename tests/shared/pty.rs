//! A command in a pseudo terminal.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Limit for a wait; only reached on failure.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Questions, and their answers: it is ready; the cursor is in column 5, since four characters of ambiguous width took a column
/// each; it is a VT220.
const ANSWERS: [(&[u8], &[u8]); 3] =
    [(b"\x1b[5n", b"\x1b[0n"), (b"\x1b[6n", b"\x1b[1;5R"), (b"\x1b[c", b"\x1b[?62;22c")];

/// What is between the program and the screen.
#[derive(Clone, Copy)]
pub struct Line {
    /// The terminal answers questions, as every terminal does.
    pub answers: bool,
    /// Bytes a second that reach the screen; `None`: as fast as they come.
    pub speed: Option<u32>,
}

/// Bytes that reach the screen of a slow line at once.
const PIECE: usize = 64;

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
    /// Starts a command in a terminal that answers questions at once; its output goes to `take` in a thread of that name until
    /// `take` returns false.
    #[allow(dead_code)] // Not every test target uses it.
    pub fn start(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        Self::on_line(command, size, reader, Line { answers: true, speed: None }, take)
    }

    /// As [`Self::start`], behind a line.
    pub fn on_line(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        line: Line,
        mut take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let keyboard = Keyboard(Arc::new(Mutex::new(pair.master.take_writer().unwrap())));
        let mut questions = Questions { keyboard: keyboard.clone(), last: Vec::new() };
        let reading = move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let piece = if line.speed.is_some() { PIECE } else { count };
                for bytes in buffer[..count].chunks(piece) {
                    if let Some(speed) = line.speed {
                        std::thread::sleep(Duration::from_secs(bytes.len() as u64) / speed);
                    }
                    if !take(bytes) {
                        return;
                    }
                    if line.answers {
                        questions.answer(bytes);
                    }
                }
            }
        };
        let reader = Builder::new().name(reader.into()).spawn(reading).unwrap();
        let keyboard = Box::new(keyboard);
        Self { master: pair.master, slave: pair.slave, keyboard, child, reader, modes }
    }
}

/// Finds questions in the output, also those that come in two parts.
struct Questions {
    keyboard: Keyboard,
    last: Vec<u8>,
}

impl Questions {
    fn answer(&mut self, bytes: &[u8]) {
        self.last.extend_from_slice(bytes);
        let next = |last: &[u8]| {
            let find = |(question, answer): (&[u8], _)| {
                last.windows(question.len()).position(|part| part == question).map(|at| (at + question.len(), answer))
            };
            ANSWERS.into_iter().filter_map(find).min_by_key(|(end, _)| *end)
        };
        while let Some((end, answer)) = next(&self.last) {
            self.last.drain(..end);
            // The program may have ended.
            let _ = self.keyboard.write_all(answer);
        }
        self.last.drain(..self.last.len().saturating_sub(3));
    }
}

/// The keys of the terminal, shared with the thread that answers questions.
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
