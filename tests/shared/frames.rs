//! A terminal with synchronized updates: it shows whole frames only, so a test never reads half a frame.

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// A screen, and the bytes of a frame that is not complete.
pub struct Frames {
    parser: vt100::Parser,
    blocked: Vec<u8>,
}

impl Frames {
    pub fn new(columns: u16, rows: u16) -> Self {
        let mut frames = Self { parser: vt100::Parser::default(), blocked: Vec::new() };
        frames.set_size(columns, rows);
        frames
    }

    pub fn set_size(&mut self, columns: u16, rows: u16) {
        let [lines, width] = [rows, columns].map(|value| value.try_into().unwrap());
        self.parser.screen_mut().set_size(lines, width);
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Processes bytes up to the last complete frame.
    pub fn process(&mut self, bytes: &[u8]) {
        self.blocked.extend_from_slice(bytes);
        let whole = match rfind(&self.blocked, BEGIN) {
            Some(begin) if rfind(&self.blocked[begin..], END).is_none() => begin,
            // The last bytes may begin a frame.
            _ => {
                self.blocked.len() - (1..BEGIN.len()).rev().find(|&n| self.blocked.ends_with(&BEGIN[..n])).unwrap_or(0)
            }
        };
        self.parser.process(&self.blocked[..whole]);
        self.blocked.drain(..whole);
    }
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|part| part == wanted)
}

#[test]
fn half_a_frame_is_not_shown() {
    let mut frames = Frames::new(20, 2);
    let mut shown = |bytes: &str| {
        frames.process(bytes.as_bytes());
        frames.screen().contents()
    };
    assert_eq!(shown("before\x1b[?20"), "before");
    assert_eq!(shown("26h\x1b[1;1Hone"), "before");
    assert_eq!(shown("two\x1b[?2026l"), "onetwo");
    assert_eq!(shown("\x1b[?2026h\x1b[1;1Hxxx\x1b[?2026l\x1b[?2026h\x1b[1;1Hyyy"), "xxxtwo");
    assert_eq!(shown("\x1b[?2026l"), "yyytwo");
}
