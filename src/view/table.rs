//! The overview as a table: a row a domain.

use super::Scene;
use super::columns::{self, Column};
use super::domain;
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Domain, Finding, Host, Missing, When};
use crate::ui::SortKey;
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[derive(Clone, Copy, Debug)]
enum Content {
    State,
    Name,
    History,
    Vcpus,
    CpuTime,
    Memory,
    Requests,
    Figure(DomainMetric, Role),
}

use Content::*;
use DomainMetric as M;

/// A figure that nothing is sorted by.
const fn unsorted(content: Content, title: &'static str, rank: u8) -> Column<Content> {
    Column { sort: None, ..Column::figure(content, title, 5, rank, SortKey::Name) }
}

const COLUMNS: &[Column<Content>] = &[
    Column {
        content: State,
        title: "S",
        width: 2,
        sort: Some(SortKey::State),
        right: false,
        rank: 0,
        grow: 0,
        most: 2,
    },
    Column {
        content: Name,
        title: "NAME",
        width: 12,
        sort: Some(SortKey::Name),
        right: false,
        rank: 0,
        grow: 3,
        most: 36,
    },
    Column::figure(Figure(M::Cpu, Role::Text), "CPU%", 5, 0, SortKey::Domain(M::Cpu)),
    Column { content: History, title: "", width: 5, sort: None, right: false, rank: 3, grow: 2, most: 40 },
    Column::figure(CpuTime, "TIME", 7, 9, SortKey::CpuTime),
    Column::figure(Vcpus, "vCPU", 5, 8, SortKey::Vcpus),
    Column::figure(Figure(M::Steal, Role::Text), "ST%", 4, 2, SortKey::Domain(M::Steal)),
    Column::figure(Memory, "MEMORY", 9, 1, SortKey::Domain(M::MemoryUsed)),
    Column::figure(Figure(M::DiskRead, Role::DiskRead), "RD/s", 5, 4, SortKey::DiskBytes),
    Column::figure(Figure(M::DiskWrite, Role::DiskWrite), "WR/s", 5, 4, SortKey::DiskBytes),
    Column::figure(Requests, "IOPS", 5, 5, SortKey::DiskRequests),
    Column::figure(Figure(M::WorstLatency, Role::Text), "LAT", 6, 2, SortKey::Domain(M::WorstLatency)),
    Column::figure(Figure(M::NetRx, Role::NetReceive), "RX/s", 5, 4, SortKey::NetBytes),
    Column::figure(Figure(M::NetTx, Role::NetTransmit), "TX/s", 5, 4, SortKey::NetBytes),
    unsorted(Figure(M::RxPackets, Role::Text), "RXPK", 11),
    unsorted(Figure(M::TxPackets, Role::Text), "TXPK", 11),
    Column::figure(Figure(M::NetDrops, Role::Text), "DROP", 5, 10, SortKey::Domain(M::NetDrops)),
    unsorted(Figure(M::SwapIn, Role::Text), "SWIN", 12),
    unsorted(Figure(M::Rss, Role::Text), "RSS", 13),
    unsorted(Figure(M::User, Role::Text), "USR%", 14),
    unsorted(Figure(M::System, Role::Text), "SYS%", 14),
];

/// The heading over a figure.
pub(super) fn heading_of(metric: M) -> Option<&'static str> {
    let shows = |content: Content| match content {
        Figure(shown, _) => shown == metric,
        Memory => metric == M::MemoryUsed,
        _ => false,
    };
    COLUMNS.iter().find(|column| shows(column.content)).map(|column| column.title)
}

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let names = scene.ui.rows.iter().filter_map(|row| scene.fleet.domain(row.domain()?));
    let longest = names.map(|(_, domain)| text::width(&text::clean(&domain.name))).max().unwrap_or(0);
    let columns = fitted(area.width, longest);
    columns::headings(scene, buffer, Rect { height: 1, ..area }, &columns);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if scene.ui.rows.is_empty() {
        columns::empty_list(scene, buffer, body, "domain");
        return;
    }
    let offset = scene.ui.list_state().offset;
    let selected = scene.ui.selected_index();
    for (line, (index, row)) in scene.ui.rows.iter().enumerate().skip(offset).take(usize::from(body.height)).enumerate()
    {
        let Some((host, domain)) = row.domain().and_then(|id| scene.fleet.domain(id)) else { continue };
        let place = Rect { y: body.y + line as u16, height: 1, ..body };
        draw_row(scene, buffer, place, &columns, host, domain);
        if selected == Some(index) {
            buffer.set_style(place, scene.palette.selection());
        }
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
    preview(scene, buffer, body);
}

