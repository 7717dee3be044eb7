//! The interactive mode: takes the terminal, runs the event loop, gives the terminal back.

use super::backend::FrameBackend;
use super::error::AppError;
use super::event_loop::{End, EventLoop};
use super::input;
use super::live;
use super::signals::{self, Signal};
use super::terminal::OwnTerminal;
use crate::config::Config;
use crate::sampler::Settings;
use crate::view::Appearance;
use ratatui::Terminal;
use std::io::{IsTerminal, stdout};

/// Whether there is a screen at all.
pub(super) fn check() -> Result<(), AppError> {
    if stdout().is_terminal() { Ok(()) } else { Err(AppError::NoTerminal) }
}

/// What the terminal can, as far as the user does not say otherwise.
fn appearance(config: &Config) -> Appearance {
    let detected = Appearance::detect(|name| std::env::var(name).ok());
    let symbols = config.symbols.unwrap_or(detected.symbols);
    Appearance { symbols, theme: config.theme, ..detected }
}

/// Until the user or a signal ends it.
pub(super) async fn run(config: &Config) -> Result<Option<Signal>, AppError> {
    let appearance = appearance(config);
    let signals = signals::listen().map_err(AppError::Setup)?;
    let mut own = OwnTerminal::take().map_err(AppError::Terminal)?;
    let mut terminal = Terminal::new(FrameBackend::new(stdout())).map_err(AppError::Terminal)?;
    let events = input::listen().map_err(AppError::Setup)?;
    let feed = live::start(live::hosts(config), &Settings::screen(config.interval)).map_err(AppError::Setup)?;
    let end = EventLoop::new(&mut terminal, &mut own, appearance, config.interval, feed)
        .run(events, signals)
        .await
        .map_err(AppError::Terminal)?;
    match end {
        End::Quit => Ok(None),
        End::Signal(signal) => Ok(Some(signal)),
        End::Unreachable(failure) => Err(AppError::Unreachable(failure)),
        End::NoSamples => Err(AppError::NoSamples),
    }
}
