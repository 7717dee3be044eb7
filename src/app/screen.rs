//! The interactive mode: enters the terminal, runs the event loop, leaves the terminal.

use super::error::AppError;
use super::event_loop::{End, EventLoop};
use super::input;
use super::live;
use super::signals::{self, Signal};
use super::terminal::EnteredTerminal;
use super::writer::Writer;
use crate::config::Config;
use crate::sampler::Settings;
use crate::view::Appearance;
use std::io::{IsTerminal, stdout};

/// Values of `TERM` for terminals on which text cannot be placed: terminfo's generic types, and shells inside of Emacs.
const WITHOUT_SCREEN: [&str; 8] =
    ["dumb", "unknown", "network", "dialup", "switch", "ethernet", "emacs", "dumb-emacs-ansi"];

/// Fails if standard output is not a terminal, or one without a screen.
pub(super) fn check() -> Result<(), AppError> {
    if !stdout().is_terminal() {
        return Err(AppError::NoTerminal);
    }
    let term = std::env::var("TERM").ok().filter(|term| !term.is_empty());
    let has_screen = term.as_deref().is_some_and(|term| !WITHOUT_SCREEN.contains(&term));
    if has_screen { Ok(()) } else { Err(AppError::NoScreen(term)) }
}

/// What the terminal can show, unless the configuration says otherwise.
fn appearance(config: &Config) -> Appearance {
    let detected = Appearance::detect(|name| std::env::var(name).ok());
    let symbols = config.symbols.unwrap_or(detected.symbols);
    Appearance { symbols, theme: config.theme.unwrap_or(detected.theme), ..detected }
}

/// Runs until the user or a signal ends it. Returns the signal.
pub(super) async fn run(config: &Config) -> Result<Option<Signal>, AppError> {
    let appearance = appearance(config);
    let signals = signals::listen().map_err(AppError::Setup)?;
    let writer = Writer::spawn().map_err(AppError::Setup)?;
    let feed = live::start(live::hosts(config), &Settings::screen(config.interval)).map_err(AppError::Setup)?;
    let mut terminal = EnteredTerminal::new().map_err(AppError::Terminal)?;
    let events = input::listen().map_err(AppError::Setup)?;
    let end = EventLoop::new(&mut terminal, writer, appearance, config.interval, feed)
        .run(events, signals)
        .await
        .map_err(AppError::Terminal)?;
    match end {
        End::Quit => Ok(None),
        End::Signal(signal) => Ok(Some(signal)),
        End::Unreachable(hosts) => Err(AppError::Unreachable(hosts)),
        End::ThreadGone(name) => Err(AppError::ThreadGone(name)),
    }
}
