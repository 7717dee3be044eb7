//! Marks that several screens share: signs for trouble, letters and words for states, the memory gauge.

use super::theme::Role;
use super::{Scene, Symbols, columns, format};
use crate::fleet::metric::DomainMetric;
use crate::fleet::{Condition, Domain, Finding, When, guest_figures_age_limit};
use crate::model::{DomainState, Groups, Severity};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

use DomainMetric as M;

/// The sign in front of a finding or an event; empty for a notice.
pub(super) fn sign(severity: Severity, symbols: Symbols) -> &'static str {
    match severity {
        Severity::Critical => symbols.signs().critical,
        Severity::Warning => symbols.signs().warning,
        Severity::Notice => "",
    }
}

pub(super) fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::Warning => Role::Warning,
        Severity::Notice => Role::Text,
    }
}

/// The severity of the finding about a figure; `None`: there is no finding about it.
pub(super) fn severity(findings: &[Finding<'_>], metric: DomainMetric) -> Option<Severity> {
    findings.iter().find(|finding| finding.metric() == Some(metric)).map(|finding| finding.severity)
}

/// Behind used memory that counts the guest's page cache.
pub(super) const WITH_CACHE: &str = " with cache";

/// Used and given memory, over a bar that is filled by the used share.
pub(super) fn memory_gauge(
    scene: &Scene,
    buffer: &mut Buffer,
    cell: Rect,
    domain: &Domain,
    when: When,
    findings: &[Finding<'_>],
) {
    let size = format::short_bytes;
    let used = domain.series.value(M::MemoryUsed, when).map_or(scene.none().to_owned(), size);
    let known = domain.memory_given().filter(|_| when == When::Latest).map(|bytes| bytes.0 as f64);
    let given = domain.series.value(M::MemoryGiven, when).or(known);
    let words = format!("{used}/{}", given.map_or(scene.none().to_owned(), size));
    // Figures of long ago are not what is, and page cache is not what the guest needs.
    let with_cache = domain.memory_used_with_cache(when) == Some(true);
    let usual = if with_cache || old_guest_figures(domain, when).is_some() { Role::Dim } else { Role::Text };
    let alarm = severity(findings, M::MemoryUsed).map(role);
    columns::put(scene, buffer, cell, true, alarm.unwrap_or(usual), words);
    if let Some(percent) = domain.memory_used_percent(when).filter(|_| !with_cache) {
        let filled = (f64::from(cell.width) * percent / 100.0).round() as u16;
        buffer.set_style(Rect { width: filled.min(cell.width), ..cell }, scene.palette.gauge(alarm));
    }
}

/// That the guest has not told of its memory for much longer than it is asked to; known of now only.
pub(super) fn old_guest_figures(domain: &Domain, when: When) -> Option<String> {
    if when != When::Latest {
        return None;
    }
    let spoke = jiff::Timestamp::from_second(domain.memory.last_update? as i64).ok()?;
    let read = domain.read_at(Groups::MEMORY)?.wall;
    let age = Duration::try_from(read.duration_since(spoke)).unwrap_or_default();
    let period = domain.definition.as_ref().and_then(|definition| definition.balloon_period).unwrap_or_default();
    (age > guest_figures_age_limit(period)).then(|| format!("the guest's figures are {} old", format::duration(age)))
}

/// A sign for trouble and a letter for the state.
pub(super) fn state_sign(scene: &Scene, domain: &Domain, when: When, findings: &[Finding<'_>]) -> Line<'static> {
    let severity = findings.first().map(|finding| finding.severity);
    let mark = severity.map_or(" ", |severity| sign(severity, scene.palette.symbols));
    let (letter, state_role) = match domain.condition(when).map_or(DomainState::Unknown, |it| it.state) {
        DomainState::Running => ("R", Role::Good),
        DomainState::Blocked => ("b", Role::Good),
        DomainState::Paused => ("P", Role::Warning),
        DomainState::PmSuspended => ("Z", Role::Warning),
        DomainState::ShuttingDown => ("s", Role::Warning),
        DomainState::ShutOff => ("o", Role::Dim),
        DomainState::Crashed => ("C", Role::Critical),
        DomainState::Unknown => ("?", Role::Dim),
    };
    let mark = Span::styled(mark, scene.palette.sign(severity.map_or(Role::Dim, role)));
    Line::from(vec![mark, scene.span(state_role, letter)])
}

/// The state and its reason in words.
pub(super) fn state_words(domain: &Domain, when: When) -> String {
    let Some(Condition { state, reason, .. }) = domain.condition(when) else { return "not there then".to_owned() };
    match reason.describe(state) {
        Some(reason) => format!("{} ({reason})", state.name()),
        None => state.name().to_owned(),
    }
}

/// The letters of the state column, for the help.
pub(super) const STATE_LETTERS: [&str; 2] =
    ["R running  b idle  P paused  Z pmsuspended  s in shutdown", "o shut off  C crashed  ? no state"];
