//! A screen without a terminal: simulated samples in, keys in, text out.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::sync::Arc;
use std::time::Duration;
use vtop::fleet::Fleet;
use vtop::model::{
    DomainSample, Event, EventDomain, EventKind, Failure, Groups, HostSample, HostUpdate, SampleDelta, SampleKind,
};
use vtop::sources::synthetic::{SyntheticOptions, SyntheticSource};
use vtop::time::{Interval, Timestamp};
use vtop::ui::{Action, Effect, Key, UiState, action_for, paste, update};
use vtop::view::{Appearance, draw, help_end};

pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The smallest screen on which everything can be used.
pub const SIZE: (u16, u16) = (80, 24);

/// What a terminal sends for a key.
pub fn event(key: Key) -> KeyEvent {
    match key {
        Key::Char(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
        Key::Control(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
        Key::Code(code) => KeyEvent::new(code, KeyModifiers::NONE),
    }
}

#[derive(Clone)]
pub struct Rig {
    pub fleet: Fleet,
    pub ui: UiState,
    pub appearance: Appearance,
    size: (u16, u16),
    now: Timestamp,
}

impl Rig {
    /// The synthetic host with so many domains, after so many seconds of its story.
    pub fn new(domains: usize, seconds: usize, size: (u16, u16)) -> Self {
        Self::bent(domains, seconds, size, |_| {})
    }

    /// The same, with something done to every sample.
    pub fn bent(domains: usize, seconds: usize, size: (u16, u16), bend: impl Fn(&mut HostSample)) -> Self {
        let options = SyntheticOptions { domains, ..SyntheticOptions::default() };
        let mut events =
            SyntheticSource::simulate_events(&options, Duration::from_secs(seconds as u64)).into_iter().peekable();
        let (info, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), seconds + 1);
        let mut rig = Self::empty(size);
        rig.fleet.apply(0, HostUpdate::Connected(Arc::new(info)));
        for mut sample in samples {
            bend(&mut sample);
            rig.now = sample.at;
            while let Some(event) = events.next_if(|event| event.at.monotonic <= sample.at.monotonic) {
                rig.fleet.apply(0, HostUpdate::Event(event));
            }
            rig.fleet.apply(0, HostUpdate::Keyframe(sample));
        }
        rig.ui.refresh(&rig.fleet);
        rig
    }

    /// Lets all domains but these vanish.
    pub fn keep_domains(&mut self, kept: &[uuid::Uuid]) {
        let vanished = self.fleet.hosts()[0].domains.keys().filter(|uuid| !kept.contains(uuid)).copied().collect();
        self.change(vanished, Vec::new(), Groups::STATE);
    }

    /// Lets all devices of a domain vanish.
    pub fn unplug(&mut self, uuid: uuid::Uuid) {
        let domain = &self.fleet.hosts()[0].domains[&uuid];
        let mut bare = DomainSample::new(domain.name.clone(), domain.run, domain.state, domain.reason);
        bare.answered = Groups::OVERVIEW;
        self.change(Vec::new(), vec![(uuid, bare)], Groups::OVERVIEW);
    }

    fn change(&mut self, vanished: Vec<uuid::Uuid>, changed: Vec<(uuid::Uuid, DomainSample)>, asked: Groups) {
        let host = &self.fleet.hosts()[0];
        let (node, unsupported) = (host.node.clone(), host.unsupported.clone());
        let appeared = Vec::new();
        self.fleet.apply(
            0,
            HostUpdate::Delta(SampleDelta {
                at: self.now,
                kind: if asked == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full },
                requested: asked,
                node,
                appeared,
                vanished,
                changed,
                unsupported,
            }),
        );
        self.ui.refresh(&self.fleet);
    }

    /// Something is told of a domain.
    pub fn tell(&mut self, name: &str, kind: EventKind) {
        let found = self.fleet.domains().find(|(_, _, domain)| domain.name == name);
        let uuid = found.map_or(uuid::Uuid::max(), |(id, ..)| id.uuid);
        let domain = Some(EventDomain { uuid, name: name.to_owned() });
        self.fleet.apply(0, HostUpdate::Event(Event { at: self.now, domain, kind }));
        self.ui.refresh(&self.fleet);
    }

    /// Applies an update at its time.
    pub fn apply(&mut self, update: HostUpdate, now: Timestamp) {
        self.now = now;
        self.fleet.apply(0, update);
        self.ui.refresh(&self.fleet);
    }

    /// The time that the screen is drawn at.
    pub fn time(&self) -> Timestamp {
        self.now
    }

    pub fn set_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Before the first answer.
    pub fn empty(size: (u16, u16)) -> Self {
        let mut rig = Self {
            fleet: Fleet::new(1),
            ui: UiState::new(Interval::default()),
            appearance: Appearance::default(),
            size,
            now: Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH),
        };
        rig.act(Action::Resize { width: size.0, height: size.1 });
        rig
    }

    pub fn act(&mut self, action: Action) -> Option<Effect> {
        let effect = update(&mut self.ui, &self.fleet, action);
        self.ui.limit_help(|ui| help_end(&self.fleet, ui, &self.appearance, self.now));
        effect
    }

    /// Presses keys as a user would: characters, and `⏎ ⎋ ⇥ ↑ ↓ ← →` for the named ones.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            let code = match key {
                '⏎' => KeyCode::Enter,
                '⎋' => KeyCode::Esc,
                '⇥' => KeyCode::Tab,
                '↑' => KeyCode::Up,
                '↓' => KeyCode::Down,
                '←' => KeyCode::Left,
                '→' => KeyCode::Right,
                other => KeyCode::Char(other),
            };
            self.key(event(Key::Code(code)));
        }
        self
    }

    /// The terminal pastes text.
    pub fn paste(&mut self, text: &str) {
        paste(&mut self.ui, &self.fleet, text);
    }

    pub fn key(&mut self, event: KeyEvent) -> Option<Effect> {
        let action = action_for(event, &self.ui)?;
        self.act(action)
    }

    pub fn buffer(&self) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).expect("a test backend");
        let frame = terminal.draw(|frame| draw(frame.buffer_mut(), &self.fleet, &self.ui, &self.appearance, self.now));
        frame.expect("drawing into memory").buffer.clone()
    }

    /// The first frame as a terminal gets it.
    pub fn bytes(&self) -> Vec<u8> {
        let viewport = Viewport::Fixed(Rect::new(0, 0, self.size.0, self.size.1));
        let mut written = Vec::new();
        let backend = CrosstermBackend::new(&mut written);
        let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).expect("a terminal");
        terminal
            .draw(|frame| draw(frame.buffer_mut(), &self.fleet, &self.ui, &self.appearance, self.now))
            .expect("drawing into memory");
        drop(terminal);
        written
    }

    /// The connection fails.
    pub fn fail(&mut self, message: &str, advice: &str) {
        let (message, advice) = (message.to_owned(), Some(advice.to_owned()));
        let failure = Failure { message, advice, retry_in: Some(Duration::from_secs(30)), at: self.now, is_bug: false };
        self.fleet.apply(0, HostUpdate::Failed(failure));
        self.ui.refresh(&self.fleet);
    }

    /// After that it is tried again.
    pub fn connect(&mut self) {
        self.fleet.apply(0, HostUpdate::Connecting);
        self.ui.refresh(&self.fleet);
    }

    /// The screen as text, without blanks at the ends of lines.
    pub fn text(&self) -> String {
        let buffer = self.buffer();
        let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| line(y).trim_end().to_owned() + "\n").collect()
    }

    /// The place of some text: its first cell.
    pub fn find(&self, needle: &str) -> Option<(u16, u16)> {
        let buffer = self.buffer();
        for y in 0..buffer.area.height {
            let cells: Vec<&str> = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            for x in 0..cells.len() {
                if cells[x..].concat().starts_with(needle) {
                    return Some((x as u16, y));
                }
            }
        }
        None
    }
}
