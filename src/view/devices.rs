//! The lists of all disks, all NICs and all vCPUs. The domain screen draws its device rows with the same functions.

use super::Scene;
use super::columns;
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{AtLimit, Disk, Domain, Host, Missing, Series, When};
use crate::model::{NicDefinition, Severity};
use crate::table::{Content, DeviceKey, List, Placed, RowId, Wanted, fit};
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use DiskMetric as D;
use NicMetric as N;
use VcpuMetric as V;

/// A driver that reports the host CPUs of vCPUs reports them for all: after so many vCPUs it is known whether it does.
const TRIED: usize = 64;

/// The columns for these devices, without their places. Where the host CPUs of vCPUs are known, the column for them is
/// wide enough for every number before the chart grows, so that nothing moves with the number.
pub(super) fn wanted<'a>(list: List, devices: impl Iterator<Item = (&'a Domain, &'a DeviceKey)>) -> Vec<Wanted> {
    let mut columns: Vec<_> = list.columns().iter().map(Wanted::from).collect();
    if list == List::Vcpus {
        let is_known = devices.take(TRIED).any(|(domain, key)| host_cpu(domain, key).is_some());
        for wanted in columns.iter_mut().filter(|wanted| wanted.column.content == Content::About) {
            let most = wanted.column.most;
            (wanted.grow, wanted.most) = if is_known { (most, most) } else { (0, wanted.width) };
        }
    }
    columns
}

