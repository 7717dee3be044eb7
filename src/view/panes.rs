//! The overview as panes: a card a domain, with history.
//!
//! ```text
//! ╭▲R db-primary ─────────────── 4 vCPU ╮
//! │CPU 153 %   ⢀⣀⣠⣤⣶⣿⣿   ≤200 %         │
//! │MEM ██████░░░░░ 1.2/4.0 GiB  30 %     │
//! │read 12.3M  ⢀⣀⣠⣤⣶⣿⣿   ≤16M           │
//! ╰──────────────────────────────────────╯
//! ```

use super::chart;
use super::format;
use super::graph::{self, Window};
use super::marks::{self, memory_gauge, severity, state_sign};
use super::text;
use super::theme::Role;
use super::{Scene, columns};
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Domain, Finding, Host};
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use DomainMetric as M;

/// Columns at the left of a card's graphs: name and value.
const NAMES: u16 = 12;
/// Columns at the right: the top of the scale.
const SCALE: u16 = 7;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    if scene.ui.rows.is_empty() {
        columns::empty_list(scene, buffer, area, "domain");
        return;
    }
    let grid = crate::ui::CardGrid::new(area, scene.ui.rows.len());
    let first = scene.ui.list_state().offset * grid.columns;
    let selected = scene.ui.selected_index();
    for (index, row) in scene.ui.rows.iter().enumerate().skip(first) {
        let Some(place) = grid.card(index - first) else { break };
        let Some((host, domain)) = row.domain().and_then(|id| scene.fleet.domain(id)) else { continue };
        card(scene, buffer, place, host, domain, selected == Some(index));
    }
    let lines = scene.ui.rows.len().div_ceil(grid.columns);
    let bar = Rect { height: (grid.rows as u16).min(area.height), ..area };
    if lines > grid.rows {
        // The bar counts lines of cards, and is drawn over the whole height.
        stretched_bar(scene, buffer, area, bar.height, lines);
    }
}

fn stretched_bar(scene: &Scene, buffer: &mut Buffer, area: Rect, page: u16, lines: usize) {
    let cells = usize::from(area.height);
    let scale = |line: usize| line * cells / lines;
    let offset = scene.ui.list_state().offset;
    let total = cells * cells / scale(usize::from(page)).max(1);
    columns::scroll_bar(scene, buffer, area, offset * total / lines, total);
}

fn card(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain, selected: bool) {
    let findings = scene.findings(host, domain);
    let frame = match (selected, findings.first()) {
        (true, _) => scene.palette.style(Role::Key),
        (false, Some(finding)) => scene.palette.style(marks::role(finding.severity)),
        (false, None) => scene.palette.style(Role::Frame),
    };
    let when = scene.when(host);
    let mut title = state_sign(scene, domain, when, &findings);
    let room = usize::from(area.width).saturating_sub(7);
    let name = text::fit(&domain.name, room, scene.palette.symbols);
    let mut name = scene.span(Role::Title, format!(" {name} "));
    if selected {
        name.style = name.style.patch(scene.palette.selection());
    }
    title.push_span(name);
    let inner = chart::frame(scene, buffer, area, title, frame);
    if inner.height == 0 {
        return;
    }
    if !domain.is_active(when) {
        let lines = [(Role::Dim, marks::state_words(domain, when))];
        super::message(scene, buffer, inner, &lines);
        return;
    }
    contents(scene, buffer, inner, host, domain, &findings);
}

