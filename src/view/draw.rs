//! The whole screen.

use super::scene::Scene;
use super::terminal::Depth;
use super::theme::{Appearance, Palette};
use super::{device, devices, domain, events, footer, help, host, panes, table, text, trouble};
use crate::fleet::Fleet;
use crate::time::Timestamp;
use crate::ui::{List, MIN_HEIGHT, MIN_WIDTH, Screen, UiState, areas};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

/// Draws the whole screen into an empty buffer. `now` is for ages only ("figures 12 s old").
pub fn draw(buffer: &mut Buffer, fleet: &Fleet, ui: &UiState, appearance: &Appearance, now: Timestamp) {
    let top_consumers: Vec<_> =
        fleet.hosts().iter().map(|host| host.top_consumers(host.timeline.when(ui.cursor))).collect();
    let scene = Scene { fleet, ui, palette: Palette::new(ui.theme, appearance), now, top_consumers: &top_consumers };
    let area = buffer.area;
    buffer.set_style(area, scene.palette.ground());
    if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
        too_small(&scene, buffer, area);
        return;
    }
    let parts = areas((area.width, area.height), ui.host_lines());
    host::draw(&scene, buffer, parts.hosts);
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
    if scene.palette.depth() == Depth::Ansi {
        reversed_without_bold(buffer);
    }
}

/// The greatest scroll offset of the help: its length depends on the width of the screen.
pub fn help_end(fleet: &Fleet, ui: &UiState, appearance: &Appearance, now: Timestamp) -> u16 {
    let scene = Scene { fleet, ui, palette: Palette::new(ui.theme, appearance), now, top_consumers: &[] };
    help::end(&scene, areas(ui.size, ui.host_lines()).body)
}

/// The Linux console shows bold text brighter. Reversed, that is the ground of the cell's text: dark grey on grey.
fn reversed_without_bold(buffer: &mut Buffer) {
    let reversed = buffer.content.iter_mut().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
    reversed.for_each(|cell| cell.modifier.remove(Modifier::BOLD));
}

fn too_small(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let text = format!("vtop needs {MIN_WIDTH}x{MIN_HEIGHT}, this is {}x{}", area.width, area.height);
    let text = text::shorten(&text, usize::from(area.width), scene.palette.symbols);
    text::set_line(buffer, (area.x, area.y), &Line::from(text), area.width);
}
