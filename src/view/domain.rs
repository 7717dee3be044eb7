//! The screen of one domain.
//!
//! ```text
//! db-primary  running (booted)  id 5  4 vCPUs  8.00 GiB
//! Primary database · pc-q35-7.2 · 6f3c…
//! host CPUs ▁▂█▁ …
//! ╭ CPU ───────────────╮╭ memory ────────────╮   on larger terminals
//! ╰────────────────────╯╰────────────────────╯   disk and network too
//! DISK  RD/s  WR/s …
//! vda   …
//! NIC   …
//! vCPU  …
//! EVENT …                                      if there is room
//! ```

use super::chart::{self, Curve};
use super::columns;
use super::devices;
use super::events;
use super::format;
use super::graph::{self, Window};
use super::marks;
use super::memory;
use super::text;
use super::theme::Role;
use super::{Scene, message};
use crate::fleet::metric::{DomainMetric, HostCpuMetric};
use crate::fleet::{Domain, Host, When};
use crate::model::Call;
use crate::table::{Column, Content, Placed, fit};
use crate::ui::{DeviceKey, DomainView, List, device_keys, domain_areas};
use crate::units::{Bytes, Unit};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use std::time::Duration;

use DomainMetric as M;

/// CPU time of other threads, in percent of one core, that a busy guest does not explain.
const MUCH: f64 = 25.0;

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, view: &DomainView) {
    let Some((host, domain)) = scene.fleet.domain(view.id) else {
        let lines = [(Role::Title, "this domain is gone".to_owned()), (Role::Dim, "Esc goes back".to_owned())];
        message(
            scene,
            buffer,
            crate::ui::areas((buffer.area.width, buffer.area.height), scene.ui.host_lines()).body,
            &lines,
        );
        return;
    };
    let areas = domain_areas((buffer.area.width, buffer.area.height), domain);
    title(scene, buffer, areas.title, host, domain);
    charts(scene, buffer, areas.charts, host, domain);
    device_list(scene, buffer, areas.devices, host, domain, view);
}

/// Draws the name, state and origin of the domain, and its host CPUs.
pub(super) fn title(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain) {
    let symbols = scene.palette.symbols;
    let findings = scene.findings(host, domain);
    let when = scene.when(host);
    let mut first = marks::state_sign(scene, domain, when, &findings);
    let name = text::fit(&domain.name, usize::from(area.width) / 2, symbols);
    first.push_span(scene.span(Role::Title, format!(" {name}  ")));
    let worst = findings.first();
    let state_role = match worst.filter(|finding| finding.is_state()) {
        Some(finding) => marks::role(finding.severity),
        None if domain.is_active(when) => Role::Good,
        None => Role::Dim,
    };
    first.push_span(scene.span(state_role, marks::state_words(domain, when)));
    if let Some(finding) = worst.filter(|finding| !finding.is_state()) {
        let room = usize::from(area.width).saturating_sub(text::width_of(&first) + 2);
        let words = text::shorten(&finding.what(), room, symbols);
        first.push_span(scene.span(marks::role(finding.severity), format!("  {words}")));
    }
    let mut facts = Vec::new();
    facts.extend(domain.condition(when).and_then(|condition| condition.run).map(|run| format!("id {run}")));
    // History does not keep the CPU time.
    let now = when == When::Latest;
    let vcpus = domain.vcpu_count(when);
    facts.extend(vcpus.map(|count| format!("{count} vCPU{}", if count == 1 { "" } else { "s" })));
    let given = match domain.memory_given().filter(|_| now) {
        Some(Bytes(bytes)) => Some(bytes as f64),
        None => domain.series.value(M::MemoryGiven, when),
    };
    facts.extend(given.map(|bytes| format::with_unit(Unit::Bytes, bytes, symbols)));
    let time = domain.cpu.time.filter(|_| now);
    facts.extend(time.map(|time| format!("CPU time {}", format::duration(Duration::from_nanos(time.total())))));
    // A figure that is cut would read as another one, so it is drawn whole or left out.
    for fact in facts {
        let fact = format!("  {fact}");
        if text::width_of(&first) + text::width(&fact) > usize::from(area.width) {
            break;
        }
        first.push_span(scene.span(Role::Dim, fact));
    }
    text::set_line(buffer, (area.x, area.y), &first, area.width);
    if area.height > 1 {
        let words = text::shorten(&origin(domain), usize::from(area.width), symbols);
        text::set_line(buffer, (area.x, area.y + 1), &Line::from(scene.span(Role::Dim, words)), area.width);
    }
    if area.height > 2 {
        let line = Line::from(host_cpus(scene, host, domain, usize::from(area.width)));
        text::set_line(buffer, (area.x, area.y + 2), &line, area.width);
    }
}

