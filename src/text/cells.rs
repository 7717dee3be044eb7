//! Text from outside (names, titles, paths): made safe to print, and measured in cells.

use ratatui::buffer::CellWidth;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// Replaces control characters, line separators, and characters that change the writing direction or have no width by `�`.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return text.into();
    }
    let hidden = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                    | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            )
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether the text is printable ASCII, as nearly all names are: nothing to replace, and one column a byte.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Columns that a text takes in a buffer of cells, grapheme by grapheme. The width of the text as a whole may be smaller
/// (an Arabic lam and alef count as one) or larger (a half-width katakana with its sound mark counts as two).
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.graphemes(true).map(cells).sum()
}

/// Columns of a grapheme, as the buffer counts them.
pub fn cells(grapheme: &str) -> usize {
    grapheme.cell_width().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_join_have_a_column_each() {
        assert_eq!(width("لا"), 2);
    }

    #[test]
    fn a_half_width_sound_mark_has_its_own_column() {
        assert_eq!(width("ｶﾞ"), 2);
    }

    #[test]
    fn control_characters_and_direction_marks_are_replaced() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\r\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd}");
        for hidden in ['\u{61c}', '\u{200b}', '\u{2028}', '\u{2029}', '\u{2066}', '\u{fffa}', '\u{e0041}'] {
            assert_eq!(clean(&hidden.to_string()), "\u{fffd}");
        }
    }
}
