//! The two lines on top: which host, how the connection is, how loaded it is.

use super::format;
use super::graph::{self, Window};
use super::text;
use super::theme::Role;
use super::{Scene, Symbols};
use crate::fleet::metric::{HostMetric, Metric};
use crate::fleet::{Host, Link, TimeCursor, When};
use crate::model::DomainState;
use crate::time::Interval;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let shown = scene.ui.domain.as_ref().map_or(0, |view| view.id.host);
    let Some(host) = scene.fleet.host(shown) else { return };
    let right = clock_part(scene, host);
    let right_width = right.width() as u16;
    let left = identity(scene, host, usize::from(area.width.saturating_sub(right_width + 1)));
    buffer.set_line(area.x, area.y, &left, area.width.saturating_sub(right_width));
    buffer.set_line(area.x + area.width.saturating_sub(right_width), area.y, &right, right_width);
    load(scene, buffer, Rect { y: area.y + 1, height: 1, ..area }, host);
}

fn identity(scene: &Scene, host: &Host, room: usize) -> Line<'static> {
    let mut spans = vec![scene.span(Role::Key, "vtop "), Span::raw(" ")];
    let Some(info) = &host.info else {
        spans.push(scene.span(Role::Dim, "connecting"));
        return spans.into();
    };
    if info.synthetic {
        let words = if room >= 60 { "DEMO, figures are made up  " } else { "DEMO  " };
        spans.push(scene.span(Role::Banner, words));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let name = text::fit(&info.hostname, room.saturating_sub(used).min(40), scene.palette.symbols);
    spans.push(scene.span(Role::Title, name));
    let version = |version: &Option<String>| version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let mut details =
        vec![format!("{}{}", info.driver, version(&info.hypervisor_version)), format!("{} CPUs", info.cpus)];
    if let Some(libvirt) = &info.libvirt_version {
        details.insert(1, format!("libvirt {libvirt}"));
    }
    details.push(info.uri.clone());
    for detail in details {
        let detail = text::clean(&detail);
        let used: usize = spans.iter().map(Span::width).sum();
        if used + text::width(&detail) + 2 > room {
            break;
        }
        spans.push(scene.span(Role::Dim, format!("  {detail}")));
    }
    spans.into()
}

/// Live or not, the interval, the time.
fn clock_part(scene: &Scene, host: &Host) -> Line<'static> {
    let interval = format!("{}s", scene.ui.interval.duration().as_secs_f64());
    let mut spans = Vec::new();
    match (scene.ui.cursor, host.timeline.when(scene.ui.cursor)) {
        (TimeCursor::At(_), When::Tick(tick, _)) => {
            let stamp = host.timeline.stamp(tick);
            let age = stamp.and_then(|stamp| host.sampled_at?.since(stamp)).unwrap_or_default();
            let at = stamp.map(|stamp| clock(stamp.wall)).unwrap_or_default();
            spans.push(scene.span(Role::Banner, format!("FROZEN at {at}, -{}", format::duration(age))));
        }
        _ => {
            let (role, word) = match &host.link {
                Link::Live => (Role::Good, "live"),
                Link::Connecting => (Role::Warning, "connecting"),
                Link::Failing(_) => (Role::Critical, "NO DATA"),
            };
            spans.push(scene.span(role, word));
            let age = host.sampled_at.and_then(|at| scene.now.since(at)).unwrap_or_default();
            if age > 2 * scene.ui.interval.duration() + Duration::from_secs(1) {
                spans.push(scene.span(Role::Warning, format!(" figures {} old", format::duration(age))));
            }
        }
    }
    if let Some(took) = host.late.filter(|_| scene.ui.cursor == TimeCursor::Live) {
        spans.push(scene.span(Role::Warning, late(scene.ui.interval, took)));
    }
    let oldest = host.oldest();
    let turns = match oldest > 2 * scene.ui.interval.duration() {
        true => format!(", oldest {}", format::duration(oldest)),
        false => String::new(),
    };
    spans.push(scene.span(Role::Dim, format!("  {interval}{turns}  {}", clock(scene.now.wall))));
    spans.into()
}

/// What is said where a sample takes longer than the interval: the interval that can be kept.
fn late(interval: Interval, took: Duration) -> String {
    let steps = std::iter::successors(Some(interval.longer()), |step| Some(step.longer()));
    let kept = steps.take(20).find(|step| step.duration() > took).unwrap_or(Interval::MAX);
    let seconds = |length: Duration| format!("{}s", (length.as_secs_f64() * 10.0).round() / 10.0);
    format!(" a sample takes {}: + for {}", seconds(took), seconds(kept.duration()))
}

