//! The interactive mode: enters the terminal, runs the event loop, leaves the terminal.

use super::error::AppError;
use super::event_loop::{End, EventLoop, Line};
use super::frame::FrameKind;
use super::input::{self, Answers, Keys, Questions, Width};
use super::live;
use super::output;
use super::signals::{self, Signal};
use super::terminal::EnteredTerminal;
use super::writer::Writer;
use crate::config::Config;
use crate::sampler::Settings;
use crate::view::{Appearance, Depth, Symbols};
use std::io::{IsTerminal, stdout};
use std::time::Duration;

/// Values of `TERM` for terminals on which text cannot be placed: terminfo's generic types, and shells inside of Emacs.
const WITHOUT_SCREEN: [&str; 8] =
    ["dumb", "unknown", "network", "dialup", "switch", "ethernet", "emacs", "dumb-emacs-ansi"];

/// Fails if standard output is not a terminal, or one without a screen, or if there is none to read keys from.
pub(super) fn check() -> Result<(), AppError> {
    if !stdout().is_terminal() {
        return Err(AppError::NoTerminal);
    }
    let term = std::env::var("TERM").ok().filter(|term| !term.is_empty());
    let has_screen = term.as_deref().is_some_and(|term| !WITHOUT_SCREEN.contains(&term));
    if !has_screen {
        return Err(AppError::NoScreen(term));
    }
    if input::can_read() { Ok(()) } else { Err(AppError::NoKeyboard) }
}

/// How long the terminal may take to answer. Nearly all answer at once, after a round trip.
const ANSWER_LIMIT: Duration = Duration::from_millis(100);
/// The same through ssh.
const REMOTE_ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// An environment variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn answer_limit(variable: impl Fn(&str) -> Option<String>) -> Duration {
    let is_remote = ["SSH_TTY", "SSH_CONNECTION"].into_iter().any(|name| variable(name).is_some());
    if is_remote { REMOTE_ANSWER_LIMIT } else { ANSWER_LIMIT }
}

/// Whether characters of ambiguous width cannot be used. If the terminal does not say how wide they are, the locale decides:
/// they are two columns wide where Chinese, Japanese or Korean is written.
fn needs_ascii(width: Width, variable: impl Fn(&str) -> Option<String>) -> bool {
    match width {
        Width::One => false,
        Width::More => true,
        Width::Unknown => {
            let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
            ["zh", "ja", "ko"].into_iter().any(|language| locale.starts_with(language))
        }
    }
}

/// What the terminal can show by the environment, its answers and the configuration, of which the later ones count more.
fn appearance(detected: Appearance, answers: &Answers, config: &Config) -> Appearance {
    let mut appearance = answers.ground.map_or(detected, |colour| detected.on_ground(colour));
    if appearance.symbols != Symbols::Ascii && needs_ascii(answers.width, variable) {
        appearance.symbols = Symbols::Ascii;
    }
    let symbols = config.symbols.unwrap_or(appearance.symbols);
    Appearance { symbols, theme: config.theme.unwrap_or(appearance.theme), ..appearance }
}

/// Runs until the user or a signal ends it. Returns the signal.
pub(super) async fn run(config: &Config) -> Result<Option<Signal>, AppError> {
    let detected = Appearance::detect(|name| std::env::var(name).ok());
    let signals = signals::listen().map_err(AppError::Setup)?;
    let writer = Writer::spawn().map_err(AppError::Setup)?;
    let feed = live::start(live::hosts(config), &Settings::screen(config.interval)).map_err(AppError::Setup)?;
    let mut terminal = EnteredTerminal::new().map_err(AppError::Terminal)?;
    let mut keys = Keys::default();
    let questions = Questions {
        width: config.symbols.is_none() && detected.symbols != Symbols::Ascii,
        // With less colours, text has the foreground of the terminal in every theme.
        ground: config.theme.is_none() && detected.depth >= Depth::Indexed,
    };
    let ask = input::ask(questions, &mut keys, answer_limit(variable), |question| output::write_frame(true, question));
    let answers = ask.map_err(AppError::Terminal)?;
    let inputs = input::listen(keys, !answers.complete).map_err(AppError::Setup)?;
    let appearance = appearance(detected, &answers, config);
    let end = EventLoop::new(&mut terminal, writer, appearance, config.interval, feed)
        .filter(&config.filter)
        .first_frame(FrameKind::Whole)
        .line(Line::new(answers.ready_in))
        .awaits_ground(questions.ground && answers.ground.is_none())
        .run(inputs, signals)
        .await
        .map_err(AppError::Terminal)?;
    match end {
        End::Quit => Ok(None),
        End::Signal(signal) => Ok(Some(signal)),
        End::Unreachable(hosts) => Err(AppError::Unreachable(hosts)),
        End::ThreadGone(name) => Err(AppError::ThreadGone(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_and_silent_terminals_in_cjk_locales_need_ascii() {
        let locale =
            |wanted: &'static str, value: &'static str| move |name: &str| (name == wanted).then(|| value.to_owned());
        assert!(needs_ascii(Width::More, locale("LANG", "en_US.UTF-8")));
        assert!(!needs_ascii(Width::One, locale("LANG", "ja_JP.UTF-8")));
        for (name, value, ascii) in [
            ("LANG", "ja_JP.UTF-8", true),
            ("LC_CTYPE", "zh_CN.UTF-8", true),
            ("LC_ALL", "ko_KR.UTF-8", true),
            ("LANG", "en_US.UTF-8", false),
            ("TERM", "zh", false),
        ] {
            assert_eq!(needs_ascii(Width::Unknown, locale(name, value)), ascii, "{name}={value}");
        }
    }

    #[test]
    fn an_answer_may_take_longer_through_ssh() {
        assert_eq!(answer_limit(|_| None), Duration::from_millis(100));
        assert_eq!(answer_limit(|name| (name == "SSH_TTY").then(|| "/dev/pts/1".into())), Duration::from_secs(1));
    }
}
