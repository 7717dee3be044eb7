//! The list of domains as a table: a row for each domain.

use super::Scene;
use super::columns;
use super::domain;
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Domain, Finding, Host, Missing, When};
use crate::table::{Content, Placed, fit_domains};
use crate::ui::preview_area;
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use DomainMetric as M;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let columns = fit_domains(area.width, scene.ui.longest_name(scene.fleet));
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
        if selected == Some(index) {
            columns::select(scene, buffer, place, &columns);
        }
        draw_row(scene, buffer, place, &columns, host, domain);
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
    preview(scene, buffer, area);
}

/// Draws the charts of the selected domain below the rows, where they leave room.
fn preview(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let Some(place) = preview_area(area, scene.ui.rows.len()) else { return };
    let found = scene.ui.selected_row().and_then(|row| scene.fleet.domain(row.domain()?));
    let Some((host, domain)) = found else { return };
    domain::title(scene, buffer, Rect { height: 1, ..place }, host, domain);
    domain::charts(scene, buffer, Rect { y: place.y + 1, height: place.height - 1, ..place }, host, domain);
}

fn draw_row(scene: &Scene, buffer: &mut Buffer, place: Rect, columns: &[Placed], host: &Host, domain: &Domain) {
    // The first cell has no chart: it has the style of the whole row.
    let row = buffer[(place.x, place.y)].style();
    let when = host.timeline.when(scene.ui.cursor);
    let findings = scene.findings(host, domain);
    let active = domain.is_active(when);
    for placed in columns {
        let cell = placed.cell(place);
        let width = usize::from(placed.width);
        match placed.column.content {
            Content::State => columns::put_line(buffer, cell, false, marks::state_sign(scene, domain, when, &findings)),
            Content::Name => {
                let name = text::fit(&domain.name, width, scene.palette.symbols);
                columns::put(scene, buffer, cell, false, if active { Role::Title } else { Role::Dim }, name);
            }
            _ if !active => {}
            Content::CpuHistory => {
                let bins = Window::new(host, scene.ui).bins(&domain.series, M::Cpu, width);
                let top = graph::peak(&bins).unwrap_or(0.0).max(domain.cpu_ceiling(when));
                let history = graph::inline(&bins, top, scene.palette.symbols);
                columns::put_line(buffer, cell, false, scene.graph(Role::Cpu, history).into());
            }
            Content::Memory => marks::memory_gauge(scene, buffer, cell, domain, when, &findings),
            content => {
                let (role, words) = figure(scene, content, domain, when, &findings);
                columns::put(scene, buffer, cell, placed.column.right, role, words);
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
        let start =
            |content| columns.iter().find(|placed| placed.column.content == content).map(|placed| placed.offset);
        let from = match metric {
            M::Cpu => start(Content::Domain(M::Cpu)),
            _ => start(Content::Memory),
        };
        let from = from.unwrap_or(0);
        let nics = start(Content::Domain(M::NetRx)).filter(|_| active);
        let to = nics.map_or(place.width, |offset| offset.saturating_sub(1));
        let cell = Rect { x: place.x + from, width: to.saturating_sub(from), ..place };
        columns::blank(buffer, cell, row);
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
        Content::VcpuCount => match domain.vcpu_count(when) {
            Some(count) => (Role::Text, count.to_string()),
            None => (Role::Dim, scene.none().to_owned()),
        },
        // How much it had then is not kept.
        Content::CpuTime => match domain.cpu.time.filter(|_| when == When::Latest) {
            Some(time) => (Role::Text, format::duration(std::time::Duration::from_nanos(time.total()))),
            None => (Role::Dim, scene.none().to_owned()),
        },
        Content::DiskRequests => {
            let read = domain.series.value(M::ReadRequests, when);
            let write = domain.series.value(M::WriteRequests, when);
            let both = (read.is_some() || write.is_some()).then(|| read.unwrap_or(0.0) + write.unwrap_or(0.0));
            show(both, Unit::OperationsPerSecond, Role::Text)
        }
        Content::Domain(metric) => {
            let value = domain.series.value(metric, when);
            let (role, words) = show(value, metric.info().unit, role_of(metric));
            match marks::severity(findings, metric) {
                Some(severity) => (marks::role(severity), words),
                // A 0 is quiet, so that the eye goes to what moves.
                None if value == Some(0.0) => (Role::Dim, words),
                None => (role, words),
            }
        }
        _ => (Role::Text, String::new()),
    }
}

/// The colour of a figure in which there is nothing wrong.
fn role_of(metric: M) -> Role {
    match metric {
        M::DiskRead => Role::DiskRead,
        M::DiskWrite => Role::DiskWrite,
        M::NetRx => Role::NetReceive,
        M::NetTx => Role::NetTransmit,
        _ => Role::Text,
    }
}
