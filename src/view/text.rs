//! Text from outside (names, titles, paths): made safe to print and cut to a width.

use super::symbols::Symbols;
use crate::text::cells;
pub use crate::text::clean;
pub(super) use crate::text::width;
use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

/// Cleaned text, cut in the middle where it is too wide, since the ends of names tell numbered guests apart.
pub fn fit(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if self::width(&text) <= width {
        return text.into_owned();
    }
    let mark = symbols.signs().cut;
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let tail_room = room * 2 / 5;
    let tail: Vec<&str> = take(text.graphemes(true).rev(), tail_room);
    let tail_width: usize = tail.iter().map(|part| cells(part)).sum();
    let head = take(text.graphemes(true), room - tail_width);
    head.into_iter().chain([mark]).chain(tail.into_iter().rev()).collect()
}

/// A cleaned path, cut at the beginning where it is too wide, since the end tells files apart.
pub(super) fn fit_path(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if !text.starts_with('/') || self::width(&text) <= width || width < 8 {
        return fit(&text, width, symbols);
    }
    let mark = symbols.signs().cut;
    let tail: Vec<&str> = take(text.graphemes(true).rev(), width - 1);
    std::iter::once(mark).chain(tail.into_iter().rev()).collect()
}

/// Cleaned text, cut at the end where it is too wide: for sentences.
pub fn shorten(text: &str, width: usize, symbols: Symbols) -> String {
    let text = clean(text);
    if self::width(&text) <= width {
        return text.into_owned();
    }
    let mark = symbols.signs().cut;
    let Some(room) = width.checked_sub(1) else { return String::new() };
    take(text.graphemes(true), room).into_iter().chain([mark]).collect()
}

/// Cleaned text, wrapped between words; the first line may have another width. A word longer than a line is split.
pub(super) fn wrap(text: &str, first: usize, width: usize) -> Vec<String> {
    let text = clean(text);
    let parts: Vec<&str> = text.graphemes(true).collect();
    let mut lines = vec![String::new()];
    let mut room = first;
    for (index, part) in parts.iter().enumerate() {
        let begins = index == 0 || parts[index - 1] == " ";
        let word = parts[index..].iter().take_while(|part| begins && **part != " ");
        let word: usize = word.map(|part| cells(part)).sum();
        // A blank at the end of a line may exceed the width.
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

/// Columns that the spans of a line take.
pub(super) fn width_of<'a>(spans: impl IntoIterator<Item = &'a Span<'a>>) -> usize {
    spans.into_iter().map(|span| width(&span.content)).sum()
}

/// Writes a line of at most `width` columns, as [`Buffer::set_line`] does. Figures and graphs are most of a frame: their
/// characters have a cell each and join with no other, so that no segmentation into graphemes is needed for them.
pub(super) fn set_line(buffer: &mut Buffer, (mut x, y): (u16, u16), line: &Line<'_>, width: u16) {
    let end = x.saturating_add(width).min(buffer.area.right());
    for span in line {
        let style = line.style.patch(span.style);
        if !span.content.chars().all(has_own_cell) {
            x = buffer.set_stringn(x, y, &span.content, end.saturating_sub(x).into(), style).0;
            continue;
        }
        for c in span.content.chars().take(end.saturating_sub(x).into()) {
            buffer[(x, y)].set_char(c).set_style(style);
            x += 1;
        }
    }
}

/// Printable ASCII, lines and blocks, braille.
fn has_own_cell(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
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
    use ratatui::style::{Color, Modifier};

    #[test]
    fn fit_cuts_names_in_the_middle() {
        assert_eq!(fit("kubernetes-node-17", 12, Symbols::Braille), "kuberne…e-17");
        assert_eq!(fit("kubernetes-node-17", 12, Symbols::Ascii), "kuberne~e-17");
        assert_eq!(fit("short", 12, Symbols::Braille), "short");
        assert_eq!(width(&fit("日本語サーバー", 6, Symbols::Braille)), 5, "wide characters are not halved");
    }

    #[test]
    fn wrap_breaks_between_words() {
        assert_eq!(wrap("one two three", 20, 20), ["one two three"]);
        assert_eq!(wrap("one two three", 7, 9), ["one two ", "three"]);
        assert_eq!(wrap("one two three", 2, 5), ["", "one ", "two ", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3, 5), ["abc", "defgh ", "ij"]);
        assert_eq!(wrap("", 3, 5), [""]);
    }

    #[test]
    fn joining_letters_count_one_column_each() {
        assert_eq!(width("لا"), 2);
        assert_eq!(fit("لالالا", 6, Symbols::Braille), "لالالا");
        assert_eq!(width(&fit("لالالا", 4, Symbols::Braille)), 4);
    }

    #[test]
    fn a_half_width_sound_mark_counts_one_column() {
        assert_eq!(width("ｶﾞ"), 2);
        assert_eq!(fit("ｶﾞｶﾞ", 4, Symbols::Braille), "ｶﾞｶﾞ");
        assert_eq!(fit("ｶﾞｶﾞ", 3, Symbols::Braille), "ｶﾞ…");
        assert_eq!(shorten("日ﾟ日ﾟ", 5, Symbols::Braille), "日ﾟ…");
    }

    fn written(write: impl FnOnce(&mut Buffer)) -> Buffer {
        let mut buffer = Buffer::with_lines(["..........", ".........."]);
        write(&mut buffer);
        buffer
    }

    proptest! {
        #[test]
        fn a_line_is_written_as_the_library_does(
            parts in prop::collection::vec(("[ -~─⣿日e\u{301}]{0,6}", any::<u8>()), 0..4),
            x in 0u16..12,
            width in 0u16..12,
        ) {
            let span = |(text, colour): &(String, u8)| Span::styled(text.clone(), Color::Indexed(*colour));
            let line = Line::from(parts.iter().map(span).collect::<Vec<_>>()).style(Modifier::BOLD);
            let theirs = written(|buffer| _ = buffer.set_line(x, 1, &line, width));
            prop_assert_eq!(written(|buffer| set_line(buffer, (x, 1), &line, width)), theirs);
        }

        #[test]
        fn cut_text_is_never_wider_than_asked(text in "\\PC*", place in 0usize..40) {
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