fn host_cpu(domain: &Domain, key: &DeviceKey) -> Option<u32> {
    let DeviceKey::Vcpu(number) = key else { return None };
    domain.vcpus.get(number)?.sample?.host_cpu
}

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect, list: List) {
    let devices = scene.ui.rows.iter().filter_map(|row| match row {
        RowId::Device(id, key) => Some((scene.fleet.domain(*id)?.1, key)),
        RowId::Domain(_) | RowId::Event(..) => None,
    });
    let columns = fit(wanted(list, devices), area.width.saturating_sub(1));
    columns::headings(scene, buffer, Rect { height: 1, ..area }, &columns);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if scene.ui.rows.is_empty() {
        let things = match list {
            List::Nics => "NIC",
            List::Vcpus => "vCPU with figures",
            _ => "disk",
        };
        columns::empty_list(scene, buffer, body, things);
        return;
    }
    let offset = scene.ui.list_state().offset;
    let selected = scene.ui.selected_index();
    let rows = scene.ui.rows.iter().enumerate().skip(offset).take(usize::from(body.height));
    let rows = rows.filter_map(|(index, row)| {
        let RowId::Device(id, key) = row else { return None };
        let (host, domain) = scene.fleet.domain(*id)?;
        Some((index, (host, domain, key)))
    });
    let rows: Vec<_> = rows.collect();
    let top = top(scene, &columns, rows.iter().map(|(_, row)| *row));
    scale_heading(scene, buffer, area, &columns, top);
    for (line, (index, row)) in rows.into_iter().enumerate() {
        let place = Rect { y: body.y + line as u16, height: 1, ..body };
        if selected == Some(index) {
            columns::select(scene, buffer, place, &columns);
        }
        draw_row(scene, buffer, place, &columns, row, top);
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
}

/// Draws the row of a device; `top`: the top of the scale of all charts on the screen, so that they can be compared.
pub(super) fn draw_row(
    scene: &Scene,
    buffer: &mut Buffer,
    place: Rect,
    columns: &[Placed],
    (host, domain, key): (&Host, &Domain, &DeviceKey),
    top: f64,
) {
    let when = host.timeline.when(scene.ui.cursor);
    let reason = reason(domain, key).filter(|_| when == When::Latest);
    let blocked = blocked(host, domain, key, when);
    for placed in columns {
        let cell = placed.cell(place);
        let room = usize::from(placed.width);
        let (role, words) = match placed.column.content {
            Content::Name => (Role::Title, text::fit(&domain.name, room, scene.palette.symbols)),
            // The words about a device without figures begin with its name.
            Content::Device if reason.is_some() || blocked.is_some() => continue,
            Content::Device => {
                let loudest = severity(domain, key, when);
                let sign = loudest.map_or(" ", |severity| marks::sign(severity, scene.palette.symbols));
                let name = text::fit(&device_name(key), room.saturating_sub(1), scene.palette.symbols);
                let role = loudest.map_or(Role::Title, marks::role);
                columns::put_line(buffer, cell, false, scene.signed(role, sign, name).into());
                continue;
            }
            // Its columns have no figures, so the reason has their place.
            _ if reason.is_some() || blocked.is_some() => continue,
            Content::About => (Role::Dim, text::fit_path(&about(domain, key, when), room, scene.palette.symbols)),
            Content::DiskHistory | Content::NicHistory | Content::VcpuHistory => {
                let bins = history(scene, host, domain, key, room);
                let history = graph::inline(&bins, top, scene.palette.symbols);
                columns::put_line(buffer, cell, false, scene.graph(history_role(key), history).into());
                continue;
            }
            content => figure(scene, content, domain, key, when),
        };
        columns::put(scene, buffer, cell, placed.column.right, role, words);
    }
    if let Some(reason) = reason {
        let words = format!("{} {}", scene.none(), words_of_uncounted(domain, key, reason));
        draw_words(scene, buffer, place, columns, &device_name(key), (None, &words));
    } else if let Some((severity, words)) = blocked {
        draw_words(scene, buffer, place, columns, &device_name(key), (Some(severity), &words));
    }
}

/// Why a device has no figures, if its domain is not read now.
fn blocked(host: &Host, domain: &Domain, key: &DeviceKey, when: When) -> Option<(Severity, String)> {
    let metric = match key {
        DeviceKey::Disk(_) => DomainMetric::DiskRead,
        DeviceKey::Nic(_) => DomainMetric::NetRx,
        DeviceKey::Vcpu(_) => DomainMetric::Vcpus,
    };
    match domain.missing(host, metric, when) {
        Missing::Blocked(by, age) => Some((by.severity(), format!("{}, figures {} s old", by.name(), age.as_secs()))),
        _ => None,
    }
}

/// What an uncounted device is, and why it has no figures.
fn words_of_uncounted(domain: &Domain, key: &DeviceKey, reason: &str) -> String {
    let mac = match key {
        DeviceKey::Nic(name) => {
            let defined = domain.nics.get(name).and_then(|nic| nic.defined.as_ref());
            defined.and_then(|nic| nic.mac.as_deref()).filter(|mac| mac != name)
        }
        DeviceKey::Disk(_) | DeviceKey::Vcpu(_) => None,
    };
    let about = about(domain, key, When::Latest);
    let parts = [Some(reason), mac, Some(about.as_str())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Draws words in place of all columns behind the name of a device. A name that is too long for its column is drawn whole.
fn draw_words(
    scene: &Scene,
    buffer: &mut Buffer,
    place: Rect,
    columns: &[Placed],
    name: &str,
    (severity, words): (Option<Severity>, &str),
) {
    let symbols = scene.palette.symbols;
    let Some(placed) = columns.iter().find(|placed| placed.column.content == Content::Device) else { return };
    let cell = placed.cell(place);
    let whole = Rect { width: place.right().saturating_sub(cell.x).saturating_sub(1), ..cell };
    let name = text::fit(name, usize::from(whole.width).saturating_sub(1), symbols);
    let used = (text::width(&name) as u16 + 1).max(cell.width);
    let sign = severity.map_or(" ", |severity| marks::sign(severity, symbols));
    columns::put_line(buffer, whole, false, scene.signed(severity.map_or(Role::Title, marks::role), sign, name).into());
    let rest = Rect { x: whole.x + used, width: whole.width.saturating_sub(used), ..whole };
    let words = text::shorten(&format!("  {words}"), usize::from(rest.width), symbols);
    columns::put(scene, buffer, rest, false, severity.map_or(Role::Dim, marks::role), words);
}

fn figure(scene: &Scene, content: Content, domain: &Domain, key: &DeviceKey, when: When) -> (Role, String) {
    let found =
        match (content, key) {
            (Content::Disk(metric), DeviceKey::Disk(key)) => {
                let role = disk_role(metric);
                domain.disks.get(key).map(|disk| {
                    value(scene, &disk.series, metric, when, domain.disk_severity(disk, metric, when), role)
                })
            }
            (Content::Nic(metric), DeviceKey::Nic(key)) => {
                let role = nic_role(metric);
                domain
                    .nics
                    .get(key)
                    .map(|nic| value(scene, &nic.series, metric, when, domain.nic_severity(nic, metric, when), role))
            }
            (Content::Vcpu(metric), DeviceKey::Vcpu(key)) => {
                let role = Role::Text;
                domain.vcpus.get(key).map(|vcpu| {
                    value(scene, &vcpu.series, metric, when, domain.vcpu_severity(vcpu, metric, when), role)
                })
            }
            _ => None,
        };
    found.unwrap_or((Role::Dim, scene.none().to_owned()))
}

/// The colour of a figure of a disk in which there is nothing wrong.
fn disk_role(metric: D) -> Role {
    match metric {
        D::ReadBytes => Role::DiskRead,
        D::WriteBytes => Role::DiskWrite,
        _ => Role::Text,
    }
}

/// The colour of a figure of a NIC in which there is nothing wrong.
fn nic_role(metric: N) -> Role {
    match metric {
        N::RxBytes => Role::NetReceive,
        N::TxBytes => Role::NetTransmit,
        _ => Role::Text,
    }
}

fn value<M: Metric>(
    scene: &Scene,
    series: &Series<M>,
    metric: M,
    when: When,
    severity: Option<Severity>,
    role: Role,
) -> (Role, String) {
    match series.value(metric, when) {
        Some(0.0) => (Role::Dim, format::figure(metric.info().unit, 0.0, scene.palette.symbols)),
        Some(value) => {
            let role = severity.map_or(role, marks::role);
            (role, format::figure(metric.info().unit, value, scene.palette.symbols))
        }
        None => (Role::Dim, scene.none().to_owned()),
    }
}

/// The severity of the worst of a device's own figures: its sign, which is readable without colour.
fn severity(domain: &Domain, key: &DeviceKey, when: When) -> Option<Severity> {
    fn worst<M: Metric>(of: impl Fn(M) -> Option<Severity>) -> Option<Severity> {
        M::ALL.iter().filter_map(|metric| of(*metric)).max()
    }
    match key {
        DeviceKey::Disk(key) => {
            let disk = domain.disks.get(key)?;
            let is_paused = domain.condition(when).and_then(|it| it.io_error).is_some_and(|pause| !pause.over);
            let has_error = is_paused && domain.io_error_disk(when) == Some(key);
            let of_figures = worst(|metric| domain.disk_severity(disk, metric, when));
            of_figures.max(has_error.then_some(Severity::Critical))
        }
        DeviceKey::Nic(key) => {
            let nic = domain.nics.get(key)?;
            worst(|metric| domain.nic_severity(nic, metric, when))
        }
        DeviceKey::Vcpu(key) => {
            let vcpu = domain.vcpus.get(key)?;
            worst(|metric| domain.vcpu_severity(vcpu, metric, when))
        }
    }
}

/// What a device did, both directions together.
fn history(scene: &Scene, host: &Host, domain: &Domain, key: &DeviceKey, room: usize) -> Vec<Option<f64>> {
    let window = Window::new(host, scene.ui);
    let bins = match key {
        DeviceKey::Disk(key) => {
            domain.disks.get(key).map(|disk| window.sums(&disk.series, &[D::ReadBytes, D::WriteBytes], room))
        }
        DeviceKey::Nic(key) => {
            domain.nics.get(key).map(|nic| window.sums(&nic.series, &[N::RxBytes, N::TxBytes], room))
        }
        DeviceKey::Vcpu(key) => domain.vcpus.get(key).map(|vcpu| window.sums(&vcpu.series, &[V::Use], room)),
    };
    bins.unwrap_or_default()
}

fn history_role(key: &DeviceKey) -> Role {
    match key {
        DeviceKey::Disk(_) => Role::DiskRead,
        DeviceKey::Nic(_) => Role::NetReceive,
        DeviceKey::Vcpu(_) => Role::Cpu,
    }
}

/// The top of the scale for the charts of all rows on the screen.
pub(super) fn top<'a>(
    scene: &Scene,
    columns: &[Placed],
    rows: impl Iterator<Item = (&'a Host, &'a Domain, &'a DeviceKey)>,
) -> f64 {
    let Some((placed, unit)) = columns.iter().find_map(|placed| Some((placed, chart_unit(placed)?))) else {
        return 1.0;
    };
    let room = usize::from(placed.width);
    let peaks = rows.filter_map(|(host, domain, key)| graph::peak(&history(scene, host, domain, key, room)));
    match unit {
        Unit::Percent => peaks.fold(100.0, f64::max),
        _ => format::nice_ceiling(unit, peaks.fold(1024.0, f64::max)),
    }
}

/// The unit of a column of charts; `None`: it has no charts.
fn chart_unit(placed: &Placed) -> Option<Unit> {
    match placed.column.content {
        Content::DiskHistory | Content::NicHistory => Some(Unit::BytesPerSecond),
        Content::VcpuHistory => Some(Unit::Percent),
        _ => None,
    }
}

/// Shows the top of the scale over the charts, unless the sort order is shown there.
pub(super) fn scale_heading(scene: &Scene, buffer: &mut Buffer, area: Rect, columns: &[Placed], top: f64) {
    let Some((placed, unit)) = columns.iter().find_map(|placed| Some((placed, chart_unit(placed)?))) else { return };
    let symbols = scene.palette.symbols;
    let percent = if unit == Unit::Percent { "%" } else { "" };
    let words = format::up_to(&format!("{}{percent}", format::figure(unit, top, symbols)), symbols);
    let cell = placed.cell(area);
    let is_free = (cell.left()..cell.right()).all(|x| buffer[(x, cell.y)].symbol() == " ");
    if is_free && text::width(&words) <= usize::from(cell.width) {
        columns::put(scene, buffer, cell, true, Role::Dim, words);
    }
}

/// A device's name in its domain.
pub(super) fn device_name(key: &DeviceKey) -> String {
    match key {
        DeviceKey::Disk(name) | DeviceKey::Nic(name) => name.to_string(),
        DeviceKey::Vcpu(number) => number.to_string(),
    }
}

/// What a NIC is connected to, as `bridge br0`.
pub(super) fn nic_connection(nic: &NicDefinition) -> String {
    format!("{} {}", nic.kind, nic.source.as_deref().unwrap_or_default()).trim_end().to_owned()
}

/// Why a device has no figures; `None`: it has, or had some in an earlier run of a domain that is off now, or the reason is one
/// of the whole domain.
fn reason(domain: &Domain, key: &DeviceKey) -> Option<&'static str> {
    let is_off = !domain.is_active(When::Latest);
    match key {
        DeviceKey::Disk(name) => domain.disks.get(name).filter(|disk| !(is_off && disk.has_past()))?.reason,
        DeviceKey::Nic(name) => domain.nics.get(name).filter(|nic| !(is_off && nic.has_past()))?.reason,
        DeviceKey::Vcpu(_) => None,
    }
}

/// What a device is, behind the limit that it is at.
fn after_limit(limit: Option<AtLimit>, words: &str) -> String {
    match limit {
        Some(limit) => format!("at its limit of {}; {words}", limit.describe()),
        None => words.to_owned(),
    }
}

/// What a device is, in a few words.
fn about(domain: &Domain, key: &DeviceKey, when: When) -> String {
    match key {
        DeviceKey::Disk(name) => {
            let disk = domain.disks.get(name);
            let source = disk.and_then(Disk::source).unwrap_or_default();
            after_limit(disk.and_then(|disk| disk.at_limit(when)), source)
        }
        DeviceKey::Nic(name) => {
            let defined = domain.nics.get(name).and_then(|nic| nic.defined.as_ref());
            let limit = domain.nics.get(name).and_then(|nic| nic.at_limit(when));
            after_limit(limit, &defined.map(nic_connection).unwrap_or_default())
        }
        DeviceKey::Vcpu(number) => {
            // libvirt's own word for a vCPU of a paused domain is "running".
            if let Some(condition) = domain.condition(when).filter(|condition| !condition.state.vcpus_run()) {
                return condition.state.name().to_owned();
            }
            let sample = domain.vcpus.get(number).and_then(|vcpu| vcpu.sample);
            let state = sample.and_then(|sample| sample.state).map(vcpu_state).unwrap_or_default();
            match host_cpu(domain, key) {
                Some(cpu) => format!("{state} on host CPU {cpu}"),
                None => state.to_owned(),
            }
        }
    }
}

/// A vCPU's state in libvirt's word.
pub(super) fn vcpu_state(state: crate::model::VcpuState) -> &'static str {
    match state {
        crate::model::VcpuState::Offline => "offline",
        crate::model::VcpuState::Running => "running",
        crate::model::VcpuState::Blocked => "blocked",
    }
}
