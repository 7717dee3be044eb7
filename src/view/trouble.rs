//! The line of what is wrong: findings, worst first. Without findings it says why the selected row has no figures. Its right
//! end shows the newest event that the user has not seen.

use super::chart;
use super::marks;
use super::text;
use super::theme::Role;
use super::{Scene, events};
use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Host, Link};
use crate::model::{Call, Failure, Groups, Severity};
use crate::time::Timestamp;
use crate::ui::{List, Screen};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Widget, Wrap};
use uuid::Uuid;

/// The host is degraded.
const DEGRADED: &str = "too many domains are blocked; reading only state and network";
/// Fewest columns that a finding needs.
const LEAST: usize = 20;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let mut spans = Vec::new();
    let whole = usize::from(area.width);
    let findings = scene.fleet.findings(scene.ui.cursor, |id| scene.ui.seen.of(id));
    let total = findings.len();
    let severities: Vec<_> = findings.iter().map(|(_, finding)| finding.severity).collect();
    let news = news(scene, findings.first().map(|(id, _)| id.uuid));
    // Findings come first. The newest event gets the columns that its shortest text needs, or what is left over.
    let least = |index: usize| news.get(index).map_or(0, |(_, words)| (text::width(words) + 2).min(whole * 2 / 5));
    let mut room = whole - least(news.len().saturating_sub(2));
    let mut used = 0;
    for (role, words) in link_words(scene) {
        let words = text::shorten(&words, room.saturating_sub(used), scene.palette.symbols);
        used += text::width(&words);
        spans.push(scene.span(role, words));
    }
    for host in scene.fleet.hosts() {
        for finding in host.findings(scene.when(host)) {
            let severity = finding.severity;
            // A warning about a host comes after the findings of domains.
            let sign = marks::sign(severity, scene.palette.symbols);
            let words = format!("{sign} {}{}  ", host_prefix(scene, host), finding.what());
            let left = room.saturating_sub(used + if total > 0 { LEAST } else { 0 });
            if (severity == Severity::Critical || total == 0) && text::width(&words) <= left {
                used += text::width(&words);
                spans.extend(with_sign(scene, marks::role(severity), &words));
            }
        }
    }
    for (index, (id, finding)) in findings.into_iter().enumerate() {
        let Some((_, domain)) = scene.fleet.domain(id) else { continue };
        let name = text::fit(&domain.name, 20, scene.palette.symbols);
        let words = format!(
            "{} {name} {}  ",
            marks::sign(finding.severity, scene.palette.symbols),
            text::clean(&finding.what())
        );
        // The sign of the worst one that has no room.
        let hidden = severities[index..].iter().max();
        let sign = hidden.map_or("", |severity| marks::sign(*severity, scene.palette.symbols));
        let rest = format!("+{}{sign}", total - index);
        if index == 0 && used + text::width(&words) + text::width(&rest) > room {
            room = whole - least(news.len().saturating_sub(1));
        }
        let space = room.saturating_sub(used + text::width(&rest) + 1);
        let words = if index == 0 && space >= LEAST && text::width(&words) > space + 1 {
            text::shorten(&words, space, scene.palette.symbols) + " "
        } else {
            words
        };
        if used + text::width(&words) + text::width(&rest) > room {
            let role = hidden.map_or(Role::Dim, |severity| marks::role(*severity));
            spans.push(scene.span(role, rest));
            used = room;
            break;
        }
        used += text::width(&words);
        spans.extend(with_sign(scene, marks::role(finding.severity), &words));
    }
    if total == 0 && spans.is_empty() && scene.fleet.domains().next().is_some() {
        let partial = scene.fleet.hosts().iter().any(|host| {
            let is_counted =
                [Call::BlockStats, Call::BlockStatsFlags].iter().all(|call| host.unsupported(*call).is_none());
            is_counted && host.partial_sums(scene.when(host)).contains(Groups::BLOCK)
        });
        let (role, words) = match (is_unknown(scene), partial) {
            (true, _) => (Role::Dim, "no rates yet  "),
            (false, true) => (Role::Dim, "no problems found in what was read so far  "),
            (false, false) => (Role::Good, "no problems found  "),
        };
        used += words.len();
        spans.push(scene.span(role, words));
    }
    if let Some(note) = missing_note(scene) {
        let note = text::shorten(&note, room.saturating_sub(used), scene.palette.symbols);
        if text::width(&note) > 12 {
            used += text::width(&note);
            spans.push(scene.span(Role::Dim, note));
        }
    }
    text::set_line(buffer, (area.x, area.y), &Line::from(spans), area.width);
    let left = whole.saturating_sub(used + 1);
    if let Some((role, words)) = news.iter().find(|(_, words)| text::width(words) <= left).or(news.last()) {
        let words = text::shorten(words, left, scene.palette.symbols);
        let width = text::width(&words) as u16;
        let line = Line::from(with_sign(scene, *role, &words));
        text::set_line(buffer, (area.right().saturating_sub(width), area.y), &line, width);
    }
}

