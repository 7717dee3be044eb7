//! Colours by role, and what the terminal can show.

use super::symbols::Symbols;
use super::terminal::{self, Depth};
use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show, and the theme to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Appearance {
    /// Colours of the terminal.
    pub depth: Depth,
    /// Chart symbols.
    pub symbols: Symbols,
    /// The theme to begin with, by its number.
    pub theme: usize,
}

impl Appearance {
    /// From the environment: `NO_COLOR`, `COLORTERM`, `TERM` and the locale.
    pub fn detect(environment: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let depth = if set("NO_COLOR").is_some() { Depth::Mono } else { terminal::depth(&term, set) };
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let unicode = locale.to_lowercase().replace('-', "").contains("utf8");
        let symbols = match (unicode, term.as_str()) {
            (false, _) => Symbols::Ascii,
            (true, _) if terminal::is_console(&term, set) => Symbols::Console,
            (true, _) => Symbols::Braille,
        };
        Self { depth, symbols, theme: 0 }
    }
}

/// The meaning of a colour. A word, a sign or the place always carries the same meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Dim,
    Title,
    Heading,
    Key,
    Good,
    Warning,
    Critical,
    Cpu,
    Memory,
    DiskRead,
    DiskWrite,
    DiskFlush,
    NetReceive,
    NetTransmit,
    Steal,
    Frame,
    Banner,
}

/// A colour for each role.
pub(super) struct Theme {
    pub(super) name: &'static str,
    colour: fn(Role) -> (u8, u8, u8),
    background: Option<(u8, u8, u8)>,
    gauge: (u8, u8, u8),
    selection: (u8, u8, u8),
}

const THEMES: &[Theme] = &[
    Theme { name: "night", colour: night, background: None, gauge: (52, 64, 96), selection: (44, 52, 74) },
    Theme {
        name: "paper",
        colour: paper,
        background: Some((250, 248, 242)),
        gauge: (205, 214, 236),
        selection: (222, 228, 240),
    },
    Theme {
        name: "contrast",
        colour: contrast,
        background: Some((0, 0, 0)),
        gauge: (70, 70, 70),
        selection: (60, 60, 60),
    },
];

/// The names of the themes, in the order of the `t` key.
pub fn theme_names() -> impl Iterator<Item = &'static str> {
    THEMES.iter().map(|theme| theme.name)
}

fn night(role: Role) -> (u8, u8, u8) {
    match role {
        Role::Text => (205, 211, 222),
        Role::Dim => (118, 128, 148),
        Role::Title => (240, 243, 250),
        Role::Heading => (150, 163, 192),
        Role::Key => (240, 198, 116),
        Role::Good => (138, 201, 122),
        Role::Warning => (240, 186, 82),
        Role::Critical => (255, 98, 98),
        Role::Cpu => (122, 201, 148),
        Role::Memory => (108, 164, 248),
        Role::DiskRead => (94, 204, 218),
        Role::DiskWrite => (236, 158, 98),
        Role::DiskFlush => (190, 150, 230),
        Role::NetReceive => (128, 190, 255),
        Role::NetTransmit => (238, 140, 178),
        Role::Steal => (240, 120, 120),
        Role::Frame => (72, 82, 106),
        Role::Banner => (255, 196, 92),
    }
}

fn paper(role: Role) -> (u8, u8, u8) {
    match role {
        Role::Text => (44, 48, 58),
        Role::Dim => (118, 120, 126),
        Role::Title => (10, 12, 18),
        Role::Heading => (70, 84, 120),
        Role::Key => (150, 88, 0),
        Role::Good => (30, 120, 50),
        Role::Warning => (168, 96, 0),
        Role::Critical => (190, 20, 30),
        Role::Cpu => (24, 122, 72),
        Role::Memory => (28, 86, 188),
        Role::DiskRead => (0, 116, 136),
        Role::DiskWrite => (178, 84, 10),
        Role::DiskFlush => (122, 60, 170),
        Role::NetReceive => (20, 100, 190),
        Role::NetTransmit => (182, 40, 104),
        Role::Steal => (190, 40, 40),
        Role::Frame => (190, 190, 186),
        Role::Banner => (160, 82, 0),
    }
}

fn contrast(role: Role) -> (u8, u8, u8) {
    match role {
        Role::Text | Role::Title => (255, 255, 255),
        Role::Dim | Role::Frame => (178, 178, 178),
        Role::Heading | Role::Key | Role::Warning | Role::Banner => (255, 255, 0),
        Role::Good | Role::Cpu => (0, 255, 0),
        Role::Critical | Role::Steal => (255, 110, 110),
        Role::Memory | Role::NetReceive | Role::DiskRead => (0, 255, 255),
        Role::DiskWrite | Role::NetTransmit | Role::DiskFlush => (255, 160, 255),
    }
}

/// The colour of a sign, of the terminal's 16; `None`: the terminal's own foreground. The palette behind the 16 is unknown.
/// On the usual palettes only red and magenta can be read on a black and on a white ground.
fn ansi_sign(role: Role) -> Option<Color> {
    match role {
        Role::Critical => Some(Color::Red),
        Role::Warning => Some(Color::Magenta),
        _ => None,
    }
}

