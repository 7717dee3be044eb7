//! Centred lines: what a screen says when it has nothing else to show.

use super::scene::Scene;
use super::text;
use super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The middle lines of an area.
fn centred(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + (area.height - lines) / 2, height: lines, ..area }
}

/// Writes centred lines.
pub(super) fn message(scene: &Scene, buffer: &mut Buffer, area: Rect, lines: &[(Role, String)]) {
    let place = centred(area, lines.len() as u16);
    for (offset, (role, line)) in lines.iter().take(usize::from(place.height)).enumerate() {
        let line = text::shorten(line, usize::from(area.width), scene.palette.symbols);
        let margin = place.width.saturating_sub(text::width(&line) as u16) / 2;
        let line = Line::from(scene.span(*role, line));
        text::set_line(buffer, (place.x + margin, place.y + offset as u16), &line, place.width - margin);
    }
}
