//! Keys and sizes, read on a thread.
//!
//! crossterm reads a terminal that is gone in an endless loop, so it must not be read on a thread that handles signals. The
//! thread is never joined: it ends with the process.

use crossterm::event::Event;
use std::io;
use tokio::sync::mpsc;

/// Events that may wait for the event loop. Further ones stay in the kernel's buffer of the terminal.
const CAPACITY: usize = 256;

/// Keys, sizes, or the error that ends the thread.
pub(super) type Events = mpsc::Receiver<io::Result<Event>>;

/// Starts the thread, which reads until the first error.
pub(super) fn listen() -> io::Result<Events> {
    let (sender, events) = mpsc::channel(CAPACITY);
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
