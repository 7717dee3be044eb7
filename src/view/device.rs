//! One device over the whole screen: what it is, every counter as rate, peak and total, and its history.

use super::chart::{self, Curve};
use super::columns;
use super::devices;
use super::domain;
use super::format;
use super::graph::{self, Window};
use super::text;
use super::theme::Role;
use super::{Scene, message};
use crate::fleet::metric::{Derivation, DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{AtLimit, Device, Disk, Domain, DomainId, Host, Nic, Vcpu, When};
use crate::model::Call;
use crate::model::totals::{DiskTotal, Total};
use crate::ui::DeviceKey;
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use DiskMetric as D;
use NicMetric as N;
use VcpuMetric as V;

/// A group of curves in one frame: heading, metrics with their short names and colours, whether they share a scale.
type Panel<M> = (&'static str, &'static [(M, &'static str, Role)], bool);

const DISK_PANELS: &[Panel<D>] = &[
    ("throughput", &[(D::ReadBytes, "read", Role::DiskRead), (D::WriteBytes, "write", Role::DiskWrite)], true),
    (
        "latency",
        &[
            (D::ReadLatency, "read", Role::DiskRead),
            (D::WriteLatency, "write", Role::DiskWrite),
            (D::FlushLatency, "flush", Role::DiskFlush),
        ],
        true,
    ),
    (
        "requests",
        &[
            (D::ReadRequests, "read", Role::DiskRead),
            (D::WriteRequests, "write", Role::DiskWrite),
            (D::Flushes, "flush", Role::DiskFlush),
        ],
        true,
    ),
    ("in flight", &[(D::InFlight, "mean", Role::Text)], false),
];
const NIC_PANELS: &[Panel<N>] = &[
    ("throughput", &[(N::RxBytes, "rx", Role::NetReceive), (N::TxBytes, "tx", Role::NetTransmit)], true),
    ("packets", &[(N::RxPackets, "rx", Role::NetReceive), (N::TxPackets, "tx", Role::NetTransmit)], true),
    ("drops", &[(N::RxDrops, "rx", Role::NetReceive), (N::TxDrops, "tx", Role::NetTransmit)], true),
];
const VCPU_PANELS: &[Panel<V>] = &[
    ("use", &[(V::Use, "use", Role::Cpu)], false),
    ("steal", &[(V::Steal, "steal", Role::Steal)], false),
    ("wait", &[(V::Wait, "wait", Role::Text)], false),
];

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect, id: DomainId, key: &DeviceKey) {
    let found = scene.fleet.domain(id).and_then(|(host, domain)| {
        let screen = Screen { scene, host, domain };
        match key {
            DeviceKey::Disk(name) => domain.disks.get(name).map(|disk| screen.disk(buffer, area, disk)),
            DeviceKey::Nic(name) => domain.nics.get(name).map(|nic| screen.nic(buffer, area, nic)),
            DeviceKey::Vcpu(number) => domain.vcpus.get(number).map(|vcpu| screen.vcpu(buffer, area, vcpu)),
        }
    });
    if found.is_none() {
        let kind = match key {
            DeviceKey::Disk(_) => "disk",
            DeviceKey::Nic(_) => "NIC",
            DeviceKey::Vcpu(_) => "vCPU",
        };
        let gone = format!("{kind} {} is gone", devices::device_name(key));
        message(scene, buffer, area, &[(Role::Title, gone), (Role::Dim, "Esc goes back".to_owned())]);
    }
}

#[derive(Clone, Copy)]
struct Screen<'a> {
    scene: &'a Scene<'a>,
    host: &'a Host,
    domain: &'a Domain,
}

impl Screen<'_> {
    fn disk(&self, buffer: &mut Buffer, area: Rect, disk: &Disk) {
        let defined = self.domain.disk_definition(disk);
        let mut facts = Vec::new();
        let mut fact = |name: &'static str, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        fact("source", disk.source().map(str::to_owned));
        fact("type", defined.map(|disk| format!("{} {}", disk.kind, disk.device)));
        fact("format", defined.and_then(|disk| disk.format.clone()));
        fact("bus", defined.and_then(|disk| disk.bus.clone()));
        fact("cache", defined.and_then(|disk| disk.cache.clone()));
        fact("serial", defined.and_then(|disk| disk.serial.clone()));
        fact("access", defined.map(|disk| if disk.read_only { "read-only" } else { "read-write" }.to_owned()));
        for gauge in DiskTotal::ALL.iter().filter(|total| !total.is_counter()) {
            let value = disk.sample.as_ref().and_then(|sample| gauge.of(sample));
            let show = |value| format::with_unit(gauge.info().unit, value as f64, self.scene.palette.symbols);
            fact(gauge.info().label, value.map(show));
        }
        fact("limits", limits(defined.map(|disk| disk.limits.as_slice())));
        fact("at its limit of", disk.at_limit(self.scene.when(self.host)).map(AtLimit::describe));
        let unsupported =
            self.host.unsupported(Call::BlockStatsFlags).map(|reason| ("flushes and times", reason.to_owned()));
        self.draw(
            buffer,
            area,
            &format!("disk {}", disk.key),
            facts,
            disk,
            DISK_PANELS,
            (DomainMetric::DiskRead, unsupported),
        );
    }

    fn nic(&self, buffer: &mut Buffer, area: Rect, nic: &Nic) {
        let defined = nic.defined.as_ref();
        let mut facts = Vec::new();
        let mut fact = |name: &'static str, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        fact("MAC", defined.and_then(|nic| nic.mac.clone()));
        fact("connected to", defined.map(devices::nic_connection));
        fact("model", defined.and_then(|nic| nic.model.clone()));
        fact("note", nic.note().map(str::to_owned));
        fact("link", defined.map(|nic| if nic.link_down { "down" } else { "up" }.to_owned()));
        fact("limits", limits(nic.defined.as_ref().map(|nic| nic.limits.as_slice())));
        fact("at its limit of", nic.at_limit(self.scene.when(self.host)).map(AtLimit::describe));
        self.draw(buffer, area, &format!("NIC {}", nic.key), facts, nic, NIC_PANELS, (DomainMetric::NetRx, None));
    }

    fn vcpu(&self, buffer: &mut Buffer, area: Rect, vcpu: &Vcpu) {
        let mut facts = Vec::new();
        let sample = vcpu.sample;
        let mut fact = |name: &'static str, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        fact("state", sample.and_then(|sample| sample.state).map(|state| devices::vcpu_state(state).to_owned()));
        fact("halted", sample.and_then(|sample| sample.halted).map(|halted| if halted { "yes" } else { "no" }.into()));
        fact("host CPU", sample.and_then(|sample| sample.host_cpu).map(|cpu| cpu.to_string()));
        fact(
            "of",
            self.domain
                .vcpu_count(self.scene.when(self.host))
                .map(|count| if count == 1 { "1 vCPU".to_owned() } else { format!("{count} vCPUs") }),
        );
        self.draw(buffer, area, &format!("vCPU {}", vcpu.key), facts, vcpu, VCPU_PANELS, (DomainMetric::Steal, None));
    }

    #[allow(clippy::too_many_arguments)] // Title, facts, figures, charts, and what is missing: the parts of the screen.
    fn draw<K, S, M: Metric<Total: Total<Record = S>>, D>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        title: &str,
        facts: Vec<(&'static str, String)>,
        device: &Device<K, S, M, D>,
        panels: &[Panel<M>],
        why_not: WhyNot,
    ) {
        let scene = self.scene;
        let fact_lines = wrap(scene, title, facts, usize::from(area.width));
        let rows = (fact_lines.len() as u16).min(area.height / 4).max(1);
        let [top, facts_area, rest] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(rows), Constraint::Min(0)]).areas(area);
        domain::title(scene, buffer, top, self.host, self.domain);
        for (offset, line) in fact_lines.into_iter().take(usize::from(facts_area.height)).enumerate() {
            text::set_line(buffer, (facts_area.x, facts_area.y + offset as u16), &line, facts_area.width);
        }
        let figures_width = if area.width >= 120 { 52 } else { 44 };
        let [figures, charts] = Layout::horizontal([Constraint::Length(figures_width), Constraint::Min(0)]).areas(rest);
        // A peak that the chart beside it does not show would contradict it.
        let symbols = scene.palette.symbols;
        let bins = match chart::is_wide_enough(charts) {
            true => chart::bins(charts, symbols),
            false => graph::bins_across(area.width, symbols),
        };
        self.figures(buffer, figures, device, bins, why_not);
        self.charts(buffer, charts, device, panels);
    }

    /// Now, peak of the newest `bins`, total of this run.
    fn figures<K, S, M: Metric<Total: Total<Record = S>>, D>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        device: &Device<K, S, M, D>,
        bins: usize,
        (of_domain, unsupported): WhyNot,
    ) {
        let scene = self.scene;
        let symbols = scene.palette.symbols;
        let window = Window::new(self.host, scene.ui);
        let when = window.when(scene.ui.cursor);
        let [name, now, peak, sum, _] = Layout::horizontal([
            Constraint::Fill(1),
            Constraint::Length(7),
            Constraint::Length(10),
            Constraint::Length(11),
            Constraint::Length(1),
        ])
        .areas(area);
        let mut put = |column: Rect, line: u16, right: bool, role: Role, words: String| {
            if line < area.height {
                columns::put(scene, buffer, Rect { y: area.y + line, height: 1, ..column }, right, role, words);
            }
        };
        // If there is no room for all figures, the heading shows how many of them are shown.
        let shown = M::ALL.len().min(usize::from(area.height.saturating_sub(1)));
        let heading = match shown == M::ALL.len() {
            true => "figure".to_owned(),
            false => format!("{shown} of {}", M::ALL.len()),
        };
        put(name, 0, false, Role::Heading, heading);
        put(now, 0, true, Role::Heading, if when == When::Latest { "now" } else { "then" }.into());
        put(peak, 0, true, Role::Heading, format!("max {}", format::short_duration(window.length(bins))));
        // Totals have no history.
        put(sum, 0, true, Role::Heading, if when == When::Latest { "total" } else { "total now" }.into());
        for (line, metric) in M::ALL.iter().enumerate() {
            let info = metric.info();
            let line = line as u16 + 1;
            let show = |value: Option<f64>| {
                value.map_or(scene.none().to_owned(), |value| format::figure(info.unit, value, symbols))
            };
            put(name, line, false, Role::Text, format!("{}{}", info.label, suffix(info.unit)));
            let value = device.series.value(*metric, when);
            put(now, line, true, if value.is_some() { Role::Title } else { Role::Dim }, show(value));
            put(peak, line, true, Role::Dim, show(graph::peak(&window.bins(&device.series, *metric, bins))));
            let whole = match device.sample.as_ref().and_then(|sample| whole(metric.derivation(), sample)) {
                Some(Whole::Total(value, unit)) => format::total(value, unit, symbols),
                Some(Whole::Mean(value)) => format!("avg {}", format::figure(Unit::Nanoseconds, value, symbols)),
                Some(Whole::Nothing) | None => String::new(),
            };
            put(sum, line, true, Role::Text, whole);
        }
        let note = match &device.sample {
            _ if device.reason.is_some() => format!("{} {}", scene.none(), device.reason.unwrap_or_default()),
            None => "not read in this run of the domain".to_owned(),
            Some(_) if unsupported.is_none() && device.series.value(M::ALL[0], when).is_none() => {
                format!("{} {}", scene.none(), self.domain.missing(self.host, of_domain, when).describe(self.domain))
            }
            Some(sample) => match (unsupported, uncounted(device, sample)) {
                (Some((what, why)), _) => format!("{} {what}: {why}", scene.none()),
                (None, Some(labels)) => format!("{} {labels}: this driver does not count it", scene.none()),
                (None, None) => String::new(),
            },
        };
        let place = Rect { width: area.width.saturating_sub(1), ..area };
        let room = usize::from(place.width);
        for (line, note) in text::wrap(&note, room, room).into_iter().enumerate() {
            put(place, (M::ALL.len() + 2 + line) as u16, false, Role::Dim, note);
        }
    }

    fn charts<K, S, M: Metric, D>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        device: &Device<K, S, M, D>,
        panels: &[Panel<M>],
    ) {
        let scene = self.scene;
        let window = Window::new(self.host, scene.ui);
        // At least two lines inside of each frame; what does not fit is in the figures.
        let shown = panels.len().min(usize::from(area.height / 5)).max(1);
        let heights = vec![Constraint::Fill(1); shown];
        for ((heading, metrics, shared), place) in panels.iter().zip(Layout::vertical(heights).split(area).iter()) {
            let curves: Vec<Curve> =
                metrics.iter().map(|curve| Curve::new(scene, window, &device.series, *curve, *place)).collect();
            let title = Line::from(scene.span(Role::Heading, format!(" {heading} ")));
            chart::draw(scene, buffer, *place, title, window, *shared, &curves);
        }
    }
}

