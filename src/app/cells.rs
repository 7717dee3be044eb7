//! Cells of a screen as control sequences (ECMA-48), with as few bytes as needed.
//!
//! The 16 colours of the terminal's palette are written as the codes 30 to 37 and 90 to 97, which every terminal with
//! colours reads. crossterm writes them as colours of a palette of 256 (`38;5;1`).

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};

/// Attributes and their codes.
const MODIFIERS: [(Modifier, &str); 9] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::SLOW_BLINK, "5"),
    (Modifier::RAPID_BLINK, "6"),
    (Modifier::REVERSED, "7"),
    (Modifier::HIDDEN, "8"),
    (Modifier::CROSSED_OUT, "9"),
];

/// Colours and attributes of the text that is written next.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Rendition {
    foreground: Color,
    background: Color,
    modifiers: Modifier,
}

/// Writes these cells, each at its column and row. Colours and attributes are reset before and after.
pub(super) fn write<'a>(bytes: &mut Vec<u8>, cells: impl IntoIterator<Item = (u16, u16, &'a Cell)>) -> io::Result<()> {
    let mut rendition = Rendition::default();
    let mut place = None;
    for (x, y, cell) in cells {
        if place != Some((x, y)) {
            write!(bytes, "\x1b[{};{}H", y + 1, x + 1)?;
        }
        // After a wide character the next cell is two columns away, and gets its place.
        place = Some((x + 1, y));
        let next = Rendition { foreground: cell.fg, background: cell.bg, modifiers: cell.modifier };
        if next != rendition {
            let parameters = change(rendition, next);
            write!(bytes, "\x1b[{}m", parameters.join(";"))?;
            rendition = next;
        }
        bytes.extend_from_slice(cell.symbol().as_bytes());
    }
    if rendition != Rendition::default() {
        bytes.extend_from_slice(b"\x1b[0m");
    }
    Ok(())
}

/// The parameters of the sequence that leads from one rendition to another.
fn change(mut before: Rendition, next: Rendition) -> Vec<String> {
    let mut parameters = Vec::new();
    // 22 ends bold and dim both, so an attribute ends with all others.
    if !(before.modifiers - next.modifiers).is_empty() {
        parameters.push("0".to_owned());
        before = Rendition::default();
    }
    let added = next.modifiers - before.modifiers;
    let added = MODIFIERS.iter().filter(|(modifier, _)| added.contains(*modifier));
    parameters.extend(added.map(|(_, code)| (*code).to_owned()));
    if next.foreground != before.foreground {
        parameters.push(colour(next.foreground, 30));
    }
    if next.background != before.background {
        parameters.push(colour(next.background, 40));
    }
    parameters
}

/// The parameters of a colour. `base`: 30 for the foreground, 40 for the background.
fn colour(colour: Color, base: u8) -> String {
    let number = match colour {
        Color::Reset => 9,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Indexed(index) => return format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => return format!("{};2;{red};{green};{blue}", base + 8),
    };
    (base + number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    /// What is written for a line of styled characters.
    fn written(styles: &[(char, Style)]) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, styles.len() as u16, 1));
        for (x, (symbol, style)) in (0..).zip(styles) {
            buffer[(x, 0)].set_char(*symbol).set_style(*style);
        }
        let mut bytes = Vec::new();
        write(&mut bytes, (0..).zip(buffer.content()).map(|(x, cell)| (x, 0, cell))).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_sixteen_colours_have_codes_that_every_terminal_reads() {
        let fg = |colour| Style::new().fg(colour);
        assert_eq!(written(&[('a', fg(Color::Red))]), "\x1b[1;1H\x1b[31ma\x1b[0m");
        assert_eq!(written(&[('a', fg(Color::DarkGray))]), "\x1b[1;1H\x1b[90ma\x1b[0m");
        assert_eq!(written(&[('a', fg(Color::White).bg(Color::Blue))]), "\x1b[1;1H\x1b[97;44ma\x1b[0m");
        assert_eq!(written(&[('a', Style::new().bg(Color::LightCyan))]), "\x1b[1;1H\x1b[106ma\x1b[0m");
        assert_eq!(written(&[('a', fg(Color::Indexed(200)))]), "\x1b[1;1H\x1b[38;5;200ma\x1b[0m");
        assert_eq!(written(&[('a', Style::new().bg(Color::Rgb(1, 2, 3)))]), "\x1b[1;1H\x1b[48;2;1;2;3ma\x1b[0m");
    }

    #[test]
    fn only_what_differs_is_written_and_an_attribute_ends_with_all_others() {
        let (plain, red) = (Style::new(), Style::new().fg(Color::Red));
        let bold = red.add_modifier(Modifier::BOLD);
        let reversed = bold.add_modifier(Modifier::REVERSED);
        assert_eq!(written(&[('a', plain), ('b', plain)]), "\x1b[1;1Hab", "no colours, no sequences");
        assert_eq!(
            written(&[('a', red), ('b', red), ('c', bold), ('d', reversed), ('e', red), ('f', plain)]),
            "\x1b[1;1H\x1b[31mab\x1b[1mc\x1b[7md\x1b[0;31me\x1b[39mf"
        );
    }

    #[test]
    fn the_cell_after_a_wide_character_gets_its_place() {
        let buffer = Buffer::with_lines(["日x"]);
        let mut bytes = Vec::new();
        write(&mut bytes, Buffer::empty(buffer.area).diff(&buffer)).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "\x1b[1;1H日\x1b[1;3Hx");
    }
}