/// Hours, minutes, seconds where the operator is.
pub(super) fn clock(wall: jiff::Timestamp) -> String {
    wall.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

fn load(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host) {
    let symbols = scene.palette.symbols;
    let when = host.timeline.when(scene.ui.cursor);
    let window = Window::new(host, scene.ui);
    let value = |metric: HostMetric| match host.track.value(metric, when) {
        Some(value) => format::figure(metric.info().unit, value, symbols),
        None => scene.none().into(),
    };
    let wide = area.width >= 110;
    let graph_width = if area.width >= 160 { 20 } else { 8 };
    let curve = |metric: HostMetric, floor: f64| {
        let bins = window.bins(&host.track, metric, graph_width);
        let top = graph::peak(&bins).unwrap_or(0.0).max(floor);
        format!(" {}", graph::inline(&bins, top, symbols))
    };
    let cpu = host.track.value(HostMetric::Cpu, when);
    let mut parts: Vec<Vec<Span<'static>>> = Vec::new();
    let mut percent = vec![
        scene.span(Role::Heading, "CPU "),
        scene.span(load_role(cpu, 75.0, 95.0, Role::Title), format!("{:>5}%", value(HostMetric::Cpu))),
        scene.span(Role::Cpu, curve(HostMetric::Cpu, 100.0)),
    ];
    if wide {
        percent.push(scene.span(Role::Dim, format!(" iowait {}%", value(HostMetric::Iowait))));
    }
    parts.push(percent);
    let total = host.node.memory.map(|memory| memory.total.0 as f64);
    let used = host.track.value(HostMetric::MemoryUsed, when);
    let share = used.zip(total).map(|(used, total)| 100.0 * used / total);
    let total = total.map_or(scene.none().into(), |total| format::figure(crate::units::Unit::Bytes, total, symbols));
    parts.push(vec![
        scene.span(Role::Heading, "MEM "),
        scene.span(load_role(share, 85.0, 95.0, Role::Title), value(HostMetric::MemoryUsed)),
        scene.span(Role::Dim, format!("/{total}")),
    ]);
    let pair = |name: &str, roles: (Role, Role), signs: (&str, &str), metrics: (HostMetric, HostMetric)| {
        let mut spans = vec![
            scene.span(Role::Heading, format!("{name} ")),
            scene.span(roles.0, format!("{}{:>5}", signs.0, value(metrics.0))),
            scene.span(roles.1, format!(" {}{:>5}", signs.1, value(metrics.1))),
        ];
        if wide {
            spans.push(scene.span(roles.0, curve(metrics.0, 1024.0)));
        }
        spans
    };
    let (down, up) = if symbols == Symbols::Ascii { ("rx ", "tx ") } else { ("↓", "↑") };
    let disk = (HostMetric::DiskRead, HostMetric::DiskWrite);
    let mut disk = pair("DISK", (Role::DiskRead, Role::DiskWrite), ("r", "w"), disk);
    if wide {
        disk.push(scene.span(Role::Dim, format!(" {} IOPS", value(HostMetric::DiskRequests))));
    }
    parts.push(disk);
    let net = (HostMetric::NetRx, HostMetric::NetTx);
    parts.push(pair("NET", (Role::NetReceive, Role::NetTransmit), (down, up), net));
    parts.push(counts(scene, host, wide));
    let mut x = area.x;
    for part in parts {
        let line = Line::from(part);
        let width = line.width() as u16;
        if x + width > area.x + area.width {
            break;
        }
        buffer.set_line(x, area.y, &line, width);
        x += width + 2;
    }
}

fn load_role(value: Option<f64>, warning: f64, critical: f64, fine: Role) -> Role {
    match value {
        Some(value) if value >= critical => Role::Critical,
        Some(value) if value >= warning => Role::Warning,
        _ => fine,
    }
}

/// How many domains there are, by state.
fn counts(scene: &Scene, host: &Host, wide: bool) -> Vec<Span<'static>> {
    let count = |wanted: fn(DomainState) -> bool| host.domains.values().filter(|domain| wanted(domain.state)).count();
    let up = count(|state| matches!(state, DomainState::Running | DomainState::Blocked));
    let off = count(|state| !state.is_active());
    let other = host.domains.len() - up - off;
    if wide {
        let mut spans = vec![
            scene.span(Role::Heading, format!("{} domains ", host.domains.len())),
            scene.span(Role::Good, format!("{up} running")),
        ];
        if other > 0 {
            spans.push(scene.span(Role::Warning, format!(" {other} paused")));
        }
        spans.push(scene.span(Role::Dim, format!(" {off} off")));
        spans
    } else {
        vec![scene.span(Role::Heading, format!("{up}/{} up", host.domains.len()))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_that_is_not_kept_comes_with_one_that_is() {
        let interval = |seconds| Interval::from_seconds(seconds).unwrap();
        let ms = Duration::from_millis;
        assert_eq!(late(interval(1.0), ms(1420)), " a sample takes 1.4s: + for 2s");
        assert_eq!(late(interval(0.1), ms(730)), " a sample takes 0.7s: + for 1s");
        assert_eq!(late(interval(600.0), ms(700_000)), " a sample takes 700s: + for 600s");
    }
}
