//! A command in a pseudo terminal.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use std::io::{Read, Write};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Limit for a wait; only reached on failure.
pub const LIMIT: Duration = Duration::from_secs(30);

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
    /// Starts a command; its output goes to `take` in a thread of that name until `take` returns false.
    pub fn start(
        command: CommandBuilder,
        size: (u16, u16),
        reader: &str,
        mut take: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let reading = move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer)
                && take(&buffer[..count])
            {}
        };
        let reader = Builder::new().name(reader.into()).spawn(reading).unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        Self { master: pair.master, slave: pair.slave, keyboard, child, reader, modes }
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
