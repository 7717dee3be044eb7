//! What the environment says of the terminal: how many colours it has, and whether it is a console.

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Depth {
    /// No colours, or `NO_COLOR` is set.
    Mono,
    /// The 16 of the terminal's own palette.
    Ansi,
    /// 256.
    Indexed,
    /// 24 bit.
    #[default]
    True,
}

/// Types of terminals that have 24 bit: their programs set `COLORTERM`, which ssh does not pass on.
const TRUE: [&str; 8] = ["alacritty", "contour", "foot", "ghostty", "kitty", "rio", "termite", "wezterm"];

/// Consoles of kernels, with the few characters of their font and at most 16 colours.
const CONSOLES: [&str; 6] = ["linux", "cons25", "wsvt25", "con80x25", "bterm", "jfbterm"];

/// Endings of `TERM` that say how many colours there are, fewer than 256.
const FEW: [&str; 4] = ["-color", "-8color", "-16color", "-88color"];

/// Types of terminals whose colours beyond 16 are none of 256: rxvt-unicode has 88.
const OLD: [&str; 5] = ["ansi", "cygwin", "rxvt", "rxvt-unicode", "xterm-old"];

/// How many colours a terminal of this type has. `set`: the environment's variables that are not empty.
pub(super) fn depth(term: &str, set: impl Fn(&str) -> Option<String>) -> Depth {
    let of_terminal = |name: &&str| is_of(term.strip_prefix("xterm-").unwrap_or(term), name);
    // `COLORTERM` may be of the terminal around: what TERM says of few colours is more exact.
    let has_few = FEW.iter().any(|ending| term.ends_with(ending)) || OLD.contains(&term) || term.starts_with("vt");
    if term.ends_with("-mono") || term == "dumb" {
        return Depth::Mono;
    }
    if has_few || is_console(term, &set) {
        return Depth::Ansi;
    }
    let is_true = set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    // tmux takes all colours and gives its terminal those that this has.
    let is_in_tmux = set("TMUX").is_some();
    let depth = if is_true || term.ends_with("-direct") || term.ends_with("-truecolor") || TRUE.iter().any(of_terminal)
    {
        Depth::True
    } else if term.contains("256") || is_in_tmux {
        Depth::Indexed
    } else {
        Depth::Ansi
    };
    // GNU screen 4 has 256 colours at most, and inherits COLORTERM from the terminal that it was started in. tmux may have
    // a TERM of the same name; without a variable of either, as through sudo or ssh, it may be both.
    let is_in_screen = !term.starts_with("tmux") && set("STY").is_some() || term.starts_with("screen") && !is_in_tmux;
    if is_in_screen { depth.min(Depth::Indexed) } else { depth }
}

/// Whether a console of a kernel shows the screen, with the few characters of its font. A multiplexer that runs on the
/// Linux console has a `TERM` of its own; the session that it inherited tells.
pub(super) fn is_console(term: &str, set: impl Fn(&str) -> Option<String>) -> bool {
    let is_in_multiplexer = set("TMUX").is_some() || set("STY").is_some();
    let has_window = || ["DISPLAY", "WAYLAND_DISPLAY", "SSH_TTY"].iter().any(|name| set(name).is_some());
    is_of_console(term) || is_in_multiplexer && set("XDG_VTNR").is_some() && !has_window()
}

/// Whether the type is that of a console, or of GNU screen on a console (`screen.linux`).
fn is_of_console(term: &str) -> bool {
    let term = term.strip_prefix("screen.").unwrap_or(term);
    CONSOLES.iter().any(|console| is_of(term, console))
        || ["linux2.", "linux3."].iter().any(|old| term.starts_with(old))
}