fn origin(domain: &Domain) -> String {
    let mut parts = Vec::new();
    if let Some(definition) = &domain.definition {
        parts.extend(definition.title.clone());
        parts.push(definition.kind.clone());
        parts.extend(definition.machine.clone());
        parts.extend(definition.arch.clone());
    }
    parts.push(domain.uuid.to_string());
    parts.extend(domain.definition.as_ref().and_then(|definition| definition.description.clone()));
    parts.retain(|part| !part.trim().is_empty());
    parts.join(", ")
}

/// Use of host CPUs by this domain (`virDomainGetCPUStats` per CPU), or why it is unknown.
fn host_cpus(scene: &Scene, host: &Host, domain: &Domain, room: usize) -> Vec<Span<'static>> {
    let mut spans = vec![scene.span(Role::Heading, "host CPUs ")];
    let when = host.timeline.when(scene.ui.cursor);
    let uses: Vec<Option<f64>> =
        domain.host_cpus.iter().map(|cpu| cpu.series.value(HostCpuMetric::Use, when)).collect();
    if uses.is_empty() {
        let unsupported = host.unsupported(Call::CpuStatsPerCpu);
        let failed = domain.unsupported.iter().find(|unsupported| unsupported.call == Call::CpuStatsPerCpu);
        let reason = match (unsupported, failed) {
            _ if !domain.is_active(when) => format!("the domain is {}", marks::state_words(domain, when)),
            (Some(reason), _) => reason.to_owned(),
            (None, Some(unsupported)) => unsupported.reason.clone(),
            (None, None) => "not read yet".to_owned(),
        };
        let reason =
            text::shorten(&format!("{} {reason}", scene.none()), room.saturating_sub(10), scene.palette.symbols);
        spans.push(scene.span(Role::Dim, reason));
        return spans;
    }
    spans.push(scene.graph(Role::Cpu, graph::inline(&uses, 100.0, scene.palette.symbols)));
    // The busiest CPUs first, as many as fit.
    let mut order: Vec<usize> = (0..uses.len()).collect();
    order.sort_by(|a, b| uses[*b].unwrap_or(-1.0).total_cmp(&uses[*a].unwrap_or(-1.0)));
    let mut used = 10 + uses.len();
    for cpu in order {
        let words = uses[cpu].map_or(scene.none().to_owned(), |value| format!("{}%", format::percent(value)));
        let words = format!("  {}:{words}", domain.host_cpus[cpu].key);
        used += text::width(&words);
        if used > room {
            break;
        }
        spans.push(scene.span(Role::Text, words));
    }
    spans
}

pub(super) fn charts(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain) {
    let when = scene.when(host);
    if !domain.is_active(when) {
        let lines = [(Role::Dim, format!("{}: it has no live figures", marks::state_words(domain, when)))];
        message(scene, buffer, area, &lines);
        return;
    }
    let halves = |area: Rect| Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas::<2>(area);
    let places: Vec<Rect> = if area.height >= 10 {
        let rows: [Rect; 2] = Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
        rows.into_iter().flat_map(halves).collect()
    } else if area.width >= 150 {
        Layout::horizontal([Constraint::Fill(1); 4]).areas::<4>(area).to_vec()
    } else {
        halves(area).to_vec()
    };
    let window = Window::new(host, scene.ui);
    let heading = |words: String| Line::from(scene.span(Role::Heading, format!(" {words} ")));
    let curve = |metric, label, role, place| Curve::new(scene, window, &domain.series, (metric, label, role), place);
    if let Some(&place) = places.first() {
        let curves = [
            curve(M::Cpu, "CPU", Role::Cpu, place).up_to(domain.cpu_ceiling(scene.when(host))),
            curve(M::Steal, "steal", Role::Steal, place),
        ];
        let curves = if place.height >= 8 { &curves[..] } else { &curves[..1] };
        let room = usize::from(place.width.saturating_sub(4));
        chart::draw(scene, buffer, place, heading(cpu_title(scene, host, domain, room)), window, false, curves);
    }
    if let Some(&place) = places.get(1) {
        let frame = scene.palette.style(Role::Frame);
        let inner = chart::frame(scene, buffer, place, heading("memory".into()), frame);
        memory::draw(scene, buffer, place, inner, host, domain);
    }
    if let Some(&place) = places.get(2) {
        let curves =
            [curve(M::DiskRead, "read", Role::DiskRead, place), curve(M::DiskWrite, "write", Role::DiskWrite, place)];
        chart::draw(scene, buffer, place, heading("all disks".into()), window, true, &curves);
    }
    if let Some(&place) = places.get(3) {
        let curves = [curve(M::NetRx, "rx", Role::NetReceive, place), curve(M::NetTx, "tx", Role::NetTransmit, place)];
        chart::draw(scene, buffer, place, heading("all NICs".into()), window, true, &curves);
    }
}

