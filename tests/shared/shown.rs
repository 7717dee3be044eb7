//! The screen of a terminal, shared with tests that wait for its content.

use crate::shared::frames::Frames;
use crate::shared::pty::LIMIT;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Clone)]
pub struct Shown(Arc<(Mutex<Frames>, Condvar)>);

impl Shown {
    pub fn new((columns, rows): (u16, u16)) -> Self {
        Self(Arc::new((Mutex::new(Frames::new(columns, rows)), Condvar::new())))
    }

    /// Processes output.
    pub fn process(&self, bytes: &[u8]) {
        self.lock().process(bytes);
        self.0.1.notify_all();
    }

    /// Locks the screen; a poisoned lock is used as it is.
    pub fn lock(&self) -> MutexGuard<'_, Frames> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn text(&self) -> String {
        self.lock().screen().contents()
    }

    /// Waits until the screen matches.
    pub fn wait<T>(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        let mut frames = self.lock();
        loop {
            if let Some(found) = wanted(frames.screen()) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = frames.screen().contents();
                drop(frames);
                panic!("never on the screen: {what}; but\n{text}");
            }
            frames = self.0.1.wait_timeout(frames, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
