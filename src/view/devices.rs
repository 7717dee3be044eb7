//! The sibling lists: all disks, all NICs, all vCPUs of all domains. The domain screen draws its rows with them too.

use super::Scene;
use super::columns::{self, Column};
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::text;
use super::theme::Role;
use crate::fleet::metric::{DiskMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Domain, Host, Severity, Track, When};
use crate::ui::{DeviceKey, List, RowId, SortKey};
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
    words(Device, "DISK", 5, 0, 1, 10),
    words(DiskHistory, "", 6, 7, 2, 30),
    disk(D::ReadBytes, Role::DiskRead, "RD/s", 5, 0),
    disk(D::WriteBytes, Role::DiskWrite, "WR/s", 5, 0),
    disk(D::ReadRequests, Role::Text, "RDOPS", 6, 2),
    disk(D::WriteRequests, Role::Text, "WROPS", 6, 2),
    disk(D::Flushes, Role::Text, "FLOPS", 6, 3),
    disk(D::ReadLatency, Role::Text, "RDLAT", 6, 1),
    disk(D::WriteLatency, Role::Text, "WRLAT", 6, 1),
    disk(D::FlushLatency, Role::Text, "FLLAT", 6, 4),
    disk(D::InFlight, Role::Text, "QUEUE", 6, 5),
    disk(D::Errors, Role::Text, "ERRS", 5, 9),
    words(About, "SOURCE", 16, 8, 2, 60),
];

const NICS: &[Column<Content>] = &[
    words(Content::Domain, "DOMAIN", 12, 0, 2, 30),
    words(Device, "NIC", 6, 0, 1, 12),
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
    words(Device, "vCPU", 5, 0, 0, 5),
    words(VcpuHistory, "", 10, 3, 4, 80),
    vcpu(V::Use, Role::Text, "USE%", 5, 0),
    vcpu(V::Steal, Role::Text, "STEAL%", 7, 0),
    vcpu(V::Wait, Role::Text, "WAIT%", 6, 1),
    words(About, "STATE", 8, 2, 1, 24),
];

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
    for (line, (index, row)) in rows.enumerate() {
        let RowId::Device(id, key) = row else { continue };
        let Some((host, domain)) = scene.fleet.domain(*id) else { continue };
        let place = Rect { y: body.y + line as u16, height: 1, ..body };
        draw_row(scene, buffer, place, &columns, host, domain, key);
        if selected == Some(index) {
            buffer.set_style(place, scene.palette.selection());
        }
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
}

/// A device's row.
pub(super) fn draw_row(
    scene: &Scene,
    buffer: &mut Buffer,
    place: Rect,
    columns: &[(Column<Content>, u16, u16)],
    host: &Host,
    domain: &Domain,
    key: &DeviceKey,
) {
    let when = host.timeline.when(scene.ui.cursor);
    for (column, offset, width) in columns {
        let cell = Rect { x: place.x + offset, width: *width, ..place };
        let room = usize::from(*width);
        let (role, words) = match column.content {
            Content::Domain => (Role::Title, text::fit(&domain.name, room, scene.palette.symbols)),
            Device => (Role::Title, text::fit(&device_name(key), room, scene.palette.symbols)),
            About => (Role::Dim, text::fit(&about(domain, key), room, scene.palette.symbols)),
            content => figure(scene, content, host, domain, key, when, room),
        };
        columns::put(scene, buffer, cell, column.right, role, words);
    }
}

fn figure(
    scene: &Scene,
    content: Content,
    host: &Host,
    domain: &Domain,
    key: &DeviceKey,
    when: When,
    room: usize,
) -> (Role, String) {
    let window = Window::new(host, scene.ui);
    let found = match (content, key) {
        (Disk(metric, role), DeviceKey::Disk(key)) => {
            domain.disks.get(key).map(|disk| value(scene, &disk.track, metric, when, disk_role(metric, role)))
        }
        (Nic(metric, role), DeviceKey::Nic(key)) => {
            domain.nics.get(key).map(|nic| value(scene, &nic.track, metric, when, nic_role(metric, role)))
        }
        (Vcpu(metric, role), DeviceKey::Vcpu(key)) => {
            domain.vcpus.get(key).map(|vcpu| value(scene, &vcpu.track, metric, when, vcpu_role(metric, role)))
        }
        (DiskHistory, DeviceKey::Disk(key)) => domain.disks.get(key).map(|disk| {
            history(scene, window, &disk.track, &[D::ReadBytes, D::WriteBytes], 1024.0, room, Role::DiskRead)
        }),
        (NicHistory, DeviceKey::Nic(key)) => domain
            .nics
            .get(key)
            .map(|nic| history(scene, window, &nic.track, &[N::RxBytes, N::TxBytes], 1024.0, room, Role::NetReceive)),
        (VcpuHistory, DeviceKey::Vcpu(key)) => {
            domain.vcpus.get(key).map(|vcpu| history(scene, window, &vcpu.track, &[V::Use], 100.0, room, Role::Cpu))
        }
        _ => None,
    };
    found.unwrap_or((Role::Dim, scene.none().to_owned()))
}

type RoleOf = Box<dyn Fn(f64) -> Role>;

fn value<M: Metric>(scene: &Scene, track: &Track<M>, metric: M, when: When, role: RoleOf) -> (Role, String) {
    match track.value(metric, when) {
        Some(0.0) => (Role::Dim, format::figure(metric.info().unit, 0.0, scene.palette.symbols)),
        Some(value) => (role(value), format::figure(metric.info().unit, value, scene.palette.symbols)),
        None => (Role::Dim, scene.none().to_owned()),
    }
}

fn graded(limits: (f64, f64), role: Role) -> RoleOf {
    Box::new(move |value| match value {
        value if value >= limits.1 => marks::role(Severity::Critical),
        value if value >= limits.0 => marks::role(Severity::Warning),
        _ => role,
    })
}

/// The limits are those of [`Domain::findings`], so that a row is as loud as its domain.
fn disk_role(metric: D, role: Role) -> RoleOf {
    match metric {
        D::ReadLatency | D::WriteLatency | D::FlushLatency => graded(crate::fleet::LATENCY_LIMITS, role),
        D::Errors => graded((f64::MIN_POSITIVE, f64::MIN_POSITIVE), role),
        _ => Box::new(move |_| role),
    }
}

fn nic_role(metric: N, role: Role) -> RoleOf {
    match metric {
        N::RxDrops | N::TxDrops | N::RxErrors | N::TxErrors => graded(crate::fleet::LOSS_LIMITS, role),
        _ => Box::new(move |_| role),
    }
}

fn vcpu_role(metric: V, role: Role) -> RoleOf {
    match metric {
        V::Steal => graded(crate::fleet::STEAL_LIMITS, role),
        V::Use => graded((90.0, f64::INFINITY), role),
        V::Wait => Box::new(move |_| role),
    }
}

fn history<M: Metric>(
    scene: &Scene,
    window: Window,
    track: &Track<M>,
    metrics: &[M],
    floor: f64,
    room: usize,
    role: Role,
) -> (Role, String) {
    let mut sum = vec![None; room];
    for metric in metrics {
        for (sum, value) in sum.iter_mut().zip(window.bins(track, *metric, room)) {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
    }
    let top = graph::peak(&sum).unwrap_or(0.0).max(floor);
    (role, graph::inline(&sum, top, scene.palette.symbols))
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
