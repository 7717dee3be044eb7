//! vtop without a terminal: samples and keys in, the drawn screen out.

use crate::pty::Program;
use crate::screen::Screen;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use vtop::fleet::{Domain, Fleet, Host};
use vtop::model::HostUpdate;
use vtop::time::{Clock, Interval, SystemClock};
use vtop::ui::{Action, Effect, UiState, action_for, update};
use vtop::view::{Appearance, draw};

/// A size with room for every column and every device of the lab's guests.
pub const SIZE: (u16, u16) = (220, 60);

pub struct Desk {
    pub fleet: Fleet,
    ui: UiState,
    size: (u16, u16),
}

impl Desk {
    pub fn new(size: (u16, u16)) -> Self {
        let mut desk = Self { fleet: Fleet::new(1), ui: UiState::new(Interval::default()), size };
        desk.act(Action::Resize { width: size.0, height: size.1 });
        desk
    }

    pub fn apply(&mut self, update: HostUpdate) {
        self.fleet.apply(0, update);
        self.ui.refresh(&self.fleet);
    }

    pub fn host(&self) -> &Host {
        &self.fleet.hosts()[0]
    }

    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.host().domains.values().find(|domain| domain.name == name)
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        update(&mut self.ui, &self.fleet, action)
    }

    /// Presses keys: characters, and `⏎ ⌫ ⇥` for Enter, Backspace and Tab. Returns their effects.
    pub fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys.chars() {
            let code = match key {
                '⏎' => KeyCode::Enter,
                '⌫' => KeyCode::Backspace,
                '⇥' => KeyCode::Tab,
                other => KeyCode::Char(other),
            };
            let action = action_for(KeyEvent::new(code, KeyModifiers::NONE), &self.ui);
            effects.extend(action.and_then(|action| self.act(action)));
        }
        effects
    }

    pub fn screen(&self) -> Screen {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let now = SystemClock.now();
        let frame = terminal
            .draw(|frame| draw(frame.buffer_mut(), &self.fleet, &self.ui, &Appearance::default(), now))
            .unwrap();
        Screen::of_buffer(frame.buffer)
    }
}

/// A vtop that takes keys and shows screens: in this process or in a terminal.
pub trait Viewer {
    /// Presses keys and returns the screen once it contains all these texts.
    fn go(&mut self, keys: &str, wanted: &[&str]) -> Screen;

    /// The overview with all domains.
    fn overview(&mut self) -> Screen {
        self.go("1⌫", &["NAME", "MEMORY", "Enter open"])
    }

    /// The screen of a domain, from any screen.
    fn open(&mut self, domain: &str) -> Screen {
        self.go(&format!("1⌫/{domain}⏎⏎"), &[&format!("{domain}  "), "Enter device"])
    }
}

impl Viewer for Desk {
    fn go(&mut self, keys: &str, wanted: &[&str]) -> Screen {
        self.press(keys);
        let screen = self.screen();
        let missing = wanted.iter().find(|text| !screen.contains(text));
        assert_eq!(missing, None, "after {keys}:\n{}", screen.text());
        screen
    }
}

impl Viewer for Program {
    fn go(&mut self, keys: &str, wanted: &[&str]) -> Screen {
        self.keys(&keys.replace('⏎', "\r").replace('⌫', "\x7f").replace('⇥', "\t"));
        self.wait(&wanted.join(", "), |screen| wanted.iter().all(|text| screen.contains(text)).then(|| screen.clone()))
    }
}
