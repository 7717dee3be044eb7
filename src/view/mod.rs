//! From state to cells: pure functions of (fleet, screen state, look) into a buffer. A file a screen or a widget.

mod chart;
mod columns;
mod device;
mod devices;
mod domain;
mod events;
mod footer;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod graph;
mod help;
mod host;
mod marks;
mod panes;
mod table;
mod text;
mod theme;
mod trouble;

pub use theme::{Appearance, Depth, Symbols, theme_names};

use crate::fleet::{Domain, DomainId, Finding, Fleet, Host, TopConsumer, When};
use crate::time::Timestamp;
use crate::ui::{List, MIN_HEIGHT, MIN_WIDTH, Screen, UiState, areas};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use theme::{Palette, Role};

/// What every widget may look at.
#[derive(Clone, Copy)]
struct Scene<'a> {
    fleet: &'a Fleet,
    ui: &'a UiState,
    palette: Palette,
    now: Timestamp,
    /// The top consumer of each host.
    top_consumers: &'a [Option<TopConsumer>],
}

impl<'a> Scene<'a> {
    fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.palette.style(role))
    }

    /// What is wrong with a domain, the worst first, without what the user has seen.
    fn findings(&self, host: &Host, domain: &'a Domain) -> Vec<Finding<'a>> {
        let seen = self.ui.seen.of(DomainId { host: host.id, uuid: domain.uuid });
        let top_consumer = self.top_consumers.get(host.id).copied().flatten();
        domain.findings(self.when(host), seen, top_consumer)
    }

    /// Where the user stands in time, on a host's time axis.
    fn when(&self, host: &Host) -> When {
        host.timeline.when(self.ui.cursor)
    }

    /// The sign of a value that is not there.
    fn none(&self) -> &'static str {
        if self.palette.symbols == Symbols::Ascii { "-" } else { "–" }
    }
}

/// Draws the whole screen. `now` is for ages ("last figures 12 s ago") only.
pub fn draw(frame: &mut Frame, fleet: &Fleet, ui: &UiState, appearance: &Appearance, now: Timestamp) {
    let top_consumers: Vec<_> =
        fleet.hosts().iter().map(|host| host.top_consumer(host.timeline.when(ui.cursor))).collect();
    let scene = Scene { fleet, ui, palette: Palette::new(ui.theme, appearance), now, top_consumers: &top_consumers };
    let area = frame.area();
    let buffer = frame.buffer_mut();
    buffer.set_style(area, scene.palette.ground());
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        too_small(&scene, buffer, area);
        return;
    }
    let parts = areas((area.width, area.height));
    host::draw(&scene, buffer, parts.host);
    trouble::draw(&scene, buffer, parts.trouble);
    match ui.screen() {
        Screen::List(List::Table) => table::draw(&scene, buffer, parts.body),
        Screen::List(List::Panes) => panes::draw(&scene, buffer, parts.body),
        Screen::List(List::Events) => events::draw(&scene, buffer, parts.body),
        Screen::List(list) => devices::draw(&scene, buffer, parts.body, list),
        Screen::Domain(view) => domain::draw(&scene, buffer, view),
        Screen::Device(id, key) => device::draw(&scene, buffer, parts.body, id, key),
    }
    trouble::whole_failure(&scene, buffer, parts.trouble, parts.body);
    footer::draw(&scene, buffer, parts.footer);
    if let Some(scroll) = ui.help {
        help::draw(&scene, buffer, parts.body, scroll);
    }
}

/// How far the open help can be scrolled: only the drawing knows how long it is.
pub fn help_end(fleet: &Fleet, ui: &UiState, appearance: &Appearance, now: Timestamp) -> u16 {
    let scene = Scene { fleet, ui, palette: Palette::new(ui.theme, appearance), now, top_consumers: &[] };
    help::end(&scene, areas(ui.size).body)
}

fn too_small(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let text = format!("vtop needs {MIN_WIDTH}x{MIN_HEIGHT}, this is {}x{}", area.width, area.height);
    let text = text::shorten(&text, usize::from(area.width), scene.palette.symbols);
    buffer.set_line(area.x, area.y, &Line::from(text), area.width);
}

/// A place in the middle of an area for a few lines.
fn centred(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + (area.height - lines) / 2, height: lines, ..area }
}

/// Writes centred lines: what a screen says when it has nothing else to show.
fn message(scene: &Scene, buffer: &mut Buffer, area: Rect, lines: &[(Role, String)]) {
    let place = centred(area, lines.len() as u16);
    for (offset, (role, line)) in lines.iter().take(usize::from(place.height)).enumerate() {
        let line = text::shorten(line, usize::from(area.width), scene.palette.symbols);
        let margin = place.width.saturating_sub(text::width(&line) as u16) / 2;
        let line = Line::from(scene.span(*role, line));
        buffer.set_line(place.x + margin, place.y + offset as u16, &line, place.width - margin);
    }
}