/// Where the rows leave room, the charts of the selected domain: what a drill-down would show first.
fn preview(scene: &Scene, buffer: &mut Buffer, body: Rect) {
    const LEAST: u16 = 8;
    let room = body.height.saturating_sub(scene.ui.rows.len() as u16 + 1);
    let found = scene.ui.selected_row().and_then(|row| scene.fleet.domain(row.domain()?));
    let Some((host, domain)) = found.filter(|_| room >= LEAST) else { return };
    let height = room.min(24);
    let place = Rect { y: body.bottom() - height, height, ..body };
    domain::title(scene, buffer, Rect { height: 1, ..place }, host, domain);
    domain::charts(scene, buffer, Rect { y: place.y + 1, height: height - 1, ..place }, host, domain);
}

/// The columns for a width, and for names up to this long. Which domain it is matters more than how it was: a name that
/// is cut gets its columns from the history, to the last one if need be. All others stay where they are.
fn fitted(width: u16, longest_name: usize) -> Vec<(Column<Content>, u16, u16)> {
    /// A shorter history shows nothing.
    const LEAST: u16 = 2;
    let mut columns = columns::fit(&wanted(width, longest_name), width.saturating_sub(1));
    let place = |wanted: fn(&Content) -> bool| columns.iter().position(|(column, ..)| wanted(&column.content));
    let names = place(|content| matches!(content, Name));
    let (Some(name), Some(history)) = (names, place(|content| matches!(content, History))) else { return columns };
    let (_, _, given) = columns[history];
    let wished = longest_name.min(usize::from(columns[name].0.most)) as u16;
    let unsupported = wished.saturating_sub(columns[name].2);
    let goes = given.saturating_sub(unsupported) < LEAST;
    // With the history goes the blank beside it.
    let taken = if unsupported > 0 && goes { given + 1 } else { unsupported };
    columns[name].2 += taken;
    for (_, offset, _) in &mut columns[name + 1..=history] {
        *offset += taken;
    }
    if taken > given {
        columns.remove(history);
    } else {
        columns[history].2 -= taken;
    }
    columns
}

/// The columns for a width: room beyond 80 columns goes to whole names and to a longer history before it adds figures.
fn wanted(width: u16, longest_name: usize) -> Vec<Column<Content>> {
    let room = width.saturating_sub(80);
    let mut columns = COLUMNS.to_vec();
    for column in &mut columns {
        match column.content {
            Name => column.width += (longest_name as u16).saturating_sub(column.width).min(room / 2).min(24),
            History => column.width += (room / 5).min(20),
            _ => {}
        }
    }
    columns
}

fn draw_row(
    scene: &Scene,
    buffer: &mut Buffer,
    place: Rect,
    columns: &[(Column<Content>, u16, u16)],
    host: &Host,
    domain: &Domain,
) {
    let when = host.timeline.when(scene.ui.cursor);
    let findings = scene.findings(host, domain);
    let active = domain.is_active(when);
    for (column, offset, width) in columns {
        let cell = Rect { x: place.x + offset, width: *width, ..place };
        match column.content {
            State => columns::put_line(buffer, cell, false, marks::state_sign(scene, domain, when, &findings)),
            Name => {
                let name = text::fit(&domain.name, usize::from(*width), scene.palette.symbols);
                columns::put(scene, buffer, cell, false, if active { Role::Title } else { Role::Dim }, name);
            }
            _ if !active => {}
            History => {
                let bins = Window::new(host, scene.ui).bins(&domain.series, M::Cpu, usize::from(*width));
                let top = graph::peak(&bins).unwrap_or(0.0).max(domain.cpu_ceiling(when));
                let history = graph::inline(&bins, top, scene.palette.symbols);
                columns::put(scene, buffer, cell, false, Role::Cpu, history);
            }
            Memory => marks::memory_gauge(scene, buffer, cell, domain, when, &findings),
            content => {
                let (role, words) = figure(scene, content, domain, when, &findings);
                columns::put(scene, buffer, cell, column.right, role, words);
            }
        }
    }
    // Where there are no figures, words stand in their place. Those of the NICs come without the monitor, and where vtop
    // is on the hypervisor itself, so does the CPU.
    let blocked = |metric| match domain.missing(host, metric, when) {
        Missing::Blocked(by, age) => {
            Some((metric, marks::role(by.severity()), format!("{}, figures {} s old", by.name(), age.as_secs())))
        }
        _ => None,
    };
    let words = match domain.condition(when).and_then(|condition| condition.blocked) {
        _ if !active => Some((M::Cpu, Role::Dim, marks::state_words(domain, when))),
        Some(_) => [M::Cpu, M::DiskRead].into_iter().find_map(blocked),
        None => None,
    };
    if let Some((metric, role, words)) = words {
        let start = |wanted: fn(&Content) -> bool| {
            columns.iter().find(|(column, ..)| wanted(&column.content)).map(|(_, offset, _)| *offset)
        };
        let from = match metric {
            M::Cpu => start(|content| matches!(content, Figure(M::Cpu, _))),
            _ => start(|content| matches!(content, Memory)),
        };
        let from = from.unwrap_or(0);
        let nics = start(|content| matches!(content, Figure(M::NetRx, _))).filter(|_| active);
        let to = nics.map_or(place.width, |offset| offset.saturating_sub(1));
        let cell = Rect { x: place.x + from, width: to.saturating_sub(from), ..place };
        columns::blank(buffer, cell);
        let words = text::shorten(&words, usize::from(cell.width), scene.palette.symbols);
        columns::put(scene, buffer, cell, false, role, words);
    }
}