/// A theme at the terminal's colour depth: gives the widgets their styles.
#[derive(Clone, Copy)]
pub(super) struct Palette {
    theme: &'static Theme,
    depth: Depth,
    pub(super) symbols: Symbols,
}

impl Palette {
    /// The theme with this number, modulo the number of themes.
    pub(super) fn new(theme: usize, appearance: &Appearance) -> Self {
        Self {
            theme: &THEMES[(theme + appearance.theme) % THEMES.len()],
            depth: appearance.depth,
            symbols: appearance.symbols,
        }
    }

    pub(super) fn theme_name(&self) -> &'static str {
        self.theme.name
    }

    fn resolve(&self, colour: (u8, u8, u8)) -> Color {
        match self.depth {
            Depth::True => Color::Rgb(colour.0, colour.1, colour.2),
            _ => Color::Indexed(cube(colour)),
        }
    }

    /// The style of a role.
    pub(super) fn style(&self, role: Role) -> Style {
        let style = match self.depth {
            Depth::Mono => Style::new(),
            // The palette is unknown: any colour, bright black too, may be that of the ground.
            Depth::Ansi => Style::new().fg(Color::Reset),
            Depth::Indexed | Depth::True => Style::new().fg(self.resolve((self.theme.colour)(role))),
        };
        match role {
            Role::Title | Role::Critical | Role::Banner | Role::Key => style.add_modifier(Modifier::BOLD),
            Role::Warning if self.depth <= Depth::Ansi => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// The style of a sign that words or a place repeat: of 16 colours it alone has one.
    pub(super) fn sign(&self, role: Role) -> Style {
        let style = self.style(role);
        match self.depth {
            Depth::Ansi => ansi_sign(role).map_or(style, |colour| style.fg(colour)),
            _ => style,
        }
    }

    /// The background of the whole screen.
    pub(super) fn ground(&self) -> Style {
        match (self.depth, self.theme.background) {
            (Depth::Indexed | Depth::True, Some(background)) => self.style(Role::Text).bg(self.resolve(background)),
            _ => self.style(Role::Text),
        }
    }

    /// The style of the selected row.
    pub(super) fn selection(&self) -> Style {
        match self.depth {
            Depth::Mono | Depth::Ansi => Style::new().add_modifier(Modifier::REVERSED),
            Depth::Indexed | Depth::True => {
                Style::new().bg(self.resolve(self.theme.selection)).add_modifier(Modifier::BOLD)
            }
        }
    }

    /// The filled part of a gauge that has text on it.
    pub(super) fn gauge(&self) -> Style {
        match self.depth {
            Depth::Mono | Depth::Ansi => Style::new().add_modifier(Modifier::REVERSED),
            Depth::Indexed | Depth::True => Style::new().bg(self.resolve(self.theme.gauge)),
        }
    }
}

/// The nearest colour of the 6×6×6 cube or the grey ramp of 256-colour terminals.
fn cube((r, g, b): (u8, u8, u8)) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |value: u8| (0..6).min_by_key(|&index| LEVELS[index].abs_diff(value)).unwrap_or(0);
    let distance = |a: (u8, u8, u8)| {
        let part = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
        part(a.0, r) + part(a.1, g) + part(a.2, b)
    };
    let (ri, gi, bi) = (nearest(r), nearest(g), nearest(b));
    let coloured = distance((LEVELS[ri], LEVELS[gi], LEVELS[bi]));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let step = (mean.saturating_sub(8) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    if distance((grey, grey, grey)) < coloured { 232 + step } else { (16 + 36 * ri + 6 * gi + bi) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(environment: &[(&str, &str)]) -> Appearance {
        Appearance::detect(|name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn capabilities_follow_the_environment() {
        let appearance = detect(&[("TERM", "xterm-256color"), ("LANG", "en_GB.UTF-8")]);
        assert_eq!(appearance, Appearance { depth: Depth::Indexed, symbols: Symbols::Braille, theme: 0 });
        let appearance = detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LC_ALL", "C.utf8")]);
        assert_eq!(appearance, Appearance { depth: Depth::True, symbols: Symbols::Braille, theme: 0 });
        let appearance = detect(&[("TERM", "linux"), ("LANG", "de_DE.utf8"), ("NO_COLOR", "1")]);
        assert_eq!(appearance, Appearance { depth: Depth::Mono, symbols: Symbols::Console, theme: 0 });
        assert_eq!(
            detect(&[("TERM", "vt100"), ("LANG", "C")]),
            Appearance { depth: Depth::Ansi, symbols: Symbols::Ascii, theme: 0 }
        );
        assert_eq!(
            detect(&[("NO_COLOR", ""), ("TERM", "xterm")]).depth,
            Depth::Ansi,
            "an empty NO_COLOR does not count"
        );
    }

    #[test]
    fn colours_of_the_cube_map_to_themselves() {
        assert_eq!(cube((0, 0, 0)), 16);
        assert_eq!(cube((255, 255, 255)), 231);
        assert_eq!(cube((255, 0, 0)), 196);
        assert_eq!(cube((8, 8, 8)), 232);
    }
}
