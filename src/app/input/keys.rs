//! Bytes of the terminal as keys, pasted text and answers.
//!
//! An escape sequence that is no key (an answer that comes late, or one that nobody asked for) is dropped as a whole, however it
//! is split: it is never taken for keys.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use vte::{Params, Parser, Perform};

const ESCAPE: u8 = 0x1b;
/// Most bytes of a paste that are kept.
const MAX_PASTE: usize = 64 * 1024;

/// What the terminal has sent.
#[derive(Debug, PartialEq)]
pub(crate) enum Input {
    /// A key, or pasted text.
    Event(Event),
    /// To a question.
    Answer(Answer),
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// To `CSI 5 n`: the terminal has processed all that was written before the question.
    Ready,
    /// To `CSI 6 n`: the column of the cursor, from 1.
    Column(u16),
    /// To `OSC 11`: the colour of the ground.
    Ground((u8, u8, u8)),
    /// To `CSI c`, the question that every terminal answers.
    Attributes,
}

/// Makes inputs of bytes.
#[derive(Default)]
pub(crate) struct Keys {
    parser: Parser,
    decoded: Decoded,
    /// The last byte was an escape character: a key, or the start of a sequence.
    escape: bool,
}

impl Keys {
    /// Processes bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match (std::mem::take(&mut self.escape), byte) {
                (false, ESCAPE) => self.escape = true,
                (true, ESCAPE) => {
                    self.decoded.code(KeyCode::Esc, KeyModifiers::NONE);
                    self.escape = true;
                }
                // No sequence starts like this, and the parser would drop the character.
                (true, 0x80..) => {
                    self.decoded.code(KeyCode::Esc, KeyModifiers::NONE);
                    self.parser.advance(&mut self.decoded, &[byte]);
                }
                (true, _) => self.parser.advance(&mut self.decoded, &[ESCAPE, byte]),
                (false, _) => self.parser.advance(&mut self.decoded, &[byte]),
            }
        }
    }

    /// Whether the last byte was an escape character, which is the key if nothing follows.
    pub(super) fn has_escape(&self) -> bool {
        self.escape
    }

    /// Nothing has followed: it was the key.
    pub(super) fn end_escape(&mut self) {
        if std::mem::take(&mut self.escape) {
            self.decoded.code(KeyCode::Esc, KeyModifiers::NONE);
        }
    }

    /// Takes the answers, and leaves keys and pasted text.
    pub(super) fn take_answers(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        for input in self.take() {
            match input {
                Input::Answer(answer) => answers.push(answer),
                event => self.decoded.inputs.push(event),
            }
        }
        answers
    }

    /// Takes what was decoded.
    pub(super) fn take(&mut self) -> Vec<Input> {
        std::mem::take(&mut self.decoded.inputs)
    }
}

/// What comes next belongs to a sequence that the parser has ended already.
#[derive(Default, PartialEq)]
enum Pending {
    #[default]
    Nothing,
    /// After `ESC O`: a key of the application mode.
    Application,
    /// After `CSI [`: F1 to F5 of the Linux console.
    Console,
}

#[derive(Default)]
struct Decoded {
    inputs: Vec<Input>,
    paste: Option<String>,
    pending: Pending,
}

impl Decoded {
    fn answer(&mut self, answer: Answer) {
        self.inputs.push(Input::Answer(answer));
    }

    fn code(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        if self.paste.is_none() {
            self.inputs.push(Input::Event(Event::Key(KeyEvent::new(code, modifiers))));
        }
    }

    fn paste(&mut self, c: char) {
        if let Some(paste) = self.paste.as_mut().filter(|paste| paste.len() < MAX_PASTE) {
            paste.push(c);
        }
    }
}

/// The keys that end with a letter.
fn by_letter(letter: char) -> Option<KeyCode> {
    Some(match letter {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'H' => KeyCode::Home,
        'F' => KeyCode::End,
        'P' => KeyCode::F(1),
        'Q' => KeyCode::F(2),
        'R' => KeyCode::F(3),
        'S' => KeyCode::F(4),
        'M' => KeyCode::Enter,
        _ => return None,
    })
}

/// The keys that end with `~`.
fn by_number(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number as u8 - 10),
        17..=21 => KeyCode::F(number as u8 - 11),
        23 | 24 => KeyCode::F(number as u8 - 12),
        _ => return None,
    })
}

