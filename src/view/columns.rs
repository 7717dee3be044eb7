//! Parts that all lists draw: headings with the sort mark, cells, the scroll bar, and the message of an empty list.

use super::text;
use super::theme::Role;
use super::{Scene, Symbols};
use crate::fleet::Link;
use crate::table::{Column, Order, Placed};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// The mark at the heading that the rows are sorted by.
fn sort_mark(order: Order, symbols: Symbols) -> &'static str {
    match order {
        Order::Descending => symbols.signs().descending,
        Order::Ascending => symbols.signs().ascending,
    }
}

/// The heading line.
pub(super) fn headings(scene: &Scene, buffer: &mut Buffer, area: Rect, columns: &[Placed]) {
    let state = scene.ui.list_state();
    let mark = sort_mark(state.order, scene.palette.symbols);
    let is_sorted = |placed: &Placed| placed.column.sort == Some(state.sort);
    // Where the sorted column has no room, the heading over the chart or the name says the order.
    let order = format!("by {}{mark}", state.sort.label());
    let has_room = |placed: &&Placed| {
        let column = placed.column;
        usize::from(placed.width) >= text::width(&order) && (column.heading.is_empty() || !column.right)
    };
    let hidden = !columns.iter().any(is_sorted);
    let spare = columns.iter().filter(has_room).min_by_key(|placed| placed.column.heading.len());
    let spare = spare.filter(|_| hidden).map(|placed| placed.offset);
    for placed in columns {
        let cell = placed.cell(area);
        if spare == Some(placed.offset) {
            put(scene, buffer, cell, false, Role::Key, order.clone());
            continue;
        }
        let sorted = is_sorted(placed);
        let role = if sorted { Role::Key } else { Role::Heading };
        let Column { heading, right, .. } = *placed.column;
        let heading = match (sorted, right) {
            (false, _) => heading.to_owned(),
            (true, true) => format!("{mark}{heading}"),
            (true, false) => format!("{heading}{mark}"),
        };
        let heading = heading.chars().take(usize::from(placed.width)).collect::<String>();
        put(scene, buffer, cell, right, role, heading);
    }
}

/// Words or a figure in a cell.
pub(super) fn put(scene: &Scene, buffer: &mut Buffer, cell: Rect, right: bool, role: Role, words: String) {
    put_line(buffer, cell, right, Line::from(scene.span(role, words)));
}

/// Gives a row that is drawn afterwards the style of the selection. A reversed chart would show the opposite: so much is
/// empty as is filled. It keeps its style.
pub(super) fn select(scene: &Scene, buffer: &mut Buffer, row: Rect, columns: &[Placed]) {
    buffer.set_style(row, scene.palette.selection());
    for placed in columns.iter().filter(|placed| placed.column.content.is_chart()) {
        buffer.set_style(placed.cell(row), Style::new().remove_modifier(Modifier::REVERSED));
    }
}

/// Clears the cells of a place and gives them a style.
pub(super) fn blank(buffer: &mut Buffer, place: Rect, style: Style) {
    for x in place.left()..place.right() {
        buffer[(x, place.y)].reset();
    }
    buffer.set_style(place, style);
}

/// A line in a cell.
pub(super) fn put_line(buffer: &mut Buffer, cell: Rect, right: bool, line: Line<'static>) {
    let room = cell.width.saturating_sub(text::width_of(&line) as u16);
    let x = if right { cell.x + room } else { cell.x };
    text::set_line(buffer, (x, cell.y), &line, cell.width);
}

/// The message of a list without rows.
pub(super) fn empty_list(scene: &Scene, buffer: &mut Buffer, area: Rect, things: &str) {
    let known = scene.fleet.hosts().iter().any(|host| host.sampled_at.is_some());
    let lines = if !scene.ui.filter.text.is_empty() {
        let filter = text::shorten(&scene.ui.filter.text, 30, scene.palette.symbols);
        vec![(Role::Title, format!("no {things} matches {filter}")), (Role::Dim, "Esc drops the filter".to_owned())]
    } else if known {
        vec![(Role::Title, format!("this host has no {things}"))]
    } else {
        let failing = scene.fleet.hosts().iter().find_map(|host| match &host.link {
            Link::Failing(failure) => Some(failure),
            Link::Connecting | Link::Live => None,
        });
        match failing {
            Some(failure) => vec![
                (Role::Critical, failure.message.clone()),
                (Role::Title, failure.advice.clone().unwrap_or_default()),
            ],
            None => vec![(Role::Title, "waiting for the first figures".to_owned())],
        }
    };
    super::message(scene, buffer, area, &lines);
}

/// The scroll bar at the right edge of a list that is longer than its place.
pub(super) fn scroll_bar(scene: &Scene, buffer: &mut Buffer, area: Rect, offset: usize, total: usize) {
    let page = usize::from(area.height);
    if total <= page || page == 0 || area.width == 0 {
        return;
    }
    let thumb = (page * page / total).max(1);
    let start = (offset * (page - thumb)).div_ceil((total - page).max(1)).min(page - thumb);
    let x = area.x + area.width - 1;
    let signs = scene.palette.symbols.signs();
    for line in 0..page {
        let inside = (start..start + thumb).contains(&line);
        let symbol = if inside { signs.thumb } else { signs.scroll_bar };
        let role = if inside { Role::Key } else { Role::Frame };
        // Also where the selected row is reversed.
        let style = scene.palette.style(role).remove_modifier(Modifier::REVERSED);
        buffer.set_string(x, area.y + line as u16, symbol, style);
    }
}
