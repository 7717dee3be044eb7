//! The Linux console: every character of every screen is one that its fonts have.

use crate::rig::{Rig, SIZES};
use crossterm::event::KeyCode;
use ratatui::style::Modifier;
use vtop::ui::Key;
use vtop::view::{Depth, Symbols};

/// Characters beyond ASCII that are in the Unicode tables of 450 fonts of Debian's console-setup-linux 1.221 (all that have
/// lines at all: 6 of its 456 fonts, Ethiopian-Goha*, do not) and in that of the font of the kernel
/// (drivers/tty/vt/cp437.uni). Among the fonts are Lat15-Fixed16, Lat15-VGA16 and Lat15-Terminus16.
const CONSOLE: &str = "°±•←↑→↓≤≥─│┌┐└┘├┤┬┴┼═║╒╔╗╘╙╚╛╝╞╟╠╡╣╦╧╨╩╪╬█░▒■▲▶▼◀♦";

/// The screens that can be reached in the story's 100th second, each by the keys that lead there.
const SCREENS: [&str; 22] = [
    "",
    "2",
    "3",
    "4",
    "5",
    "6",
    "r",
    "N",
    "⏎",
    "⏎⏎",
    "⏎⇥⏎",
    "⏎⇥⇥⏎",
    "2⏎",
    "/zzz",
    "/db⏎",
    "/db-primary⏎⏎",
    "/web-02⏎⏎",
    " <",
    "G",
    "!",
    "2G",
    "5G",
];

fn odd(rig: &Rig) -> Option<char> {
    rig.text().chars().find(|c| !matches!(c, ' '..='~' | '\n') && !CONSOLE.contains(*c))
}

#[test]
fn every_screen_is_drawn_with_characters_of_the_console_s_fonts() {
    for size in SIZES {
        let mut start = Rig::new(12, 100, size);
        start.appearance.symbols = Symbols::Console;
        for keys in SCREENS {
            let mut rig = start.clone();
            rig.press(keys);
            assert_eq!(odd(&rig), None, "after {keys} at {size:?}:\n{}", rig.text());
        }
        start.fail("the daemon is not running", "start it");
        assert_eq!(odd(&start), None, "without a connection:\n{}", start.text());
    }
}

/// The console shows bold text brighter, which reversed is the ground of the text: dark grey on grey.
#[test]
fn nothing_is_bold_and_reversed_in_16_colours() {
    for size in SIZES {
        let mut start = Rig::new(12, 100, size);
        start.appearance.depth = Depth::Ansi;
        for keys in SCREENS {
            let mut rig = start.clone();
            rig.press(keys);
            let unreadable = Modifier::BOLD | Modifier::REVERSED;
            let buffer = rig.buffer();
            let reversed = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            assert!(reversed.clone().count() > 0 || keys == "6" || keys == "/zzz" || keys.contains('⏎'), "{keys}");
            assert_eq!(reversed.filter(|cell| cell.modifier.contains(unreadable)).count(), 0, "after {keys}");
            if keys == "5" {
                let rows = buffer.content.chunks(usize::from(size.0));
                let bar = rows.filter_map(|row| row.last()).filter(|cell| cell.modifier.contains(Modifier::REVERSED));
                assert_eq!(bar.count(), 0, "the scroll bar has no hole at the selected row");
            }
        }
    }
}

#[test]
fn the_help_is_written_with_characters_of_the_console_s_fonts() {
    for symbols in [Symbols::Console, Symbols::Ascii] {
        let mut rig = Rig::new(12, 100, (100, 30));
        rig.appearance.symbols = symbols;
        rig.press("?");
        let mut last = String::new();
        while last != rig.text() {
            last = rig.text();
            let odd = odd(&rig).or_else(|| last.chars().find(|c| symbols == Symbols::Ascii && !c.is_ascii()));
            assert_eq!(odd, None, "{symbols:?}:\n{last}");
            rig.key(crate::rig::event(Key::Code(KeyCode::PageDown)));
        }
        assert!(last.contains("Figures of the host"), "the end of the help:\n{last}");
    }
}