/// The modifiers of a sequence: 1 and a bit for each.
fn modifiers(number: Option<u16>) -> KeyModifiers {
    let bits = number.unwrap_or(1).saturating_sub(1);
    let with = |bit: u16, modifier| if bits & bit > 0 { modifier } else { KeyModifiers::NONE };
    with(1, KeyModifiers::SHIFT) | with(2, KeyModifiers::ALT) | with(4, KeyModifiers::CONTROL)
}

/// A colour as X11 writes it: `rgb:ff/80/00`, with one to four hexadecimal digits each; also `rgba:`.
fn colour_of(text: &[u8]) -> Option<(u8, u8, u8)> {
    let (kind, channels) = std::str::from_utf8(text).ok()?.split_once(':')?;
    let mut channels = channels.split('/').map(|digits| {
        let is_hexadecimal = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?;
        u8::try_from(value * 255 / ((1 << (4 * digits.len())) - 1)).ok()
    });
    let mut channel = || channels.next().flatten();
    let colour = (channel()?, channel()?, channel()?);
    matches!(kind, "rgb" | "rgba").then_some(colour)
}

impl Perform for Decoded {
    fn print(&mut self, c: char) {
        if self.paste.is_some() {
            self.paste(c);
            return;
        }
        match (std::mem::take(&mut self.pending), c) {
            (Pending::Application, _) => by_letter(c).into_iter().for_each(|code| self.code(code, KeyModifiers::NONE)),
            (Pending::Console, 'A'..='E') => self.code(KeyCode::F(c as u8 - b'A' + 1), KeyModifiers::NONE),
            (Pending::Console, _) => {}
            (Pending::Nothing, '\u{7f}') => self.code(KeyCode::Backspace, KeyModifiers::NONE),
            (Pending::Nothing, _) => self.code(KeyCode::Char(c), KeyModifiers::NONE),
        }
    }

