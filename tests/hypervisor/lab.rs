//! One lab for all tests of this process, used by one test at a time.

use crate::shared::lab::{CHOICE, LOADED, is_unwanted};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

pub use crate::shared::lab::Lab;
pub use crate::shared::run::{error, text, try_virsh, virsh};

/// The lab, for one test at a time.
pub struct Turn {
    lab: &'static Lab,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Turn {
    type Target = Lab;
    fn deref(&self) -> &Lab {
        self.lab
    }
}

/// Locks the lab for one test. `None`: the user left the tests on the lab out. The test fails if the lab cannot start for
/// another reason.
pub fn turn() -> Option<Turn> {
    static TURN: Mutex<()> = Mutex::new(());
    static LAB: OnceLock<Result<Lab, String>> = OnceLock::new();
    if is_unwanted() {
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        println!("skipped: {name} did not run, as {CHOICE}=skip says");
        return None;
    }
    // A failed test leaves nothing behind that the next test depends on.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match LAB.get_or_init(|| Lab::up('t', LOADED.len())) {
        Ok(lab) => Some(Turn { lab, _turn: turn }),
        Err(why) => panic!("NOT RUN: {why}\n{CHOICE}=skip leaves the tests on the lab out, knowingly"),
    }
}
