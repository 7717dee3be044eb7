//! What the terminal is asked before keys are read.

use super::keys::{Answer, Keys};
use super::listen::Keyboard;
use crate::time::timer_now;
use std::io;
use std::time::Duration;

/// At the first column: characters of ambiguous width (East Asian Width, Unicode annex 11) that frames have; then the
/// question where the cursor is.
const WIDTH: &str = "\x1b[H▁│▲–\x1b[6n";
/// The column of the cursor if each of them is one column wide.
const NARROW: u16 = 5;
/// Which colour the ground has (xterm).
const GROUND: &str = "\x1b]11;?\x1b\\";
/// Whether the terminal is ready: whether it answers this says whether it can be asked after a frame, too.
const READY: &str = "\x1b[5n";
/// What the terminal is. Every terminal answers this, so that its answer ends the wait for the others.
const ATTRIBUTES: &str = "\x1b[c";

/// What to ask apart from what is always asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Questions {
    /// How wide characters of ambiguous width are. Where they are two columns wide, the columns of a frame would not be
    /// where vtop thinks they are.
    pub(crate) width: bool,
    /// Which colour the ground has.
    pub(crate) ground: bool,
}

/// How wide characters of ambiguous width are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Width {
    /// One column each.
    One,
    /// More: two columns each, or the terminal does not know UTF-8.
    More,
    /// The terminal was not asked, or does not answer in time.
    #[default]
    Unknown,
}

/// What the terminal has answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) width: Width,
    /// The colour of the ground.
    pub(crate) ground: Option<(u8, u8, u8)>,
    /// How long it took until the terminal said that it has processed the questions; `None`: it does not say so.
    pub(crate) ready_in: Option<Duration>,
    /// The last answer has come: none will come late.
    pub(crate) complete: bool,
}

/// Asks the terminal; `write` writes to it. Keys that are pressed meanwhile stay in `keys`.
pub(crate) fn ask(
    questions: Questions,
    keys: &mut Keys,
    limit: Duration,
    write: impl FnOnce(&[u8]) -> io::Result<()>,
) -> io::Result<Answers> {
    let keyboard = Keyboard::open()?;
    let when = |asked: bool, question: &'static str| if asked { question } else { "" };
    let text = [when(questions.ground, GROUND), when(questions.width, WIDTH), READY, ATTRIBUTES].concat();
    write(text.as_bytes())?;
    let asked = timer_now();
    let mut answers = Answers::default();
    while !answers.complete {
        let left = limit.saturating_sub(asked.elapsed());
        if left.is_zero() || !keyboard.read(keys, Some(left))? {
            break;
        }
        for answer in keys.take_answers() {
            match answer {
                Answer::Column(column) => answers.width = if column > NARROW { Width::More } else { Width::One },
                Answer::Ground(colour) => answers.ground = Some(colour),
                Answer::Ready => answers.ready_in = Some(asked.elapsed()),
                Answer::Attributes => answers.complete = true,
            }
        }
    }
    Ok(answers)
}