/// Words that may begin with a sign, which has a style of its own.
fn with_sign(scene: &Scene, role: Role, words: &str) -> Vec<Span<'static>> {
    let signs = scene.palette.symbols.signs();
    let sign = [signs.critical, signs.warning].into_iter().find(|sign| words.starts_with(sign)).unwrap_or_default();
    scene.signed(role, sign, words[sign.len()..].to_owned())
}

/// Whether domains run and none of them has a CPU rate yet.
fn is_unknown(scene: &Scene) -> bool {
    let domains = scene.fleet.domains().map(|(_, host, domain)| (domain, scene.when(host)));
    let mut running = domains.filter(|(domain, when)| domain.is_active(*when)).peekable();
    running.peek().is_some() && running.all(|(domain, when)| domain.series.value(DomainMetric::Cpu, when).is_none())
}

/// The newest event that the user has not seen, in texts of falling length. Empty where events are on the screen, and
/// where the connection is lost: its text fills the line.
fn news(scene: &Scene, loudest: Option<Uuid>) -> Vec<(Role, String)> {
    let failing = scene.fleet.hosts().iter().all(|host| matches!(host.link, Link::Failing(_)));
    if failing || scene.ui.screen() == Screen::List(List::Events) {
        return Vec::new();
    }
    let Some((count, _, event)) = scene.ui.unseen(scene.fleet) else { return Vec::new() };
    let symbols = scene.palette.symbols;
    let name = event.domain.as_ref().map(|domain| text::fit(&domain.name, 20, symbols) + " ").unwrap_or_default();
    let short = format!("{} {count} new: {name}{}", events::sign(scene, event), event.kind.what());
    let short = short.trim_start().to_owned();
    let why = event.kind.why();
    let why = text::clean(&why);
    let role = events::role(event).unwrap_or(Role::Title);
    let explained =
        if why.is_empty() { short.clone() } else { format!("{short} ({})", text::shorten(&why, 40, symbols)) };
    let timed = format!("{explained} {}", events::time(scene, event.at));
    let counted = format!("{} {count} new", events::sign(scene, event)).trim_start().to_owned();
    // The finding at the left end already names that domain.
    if loudest.is_some() && event.domain.as_ref().map(|domain| domain.uuid) == loudest {
        return vec![(role, counted)];
    }
    [timed, explained, short, counted].map(|words| (role, words)).into()
}

/// When the next try comes, what failed, what to do. The countdown comes first, so that it is never cut off.
pub(super) fn failure_words(failure: &Failure, now: Timestamp) -> String {
    let retry = failure.retry_in.map(|wait| {
        let left = wait.saturating_sub(now.since(failure.at).unwrap_or_default());
        format!("next try in {:.0} s: ", left.as_secs_f64().ceil())
    });
    let advice = failure.advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default();
    format!("{}{}{advice}", retry.unwrap_or_default(), failure.message)
}

/// The whole text of the failure of the host that is shown, at the bottom of the body, where the line has no room for it.
pub(super) fn whole_failure(scene: &Scene, buffer: &mut Buffer, line: Rect, body: Rect) {
    let failing = scene.ui.host_shown(scene.fleet).and_then(|id| match &scene.fleet.host(id)?.link {
        Link::Failing(failure) => Some(text::clean(&failure_words(failure, scene.now)).into_owned()),
        Link::Connecting | Link::Live => None,
    });
    let Some(words) = failing.filter(|words| text::width(words) > usize::from(line.width)) else { return };
    let paragraph = Paragraph::new(words).wrap(Wrap { trim: true }).style(scene.palette.ground());
    let lines = paragraph.line_count(body.width.saturating_sub(2)) as u16 + 2;
    let height = lines.min(body.height);
    let place = Rect { y: body.bottom() - height, height, ..body };
    Clear.render(place, buffer);
    buffer.set_style(place, scene.palette.ground());
    let title = Line::from(scene.span(Role::Critical, " no data "));
    let inner = chart::frame(scene, buffer, place, title, scene.palette.style(Role::Critical));
    paragraph.render(inner, buffer);
}

