//! The characters that the terminal can show, and what is drawn with them.

use ratatui::symbols::border;

/// What charts and signs are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Symbols {
    /// Braille dots: two samples and four steps a cell.
    #[default]
    Braille,
    /// Eighths of a block: one sample and eight steps a cell.
    Block,
    /// Characters that the fonts of the Linux console have: shades and full blocks, one sample and four steps a cell.
    Console,
    /// Seven-bit characters, for terminals that know no other.
    Ascii,
}

impl Symbols {
    /// The characters of this set.
    pub(super) fn signs(self) -> &'static Signs {
        match self {
            Self::Braille | Self::Block => &UNICODE,
            Self::Console => &CONSOLE,
            Self::Ascii => &ASCII,
        }
    }

    /// Our own words with the characters of this set only. Text from outside is not changed.
    pub(super) fn plain(self, words: &str) -> String {
        let replaced: &[(&str, &str)] = match self {
            Self::Braille | Self::Block => &[],
            Self::Console => &CONSOLE_WORDS,
            Self::Ascii => &ASCII_WORDS,
        };
        replaced.iter().fold(words.to_owned(), |words, (sign, word)| words.replace(sign, word))
    }
}

/// Signs of words that are missing in fonts of the Linux console, and what stands for them.
const CONSOLE_WORDS: [(&str, &str); 3] = [("−", "-"), ("÷", "/"), ("–", "-")];

/// Signs of words beyond seven bits, and what stands for them.
const ASCII_WORDS: [(&str, &str); 7] =
    [("↑", "Up"), ("↓", "Down"), ("←", "Left"), ("→", "Right"), ("−", "-"), ("÷", "/"), ("–", "-")];

/// A character or a short word for each purpose.
pub(super) struct Signs {
    /// A critical finding or event.
    pub(super) critical: &'static str,
    /// A warning.
    pub(super) warning: &'static str,
    /// A value that is not there.
    pub(super) none: &'static str,
    /// An event that the user has not seen.
    pub(super) unseen: &'static str,
    /// Where text was cut.
    pub(super) cut: &'static str,
    /// The end of text that is typed.
    pub(super) cursor: &'static str,
    /// In front of a sum that is at least so large.
    pub(super) at_least: &'static str,
    /// In front of the top of a scale.
    pub(super) up_to: &'static str,
    /// Microseconds.
    pub(super) microseconds: &'static str,
    /// Received and transmitted.
    pub(super) directions: (&'static str, &'static str),
    /// Rows sorted with the largest value first.
    pub(super) descending: &'static str,
    /// Rows sorted with the smallest value first.
    pub(super) ascending: &'static str,
    /// The part of the list that is on the screen, in the scroll bar.
    pub(super) thumb: &'static str,
    /// The rest of the scroll bar.
    pub(super) scroll_bar: &'static str,
    /// Between a scale and its graph.
    pub(super) tick: &'static str,
    /// Frames of charts and cards.
    pub(super) frame: border::Set<'static>,
    /// The steps of a graph of one line, the lowest first.
    pub(super) steps: &'static [char],
}

const UNICODE: Signs = Signs {
    critical: "▲",
    warning: "△",
    none: "–",
    unseen: "•",
    cut: "…",
    cursor: "▏",
    at_least: "≥",
    up_to: "≤",
    microseconds: "µs",
    directions: ("↓", "↑"),
    descending: "▾",
    ascending: "▴",
    thumb: "┃",
    scroll_bar: "│",
    tick: "┤",
    frame: border::ROUNDED,
    steps: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
};

/// What the font of the kernel and all fonts of Debian's console-setup with line drawing have: no eighths or halves of a
/// block, no rounded corners, no hollow or small triangles, no ellipsis, no micro sign.
const CONSOLE: Signs = Signs {
    // As in ASCII: an outline of the triangle is missing.
    warning: "?",
    none: "-",
    cut: "~",
    cursor: "_",
    microseconds: "us",
    descending: "▼",
    ascending: "▲",
    thumb: "█",
    frame: border::PLAIN,
    steps: &['_', '░', '▒', '█'],
    ..UNICODE
};

const ASCII: Signs = Signs {
    critical: "!",
    warning: "?",
    none: "-",
    unseen: "*",
    cut: "~",
    cursor: "_",
    at_least: ">",
    up_to: "<",
    microseconds: "us",
    directions: ("rx", "tx"),
    // As in `ps --sort`: a letter would be read as part of the heading.
    descending: "-",
    ascending: "+",
    thumb: "#",
    scroll_bar: "|",
    tick: "|",
    frame: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    steps: &['.', ':', '|', '#'],
};
