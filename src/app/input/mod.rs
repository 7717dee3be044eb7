//! Keys, pasted text and answers of the terminal, read on a thread.

mod keys;
mod listen;
mod probe;

pub(super) use keys::{Answer, Input, Keys};
pub(super) use listen::{Inputs, can_read, listen};
pub(super) use probe::{Answers, Questions, Width, ask};
