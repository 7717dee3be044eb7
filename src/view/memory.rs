//! The memory panel of a domain: what its memory is made of, how old the guest's figures are, swapping and faults.

use super::Scene;
use super::chart::{self, Curve};
use super::format;
use super::graph::Window;
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{Derivation, DomainMetric, DomainTotal, Metric};
use crate::fleet::{Domain, Host, When};
use crate::model::totals::Total;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use DomainMetric as M;

/// Fewest lines of the chart of used memory.
const CHART: u16 = 2;
/// Rates that have a line of their own in every panel.
const RATES: [M; 3] = [M::SwapIn, M::SwapOut, M::MajorFaults];

/// Draws what the memory is made of, and the age of the guest's figures.
pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, frame: Rect, area: Rect, host: &Host, domain: &Domain) {
    let when = host.timeline.when(scene.ui.cursor);
    let symbols = scene.palette.symbols;
    let size = |metric: M| match domain.series.value(metric, when) {
        Some(value) => format::with_unit(metric.info().unit, value, symbols),
        None => scene.none().to_owned(),
    };
    let findings = scene.findings(host, domain);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let percent = domain.memory_used_percent(when).map(|percent| format!(" {} %", format::percent(percent)));
    let used_role = marks::severity(&findings, M::MemoryUsed).map_or(Role::Title, marks::role);
    let mut used = Line::from(vec![scene.span(Role::Memory, "used "), scene.span(used_role, size(M::MemoryUsed))]);
    for (role, words) in [(used_role, percent.as_deref().unwrap_or_default()), (Role::Dim, used_basis(domain, when))] {
        // A figure that is cut would read as another one, so it is drawn whole or left out.
        if used.width() + text::width(words) <= usize::from(area.width) {
            used.push_span(scene.span(role, words));
        }
    }
    lines.push(used);
    let named = |pairs: &[(&str, String)]| {
        let mut line = Line::default();
        for (name, value) in pairs {
            // A figure that is cut would read as another one, so it is drawn whole or left out.
            if line.width() + text::width(name) + 1 + text::width(value) > usize::from(area.width) {
                break;
            }
            line.push_span(scene.span(Role::Heading, format!("{name} ")));
            line.push_span(scene.span(Role::Text, format!("{value}  ")));
        }
        line
    };
    lines.push(named(&[("given", size(M::MemoryGiven)), ("guest sees", size(M::MemoryAvailable))]));
    lines.push(named(&[("cache", size(M::MemoryCached)), ("host RSS", size(M::Rss))]));
    let [swap_in, swap_out, faults] = RATES;
    let faults_name = if area.width < 48 { "majflt" } else { faults.info().label };
    lines.push(named(&[(swap_in.info().label, size(swap_in)), ("out", size(swap_out)), (faults_name, size(faults))]));
    let further = further_rates(scene, domain, when);
    let reason = guest_memory_note(scene, host, domain);
    let mut y = area.y;
    if area.height > 5 {
        let bar = Rect { y, height: 1, ..area };
        marks::memory_gauge(scene, buffer, bar, domain, when, &findings);
        y += 1;
    }
    // With one line too few, the reason for missing figures is more useful than empty swap figures.
    if let Some((role, reason)) = reason {
        let room = usize::from(area.bottom().saturating_sub(y));
        let keep = lines.len().min(room.saturating_sub(1)).max(1);
        lines.truncate(keep);
        let width = usize::from(area.width);
        lines.insert(1.min(lines.len()), Line::from(scene.span(role, text::shorten(&reason, width, symbols))));
    }
    let spare = usize::from(area.bottom().saturating_sub(y)).saturating_sub(lines.len() + usize::from(CHART));
    lines.extend(further.into_iter().take(spare));
    for line in lines {
        if y >= area.bottom() {
            break;
        }
        text::set_line(buffer, (area.x, y), &line, area.width);
        y += 1;
    }
    if area.bottom().saturating_sub(y) >= CHART {
        let place = Rect { y, height: area.bottom() - y, ..area };
        memory_history(scene, buffer, frame, place, host, domain);
    }
}

/// Draws used memory over time; the top of the scale is the memory that the guest sees.
fn memory_history(scene: &Scene, buffer: &mut Buffer, frame: Rect, place: Rect, host: &Host, domain: &Domain) {
    let window = Window::new(host, scene.ui);
    let top = domain.memory.available.or(domain.memory_given()).map_or(1.0, |bytes| bytes.0 as f64);
    let curve = Curve::new(scene, window, &domain.series, (M::MemoryUsed, "used", Role::Memory), frame);
    chart::draw_below(scene, buffer, frame, place, window, &curve.up_to(top));
}

/// Says that the page cache counts as used, for guests that report no usable memory.
fn used_basis(domain: &Domain, when: When) -> &'static str {
    if domain.memory_used_with_cache(when) == Some(true) { marks::WITH_CACHE } else { "" }
}

/// Why the guest's memory figures are missing or old.
fn guest_memory_note(scene: &Scene, host: &Host, domain: &Domain) -> Option<(Role, String)> {
    let when = scene.when(host);
    if domain.series.value(M::MemoryUsed, when).is_none() {
        let reason = domain.missing(host, M::MemoryUsed, when).describe(domain);
        return Some((Role::Warning, format!("{} {reason}", scene.none())));
    }
    marks::old_guest_figures(domain, scene.when(host)).map(|words| (Role::Warning, words))
}

/// A line for each further rate of the memory that the guest reports, with its total.
fn further_rates(scene: &Scene, domain: &Domain, when: When) -> Vec<Line<'static>> {
    let symbols = scene.palette.symbols;
    let line = |metric: &M| {
        let Derivation::Rate(DomainTotal::Memory(total)) = metric.derivation() else { return None };
        let (info, known) = (metric.info(), total.of(&domain.memory)?);
        let rate = domain.series.value(*metric, when);
        let rate = rate.map_or(scene.none().to_owned(), |rate| format::with_unit(info.unit, rate, symbols));
        let mut line = Line::from(scene.span(Role::Heading, format!("{} ", info.label)));
        line.push_span(scene.span(Role::Text, rate));
        if when == When::Latest {
            let words = format!("  total {}", format::total(known, total.info().unit, symbols));
            line.push_span(scene.span(Role::Dim, words));
        }
        Some(line)
    };
    M::ALL.iter().filter(|metric| !RATES.contains(metric)).filter_map(line).collect()
}
