//! One line that says what is wrong, the loudest first; or, when nothing is, why the selected row lacks figures.

use super::text;
use super::theme::Role;
use super::{Scene, Symbols, format};
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Link, Severity};
use crate::model::Call;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// The sign in front of a finding.
pub(super) fn sign(severity: Severity, symbols: Symbols) -> &'static str {
    match (severity, symbols) {
        (Severity::Critical, Symbols::Ascii) => "!",
        (Severity::Warning, Symbols::Ascii) => "?",
        (Severity::Critical, _) => "▲",
        (Severity::Warning, _) => "△",
    }
}

pub(super) fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::Warning => Role::Warning,
    }
}

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let mut spans = Vec::new();
    let room = usize::from(area.width);
    let mut used = 0;
    for (role, words) in link_words(scene) {
        let words = text::shorten(&words, room.saturating_sub(used), scene.palette.symbols);
        used += text::width(&words);
        spans.push(scene.span(role, words));
    }
    let findings = scene.fleet.findings(scene.ui.cursor);
    let total = findings.len();
    for (index, (id, finding)) in findings.into_iter().enumerate() {
        let Some((_, domain)) = scene.fleet.domain(id) else { continue };
        let name = text::fit(&domain.name, 20, scene.palette.symbols);
        let words = format!("{} {name} {}  ", sign(finding.severity, scene.palette.symbols), finding.what);
        let rest = format!("+{}", total - index);
        if used + text::width(&words) + rest.len() > room {
            spans.push(scene.span(Role::Dim, rest));
            used = room;
            break;
        }
        used += text::width(&words);
        spans.push(scene.span(role(finding.severity), words));
    }
    if total == 0 && spans.is_empty() && scene.fleet.domains().next().is_some() {
        let words = "nothing stands out  ";
        used += words.len();
        spans.push(scene.span(Role::Good, words));
    }
    if let Some(note) = missing_note(scene) {
        let note = text::shorten(&note, room.saturating_sub(used), scene.palette.symbols);
        if text::width(&note) > 12 {
            spans.push(scene.span(Role::Dim, note));
        }
    }
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn link_words(scene: &Scene) -> Vec<(Role, String)> {
    let hosts = scene.fleet.hosts().iter();
    hosts
        .filter_map(|host| match &host.link {
            Link::Failing(failure) => {
                let retry = match failure.retry_in {
                    Some(pause) => format!(" (next try in {})", format::duration(pause)),
                    None => String::new(),
                };
                let advice = failure.advice.as_ref().map(|advice| format!(": {advice}")).unwrap_or_default();
                Some((Role::Critical, format!("{}{retry}{advice}  ", failure.message)))
            }
            Link::Connecting if host.sampled_at.is_none() => {
                Some((Role::Dim, "waiting for the first answer of libvirt  ".into()))
            }
            Link::Connecting | Link::Live => None,
        })
        .collect()
}

/// Why the selected domain has empty cells, and why its host has: each reason once, with all that it explains.
fn missing_note(scene: &Scene) -> Option<String> {
    use crate::fleet::Missing;
    use DomainMetric::{Cpu, DiskRead, MemoryUsed, NetRx, Steal, WorstLatency};
    let id = match &scene.ui.domain {
        Some(view) => view.id,
        None => scene.ui.selected_row()?.domain(),
    };
    let (host, domain) = scene.fleet.domain(id)?;
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    let mut note = |reason: String, label| match notes.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, labels)) => labels.push(label),
        None => notes.push((reason, vec![label])),
    };
    if domain.state.is_active() {
        for metric in [MemoryUsed, Cpu, Steal, DiskRead, WorstLatency, NetRx] {
            if domain.track.latest(metric).is_none() {
                match domain.missing(host, metric) {
                    Missing::NoRequest | Missing::FirstReading | Missing::NotSampled => {}
                    reason => note(reason.describe(domain), long_label(metric)),
                }
            }
        }
    }
    for (call, label) in [(Call::NodeCpuStats, "host CPU"), (Call::NodeMemoryStats, "host memory")] {
        if let Some(reason) = host.lack(call) {
            note(reason.to_owned(), label);
        }
    }
    let words = notes.into_iter().map(|(reason, labels)| format!("{} {}: {reason}", scene.none(), labels.join(", ")));
    Some(words.collect::<Vec<_>>().join("  ")).filter(|words| !words.is_empty())
}

/// A metric's name where no column heading says what it belongs to.
pub(super) fn long_label(metric: DomainMetric) -> &'static str {
    match metric {
        DomainMetric::MemoryUsed => "memory used",
        DomainMetric::DiskRead => "disks",
        DomainMetric::WorstLatency => "disk latency",
        DomainMetric::NetRx => "network",
        other => other.info().label,
    }
}
