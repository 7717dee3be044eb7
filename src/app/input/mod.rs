//! Keys, pasted text and answers of the terminal, read on a thread.

mod keys;
mod listen;
mod probe;

pub(super) use keys::Keys;
pub(super) use listen::{Events, can_read, listen};
pub(super) use probe::{Width, ask_width};
