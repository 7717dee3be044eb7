//! One lab for all tests of the process, and turns, because every test looks at the whole of it.

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

/// Waits for this test's turn with the lab. `None`: the user said that there shall be none. Where it cannot be had for
/// any other reason the test fails: a test that did not run has shown nothing.
pub fn turn() -> Option<Turn> {
    static TURN: Mutex<()> = Mutex::new(());
    static LAB: OnceLock<Result<Lab, String>> = OnceLock::new();
    if is_unwanted() {
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        println!("skipped: {name} did not run, as {CHOICE}=skip says");
        return None;
    }
    // A test that failed in its turn has left nothing that the next one relies on.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match LAB.get_or_init(|| Lab::up('t', LOADED.len())) {
        Ok(lab) => Some(Turn { lab, _turn: turn }),
        Err(why) => panic!("NOT RUN: {why}\n{CHOICE}=skip leaves the tests on the lab out, knowingly"),
    }
}