    fn execute(&mut self, byte: u8) {
        self.paste(char::from(byte));
        self.pending = Pending::Nothing;
        match byte {
            b'\r' => self.code(KeyCode::Enter, KeyModifiers::NONE),
            b'\t' => self.code(KeyCode::Tab, KeyModifiers::NONE),
            0 => self.code(KeyCode::Char(' '), KeyModifiers::CONTROL),
            0x01..=0x1a => self.code(KeyCode::Char(char::from(byte - 1 + b'a')), KeyModifiers::CONTROL),
            0x1c..=0x1f => self.code(KeyCode::Char(char::from(byte - 0x1c + b'4')), KeyModifiers::CONTROL),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        self.pending = Pending::Nothing;
        let mut numbers = params.iter().map(|group| group.first().copied().unwrap_or(0));
        let (first, second) = (numbers.next().unwrap_or(0), numbers.next());
        match (intermediates, action) {
            _ if ignore => {}
            ([], '~') if first == 201 => {
                let paste = self.paste.take();
                self.inputs.extend(paste.map(|text| Input::Event(Event::Paste(text))));
            }
            _ if self.paste.is_some() => {}
            ([], '~') if first == 200 => self.paste = Some(String::new()),
            ([], '~') => by_number(first).into_iter().for_each(|code| self.code(code, modifiers(second))),
            ([], 'Z') => self.code(KeyCode::BackTab, KeyModifiers::SHIFT),
            ([], '[') => self.pending = Pending::Console,
            // F3 with modifiers looks the same. vtop has no use for that key.
            ([], 'R') if second.is_some() => second.into_iter().for_each(|column| self.answer(Answer::Column(column))),
            ([], 'n') if first == 0 && second.is_none() => self.answer(Answer::Ready),
            ([], 'M') => {}
            ([], letter) => by_letter(letter).into_iter().for_each(|code| self.code(code, modifiers(second))),
            ([b'?'], 'c') => self.answer(Answer::Attributes),
            _ => {}
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        if let [b"11", colour] = params {
            colour_of(colour).into_iter().for_each(|colour| self.answer(Answer::Ground(colour)));
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _: bool, byte: u8) {
        self.pending = Pending::Nothing;
        match (intermediates, byte) {
            _ if self.paste.is_some() => {}
            ([], b'O') => self.pending = Pending::Application,
            // The end of a string that was dropped.
            ([], b'\\') => {}
            ([], _) => self.code(KeyCode::Char(char::from(byte)), KeyModifiers::ALT),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the bytes are, as short words; read one by one, or all at once.
    fn decoded(bytes: &str) -> String {
        let words = |keys: &mut Keys| {
            keys.end_escape();
            let word = |input| match input {
                Input::Event(Event::Key(KeyEvent { code: KeyCode::Char(c), modifiers, .. })) => {
                    format!("{modifiers}{c}")
                }
                Input::Event(Event::Key(KeyEvent { code, modifiers, .. })) => format!("{modifiers}{code:?}"),
                Input::Event(event) => format!("{event:?}"),
                Input::Answer(answer) => format!("{answer:?}"),
            };
            keys.take().into_iter().map(word).collect::<Vec<_>>().join(" ")
        };
        let (mut at_once, mut one_by_one) = (Keys::default(), Keys::default());
        at_once.feed(bytes.as_bytes());
        bytes.as_bytes().iter().for_each(|byte| one_by_one.feed(&[*byte]));
        let words = [words(&mut at_once), words(&mut one_by_one)];
        assert_eq!(words[0], words[1]);
        words[0].clone()
    }

    #[test]
    fn keys_of_all_kinds() {
        assert_eq!(decoded("aé€😀Q"), "a é € 😀 Q");
        assert_eq!(decoded("\r\t\x7f\x08\x03\x15 "), "Enter Tab Backspace Controlh Controlc Controlu  ");
        assert_eq!(
            decoded("\x1b[A\x1bOB\x1b[1;5C\x1b[H\x1bOF\x1b[5~\x1b[6~"),
            "Up Down ControlRight Home End PageUp PageDown"
        );
        assert_eq!(decoded("\x1b[Z\x1bOP\x1b[11~\x1b[[A\x1b[3~"), "ShiftBackTab F(1) F(1) F(1) Delete");
        assert_eq!(decoded("\x1b"), "Esc");
        assert_eq!(decoded("\x1b\x1bx"), "Esc Altx");
        assert_eq!(decoded("\x1bé"), "Esc é");
    }

    #[test]
    fn answers_are_never_keys() {
        assert_eq!(decoded("q\x1b[1;9R\x1b[0n\x1b[?62;1;4cq"), "q Column(9) Ready Attributes q");
        for answer in [
            "\x1b[?2026;2$y",
            "\x1b[?1;2;3u",
            "\x1b[3n",
            "\x1b[0;1n",
            "\x1b[4;600;800t",
            "\x1b[>41;354;0c",
            "\x1b]11;rgb:0000/zz/0000\x1b\\",
            "\x1b]11;rgb:0000/00000/0000\x1b\\",
            "\x1b]11;rgb:0000//\x07",
            "\x1b]11;?\x07",
            "\x1b]10;rgb:ffff/ffff/ffff\x07",
            "\x1bP1$r0m\x1b\\",
            "\x1bP>|XTerm(379)\x1b\\",
            "\x1b_Gi=1;OK\x1b\\",
            "\x1b[I\x1b[O",
            "\x1b[<0;10;10M",
        ] {
            assert_eq!(decoded(&format!("{answer}x")), "x", "{answer:?}");
        }
    }

    #[test]
    fn the_colour_of_the_ground_has_one_to_four_digits_a_channel() {
        for (text, colour) in [
            ("\x1b]11;rgb:0000/2b2b/3636\x1b\\", "Ground((0, 43, 54))"),
            ("\x1b]11;rgb:fd/F6/e3\x07", "Ground((253, 246, 227))"),
            ("\x1b]11;rgba:ffff/ffff/ffff/8000\x07", "Ground((255, 255, 255))"),
            ("\x1b]11;rgb:f/0/8\x07", "Ground((255, 0, 136))"),
        ] {
            assert_eq!(decoded(&format!("q{text}q")), format!("q {colour} q"));
        }
    }

    #[test]
    fn a_paste_is_one_text() {
        let paste = "\x1b[200~web\r\u{3}q\x1b[A\u{1b}é\x1b[201~q";
        assert_eq!(decoded(paste), r#"Paste("web\r\u{3}qé") q"#);
    }
}