/// The domain's figure that is missing for the same reason as all of the device's, and the calls that the driver does not support.
type WhyNot = (DomainMetric, Option<(&'static str, String)>);

/// The figures for which the driver reports no raw figures, though it reports others of the device.
fn uncounted<K, S, M: Metric<Total: Total<Record = S>>, D>(device: &Device<K, S, M, D>, sample: &S) -> Option<String> {
    let missing = M::ALL
        .iter()
        .filter(|metric| whole(metric.derivation(), sample).is_none() && device.series.latest(**metric).is_none());
    let labels: Vec<&str> = missing.map(|metric| metric.info().label).collect();
    (!labels.is_empty()).then(|| labels.join(", "))
}

/// The unit after the name of a figure, if its number is shown without a unit.
fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => " %",
        Unit::BytesPerSecond => " B/s",
        Unit::PacketsPerSecond | Unit::EventsPerSecond => " /s",
        Unit::OperationsPerSecond | Unit::Bytes | Unit::Nanoseconds | Unit::Count => "",
        Unit::Operations | Unit::Packets | Unit::Events | Unit::UnixSeconds => "",
    }
}

/// Facts in lines, each whole as long as the screen is wide enough for it.
fn wrap(scene: &Scene, title: &str, facts: Vec<(&'static str, String)>, width: usize) -> Vec<Line<'static>> {
    let title = text::fit(title, width / 2, scene.palette.symbols);
    let mut used = text::width(&title) + 2;
    let mut lines: Vec<Vec<Span<'static>>> = vec![vec![scene.span(Role::Title, format!("{title}  "))]];
    for (name, value) in facts {
        let room = width.saturating_sub(text::width(name) + 3);
        let value = text::fit(&value, room, scene.palette.symbols);
        let need = text::width(name) + text::width(&value) + 3;
        if used + need > width && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        used += need;
        if let Some(line) = lines.last_mut() {
            line.push(scene.span(Role::Heading, format!("{name} ")));
            line.push(scene.span(Role::Text, format!("{value}  ")));
        }
    }
    lines.into_iter().map(Line::from).collect()
}

fn limits(limits: Option<&[(String, u64)]>) -> Option<String> {
    // libvirt has 0 for a limit that is not set.
    let set = limits?.iter().filter(|(_, value)| *value > 0);
    let words: Vec<_> = set.map(|(name, value)| crate::text::limit(name, *value)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The value of a figure over the whole run of the domain.
enum Whole {
    /// A counter.
    Total(u64, Unit),
    /// Mean time of all requests, in nanoseconds.
    Mean(f64),
    /// Nothing: there was no request, or the figure has no total.
    Nothing,
}

/// The value of a figure over the whole run, from the raw figures that it is derived from. `None`: the driver does not
/// report them.
fn whole<T: Total>(derivation: Derivation<T>, record: &T::Record) -> Option<Whole> {
    match derivation {
        Derivation::Gauge(total) | Derivation::Rate(total) | Derivation::Share(total) => {
            total.of(record).map(|value| Whole::Total(value, total.info().unit))
        }
        Derivation::MeanTime(time, requests) => Some(match (time.of(record)?, requests.of(record)?) {
            (_, 0) => Whole::Nothing,
            (time, requests) => Whole::Mean(time as f64 / requests as f64),
        }),
        Derivation::Own(..) => Some(Whole::Nothing),
    }
}
