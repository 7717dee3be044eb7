//! Text that others wrote (names, titles, paths): harmless, and exactly as wide as its place.

use super::theme::Symbols;
use ratatui::buffer::CellWidth;
use ratatui::text::Span;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// Without control characters, line separators, and marks that turn the writing direction or take no column: each becomes a visible `�`.
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

/// Printable ASCII, as nearly all names are: nothing to hide, and a column for each byte.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Clean, and cut in the middle where it is too wide: ends of names tell numbered guests apart.
pub fn fit(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if self::width(&text) <= width {
        return text.into_owned();
    }
    let mark = if symbols == Symbols::Ascii { "~" } else { "…" };
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let tail_room = room * 2 / 5;
    let tail: Vec<&str> = take(text.graphemes(true).rev(), tail_room);
    let tail_width: usize = tail.iter().map(|part| cells(part)).sum();
    let head = take(text.graphemes(true), room - tail_width);
    head.into_iter().chain([mark]).chain(tail.into_iter().rev()).collect()
}

/// Clean, and where it is too wide a path loses its beginning: what is at its end tells files apart.
pub(super) fn fit_path(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if !text.starts_with('/') || self::width(&text) <= width || width < 8 {
        return fit(&text, width, symbols);
    }
    let mark = if symbols == Symbols::Ascii { "~" } else { "…" };
    let tail: Vec<&str> = take(text.graphemes(true).rev(), width - 1);
    std::iter::once(mark).chain(tail.into_iter().rev()).collect()
}

/// Clean, and cut at the end where it is too wide: for prose.
pub fn shorten(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if self::width(&text) <= width {
        return text.into_owned();
    }
    let mark = if symbols == Symbols::Ascii { "~" } else { "…" };
    let Some(room) = width.checked_sub(1) else { return String::new() };
    take(text.graphemes(true), room).into_iter().chain([mark]).collect()
}

/// Clean, and in lines between its words, the first for a place that has less room. A longer word is cut where it has to be.
pub(super) fn wrap(text: &str, first: usize, width: usize) -> Vec<String> {
    let text = clean(text);
    let parts: Vec<&str> = text.graphemes(true).collect();
    let mut lines = vec![String::new()];
    let mut room = first;
    for (index, part) in parts.iter().enumerate() {
        let begins = index == 0 || parts[index - 1] == " ";
        let word = parts[index..].iter().take_while(|part| begins && **part != " ");
        let word: usize = word.map(|part| cells(part)).sum();
        // The blank at a line's end needs no room.
        let is_over = cells(part) > room && *part != " ";
        if is_over || word > room && word <= width {
            lines.push(String::new());
            room = width;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(part);
        }
        room = room.saturating_sub(cells(part));
    }
    lines
}

/// Columns that a text takes where every grapheme has its own, as in a buffer of cells. As a whole it may be narrower
/// (an Arabic lam and the alef after it count as one there), or wider (a half-width katakana and its sound mark are two).
pub(super) fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.graphemes(true).map(cells).sum()
}

/// Columns that the spans of a line take.
pub(super) fn width_of<'a>(spans: impl IntoIterator<Item = &'a Span<'a>>) -> usize {
    spans.into_iter().map(|span| width(&span.content)).sum()
}

/// Columns of a grapheme, as the buffer counts them.
fn cells(grapheme: &str) -> usize {
    grapheme.cell_width().into()
}

fn take<'a>(parts: impl Iterator<Item = &'a str>, room: usize) -> Vec<&'a str> {
    let mut used = 0;
    parts
        .take_while(|part| {
            used += cells(part);
            used <= room
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(fit("kubernetes-node-17", 12, Symbols::Braille), "kuberne…e-17");
        assert_eq!(fit("kubernetes-node-17", 12, Symbols::Ascii), "kuberne~e-17");
        assert_eq!(fit("short", 12, Symbols::Braille), "short");
        assert_eq!(width(&fit("日本語サーバー", 6, Symbols::Braille)), 5, "wide characters are not halved");
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 20, 20), ["one two three"]);
        assert_eq!(wrap("one two three", 7, 9), ["one two ", "three"]);
        assert_eq!(wrap("one two three", 2, 5), ["", "one ", "two ", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3, 5), ["abc", "defgh ", "ij"]);
        assert_eq!(wrap("", 3, 5), [""]);
    }

    #[test]
    fn letters_that_join_still_have_a_column_each() {
        assert_eq!(width("لا"), 2);
        assert_eq!(fit("لالالا", 6, Symbols::Braille), "لالالا");
        assert_eq!(width(&fit("لالالا", 4, Symbols::Braille)), 4);
    }

    #[test]
    fn a_half_width_sound_mark_has_its_own_column() {
        assert_eq!(width("ｶﾞ"), 2);
        assert_eq!(fit("ｶﾞｶﾞ", 4, Symbols::Braille), "ｶﾞｶﾞ");
        assert_eq!(fit("ｶﾞｶﾞ", 3, Symbols::Braille), "ｶﾞ…");
        assert_eq!(shorten("日ﾟ日ﾟ", 5, Symbols::Braille), "日ﾟ…");
    }

    #[test]
    fn control_characters_and_direction_marks_are_shown_not_sent() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\r\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd}");
        for hidden in ['\u{61c}', '\u{200b}', '\u{2028}', '\u{2029}', '\u{2066}', '\u{fffa}', '\u{e0041}'] {
            assert_eq!(clean(&hidden.to_string()), "\u{fffd}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_place(text in "\\PC*", place in 0usize..40) {
            prop_assert!(width(&fit(&text, place, Symbols::Braille)) <= place);
            prop_assert!(width(&shorten(&text, place, Symbols::Braille)) <= place);
            for line in wrap(&text, place, place + 2) {
                let is_one = line.graphemes(true).count() == 1;
                prop_assert!(is_one || width(line.trim_end_matches(' ')) <= place + 2, "{line:?}");
            }
            prop_assert_eq!(wrap(&text, place, place + 2).concat(), clean(&text));
        }
    }
}
