//! A screen without a terminal, on a host that was watched for a while.

use crate::host::Host;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;
use vtop::fleet::Fleet;
use vtop::model::{HostSample, HostUpdate};
use vtop::sampler::diff;
use vtop::time::{Interval, Timestamp};
use vtop::ui::{Action, UiState, action_for, update};
use vtop::view::{Appearance, draw};

const SIZE: (u16, u16) = (150, 50);

/// Every screen, the keys to it, and what is on it and not on the others.
pub const SCREENS: [(&str, &str, &str); 8] = [
    ("table", "1", "MEMORY"),
    ("panes", "2", "╭"),
    ("disks", "3", "RDLAT"),
    ("nics", "4", "RXDROP"),
    ("vcpus", "5", "STEAL%"),
    ("events", "6", "guest panicked"),
    ("domain", "⏎", "FLLAT"),
    ("device", "⏎⏎", "figure"),
];

pub fn terminal() -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test backend")
}

#[derive(Clone)]
pub struct Screen {
    pub fleet: Fleet,
    ui: UiState,
    appearance: Appearance,
    last: HostSample,
}

impl Screen {
    /// After so many samples, one a second.
    pub fn new(host: &mut Host, samples: usize) -> Self {
        Self::with_interval(host, samples, 1.0)
    }

    /// The same with charts of another interval.
    pub fn with_interval(host: &mut Host, samples: usize, seconds: f64) -> Self {
        let mut fleet = Fleet::new(1);
        let last = host.sample();
        fleet.apply(0, HostUpdate::Connected(Arc::new(host.info())));
        fleet.apply(0, HostUpdate::Keyframe(last.clone()));
        for event in &host.events {
            fleet.apply(0, HostUpdate::Event(event.clone()));
        }
        let ui = UiState::new(Interval::from_seconds(seconds).expect("it is in range"));
        let mut screen = Self { fleet, ui, appearance: Appearance::default(), last };
        screen.act(Action::Resize { width: SIZE.0, height: SIZE.1 });
        for _ in 1..samples {
            screen.take(host);
        }
        screen.refresh();
        screen
    }

    fn take(&mut self, host: &mut Host) {
        let now = host.sample();
        self.fleet.apply(0, HostUpdate::Delta(diff(&self.last, &now)));
        self.last = now;
    }

    /// One sample later.
    pub fn later(&self, host: &mut Host) -> Self {
        let mut later = self.clone();
        later.take(host);
        later.refresh();
        later
    }

    pub fn refresh(&mut self) {
        self.ui.refresh(&self.fleet);
    }

    fn act(&mut self, action: Action) {
        update(&mut self.ui, &self.fleet, action);
    }

    /// The screen that some keys lead to (`⏎` is Enter), on which there has to be some text.
    pub fn at(&self, keys: &str, shows: &str) -> View<'_> {
        let mut view = View { screen: self, ui: self.ui.clone() };
        for key in keys.chars() {
            let code = if key == '⏎' { KeyCode::Enter } else { KeyCode::Char(key) };
            if let Some(action) = action_for(KeyEvent::new(code, KeyModifiers::NONE), &view.ui) {
                update(&mut view.ui, &self.fleet, action);
            }
        }
        let mut terminal = terminal();
        view.draw(&mut terminal);
        let cells: String = terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect();
        assert!(cells.contains(shows), "{keys} leads elsewhere: {cells}");
        view
    }
}

/// What a user sees of it.
pub struct View<'a> {
    screen: &'a Screen,
    ui: UiState,
}

impl View<'_> {
    pub fn draw(&mut self, terminal: &mut Terminal<TestBackend>) {
        let Screen { fleet, appearance, last, .. } = self.screen;
        let now: Timestamp = last.at;
        terminal.draw(|frame| draw(frame.buffer_mut(), fleet, &self.ui, appearance, now)).expect("drawing into memory");
    }
}
