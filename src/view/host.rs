//! The two lines on top: which host, how the connection is, how loaded it is.

use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use super::{Scene, Symbols};
use crate::fleet::metric::{HostMetric, Metric};
use crate::fleet::{Domain, HOST_CPU, HOST_MEMORY, Host, Limits, Link, TimeCursor, When};
use crate::model::{DomainState, Groups};
use crate::time::Interval;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use std::time::Duration;

/// Columns for the name of the program and that its figures are made up, with a blank behind.
const LEAST: usize = "vtop  DEMO ".len();

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let shown = scene.ui.domain.as_ref().map_or(0, |view| view.id.host);
    let Some(host) = scene.fleet.host(shown) else { return };
    let right = clock_part(scene, host, usize::from(area.width).saturating_sub(LEAST));
    let right_width = text::width_of(&right) as u16;
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
        spans.push(scene.span(Role::Banner, if room >= 60 { "DEMO, figures are made up" } else { "DEMO" }));
        spans.push(scene.span(Role::Banner, "  "));
    }
    let used = text::width_of(&spans);
    let left = room.saturating_sub(used).min(40);
    // Of less than that nothing could be told.
    if left >= 4 {
        spans.push(scene.span(Role::Title, text::fit(&info.hostname, left, scene.palette.symbols)));
    }
    let version = |version: &Option<String>| version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let mut details = vec![format!("{}{}", info.driver, version(&info.hypervisor_version))];
    details.extend(info.libvirt_version.as_ref().map(|libvirt| format!("libvirt {libvirt}")));
    details.extend(info.cpus.map(|cpus| format!("{cpus} CPUs")));
    details.push(info.uri.clone());
    for detail in details {
        let detail = text::clean(&detail);
        let used = text::width_of(&spans);
        if used + text::width(&detail) + 2 > room {
            break;
        }
        spans.push(scene.span(Role::Dim, format!("  {detail}")));
    }
    spans.into()
}

/// Live or not, the interval, the time: all of it, or without what matters least.
fn clock_part(scene: &Scene, host: &Host, room: usize) -> Line<'static> {
    let mut pieces = Vec::new();
    match (scene.ui.cursor, host.timeline.when(scene.ui.cursor)) {
        (TimeCursor::At(moment), When::Tick(_, stamp)) => {
            let age = host.sampled_at.and_then(|last| last.since(stamp)).unwrap_or_default();
            // The oldest that there is comes later: that moment is not kept any more, and the screen moves on.
            let word = match stamp.monotonic > moment {
                true if room < 60 => "OLDEST",
                true => "MOVING: oldest kept",
                false => "FROZEN at",
            };
            let words = format!("{word} {}, -{}", clock(stamp.wall), format::duration(age));
            pieces.push((0, scene.span(Role::Banner, words)));
        }
        _ => {
            let (role, word) = match &host.link {
                Link::Live => (Role::Good, "live"),
                Link::Connecting => (Role::Warning, "connecting"),
                Link::Failing(_) => (Role::Critical, "NO DATA"),
            };
            pieces.push((0, scene.span(role, word)));
            let age = host.sampled_at.and_then(|at| scene.now.since(at)).unwrap_or_default();
            if age > 2 * scene.ui.interval.duration() + Duration::from_secs(1) {
                pieces.push((1, scene.span(Role::Warning, format!(" figures {} old", format::duration(age)))));
            }
        }
    }
    if let Some(took) =
        host.late.filter(|took| scene.ui.cursor == TimeCursor::Live && *took > scene.ui.interval.duration())
    {
        pieces.push((2, scene.span(Role::Warning, late(scene.ui.interval, took))));
    }
    pieces.push((4, scene.span(Role::Dim, format!("  {}s", scene.ui.interval.duration().as_secs_f64()))));
    // Where nothing comes any more, all get older.
    let oldest = if host.link == Link::Live { host.oldest_reading_age() } else { Duration::ZERO };
    if oldest > 2 * scene.ui.interval.duration() {
        pieces.push((5, scene.span(Role::Dim, format!(", oldest {}", format::duration(oldest)))));
    }
    pieces.push((3, scene.span(Role::Dim, format!("  {}", clock(scene.now.wall)))));
    within(pieces, room).into()
}

