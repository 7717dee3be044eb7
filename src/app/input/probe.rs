//! How wide the terminal draws characters of ambiguous width (East Asian Width, Unicode annex 11).
//!
//! Where it draws them two columns wide, the columns of a frame would not be where vtop thinks they are.

use super::keys::{Input, Keys};
use super::listen::Keyboard;
use crate::time::timer_now;
use std::io;
use std::time::Duration;

/// At the first column: characters of ambiguous width that frames have; then the questions where the cursor is, and what
/// the terminal is, which every terminal answers.
const QUESTION: &str = "\x1b[H▁│▲–\x1b[6n\x1b[c";
/// The column of the cursor if each of them is one column wide.
const NARROW: u16 = 5;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// One column each.
    One,
    /// More: two columns each, or the terminal does not know UTF-8.
    More,
    /// The terminal does not answer in time, or not to this question.
    Unknown,
}

/// Asks the terminal; `write` writes to it. Returns the answer, and whether an answer may still come. Keys that are pressed
/// meanwhile stay in `keys`.
pub(crate) fn ask_width(
    keys: &mut Keys,
    limit: Duration,
    write: impl FnOnce(&[u8]) -> io::Result<()>,
) -> io::Result<(Width, bool)> {
    let keyboard = Keyboard::open()?;
    write(QUESTION.as_bytes())?;
    let asked = timer_now();
    let mut width = Width::Unknown;
    loop {
        let left = limit.saturating_sub(asked.elapsed());
        if left.is_zero() || !keyboard.read(keys, Some(left))? {
            return Ok((width, true));
        }
        for answer in keys.take_answers() {
            match answer {
                Input::Column(column) => width = if column > NARROW { Width::More } else { Width::One },
                _ => return Ok((width, false)),
            }
        }
    }
}