/// Whether a type is this one or a variant of it: `foot`, `foot-extra`, `linux-16color`.
fn is_of(term: &str, name: &str) -> bool {
    term.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '+', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment with these variables.
    fn environment<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + Copy + 'a {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    const TRUE: (&str, &str) = ("COLORTERM", "truecolor");
    const STY: (&str, &str) = ("STY", "4711.pts-0.host");
    const TMUX: (&str, &str) = ("TMUX", "/tmp/tmux-0/default,1,0");

    #[test]
    fn colours_follow_the_terminal_s_type_and_what_is_around_it() {
        for (term, variables, wanted) in [
            ("xterm", &[][..], Depth::Ansi),
            ("xterm", &[TRUE][..], Depth::True),
            ("xterm", &[("COLORTERM", "24bit")], Depth::True),
            ("xterm", &[("COLORTERM", "gnome-terminal")], Depth::Ansi),
            ("xterm-256color", &[], Depth::Indexed),
            ("xterm-256color", &[TRUE], Depth::True),
            ("xterm-direct", &[], Depth::True),
            ("vt100", &[], Depth::Ansi),
            ("rxvt-unicode", &[], Depth::Ansi),
            ("rxvt-unicode-256color", &[], Depth::Indexed),
            ("xterm-mono", &[TRUE], Depth::Mono),
            ("dumb", &[TRUE], Depth::Mono),
            // The type says more than what was inherited.
            ("linux", &[TRUE], Depth::Ansi),
            ("linux-16color", &[], Depth::Ansi),
            ("xterm-16color", &[TRUE], Depth::Ansi),
            // Through ssh, which does not pass COLORTERM on.
            ("foot", &[], Depth::True),
            ("foot-extra", &[], Depth::True),
            ("xterm-ghostty", &[], Depth::True),
            ("ghostty", &[], Depth::True),
            ("wezterm", &[], Depth::True),
            ("xterm-kitty", &[], Depth::True),
            ("alacritty", &[], Depth::True),
            ("footnote", &[], Depth::Ansi),
            // GNU screen.
            ("screen", &[STY], Depth::Ansi),
            ("screen", &[STY, TRUE], Depth::Indexed),
            ("screen.xterm-256color", &[STY, TRUE], Depth::Indexed),
            ("screen-256color", &[STY, TRUE], Depth::Indexed),
            ("xterm-256color", &[STY, TRUE], Depth::Indexed),
            ("screen-256color", &[STY, TMUX, TRUE], Depth::Indexed),
            ("screen.linux", &[STY, TRUE], Depth::Ansi),
            // sudo leaves only TERM and COLORTERM.
            ("screen.xterm-256color", &[TRUE], Depth::Indexed),
            // tmux.
            ("screen", &[TMUX], Depth::Indexed),
            ("screen", &[TMUX, TRUE], Depth::True),
            ("screen-256color", &[TMUX, TRUE], Depth::True),
            ("tmux-256color", &[], Depth::Indexed),
            ("tmux-256color", &[STY, TMUX, TRUE], Depth::True),
            // On the Linux console, which has 16 colours.
            ("tmux-256color", &[TMUX, ("XDG_VTNR", "1")], Depth::Ansi),
            ("screen-256color", &[STY, ("XDG_VTNR", "1"), TRUE], Depth::Ansi),
        ] {
            assert_eq!(depth(term, environment(variables)), wanted, "{term} {variables:?}");
        }
    }

    #[test]
    fn a_console_gets_the_characters_of_its_font() {
        for console in ["linux", "linux-16color", "linux2.2", "linux3.0", "wsvt25", "screen.linux"] {
            assert!(is_console(console, environment(&[])), "{console}");
        }
        let session = ("XDG_VTNR", "1");
        for (variables, expected) in [
            (&[TMUX, session][..], true),
            (&[STY, session], true),
            (&[TMUX, session, ("DISPLAY", ":0")], false),
            (&[TMUX], false),
            (&[session], false),
        ] {
            assert_eq!(is_console("screen", environment(variables)), expected, "{variables:?}");
        }
        assert!(!is_console("linuxlike", environment(&[])));
    }
}