/// CPU of the domain in percent of a core, of the guest's vCPUs and of the host, as many as fit.
fn cpu_title(scene: &Scene, host: &Host, domain: &Domain, room: usize) -> String {
    let when = host.timeline.when(scene.ui.cursor);
    let share =
        |value: Option<f64>| value.map_or(scene.none().to_owned(), |value| format!("{}%", format::percent(value)));
    let of_host = host.cpus().and_then(|cpus| domain.cpu_of_host(cpus, when));
    let of_guest = format!(", {} of guest", share(domain.cpu_of_guest(when)));
    let of_host = format!(", {} of host", share(of_host));
    let other = domain.series.value(M::OtherThreads, when);
    let words = other.map_or(String::new(), |other| format!(", other threads {}%", format::percent(other)));
    // Where they do more than the guest needs of them, they come before the share of the host.
    let parts =
        if other.is_some_and(|other| other >= MUCH) { [of_guest, words, of_host] } else { [of_guest, of_host, words] };
    let mut title = "CPU".to_owned();
    for words in parts {
        if text::width(&title) + text::width(&words) > room {
            break;
        }
        title += &words;
    }
    title
}

/// Draws disks, NICs and vCPUs, each under a heading, as one list that scrolls.
fn device_list(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain, view: &DomainView) {
    enum Item {
        Heading(List),
        Row(DeviceKey),
        Nothing(&'static str, M),
    }
    let keys = device_keys(domain);
    let is_in = |list: List, key: &DeviceKey| match list {
        List::Disks => matches!(key, DeviceKey::Disk(_)),
        List::Nics => matches!(key, DeviceKey::Nic(_)),
        _ => matches!(key, DeviceKey::Vcpu(_)),
    };
    let selected = view.selected.clone().or_else(|| keys.first().cloned());
    let mut items = Vec::new();
    for (list, nothing, metric) in [
        (List::Disks, "no disks", M::DiskRead),
        (List::Nics, "no NICs", M::NetRx),
        (List::Vcpus, "no vCPU figures", M::Steal),
    ] {
        items.push(Item::Heading(list));
        let before = items.len();
        items.extend(keys.iter().filter(|key| is_in(list, key)).cloned().map(Item::Row));
        if items.len() == before {
            items.push(Item::Nothing(nothing, metric));
        }
    }
    let own = |list: List| -> Vec<_> {
        let mut all = devices::wanted(list, keys.iter().map(|key| (domain, key)));
        all.retain(|wanted| wanted.column.content != Content::Name);
        all
    };
    let total = items.len();
    let (mut fitted, mut top) = (Vec::new(), 0.0);
    for (index, item) in items.into_iter().enumerate() {
        if let Item::Heading(list) = item {
            fitted = fit(own(list), area.width.saturating_sub(1));
            let rows = keys.iter().filter(|key| is_in(list, key)).map(|key| (host, domain, key));
            top = devices::top(scene, &fitted, rows);
        }
        let Some(line) = index.checked_sub(view.offset).filter(|line| *line < usize::from(area.height)) else {
            continue;
        };
        let place = Rect { y: area.y + line as u16, height: 1, ..area };
        match item {
            // The heading of the first visible device, whose own heading is scrolled away.
            _ if line == 0 && area.height > 1 => heading_row(scene, buffer, place, &fitted, top),
            Item::Heading(_) => heading_row(scene, buffer, place, &fitted, top),
            Item::Row(key) => {
                if selected.as_ref() == Some(&key) {
                    columns::select(scene, buffer, place, &fitted);
                }
                devices::draw_row(scene, buffer, place, &fitted, (host, domain, &key), top);
            }
            Item::Nothing(words, metric) => {
                let is_complete = metric != M::Steal && domain.definition.is_some();
                let words = match is_complete {
                    true => words.to_owned(),
                    false => format!("{words}: {}", domain.missing(host, metric, scene.when(host)).describe(domain)),
                };
                let words = text::shorten(&words, usize::from(area.width), scene.palette.symbols);
                columns::put(scene, buffer, place, false, Role::Dim, words);
            }
        }
    }
    columns::scroll_bar(scene, buffer, area, view.offset, total);
    let used = (total as u16).min(area.height);
    events::of_domain(scene, buffer, Rect { y: area.y + used, height: area.height - used, ..area }, host, domain);
}

fn heading_row(scene: &Scene, buffer: &mut Buffer, area: Rect, fitted: &[Placed], top: f64) {
    buffer.set_style(area, scene.palette.style(Role::Heading));
    for placed in fitted {
        let Column { heading, right, .. } = *placed.column;
        columns::put(scene, buffer, placed.cell(area), right, Role::Heading, heading.to_owned());
    }
    devices::scale_heading(scene, buffer, area, fitted, top);
}
