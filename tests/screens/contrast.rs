//! Contrast of every cell of every screen: text at least 4.5 to its ground, graphs, signs and frames at least 3 (WCAG 2.1).
//! That a cell is reversed changes nothing in its contrast.

use crate::rig::Rig;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use vtop::view::Depth;

type Rgb = (u8, u8, u8);

const BLACK: Rgb = (0, 0, 0);
const WHITE: Rgb = (255, 255, 255);
/// The lightest of the usual dark grounds: Nord.
const NORD: Rgb = (46, 52, 64);
/// The darkest of the usual light grounds: base2 of Solarized.
const SOLARIZED: Rgb = (238, 232, 213);

/// The keys that lead to a theme, and the darkest and lightest grounds of the terminals that it is for. Two bring their own.
const THEMES: [(&str, &[Rgb]); 4] =
    [("", &[BLACK, NORD]), ("t", &[]), ("tt", &[]), ("ttt", &[BLACK, NORD, SOLARIZED, WHITE])];

fn luminance((red, green, blue): Rgb) -> f64 {
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn ratio(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What xterm shows for a colour of a theme; `None`: the terminal's own foreground or ground.
fn shown(colour: Color) -> Option<Rgb> {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some((red, green, blue)),
        Color::Indexed(index @ 232..) => Some((8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232))),
        Color::Indexed(index @ 16..) => {
            let level = |weight: u8| LEVELS[usize::from((index - 16) / weight % 6)];
            Some((level(36), level(6), level(1)))
        }
        other => panic!("{other:?} is one of 16 colours"),
    }
}

#[test]
fn contrast_is_computed_as_wcag_does() {
    assert_eq!(ratio(BLACK, WHITE), 21.0);
    // Two greys on white that are known to be just below and just above the limit.
    assert!(
        (4.47..4.5).contains(&ratio((119, 119, 119), WHITE)) && (4.5..4.6).contains(&ratio((118, 118, 118), WHITE))
    );
    assert_eq!(
        [16, 21, 196, 231, 232, 255].map(|index| shown(Color::Indexed(index)).unwrap()),
        [BLACK, (0, 0, 255), (255, 0, 0), WHITE, (8, 8, 8), (238, 238, 238)]
    );
}

/// The least contrast that a cell needs.
fn least(cell: &Cell) -> f64 {
    let is_text = |c: char| c.is_alphanumeric() || c.is_ascii_punctuation() || "–…≤≥µ".contains(c);
    if cell.symbol().chars().any(is_text) { 4.5 } else { 3.0 }
}

#[test]
fn every_cell_of_every_theme_can_be_read() {
    for seconds in [60, 100, 180] {
        let start = Rig::new(12, seconds, (120, 40));
        for depth in [Depth::True, Depth::Indexed] {
            for (theme, grounds) in THEMES {
                for keys in ["", "2", "3", "4", "5", "6", "⏎", "⏎⏎", "?", "/db", " <", "!"] {
                    let mut rig = start.clone();
                    rig.appearance.depth = depth;
                    rig.press(theme).press(keys);
                    for cell in rig.buffer().content.iter().filter(|cell| cell.symbol() != " ") {
                        let (text, own) = (shown(cell.fg), shown(cell.bg));
                        // The terminal's own foreground can be read on its own ground.
                        let Some(text) = text else {
                            assert_eq!(own, None, "{theme} {keys}: {cell:?}");
                            continue;
                        };
                        let on = own.map_or(grounds.to_vec(), |own| vec![own]);
                        assert!(
                            !on.is_empty(),
                            "{theme} {keys}: a theme with its own ground has it everywhere: {cell:?}"
                        );
                        for ground in on {
                            let ratio = ratio(text, ground);
                            assert!(
                                ratio >= least(cell),
                                "{ratio:.2} on {ground:?}: {depth:?} {theme} {keys} {cell:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The filled part of a bar is told from the rest of its cell.
#[test]
fn a_bar_differs_from_the_ground_and_from_the_selection() {
    for depth in [Depth::True, Depth::Indexed] {
        for (theme, grounds) in &THEMES[..3] {
            let mut rig = Rig::new(12, 100, (120, 40));
            rig.appearance.depth = depth;
            rig.press(theme);
            let (x, end) = (rig.find("MEMORY").unwrap().0 - 3, rig.find("MEMORY").unwrap().0 + 5);
            for name in ["R db-primary", "R k8s-node-4"] {
                let (_, y) = rig.find(name).unwrap();
                let buffer = rig.buffer();
                let fill = shown(buffer[(x, y)].bg).unwrap();
                let rest = shown(buffer[(end, y)].bg).map_or(grounds.to_vec(), |rest| vec![rest]);
                for rest in rest {
                    assert!(ratio(fill, rest) >= 3.0, "{depth:?} {theme} {name}: {fill:?} on {rest:?}");
                }
            }
        }
    }
}
