//! Whether the ground of the terminal is dark or light.

/// The ground of the terminal, as the themes need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Nothing is known of it, or it is neither dark nor light.
    Unknown,
    /// So dark that light text can be read on it.
    Dark,
    /// So light that it is a light terminal.
    Light,
}

/// The largest luminance of a dark ground: the theme for it has a contrast of 4.5 there.
const DARK: f64 = 0.0345;
/// The smallest luminance of a light ground. The theme for it brings its own.
const LIGHT: f64 = 0.5;

impl Ground {
    /// From `COLORFGBG`, which some terminals set: the numbers of the foreground and the ground among the 16 colours, with a
    /// word or another number between in some.
    pub(super) fn of_variable(value: &str) -> Self {
        let ground = value.rsplit_once(';').and_then(|(_, ground)| ground.trim().parse::<u8>().ok());
        match ground {
            Some(0..=6 | 8) => Self::Dark,
            Some(7 | 9..=15) => Self::Light,
            _ => Self::Unknown,
        }
    }

    /// From the colour of the ground: red, green, blue.
    pub(super) fn of_colour(colour: (u8, u8, u8)) -> Self {
        match luminance(colour) {
            dark if dark <= DARK => Self::Dark,
            light if light >= LIGHT => Self::Light,
            _ => Self::Unknown,
        }
    }
}

/// The relative luminance of a colour of sRGB (WCAG 2.1), from 0 (black) to 1 (white).
fn luminance((red, green, blue): (u8, u8, u8)) -> f64 {
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_grounds_are_dark_or_light() {
        // Black, Solarized, Dracula, One Dark, Nord.
        for dark in [(0, 0, 0), (0, 43, 54), (40, 42, 54), (40, 44, 52), (46, 52, 64)] {
            assert_eq!(Ground::of_colour(dark), Ground::Dark, "{dark:?}");
        }
        // White, Solarized, Gruvbox.
        for light in [(255, 255, 255), (253, 246, 227), (238, 232, 213), (251, 241, 199)] {
            assert_eq!(Ground::of_colour(light), Ground::Light, "{light:?}");
        }
        assert_eq!(Ground::of_colour((90, 90, 90)), Ground::Unknown);
    }

    #[test]
    fn the_variable_is_read_as_terminals_write_it() {
        let read = Ground::of_variable;
        assert_eq!(["15;0", "7;0", "12;8"].map(read), [Ground::Dark; 3]);
        assert_eq!(["0;15", "0;7", "0;default;15"].map(read), [Ground::Light; 3]);
        assert_eq!(["", "0", "default;default", "0;16", ";"].map(read), [Ground::Unknown; 5]);
    }
}
