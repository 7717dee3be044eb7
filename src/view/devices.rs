//! The sibling lists: all disks, all NICs, all vCPUs of all domains. The domain screen draws its rows with them too.

use super::Scene;
use super::columns::{self, Column};
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DiskMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Domain, Host, Limits, Series, When, disk_limits, nic_limits, vcpu_limits};
use crate::model::Severity;
use crate::ui::{DeviceKey, List, RowId, SortKey};
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use DiskMetric as D;
use NicMetric as N;
use VcpuMetric as V;

#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// The domain's name; not on the domain's own screen.
    Domain,
    Device,
    /// What the device is: source, bridge, host CPU.
    About,
    Disk(D, Role),
    DiskHistory,
    Nic(N, Role),
    NicHistory,
    Vcpu(V, Role),
    VcpuHistory,
}

use Content::{About, Device, Disk, DiskHistory, Nic, NicHistory, Vcpu, VcpuHistory};

const fn words(content: Content, title: &'static str, width: u16, rank: u8, grow: u16, most: u16) -> Column<Content> {
    let sort = match content {
        Content::Domain => Some(SortKey::Name),
        _ => None,
    };
    Column { content, title, width, sort, right: false, rank, grow, most }
}

const fn disk(metric: D, role: Role, title: &'static str, width: u16, rank: u8) -> Column<Content> {
    Column::figure(Disk(metric, role), title, width, rank, SortKey::Disk(metric))
}

const fn nic(metric: N, role: Role, title: &'static str, width: u16, rank: u8) -> Column<Content> {
    Column::figure(Nic(metric, role), title, width, rank, SortKey::Nic(metric))
}

const fn vcpu(metric: V, role: Role, title: &'static str, width: u16, rank: u8) -> Column<Content> {
    Column::figure(Vcpu(metric, role), title, width, rank, SortKey::Vcpu(metric))
}

const DISKS: &[Column<Content>] = &[
    words(Content::Domain, "DOMAIN", 12, 0, 2, 30),
    words(Device, " DISK", 5, 0, 1, 10),
    words(DiskHistory, "", 6, 7, 2, 30),
    disk(D::ReadBytes, Role::DiskRead, "RD/s", 5, 0),
    disk(D::WriteBytes, Role::DiskWrite, "WR/s", 5, 0),
    disk(D::ReadRequests, Role::Text, "RDOPS", 6, 2),
    disk(D::WriteRequests, Role::Text, "WROPS", 6, 2),
    disk(D::Flushes, Role::Text, "FLUSH", 6, 3),
    disk(D::ReadLatency, Role::Text, "RDLAT", 6, 1),
    disk(D::WriteLatency, Role::Text, "WRLAT", 6, 1),
    disk(D::FlushLatency, Role::Text, "FLLAT", 6, 4),
    disk(D::InFlight, Role::Text, "QUEUE", 6, 5),
    disk(D::Errors, Role::Text, "ERRS", 5, 9),
    words(About, "SOURCE", 16, 8, 2, 60),
];

const NICS: &[Column<Content>] = &[
    words(Content::Domain, "DOMAIN", 12, 0, 2, 30),
    words(Device, " NIC", 7, 0, 1, 12),
    words(NicHistory, "", 6, 7, 2, 30),
    nic(N::RxBytes, Role::NetReceive, "RX/s", 5, 0),
    nic(N::TxBytes, Role::NetTransmit, "TX/s", 5, 0),
    nic(N::RxPackets, Role::Text, "RXPK", 5, 1),
    nic(N::TxPackets, Role::Text, "TXPK", 5, 1),
    nic(N::RxDrops, Role::Text, "RXDROP", 7, 2),
    nic(N::TxDrops, Role::Text, "TXDROP", 7, 2),
    nic(N::RxErrors, Role::Text, "RXERR", 6, 3),
    nic(N::TxErrors, Role::Text, "TXERR", 6, 3),
    words(About, "CONNECTED TO", 16, 8, 2, 60),
];

const VCPUS: &[Column<Content>] = &[
    words(Content::Domain, "DOMAIN", 12, 0, 2, 30),
    words(Device, " vCPU", 5, 0, 0, 5),
    words(VcpuHistory, "", 10, 3, 4, 80),
    vcpu(V::Use, Role::Text, "USE%", 5, 0),
    vcpu(V::Steal, Role::Text, "STEAL%", 7, 0),
    vcpu(V::Wait, Role::Text, "WAIT%", 6, 1),
    words(About, "STATE", 8, 2, 1, 24),
];