/// What is wrong with the connections: in full for the host that is shown, in short for the others.
fn link_words(scene: &Scene) -> Vec<(Role, String)> {
    let shown = scene.ui.host_shown(scene.fleet);
    let words = |host: &Host| {
        let (role, words) = if shown == Some(host.id) { full_link_words(scene, host) } else { short_link_words(host) }?;
        Some((role, format!("{}{words}  ", host_prefix(scene, host))))
    };
    scene.fleet.hosts().iter().filter_map(words).collect()
}

/// The name of a host, where there are several.
fn host_prefix(scene: &Scene, host: &Host) -> String {
    if scene.fleet.hosts().len() > 1 { format!("{}: ", scene.fleet.host_name(host.id)) } else { String::new() }
}

fn full_link_words(scene: &Scene, host: &Host) -> Option<(Role, String)> {
    match &host.link {
        Link::Failing(failure) => Some((Role::Critical, failure_words(failure, scene.now))),
        Link::Connecting if host.sampled_at.is_none() && host.domains.is_empty() => {
            Some((Role::Dim, "waiting for the first answer from libvirt".into()))
        }
        // A connection attempt may hang, so the last figures say nothing about now.
        Link::Connecting => Some((Role::Critical, "no connection: trying again; showing the last known values".into())),
        Link::Live if host.is_degraded() => Some((Role::Critical, DEGRADED.into())),
        Link::Live => None,
    }
}

/// The line of the host itself has the rest.
fn short_link_words(host: &Host) -> Option<(Role, String)> {
    match &host.link {
        Link::Failing(_) => Some((Role::Critical, "no data".into())),
        Link::Connecting if host.sampled_at.is_some() => Some((Role::Critical, "no connection".into())),
        Link::Live if host.is_degraded() => Some((Role::Critical, DEGRADED.into())),
        Link::Connecting | Link::Live => None,
    }
}

/// Why cells of the selected domain and of its host are empty: each reason once, with the figures that it explains.
fn missing_note(scene: &Scene) -> Option<String> {
    use crate::fleet::Missing;
    use DomainMetric::{Cpu, DiskRead, MemoryUsed, NetRx, Steal, WorstLatency};
    let id = match &scene.ui.domain {
        Some(view) => view.id,
        None => scene.ui.selected_row()?.domain()?,
    };
    let (host, domain) = scene.fleet.domain(id)?;
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    let mut note = |reason: String, label| match notes.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, labels)) => labels.push(label),
        None => notes.push((reason, vec![label])),
    };
    let when = scene.when(host);
    if domain.is_active(when) {
        if domain.series.value(MemoryUsed, when).is_some()
            && let Some(words) = marks::old_guest_figures(domain, when)
        {
            note(words, long_label(MemoryUsed));
        }
        if domain.memory_used_with_cache(when) == Some(true) {
            note("with cache: the guest does not report what it can give back".to_owned(), long_label(MemoryUsed));
        }
        for metric in [MemoryUsed, Cpu, Steal, DiskRead, WorstLatency, NetRx] {
            if domain.series.value(metric, when).is_none() {
                match domain.missing(host, metric, when) {
                    Missing::NoRequest | Missing::FirstReading | Missing::NotSampled => {}
                    reason => note(reason.describe(domain), long_label(metric)),
                }
            }
        }
    }
    for (call, label) in [(Call::NodeCpuStats, "host CPU"), (Call::NodeMemoryStats, "host memory")] {
        if let Some(reason) = host.unsupported(call) {
            note(reason.to_owned(), label);
        }
    }
    let words = notes.into_iter().map(|(reason, labels)| format!("{} {}: {reason}", scene.none(), labels.join(", ")));
    Some(words.collect::<Vec<_>>().join("  ")).filter(|words| !words.is_empty())
}

/// A metric's name for a place without a column heading.
pub(super) fn long_label(metric: DomainMetric) -> &'static str {
    match metric {
        DomainMetric::MemoryUsed => "memory used",
        DomainMetric::DiskRead => "disks",
        DomainMetric::WorstLatency => "disk latency",
        DomainMetric::NetRx => "network",
        other => other.info().label,
    }
}
