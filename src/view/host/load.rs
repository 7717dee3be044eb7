//! The load of hosts: CPU, memory, disks, network, domains by state.

use crate::fleet::metric::{HostMetric, Metric};
use crate::fleet::{Domain, HOST_CPU, HOST_MEMORY, Host, Limits};
use crate::model::{DomainState, Groups};
use crate::units::{Bytes, Unit};
use crate::view::graph::{self, Window};
use crate::view::scene::Scene;
use crate::view::theme::Role;
use crate::view::{format, marks, text};
use ratatui::text::{Line, Span};

/// Blanks between two parts.
const GAP: &str = "  ";

/// What a line shows of the load.
#[derive(Clone, Copy)]
struct Detail {
    /// Columns of the graph of the CPUs, and with `graphs` also of those of disks and network.
    graph: usize,
    graphs: bool,
    /// IOPS of the disks.
    requests: bool,
    iowait: bool,
    /// The pool of hugepages and swap, or which memory the figure includes.
    memory: bool,
    /// How many domains are in each state; otherwise how many run, of how many.
    states: bool,
}

/// What lines of falling width show. The number of domains stays longest.
const DETAILS: [Detail; 12] = [
    Detail { graph: 20, graphs: true, requests: true, iowait: true, memory: true, states: true },
    Detail { graph: 8, graphs: true, requests: true, iowait: true, memory: true, states: true },
    Detail { graph: 8, graphs: false, requests: true, iowait: true, memory: true, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: true, memory: true, states: true },
    Detail { graph: 4, graphs: false, requests: false, iowait: true, memory: true, states: true },
    Detail { graph: 8, graphs: false, requests: true, iowait: true, memory: false, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: true, memory: false, states: true },
    Detail { graph: 4, graphs: false, requests: false, iowait: true, memory: false, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: false, memory: false, states: true },
    Detail { graph: 8, graphs: false, requests: false, iowait: false, memory: false, states: false },
    Detail { graph: 4, graphs: false, requests: false, iowait: false, memory: false, states: false },
    Detail { graph: 0, graphs: false, requests: false, iowait: false, memory: false, states: false },
];

/// A line for each of these hosts, no wider than `room`. All have the same parts, in columns.
pub(super) fn lines(scene: &Scene, hosts: &[&Host], room: usize) -> Vec<Line<'static>> {
    let states: Vec<Vec<DomainState>> = hosts.iter().map(|host| states(scene, host)).collect();
    let table = |detail: &Detail| -> Vec<Vec<Part>> {
        hosts.iter().zip(&states).map(|(host, states)| load_parts(scene, host, states, *detail)).collect()
    };
    let [.., least] = DETAILS;
    let mut rows = DETAILS.iter().map(table).find(|rows| width(rows) <= room).unwrap_or_else(|| table(&least));
    // On a narrow terminal the parts before the domains go: the network, the disks, the memory.
    while rows.first().is_some_and(|parts| parts.len() > 2) && width(&rows) > room {
        for parts in &mut rows {
            parts.remove(parts.len() - 2);
        }
    }
    let widths = widths(&rows);
    rows.into_iter().map(|parts| joined(parts, &widths)).collect()
}

/// CPU, memory, disks, network or domains of a host.
type Part = Vec<Span<'static>>;

/// The columns of each part.
fn widths(rows: &[Vec<Part>]) -> Vec<usize> {
    let parts = rows.first().map_or(0, Vec::len);
    (0..parts).map(|part| rows.iter().map(|row| text::width_of(&row[part])).max().unwrap_or(0)).collect()
}

/// The columns of a whole line.
fn width(rows: &[Vec<Part>]) -> usize {
    let widths = widths(rows);
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

fn joined(parts: Vec<Part>, widths: &[usize]) -> Line<'static> {
    let padded = parts.into_iter().zip(widths).map(|(mut part, width)| {
        let blanks = width.saturating_sub(text::width_of(&part));
        if blanks > 0 {
            part.push(Span::raw(" ".repeat(blanks)));
        }
        part
    });
    padded.collect::<Vec<_>>().join(&Span::raw(GAP)).into()
}

/// The states of the domains of a host at the time that is shown.
fn states(scene: &Scene, host: &Host) -> Vec<DomainState> {
    let when = scene.when(host);
    let state = |domain: &Domain| domain.condition(when).map(|condition| condition.state);
    host.domains.values().filter_map(state).collect()
}

/// CPU, memory, disks, network, and last the domains.
fn load_parts(scene: &Scene, host: &Host, states: &[DomainState], detail: Detail) -> Vec<Part> {
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
        (detail.graph > 0).then(|| scene.graph(role, format!(" {}", graph::inline(&bins, top, symbols))))
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
    let node = host.node.memory;
    let size = |bytes: Bytes| format::figure(Unit::Bytes, bytes.0 as f64, symbols);
    let total = node.map_or(scene.none().into(), |memory| size(memory.total_without_hugepages()));
    let mut memory = vec![
        scene.span(Role::Heading, "MEM "),
        scene.span(load_role(host.memory_share(when), HOST_MEMORY, Role::Title), value(HostMetric::MemoryUsed)),
        scene.span(Role::Dim, format!("/{total}")),
    ];
    if let Some(node) = node.filter(|_| detail.memory) {
        let parts = [("huge", node.hugepages, HostMetric::HugepagesUsed), ("swap", node.swap, HostMetric::SwapUsed)];
        for (name, bytes, used) in parts {
            if let Some(bytes) = bytes.filter(|bytes| *bytes > Bytes(0)) {
                memory.push(scene.span(Role::Dim, format!(" {name} {}/{}", value(used), size(bytes))));
            }
        }
        memory.extend(node.estimate().map(|words| scene.span(Role::Dim, format!(" {words}"))));
    }
    // Without some domains a sum is too small.
    let least = symbols.signs().at_least;
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
    let (down, up) = symbols.signs().directions;
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

/// States whose domains are counted together, and their words. A domain that waits for a resource (blocked) runs.
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

/// How many domains there are, and how many in each state that any is in.
fn all_counts(states: &[DomainState]) -> Vec<(Role, String)> {
    let total = format!("{} domain{}", states.len(), if states.len() == 1 { "" } else { "s" });
    let counted = COUNTED.iter().map(|(wanted, word, role)| (*role, count(states, wanted), word));
    let counted = counted.filter(|(_, number, _)| *number > 0);
    let words = counted.map(|(role, number, word)| (role, format!(" {number} {word}")));
    std::iter::once((Role::Heading, total)).chain(words).collect()
}

/// How many of the domains run, of how many.
fn short_count(states: &[DomainState]) -> Vec<(Role, String)> {
    vec![(Role::Heading, format!("{}/{} up", count(states, COUNTED[0].0), states.len()))]
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