/// Whole pieces that there is room for. Those with a higher number go first; 0 stays.
fn within(mut pieces: Vec<(u8, Span<'static>)>, room: usize) -> Vec<Span<'static>> {
    while text::width_of(pieces.iter().map(|(_, span)| span)) > room {
        let least = pieces.iter().enumerate().max_by_key(|(_, (rank, _))| *rank).filter(|(_, (rank, _))| *rank > 0);
        let Some((index, _)) = least else { break };
        pieces.remove(index);
    }
    pieces.into_iter().map(|(_, span)| span).collect()
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

/// How much is said of the load.
#[derive(Clone, Copy)]
struct Detail {
    /// Columns of the graph of the CPUs, and where `graphs` of disks and network, too.
    graph: usize,
    graphs: bool,
    requests: bool,
    iowait: bool,
    /// The domains by state, or only how many are up.
    states: bool,
}

/// From what a wide terminal has room for down to what every one has. How many domains there are stays longest.
const DETAILS: [Detail; 9] = [
    Detail { graph: 20, graphs: true, requests: true, iowait: true, states: true },
    Detail { graph: 8, graphs: true, requests: true, iowait: true, states: true },
    Detail { graph: 8, graphs: false, requests: true, iowait: true, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: true, states: true },
    Detail { graph: 4, graphs: false, requests: false, iowait: true, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: false, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: false, states: false },
    Detail { graph: 4, graphs: false, requests: false, iowait: false, states: false },
    Detail { graph: 0, graphs: false, requests: false, iowait: false, states: false },
];

fn load(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host) {
    let room = usize::from(area.width);
    let when = scene.when(host);
    let state = |domain: &Domain| domain.condition(when).map(|condition| condition.state);
    let states = host.domains.values().filter_map(state).collect::<Vec<_>>();
    let lines = DETAILS.iter().map(|detail| joined(load_parts(scene, host, &states, *detail)));
    let line = lines.into_iter().find(|line| text::width_of(line) <= room);
    let line = line.unwrap_or_else(|| {
        // On a narrow terminal what stands before the domains goes: the network, the disks, the memory.
        let mut parts = load_parts(scene, host, &states, DETAILS[DETAILS.len() - 1]);
        while parts.len() > 2 && text::width_of(&joined(parts.clone())) > room {
            parts.remove(parts.len() - 2);
        }
        joined(parts)
    });
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn joined(parts: Vec<Vec<Span<'static>>>) -> Line<'static> {
    parts.join(&Span::raw("  ")).into()
}

/// CPU, memory, disks, network, and last the domains.
fn load_parts(scene: &Scene, host: &Host, states: &[DomainState], detail: Detail) -> Vec<Vec<Span<'static>>> {
    let symbols = scene.palette.symbols;
    let when = host.timeline.when(scene.ui.cursor);
    let window = Window::new(host, scene.ui);
    let value = |metric: HostMetric| match host.series.value(metric, when) {
        Some(value) => format::figure(metric.info().unit, value, symbols),
        None => scene.none().into(),
    };
    let curve = |metrics: &[HostMetric], role: Role, floor: f64| {
        let bins = window.sums(&host.series, metrics, detail.graph);
        let top = graph::peak(&bins).unwrap_or(0.0).max(floor);
        (detail.graph > 0).then(|| scene.span(role, format!(" {}", graph::inline(&bins, top, symbols))))
    };
    let cpu = host.series.value(HostMetric::Cpu, when);
    let mut percent = vec![
        scene.span(Role::Heading, "CPU "),
        scene.span(load_role(cpu, HOST_CPU, Role::Title), format!("{:>5}%", value(HostMetric::Cpu))),
    ];
    percent.extend(curve(&[HostMetric::Cpu], Role::Cpu, 100.0));
    if detail.iowait {
        percent.push(scene.span(Role::Dim, format!(" iowait {}%", value(HostMetric::Iowait))));
    }
    let total = host.node.memory.map(|memory| memory.total.0 as f64);
    let total = total.map_or(scene.none().into(), |total| format::figure(crate::units::Unit::Bytes, total, symbols));
    let memory = vec![
        scene.span(Role::Heading, "MEM "),
        scene.span(load_role(host.memory_share(when), HOST_MEMORY, Role::Title), value(HostMetric::MemoryUsed)),
        scene.span(Role::Dim, format!("/{total}")),
    ];
    // A sum that is not of all is at least that much.
    let least = if symbols == Symbols::Ascii { ">" } else { "≥" };
    let sum = |group: Groups, metric: HostMetric| {
        let known = host.series.value(metric, when).is_some();
        let mark = if known && host.partial_sums(when).contains(group) { least } else { "" };
        format!("{mark}{}", value(metric))
    };
    let pair = |name: &str, group, roles: (Role, Role), signs: (&str, &str), metrics: (HostMetric, HostMetric)| {
        let mut spans = vec![
            scene.span(Role::Heading, format!("{name} ")),
            scene.span(roles.0, format!("{}{:>5}", signs.0, sum(group, metrics.0))),
            scene.span(roles.1, format!(" {}{:>5}", signs.1, sum(group, metrics.1))),
        ];
        if detail.graphs {
            spans.extend(curve(&[metrics.0, metrics.1], roles.0, 1024.0));
        }
        spans
    };
    let (down, up) = if symbols == Symbols::Ascii { ("rx", "tx") } else { ("↓", "↑") };
    let disk = (HostMetric::DiskRead, HostMetric::DiskWrite);
    let mut disk = pair("DISK", Groups::BLOCK, (Role::DiskRead, Role::DiskWrite), ("r", "w"), disk);
    if detail.requests {
        disk.push(scene.span(Role::Dim, format!(" {} IOPS", sum(Groups::BLOCK, HostMetric::DiskRequests))));
    }
    let net = (HostMetric::NetRx, HostMetric::NetTx);
    let net = pair("NET", Groups::NET, (Role::NetReceive, Role::NetTransmit), (down, up), net);
    let counts = if detail.states { all_counts(states) } else { short_count(states) };
    let counts = counts.into_iter().map(|(role, words)| scene.span(role, words)).collect();
    vec![percent, memory, disk, net, counts]
}

fn load_role(value: Option<f64>, limits: Limits, below: Role) -> Role {
    value.and_then(|value| limits.severity(value)).map_or(below, marks::role)
}

/// The states that domains are counted by, in words for many of them. A domain that waits for a resource has not stopped.
const COUNTED: [(&[DomainState], &str, Role); 7] = [
    (&[DomainState::Running, DomainState::Blocked], "running", Role::Good),
    (&[DomainState::Paused], "paused", Role::Warning),
    (&[DomainState::PmSuspended], "suspended", Role::Warning),
    (&[DomainState::ShuttingDown], "in shutdown", Role::Warning),
    (&[DomainState::ShutOff], "off", Role::Dim),
    (&[DomainState::Crashed], "crashed", Role::Critical),
    (&[DomainState::Unknown], "without a state", Role::Dim),
];

fn count(states: &[DomainState], wanted: &[DomainState]) -> usize {
    states.iter().filter(|state| wanted.contains(state)).count()
}

/// How many domains there are, by state: the states that there are.
fn all_counts(states: &[DomainState]) -> Vec<(Role, String)> {
    let total = format!("{} domain{}", states.len(), if states.len() == 1 { "" } else { "s" });
    let counted = COUNTED.iter().map(|(wanted, word, role)| (*role, count(states, wanted), word));
    let counted = counted.filter(|(_, number, _)| *number > 0);
    let words = counted.map(|(role, number, word)| (role, format!(" {number} {word}")));
    std::iter::once((Role::Heading, total)).chain(words).collect()
}

/// How many of the domains run.
fn short_count(states: &[DomainState]) -> Vec<(Role, String)> {
    vec![(Role::Heading, format!("{}/{} up", count(states, COUNTED[0].0), states.len()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_least_goes_whole() {
        let left = |room| {
            let pieces = [(0, "live"), (2, " late"), (4, "  1s"), (5, ", oldest 3.0 s"), (3, "  09:01:40")];
            let spans = within(pieces.map(|(rank, words)| (rank, Span::raw(words))).to_vec(), room);
            spans.iter().map(|span| span.content.as_ref()).collect::<String>()
        };
        assert_eq!(left(37), "live late  1s, oldest 3.0 s  09:01:40");
        assert_eq!(left(36), "live late  1s  09:01:40");
        assert_eq!(left(20), "live late  09:01:40");
        assert_eq!(left(18), "live late");
        assert_eq!(left(0), "live");
    }

    fn words(counts: Vec<(Role, String)>) -> String {
        counts.into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn domains_are_counted_by_the_state_they_are_in() {
        use DomainState::*;
        let all = [Running, Blocked, Running, Paused, PmSuspended, ShuttingDown, ShutOff, Crashed, Unknown];
        let named =
            "9 domains 3 running 1 paused 1 suspended 1 in shutdown 1 off 1 crashed 1 without a state".to_owned();
        assert_eq!(words(all_counts(&all)), named);
        assert_eq!(words(short_count(&all)), "3/9 up");
    }

    #[test]
    fn a_state_in_which_there_is_no_domain_is_not_named() {
        assert_eq!(words(all_counts(&[DomainState::Crashed])), "1 domain 1 crashed", "crashed is not off");
        assert_eq!(words(all_counts(&[])), "0 domains");
        assert_eq!(words(short_count(&[])), "0/0 up");
    }

    #[test]
    fn an_interval_that_is_not_kept_comes_with_one_that_is() {
        let interval = |seconds| Interval::from_seconds(seconds).unwrap();
        let ms = Duration::from_millis;
        assert_eq!(late(interval(1.0), ms(1420)), " a sample takes 1.4s: + for 2s");
        assert_eq!(late(interval(0.1), ms(730)), " a sample takes 0.7s: + for 1s");
        assert_eq!(late(interval(600.0), ms(700_000)), " a sample takes 700s: + for 600s");
    }
}
