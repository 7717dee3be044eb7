//! Keys and sizes, from a thread of their own.
//!
//! crossterm reads a terminal that is gone in an endless loop, so it must never be read where signals are heard. The
//! thread is never joined: it ends with the process.

use crossterm::event::Event;
use std::io;
use tokio::sync::mpsc;

/// Events that may wait; what is more stays in the terminal.
const ROOM: usize = 256;

/// What comes from the terminal.
pub(super) type Events = mpsc::Receiver<io::Result<Event>>;

/// Reads from now on, up to the first failure.
pub(super) fn listen() -> io::Result<Events> {
    let (sender, events) = mpsc::channel(ROOM);
    std::thread::Builder::new().name("input".into()).spawn(move || {
        loop {
            let event = crossterm::event::read();
            let failed = event.is_err();
            if sender.blocking_send(event).is_err() || failed {
                break;
            }
        }
    })?;
    Ok(events)
}