fn figure(scene: &Scene, content: Content, domain: &Domain, when: When, findings: &[Finding<'_>]) -> (Role, String) {
    let symbols = scene.palette.symbols;
    let show = |value: Option<f64>, unit, role| match value {
        Some(value) => (role, format::figure(unit, value, symbols)),
        None => (Role::Dim, scene.none().to_owned()),
    };
    match content {
        Vcpus => match domain.vcpu_count(when) {
            Some(count) => (Role::Text, count.to_string()),
            None => (Role::Dim, scene.none().to_owned()),
        },
        // How much it had then is not kept.
        CpuTime => match domain.cpu.time.filter(|_| when == When::Latest) {
            Some(time) => (Role::Text, format::duration(std::time::Duration::from_nanos(time.total()))),
            None => (Role::Dim, scene.none().to_owned()),
        },
        Requests => {
            let read = domain.series.value(M::ReadRequests, when);
            let write = domain.series.value(M::WriteRequests, when);
            let both = (read.is_some() || write.is_some()).then(|| read.unwrap_or(0.0) + write.unwrap_or(0.0));
            show(both, Unit::OperationsPerSecond, Role::Text)
        }
        Figure(metric, role) => {
            let value = domain.series.value(metric, when);
            let (role, words) = show(value, metric.info().unit, role);
            match marks::severity(findings, metric) {
                Some(severity) => (marks::role(severity), words),
                // A 0 is quiet, so that the eye goes to what moves.
                None if value == Some(0.0) => (Role::Dim, words),
                None => (role, words),
            }
        }
        State | Name | History | Memory => (Role::Text, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_of_80_columns_shows_every_kind_of_figure() {
        let shown: Vec<_> = fitted(80, 12).iter().map(|(column, ..)| column.title).collect();
        for title in ["S", "NAME", "CPU%", "", "ST%", "MEMORY", "RD/s", "WR/s", "IOPS", "LAT", "RX/s", "TX/s"] {
            assert!(shown.contains(&title), "{title} is not among {shown:?}");
        }
    }

    #[test]
    fn forty_columns_still_show_the_name_and_the_cpu() {
        let shown: Vec<_> = fitted(40, 30).iter().map(|(column, ..)| column.title).collect();
        assert!(shown.contains(&"NAME") && shown.contains(&"CPU%"), "{shown:?}");
    }

    /// The widths of name and history, and where the rest begins.
    fn shares(width: u16, longest_name: usize) -> (u16, Option<u16>, Option<u16>) {
        let columns = fitted(width, longest_name);
        let find = |wanted: fn(&Content) -> bool| columns.iter().find(|(column, ..)| wanted(&column.content));
        let history = find(|content| matches!(content, History)).map(|(_, _, width)| *width);
        let name = find(|content| matches!(content, Name)).map_or(0, |(_, _, width)| *width);
        (name, history, find(|content| matches!(content, Figure(M::Steal, _))).map(|(_, offset, _)| *offset))
    }

    #[test]
    fn a_long_name_takes_its_columns_from_the_history() {
        assert_eq!(shares(80, 5), (12, Some(5), Some(28)));
        assert_eq!(shares(80, 12), (12, Some(5), Some(28)));
        assert_eq!(shares(80, 15), (15, Some(2), Some(28)));
        assert_eq!(shares(80, 16), (18, None, Some(28)));
        assert_eq!(shares(80, 99), (18, None, Some(28)));
        assert_eq!(shares(40, 99).0, shares(40, 12).0, "without a history there is nothing to take");
    }

    #[test]
    fn on_wider_terminals_all_of_a_usual_name_is_shown() {
        for width in 100..250 {
            let (name, history, _) = shares(width, 28);
            assert!(name >= 28 || history.is_none(), "{name} and {history:?} of {width}");
        }
        assert!(shares(120, 28).1.is_some_and(|history| history >= 5));
    }

    #[test]
    fn a_column_has_room_for_its_sort_mark() {
        for column in COLUMNS.iter().filter(|column| column.sort.is_some() && column.rank > 0) {
            assert!(usize::from(column.width) > column.title.chars().count(), "{}", column.title);
        }
    }
}