/// The heading over a figure of disks.
pub(super) fn disk_heading(metric: D) -> Option<&'static str> {
    DISKS.iter().find(|column| matches!(column.content, Disk(shown, _) if shown == metric)).map(|column| column.title)
}

/// The same of NICs.
pub(super) fn nic_heading(metric: N) -> Option<&'static str> {
    NICS.iter().find(|column| matches!(column.content, Nic(shown, _) if shown == metric)).map(|column| column.title)
}

/// The same of vCPUs.
pub(super) fn vcpu_heading(metric: V) -> Option<&'static str> {
    VCPUS.iter().find(|column| matches!(column.content, Vcpu(shown, _) if shown == metric)).map(|column| column.title)
}

fn columns_of(list: List) -> &'static [Column<Content>] {
    match list {
        List::Nics => NICS,
        List::Vcpus => VCPUS,
        List::Table | List::Panes | List::Disks | List::Events => DISKS,
    }
}

/// A driver that says where vCPUs run says it of all: of so many it would have been known.
const TRIED: usize = 64;

/// The columns for these devices. Where it is known which host CPU a vCPU runs on, these words come before its history
/// grows; they have the same place for every number, so that nothing moves with it.
pub(super) fn columns_for<'a>(
    list: List,
    devices: impl Iterator<Item = (&'a Domain, &'a DeviceKey)>,
) -> Vec<Column<Content>> {
    let mut columns = columns_of(list).to_vec();
    if list == List::Vcpus {
        let is_known = devices.take(TRIED).any(|(domain, key)| host_cpu(domain, key).is_some());
        for column in columns.iter_mut().filter(|column| matches!(column.content, About)) {
            (column.grow, column.most) = if is_known { (column.most, column.most) } else { (0, column.width) };
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
    let columns = columns::fit(&columns_for(list, devices), area.width.saturating_sub(1));
    columns::headings(scene, buffer, Rect { height: 1, ..area }, &columns);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if scene.ui.rows.is_empty() {
        let things = match list {
            List::Nics => "NIC with counters",
            List::Vcpus => "vCPU with figures",
            _ => "disk with counters",
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
        draw_row(scene, buffer, place, &columns, row, top);
        if selected == Some(index) {
            buffer.set_style(place, scene.palette.selection());
        }
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
}

/// A device's row; `top`: of the scale of all histories in sight, so that they can be compared.
pub(super) fn draw_row(
    scene: &Scene,
    buffer: &mut Buffer,
    place: Rect,
    columns: &[(Column<Content>, u16, u16)],
    (host, domain, key): (&Host, &Domain, &DeviceKey),
    top: f64,
) {
    let when = host.timeline.when(scene.ui.cursor);
    for (column, offset, width) in columns {
        let cell = Rect { x: place.x + offset, width: *width, ..place };
        let room = usize::from(*width);
        let (role, words) = match column.content {
            Content::Domain => (Role::Title, text::fit(&domain.name, room, scene.palette.symbols)),
            Device => {
                let loudest = severity(domain, key, when);
                let sign = loudest.map_or(" ", |severity| marks::sign(severity, scene.palette.symbols));
                let name = text::fit(&device_name(key), room.saturating_sub(1), scene.palette.symbols);
                (loudest.map_or(Role::Title, marks::role), format!("{sign}{name}"))
            }
            About => (Role::Dim, text::fit_path(&about(domain, key), room, scene.palette.symbols)),
            DiskHistory | NicHistory | VcpuHistory => {
                let bins = history(scene, host, domain, key, room);
                (history_role(key), graph::inline(&bins, top, scene.palette.symbols))
            }
            content => figure(scene, content, domain, key, when),
        };
        columns::put(scene, buffer, cell, column.right, role, words);
    }
}

fn figure(scene: &Scene, content: Content, domain: &Domain, key: &DeviceKey, when: When) -> (Role, String) {
    let found = match (content, key) {
        (Disk(metric, role), DeviceKey::Disk(key)) => {
            domain.disks.get(key).map(|disk| value(scene, &disk.series, metric, when, disk_limits(metric), role))
        }
        (Nic(metric, role), DeviceKey::Nic(key)) => {
            domain.nics.get(key).map(|nic| value(scene, &nic.series, metric, when, nic_limits(metric), role))
        }
        (Vcpu(metric, role), DeviceKey::Vcpu(key)) => {
            domain.vcpus.get(key).map(|vcpu| value(scene, &vcpu.series, metric, when, vcpu_limits(metric), role))
        }
        _ => None,
    };
    found.unwrap_or((Role::Dim, scene.none().to_owned()))
}

fn value<M: Metric>(
    scene: &Scene,
    series: &Series<M>,
    metric: M,
    when: When,
    limits: Option<Limits>,
    role: Role,
) -> (Role, String) {
    match series.value(metric, when) {
        Some(0.0) => (Role::Dim, format::figure(metric.info().unit, 0.0, scene.palette.symbols)),
        Some(value) => {
            let role = limits.and_then(|limits| limits.severity(value)).map_or(role, marks::role);
            (role, format::figure(metric.info().unit, value, scene.palette.symbols))
        }
        None => (Role::Dim, scene.none().to_owned()),
    }
}

/// The severity of the worst of a device's own figures: its sign, which is readable without colour.
fn severity(domain: &Domain, key: &DeviceKey, when: When) -> Option<Severity> {
    fn worst<M: Metric>(series: &Series<M>, when: When, limits: fn(M) -> Option<Limits>) -> Option<Severity> {
        M::ALL.iter().filter_map(|metric| limits(*metric)?.severity(series.value(*metric, when)?)).max()
    }
    match key {
        DeviceKey::Disk(key) => worst(&domain.disks.get(key)?.series, when, disk_limits),
        DeviceKey::Nic(key) => worst(&domain.nics.get(key)?.series, when, nic_limits),
        DeviceKey::Vcpu(key) => worst(&domain.vcpus.get(key)?.series, when, vcpu_limits),
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

/// The top of the scale for the histories of all rows in sight.
pub(super) fn top<'a>(
    scene: &Scene,
    columns: &[(Column<Content>, u16, u16)],
    rows: impl Iterator<Item = (&'a Host, &'a Domain, &'a DeviceKey)>,
) -> f64 {
    let histories = [DiskHistory, NicHistory, VcpuHistory].map(|content| std::mem::discriminant(&content));
    let found = columns.iter().find(|(column, ..)| histories.contains(&std::mem::discriminant(&column.content)));
    let Some((column, _, width)) = found else { return 1.0 };
    let room = usize::from(*width);
    let peaks = rows.filter_map(|(host, domain, key)| graph::peak(&history(scene, host, domain, key, room)));
    let (unit, least) = match column.content {
        VcpuHistory => (Unit::Percent, 100.0),
        _ => (Unit::BytesPerSecond, 1024.0),
    };
    let peak = peaks.fold(least, f64::max);
    if unit == Unit::Percent { peak } else { format::nice_ceiling(unit, peak) }
}

/// Says the top of the scale over the histories.
pub(super) fn scale_heading(
    scene: &Scene,
    buffer: &mut Buffer,
    area: Rect,
    columns: &[(Column<Content>, u16, u16)],
    top: f64,
) {
    for (column, offset, width) in columns {
        let unit = match column.content {
            DiskHistory | NicHistory => Unit::BytesPerSecond,
            VcpuHistory => Unit::Percent,
            _ => continue,
        };
        let symbols = scene.palette.symbols;
        let percent = if unit == Unit::Percent { "%" } else { "" };
        let words = format::up_to(&format!("{}{percent}", format::figure(unit, top, symbols)), symbols);
        // By what the list is sorted may stand there.
        let is_free = (0..*width).all(|x| buffer[(area.x + offset + x, area.y)].symbol() == " ");
        if is_free && text::width(&words) <= usize::from(*width) {
            let cell = Rect { x: area.x + offset, width: *width, height: 1, ..area };
            columns::put(scene, buffer, cell, true, Role::Dim, words);
        }
    }
}

/// A device's name in its domain.
pub(super) fn device_name(key: &DeviceKey) -> String {
    match key {
        DeviceKey::Disk(name) | DeviceKey::Nic(name) => name.to_string(),
        DeviceKey::Vcpu(number) => number.to_string(),
    }
}

/// What a device is, in a few words.
fn about(domain: &Domain, key: &DeviceKey) -> String {
    let definition = domain.definition.as_deref();
    match key {
        DeviceKey::Disk(name) => {
            let defined = definition.and_then(|definition| definition.disks.iter().find(|disk| disk.target == *name));
            let source = defined.and_then(|disk| disk.source.clone());
            let path =
                || domain.disks.get(name).and_then(|disk| disk.sample.as_ref()?.path.as_deref().map(str::to_owned));
            source.or_else(path).unwrap_or_default()
        }
        DeviceKey::Nic(name) => definition
            .and_then(|definition| definition.nics.iter().find(|nic| nic.target.as_deref() == Some(name)))
            .map(|nic| format!("{} {}", nic.kind, nic.source.as_deref().unwrap_or_default()))
            .unwrap_or_default(),
        DeviceKey::Vcpu(number) => {
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