fn contents(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain, findings: &[Finding<'_>]) {
    // CPU gets what the others leave; each rate grows from one line to three.
    let rate = ((area.height.saturating_sub(2)) / 5).clamp(1, 3);
    // What is wrong has its line in every card, so that a card does not change when something goes wrong.
    let spoken = u16::from(area.height >= 6);
    let [words, cpu, memory, read, write, rx, tx] = Layout::vertical([
        Constraint::Length(spoken),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(rate),
        Constraint::Length(if area.height >= 6 { rate } else { 0 }),
        Constraint::Length(rate),
        Constraint::Length(if area.height >= 7 { rate } else { 0 }),
    ])
    .areas(area);
    if spoken == 1 {
        summary(scene, buffer, words, host, domain, findings);
    }
    let alarm = |metric: M, role: Role| severity(findings, metric).map_or(role, marks::role);
    let graph = |buffer: &mut Buffer, area: Rect, name: &str, metrics: &[M], role: Role| {
        graph_line(scene, buffer, area, host, domain, name, metrics, role);
    };
    graph(buffer, cpu, "CPU", &[M::Cpu], alarm(M::Cpu, Role::Cpu));
    let label = buffer.set_stringn(memory.x, memory.y, "MEM", 4, scene.palette.style(Role::Memory));
    let gauge = Rect { x: label.0 + 1, width: memory.width.saturating_sub(4), ..memory };
    let when = host.timeline.when(scene.ui.cursor);
    // The bar comes last: it gives the words on it a colour that can be read there.
    if let Some(percent) = domain.memory_used_percent(when) {
        let cache = if domain.memory_used_with_cache(when) == Some(true) { marks::WITH_CACHE } else { "" };
        let share = format!("{}%{cache}", format::percent(percent));
        columns::put(scene, buffer, gauge, false, Role::Title, share);
    }
    memory_gauge(scene, buffer, gauge, domain, when, findings);
    if area.height >= 7 {
        graph(buffer, read, "read", &[M::DiskRead], Role::DiskRead);
        graph(buffer, write, "write", &[M::DiskWrite], Role::DiskWrite);
        graph(buffer, rx, "rx", &[M::NetRx], Role::NetReceive);
        graph(buffer, tx, "tx", &[M::NetTx], Role::NetTransmit);
    } else {
        graph(buffer, read, "disk", &[M::DiskRead, M::DiskWrite], Role::DiskRead);
        if area.height >= 6 {
            graph(buffer, write, "lat", &[M::WorstLatency], alarm(M::WorstLatency, Role::DiskFlush));
        }
        graph(buffer, rx, "net", &[M::NetRx, M::NetTx], Role::NetReceive);
    }
}

/// What is wrong, or else what it is.
fn summary(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain, findings: &[Finding<'_>]) {
    let words = match findings.first() {
        Some(finding) => (marks::role(finding.severity), finding.what()),
        None => {
            let title = domain.definition.as_ref().and_then(|definition| definition.title.clone());
            (Role::Dim, title.unwrap_or_else(|| marks::state_words(domain, scene.when(host))))
        }
    };
    let vcpus = domain.vcpu_count(scene.when(host)).map(|count| format!(" {count} vCPU")).unwrap_or_default();
    let room = usize::from(area.width).saturating_sub(vcpus.len());
    let text = text::shorten(&words.1, room, scene.palette.symbols);
    columns::put(scene, buffer, area, false, words.0, text);
    columns::put(scene, buffer, area, true, Role::Dim, vcpus);
}

/// Name and value, a graph, the top of its scale. Several metrics are added up.
#[allow(clippy::too_many_arguments)] // A card's line is just that many independent things.
fn graph_line(
    scene: &Scene,
    buffer: &mut Buffer,
    area: Rect,
    host: &Host,
    domain: &Domain,
    name: &str,
    metrics: &[M],
    role: Role,
) {
    if area.height == 0 || area.width < NAMES + SCALE + 2 {
        return;
    }
    let symbols = scene.palette.symbols;
    let Some(unit) = metrics.first().map(|metric| metric.info().unit) else { return };
    let when = host.timeline.when(scene.ui.cursor);
    let values: Vec<f64> = metrics.iter().filter_map(|metric| domain.series.value(*metric, when)).collect();
    let value = (!values.is_empty()).then(|| values.iter().sum::<f64>());
    let plot = Rect { x: area.x + NAMES, width: area.width - NAMES - SCALE, ..area };
    let count = graph::bins_across(plot.width, symbols);
    let window = Window::new(host, scene.ui);
    let bins = window.sums(&domain.series, metrics, count);
    let peak = graph::peak(&bins).unwrap_or(0.0);
    let top = match unit {
        Unit::Percent => peak.max(domain.cpu_ceiling(when)),
        _ => format::nice_ceiling(unit, peak),
    };
    let percent = if unit == Unit::Percent { "%" } else { "" };
    let words =
        value.map_or(scene.none().to_owned(), |value| format!("{}{percent}", format::figure(unit, value, symbols)));
    let names =
        Line::from(vec![scene.span(role, format!("{name:<5}")), scene.span(Role::Title, format!("{words:>6}"))]);
    text::set_line(buffer, (area.x, area.y), &names, NAMES);
    graph::draw(buffer, plot, &bins, top, scene.palette, role);
    let scale = format::up_to(&format::figure(unit, top, symbols), symbols);
    columns::put(scene, buffer, Rect { x: plot.right(), width: SCALE, height: 1, ..area }, true, Role::Dim, scale);
}
