//! Colours by role, and what the terminal can show.

use super::ground::Ground;
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
    /// From the environment: `NO_COLOR`, `COLORTERM`, `TERM`, `COLORFGBG` and the locale.
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
        let ground = set("COLORFGBG").map_or(Ground::Unknown, |value| Ground::of_variable(&value));
        Self { depth, symbols, theme: theme_for(ground) }
    }

    /// With the theme for the colour of the terminal's ground.
    pub fn on_ground(self, colour: (u8, u8, u8)) -> Self {
        Self { theme: theme_for(Ground::of_colour(colour)), ..self }
    }
}

/// The number of the theme that can be read on a ground.
fn theme_for(ground: Ground) -> usize {
    match ground {
        Ground::Dark => NIGHT,
        Ground::Light => PAPER,
        Ground::Unknown => TERMINAL,
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

type Rgb = (u8, u8, u8);

/// A colour for each role. `tests/screens/contrast.rs` tests that each can be read.
pub(super) struct Theme {
    pub(super) name: &'static str,
    colour: fn(Role) -> Rgb,
    /// The ground; `None`: that of the terminal.
    background: Option<Rgb>,
    /// The filled part of a bar with text on it, and that text.
    gauge: (Rgb, Rgb),
    /// The ground of the selected row.
    selection: Rgb,
    /// Text has the foreground of the terminal; only signs and graphs have colours.
    has_own_text: bool,
}

const NIGHT: usize = 0;
const PAPER: usize = 1;
const TERMINAL: usize = 3;

const THEMES: [Theme; 4] = [
    Theme {
        name: "night",
        colour: night,
        background: None,
        gauge: ((100, 142, 196), (0, 0, 0)),
        selection: (54, 60, 80),
        has_own_text: false,
    },
    Theme {
        name: "paper",
        colour: paper,
        background: Some((250, 248, 242)),
        gauge: ((70, 105, 165), (255, 255, 255)),
        selection: (222, 228, 240),
        has_own_text: false,
    },
    Theme {
        name: "contrast",
        colour: contrast,
        background: Some((0, 0, 0)),
        gauge: ((178, 178, 178), (0, 0, 0)),
        selection: (58, 58, 58),
        has_own_text: false,
    },
    Theme {
        name: "terminal",
        colour: on_any_ground,
        background: None,
        gauge: ((0, 0, 0), (0, 0, 0)),
        selection: (0, 0, 0),
        has_own_text: true,
    },
];

/// The names of the themes, in the order of the `t` key.
pub fn theme_names() -> impl Iterator<Item = &'static str> {
    THEMES.iter().map(|theme| theme.name)
}

fn night(role: Role) -> Rgb {
    match role {
        Role::Text => (205, 211, 222),
        Role::Dim => (168, 174, 188),
        Role::Title => (240, 243, 250),
        Role::Heading => (166, 178, 206),
        Role::Key => (240, 198, 116),
        Role::Good => (138, 201, 122),
        Role::Warning => (240, 186, 82),
        Role::Critical => (255, 132, 132),
        Role::Cpu => (122, 201, 148),
        Role::Memory => (128, 178, 252),
        Role::DiskRead => (94, 204, 218),
        Role::DiskWrite => (240, 168, 108),
        Role::DiskFlush => (204, 166, 240),
        Role::NetReceive => (128, 190, 255),
        Role::NetTransmit => (244, 152, 188),
        Role::Steal => (250, 140, 140),
        Role::Frame => (128, 140, 164),
        Role::Banner => (255, 196, 92),
    }
}

fn paper(role: Role) -> Rgb {
    match role {
        Role::Text => (44, 48, 58),
        Role::Dim => (92, 94, 100),
        Role::Title => (10, 12, 18),
        Role::Heading => (70, 84, 120),
        Role::Key => (136, 76, 0),
        Role::Good => (20, 102, 40),
        Role::Warning => (138, 74, 0),
        Role::Critical => (186, 18, 28),
        Role::Cpu => (16, 102, 58),
        Role::Memory => (28, 86, 188),
        Role::DiskRead => (0, 98, 116),
        Role::DiskWrite => (146, 66, 6),
        Role::DiskFlush => (110, 46, 158),
        Role::NetReceive => (18, 88, 172),
        Role::NetTransmit => (170, 34, 96),
        Role::Steal => (176, 32, 32),
        Role::Frame => (126, 126, 122),
        Role::Banner => (138, 70, 0),
    }
}

fn contrast(role: Role) -> Rgb {
    match role {
        Role::Text | Role::Title => (255, 255, 255),
        Role::Dim | Role::Frame => (178, 178, 178),
        Role::Heading | Role::Key | Role::Warning | Role::Banner => (255, 255, 0),
        Role::Good | Role::Cpu => (0, 255, 0),
        Role::Critical | Role::Steal => (255, 135, 135),
        Role::Memory | Role::NetReceive | Role::DiskRead => (0, 255, 255),
        Role::DiskWrite | Role::NetTransmit | Role::DiskFlush => (255, 160, 255),
    }
}

/// Colours of signs and graphs that differ enough (3:1) from black, from white, and from the usual grounds between. All are
/// colours of 256-colour terminals.
fn on_any_ground(role: Role) -> Rgb {
    match role {
        Role::Critical => (255, 0, 0),
        Role::Warning | Role::DiskWrite | Role::Key | Role::Banner => (215, 95, 0),
        Role::Good | Role::Cpu => (95, 135, 95),
        Role::Memory => (0, 135, 215),
        Role::DiskRead => (0, 135, 175),
        Role::DiskFlush => (175, 95, 215),
        Role::NetReceive => (95, 135, 175),
        Role::NetTransmit => (255, 0, 135),
        Role::Steal => (255, 0, 95),
        Role::Text | Role::Title | Role::Dim | Role::Heading | Role::Frame => (95, 135, 135),
    }
}

/// The colour of a sign, of the terminal's 16. The palette behind them is unknown.
/// On the usual palettes only red and magenta can be read on a black and on a white ground.
fn ansi_sign(role: Role) -> Color {
    if role == Role::Critical { Color::Red } else { Color::Magenta }
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
            theme: &THEMES[theme.wrapping_add(appearance.theme) % THEMES.len()],
            depth: appearance.depth,
            symbols: appearance.symbols,
        }
    }

    pub(super) fn theme_name(&self) -> &'static str {
        self.theme.name
    }

    pub(super) fn depth(&self) -> Depth {
        self.depth
    }

    fn resolve(&self, colour: Rgb) -> Color {
        match self.depth {
            Depth::True => Color::Rgb(colour.0, colour.1, colour.2),
            _ => Color::Indexed(cube(colour)),
        }
    }

    /// Whether text has the foreground of the terminal. Of 16 colours the palette is unknown: any colour, bright black too,
    /// may be that of the ground.
    fn has_own_text(&self) -> bool {
        self.depth <= Depth::Ansi || self.theme.has_own_text
    }

    /// The style of text and frames of a role.
    pub(super) fn style(&self, role: Role) -> Style {
        let style = match self.depth {
            Depth::Mono => Style::new(),
            _ if self.has_own_text() => Style::new().fg(Color::Reset),
            _ => Style::new().fg(self.resolve((self.theme.colour)(role))),
        };
        match role {
            Role::Title | Role::Critical | Role::Banner | Role::Key => style.add_modifier(Modifier::BOLD),
            Role::Warning if self.has_own_text() => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// The style of a graph.
    pub(super) fn graph(&self, role: Role) -> Style {
        match self.depth {
            Depth::Mono | Depth::Ansi => self.style(role),
            Depth::Indexed | Depth::True => self.style(role).fg(self.resolve((self.theme.colour)(role))),
        }
    }

    /// The style of a sign that words or a place repeat: of 16 colours it alone has one.
    pub(super) fn sign(&self, role: Role) -> Style {
        match (role, self.depth) {
            (Role::Critical | Role::Warning, Depth::Ansi) => self.style(role).fg(ansi_sign(role)),
            (Role::Critical | Role::Warning, _) => self.graph(role),
            _ => self.style(role),
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
        if self.has_own_text() {
            return Style::new().add_modifier(Modifier::REVERSED);
        }
        Style::new().bg(self.resolve(self.theme.selection)).add_modifier(Modifier::BOLD)
    }

    /// The filled part of a bar that has text on it. `alarm`: the role of a finding about the figure.
    pub(super) fn gauge(&self, alarm: Option<Role>) -> Style {
        if self.has_own_text() {
            return Style::new().add_modifier(Modifier::REVERSED);
        }
        let (fill, text) = self.theme.gauge;
        let fill = alarm.map_or(fill, self.theme.colour);
        Style::new().bg(self.resolve(fill)).fg(self.resolve(text))
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
        assert_eq!(appearance, Appearance { depth: Depth::Indexed, symbols: Symbols::Braille, theme: TERMINAL });
        let appearance = detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LC_ALL", "C.utf8")]);
        assert_eq!(appearance, Appearance { depth: Depth::True, symbols: Symbols::Braille, theme: TERMINAL });
        let appearance = detect(&[("TERM", "linux"), ("LANG", "de_DE.utf8"), ("NO_COLOR", "1")]);
        assert_eq!(appearance, Appearance { depth: Depth::Mono, symbols: Symbols::Console, theme: TERMINAL });
        assert_eq!(
            detect(&[("TERM", "vt100"), ("LANG", "C")]),
            Appearance { depth: Depth::Ansi, symbols: Symbols::Ascii, theme: TERMINAL }
        );
        assert_eq!(
            detect(&[("NO_COLOR", ""), ("TERM", "xterm")]).depth,
            Depth::Ansi,
            "an empty NO_COLOR does not count"
        );
    }

    #[test]
    fn the_theme_can_be_read_on_the_ground() {
        let name = |appearance: Appearance| THEMES[appearance.theme].name;
        for (value, expected) in
            [("15;0", "night"), ("0;15", "paper"), ("0;default;15", "paper"), ("0;default", "terminal")]
        {
            assert_eq!(name(detect(&[("COLORFGBG", value)])), expected, "COLORFGBG={value}");
        }
        let unknown = detect(&[]);
        assert_eq!(name(unknown), "terminal");
        assert_eq!(name(unknown.on_ground((0, 43, 54))), "night");
        assert_eq!(name(unknown.on_ground((255, 255, 255))), "paper");
        assert_eq!(name(unknown.on_ground((128, 128, 128))), "terminal");
    }

    #[test]
    fn colours_of_the_cube_map_to_themselves() {
        assert_eq!(cube((0, 0, 0)), 16);
        assert_eq!(cube((255, 255, 255)), 231);
        assert_eq!(cube((255, 0, 0)), 196);
        assert_eq!(cube((8, 8, 8)), 232);
    }
}
