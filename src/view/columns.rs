//! Columns of a table: which fit, where they stand, their headings with the sort mark.

use super::text;
use super::theme::Role;
use super::{Scene, Symbols};
use crate::fleet::Link;
use crate::ui::{Order, SortKey};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// A column of a table, for some kind of content `C`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<C> {
    pub(super) content: C,
    pub(super) title: &'static str,
    /// Least width.
    pub(super) width: u16,
    /// What `s` and the arrows sort by when this column is marked.
    pub(super) sort: Option<SortKey>,
    /// Figures are right-aligned, words are not.
    pub(super) right: bool,
    /// Columns with a higher number go first when there is no room. 0 stays always.
    pub(super) rank: u8,
    /// Share of the room that is left over; 0: it never grows.
    pub(super) grow: u16,
    /// It grows no further than this.
    pub(super) most: u16,
}

impl<C> Column<C> {
    pub(super) const fn figure(content: C, title: &'static str, width: u16, rank: u8, sort: SortKey) -> Self {
        Self { content, title, width, sort: Some(sort), right: true, rank, grow: 0, most: width }
    }
}

/// The columns that fit into a width, each with its offset and its width. Between two there is one blank.
pub(super) fn fit<C: Copy>(columns: &[Column<C>], width: u16) -> Vec<(Column<C>, u16, u16)> {
    let mut kept: Vec<Column<C>> = columns.to_vec();
    let needed = |kept: &[Column<C>]| kept.iter().map(|column| column.width + 1).sum::<u16>().saturating_sub(1);
    while needed(&kept) > width {
        let Some(worst) = kept.iter().map(|column| column.rank).max().filter(|rank| *rank > 0) else { break };
        let Some(index) = kept.iter().rposition(|column| column.rank == worst) else { break };
        kept.remove(index);
    }
    let mut widths: Vec<u16> = kept.iter().map(|column| column.width).collect();
    let mut spare = width.saturating_sub(needed(&kept));
    // Room goes where it is wanted, column by column, until all are as wide as they like to be.
    while spare > 0 {
        let before = spare;
        for (column, width) in kept.iter().zip(&mut widths) {
            let step = column.grow.min(spare).min(column.most.saturating_sub(*width));
            *width += step;
            spare -= step;
        }
        if spare == before {
            break;
        }
    }
    let mut offset = 0;
    kept.into_iter()
        .zip(widths)
        .map(|(column, width)| {
            let place = (column, offset, width);
            offset += width + 1;
            place
        })
        .collect()
}

/// Stands at the heading that the rows are sorted by. In ASCII as `ps --sort` has it: a letter would be read as part of it.
fn sort_mark(order: Order, symbols: Symbols) -> &'static str {
    match (order, symbols) {
        (Order::Descending, Symbols::Ascii) => "-",
        (Order::Ascending, Symbols::Ascii) => "+",
        (Order::Descending, _) => "▾",
        (Order::Ascending, _) => "▴",
    }
}

/// The heading line.
pub(super) fn headings<C>(scene: &Scene, buffer: &mut Buffer, area: Rect, columns: &[(Column<C>, u16, u16)]) {
    let state = scene.ui.list_state();
    let mark = sort_mark(state.order, scene.palette.symbols);
    let is_sorted = |column: &Column<C>| column.sort == Some(state.sort);
    // Where that column has no room, another one says what the order is: the one of the charts, or that of the names.
    let order = format!("by {}{mark}", state.sort.label());
    let has_room = |(column, _, width): &&(Column<C>, u16, u16)| {
        usize::from(*width) >= text::width(&order) && (column.title.is_empty() || !column.right)
    };
    let hidden = !columns.iter().any(|(column, ..)| is_sorted(column));
    let spare = columns.iter().filter(has_room).min_by_key(|(column, ..)| column.title.len());
    let spare = spare.filter(|_| hidden).map(|(_, offset, _)| *offset);
    for (column, offset, width) in columns {
        if spare == Some(*offset) {
            put(scene, buffer, Rect { x: area.x + offset, width: *width, ..area }, false, Role::Key, order.clone());
            continue;
        }
        let sorted = is_sorted(column);
        let role = if sorted { Role::Key } else { Role::Heading };
        let title = match (sorted, column.right) {
            (false, _) => column.title.to_owned(),
            (true, true) => format!("{mark}{}", column.title),
            (true, false) => format!("{}{mark}", column.title),
        };
        let title = title.chars().take(usize::from(*width)).collect::<String>();
        put(scene, buffer, Rect { x: area.x + offset, width: *width, ..area }, column.right, role, title);
    }
}

/// Words or a figure in a cell.
pub(super) fn put(scene: &Scene, buffer: &mut Buffer, cell: Rect, right: bool, role: Role, words: String) {
    put_line(buffer, cell, right, Line::from(scene.span(role, words)));
}

/// Takes away what stands in a place.
pub(super) fn blank(buffer: &mut Buffer, place: Rect) {
    for x in place.left()..place.right() {
        buffer[(x, place.y)].set_symbol(" ").modifier = ratatui::style::Modifier::empty();
    }
}

/// A line in a cell.
pub(super) fn put_line(buffer: &mut Buffer, cell: Rect, right: bool, line: Line<'static>) {
    let room = cell.width.saturating_sub(text::width_of(&line) as u16);
    let x = if right { cell.x + room } else { cell.x };
    buffer.set_line(x, cell.y, &line, cell.width);
}

/// What a list says when it has no rows.
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

/// Where in a long list the screen stands, at the right edge: a bar with a thumb.
pub(super) fn scroll_bar(scene: &Scene, buffer: &mut Buffer, area: Rect, offset: usize, total: usize) {
    let page = usize::from(area.height);
    if total <= page || page == 0 || area.width == 0 {
        return;
    }
    let thumb = (page * page / total).max(1);
    let start = (offset * (page - thumb)).div_ceil((total - page).max(1)).min(page - thumb);
    let x = area.x + area.width - 1;
    for line in 0..page {
        let inside = (start..start + thumb).contains(&line);
        let symbol = match (inside, scene.palette.symbols) {
            (true, Symbols::Ascii) => "#",
            (false, Symbols::Ascii) => "|",
            (true, _) => "┃",
            (false, _) => "│",
        };
        let role = if inside { Role::Key } else { Role::Frame };
        buffer.set_string(x, area.y + line as u16, symbol, scene.palette.style(role));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column<char>> {
        let column = |content, width, rank, grow, most| Column {
            content,
            title: "",
            width,
            sort: None,
            right: true,
            rank,
            grow,
            most,
        };
        vec![column('a', 4, 0, 1, 10), column('b', 5, 2, 0, 5), column('c', 5, 1, 2, 7)]
    }

    fn placed(width: u16) -> Vec<(char, u16, u16)> {
        fit(&columns(), width).into_iter().map(|(column, x, width)| (column.content, x, width)).collect()
    }

    #[test]
    fn columns_leave_by_rank_and_the_rest_grows_to_its_limit() {
        assert_eq!(placed(16), [('a', 0, 4), ('b', 5, 5), ('c', 11, 5)]);
        assert_eq!(placed(15), [('a', 0, 7), ('c', 8, 7)]);
        assert_eq!(placed(9), [('a', 0, 9)]);
        assert_eq!(placed(3), [('a', 0, 4)], "what stays always stays even where it is cut");
        assert_eq!(placed(40), [('a', 0, 10), ('b', 11, 5), ('c', 17, 7)]);
    }
}
