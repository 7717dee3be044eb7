//! The help over any screen: keys from the keymap, columns from the catalogue, calls that the driver does not support.

use super::Scene;
use super::chart;
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DomainMetric, HostMetric, Metric};
use crate::model::Severity;
use crate::table::{Content, List};
use crate::ui::BINDINGS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Widget};

/// Longer lines are hard to read.
const WIDEST: u16 = 100;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect, scroll: u16) {
    let width = area.width.min(WIDEST);
    let place = Rect { x: area.x + (area.width - width) / 2, width, ..area };
    Clear.render(place, buffer);
    // A wide character that begins left of the window would cover its frame.
    let left_of_it = (area.left()..place.left()).flat_map(|x| (place.top()..place.bottom()).map(move |y| (x, y)));
    for (x, y) in left_of_it {
        if text::width(buffer[(x, y)].symbol()) > usize::from(place.x - x) {
            buffer[(x, y)].set_symbol(" ");
        }
    }
    buffer.set_style(place, scene.palette.ground());
    let title = Line::from(scene.span(Role::Title, " help: j k scroll, q closes "));
    let inner = chart::frame(scene, buffer, place, title, scene.palette.style(Role::Key));
    let lines = lines(scene, usize::from(inner.width));
    let scroll = scroll.min(end_of(&lines, inner.height));
    Paragraph::new(lines).scroll((scroll, 0)).render(inner, buffer);
}

/// The scroll at which the last line is on the screen.
pub(super) fn end(scene: &Scene, area: Rect) -> u16 {
    let inner = |length: u16| length.saturating_sub(2);
    end_of(&lines(scene, usize::from(inner(area.width.min(WIDEST)))), inner(area.height))
}

fn end_of(lines: &[Line], height: u16) -> u16 {
    lines.len().saturating_sub(usize::from(height)) as u16
}

/// What stands in front of words, and the words: in as many lines as they need, each below the first one's words.
fn hang(scene: &Scene, head: Vec<Span<'static>>, indent: usize, words: &str, width: usize) -> Vec<Line<'static>> {
    let used = text::width_of(&head);
    let mut parts = text::wrap(words, width.saturating_sub(used), width.saturating_sub(indent)).into_iter();
    let mut first = Line::from(head);
    first.extend(parts.next().map(|part| scene.span(Role::Text, part)));
    let rest = parts.map(|part| Line::from(vec![Span::raw(" ".repeat(indent)), scene.span(Role::Text, part)]));
    std::iter::once(first).chain(rest).collect()
}

fn lines(scene: &Scene, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let blank = || vec![Span::raw("  ")];
    let heading = |words: &str| Line::from(scene.span(Role::Heading, words.to_owned()));
    let symbols = scene.palette.symbols;
    let mut group = "";
    for binding in BINDINGS {
        if binding.group != group {
            group = binding.group;
            lines.push(heading(group));
        }
        let keys = symbols.plain(binding.keys);
        let keys = vec![scene.span(Role::Key, format!("  {keys:<17}"))];
        lines.extend(hang(scene, keys, 19, binding.about, width));
    }
    lines.push(Line::default());
    lines.push(heading("State and signs"));
    for letters in marks::STATE_LETTERS {
        lines.extend(hang(scene, blank(), 2, letters, width));
    }
    let sign = |severity| marks::sign(severity, symbols);
    let critical = scene.signed(Role::Critical, sign(Severity::Critical), " the guest suffers now  ".to_owned());
    let warning = scene.signed(Role::Warning, sign(Severity::Warning), " worth a look".to_owned());
    lines.push(Line::from([blank(), critical, warning].concat()));
    let none = format!("{} there is no figure (the line under the host or the domain says why)", scene.none());
    lines.extend(hang(scene, blank(), 4, &none, width));
    let unseen = symbols.signs().unseen;
    let event = format!("{unseen} an event not seen yet; it counts as seen when you leave the events or its domain");
    lines.extend(hang(scene, blank(), 4, &event, width));
    lines.push(Line::default());
    for host in scene.fleet.hosts() {
        if !host.unsupported.is_empty() {
            lines.push(heading("What this host cannot tell"));
        }
        for unsupported in host.unsupported.iter() {
            lines.extend(hang(
                scene,
                blank(),
                4,
                &format!("{}: {}", unsupported.call.name(), unsupported.reason),
                width,
            ));
        }
        if !host.unsupported.is_empty() {
            lines.push(Line::default());
        }
    }
    for (list, title) in [
        (List::Table, "Columns of the domains"),
        (List::Disks, "Columns of the disks"),
        (List::Nics, "Columns of the NICs"),
        (List::Vcpus, "Columns of the vCPUs"),
        (List::Events, "Columns of the events"),
    ] {
        columns(scene, &mut lines, width, list, title);
    }
    let has_column = |metric: &DomainMetric| {
        List::Table.columns().iter().any(|column| match column.content {
            Content::Domain(shown) => shown == *metric,
            Content::Memory => matches!(metric, DomainMetric::MemoryUsed | DomainMetric::MemoryGiven),
            Content::DiskRequests => matches!(metric, DomainMetric::ReadRequests | DomainMetric::WriteRequests),
            _ => false,
        })
    };
    figures(scene, &mut lines, width, "Further figures of a domain", |metric| !has_column(metric));
    figures(scene, &mut lines, width, "Figures of the host", |_: &HostMetric| true);
    lines
}

/// The columns of a list: the heading, what the column shows, and where that comes from.
fn columns(scene: &Scene, lines: &mut Vec<Line<'static>>, width: usize, list: List, title: &'static str) {
    lines.push(Line::from(scene.span(Role::Heading, title)));
    for column in list.columns() {
        let head = vec![scene.span(Role::Key, format!("  {:<13} ", column.name()))];
        lines.extend(hang(
            scene,
            head,
            16,
            &scene.palette.symbols.plain(&with_source(column.about(), &column.source())),
            width,
        ));
    }
    lines.push(Line::default());
}

/// Figures of a catalogue: the label, what the figure is, and where it comes from.
fn figures<M: Metric>(
    scene: &Scene,
    lines: &mut Vec<Line<'static>>,
    width: usize,
    title: &'static str,
    wanted: impl Fn(&M) -> bool,
) {
    lines.push(Line::from(scene.span(Role::Heading, title)));
    for metric in M::ALL.iter().filter(|metric| wanted(metric)) {
        let info = metric.info();
        let head = vec![scene.span(Role::Key, format!("  {:<13} ", info.label))];
        lines.extend(hang(
            scene,
            head,
            16,
            &scene.palette.symbols.plain(&with_source(info.about, &metric.source())),
            width,
        ));
    }
    lines.push(Line::default());
}

fn with_source(about: &str, source: &str) -> String {
    if source.is_empty() { about.to_owned() } else { format!("{about} ({source})") }
}
