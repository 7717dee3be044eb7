//! Events: the list of all events, and the events of one domain on its screen.

use super::columns;
use super::marks;
use super::text;
use super::theme::Role;
use super::{Scene, host};
use crate::fleet::{Domain, DomainId, Host, HostId, Repeated, TimeCursor};
use crate::model::{Call, Event, Severity};
use crate::table::{Content, List, Placed, RowId, Wanted, fit};
use crate::time::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

/// Age from which an event shows its date in place of its second.
const DAY: Duration = Duration::from_secs(86_400);
/// Smallest terminal on which a domain's screen shows its events.
const LARGE: (u16, u16) = (120, 40);
/// Fewest free lines below the devices: a heading and one event.
const LEAST: u16 = 2;

/// What the empty list says: whether libvirt delivers events at all.
fn nothing(scene: &Scene) -> String {
    match scene.fleet.hosts().iter().find_map(|host| host.unsupported(Call::Events)) {
        Some(reason) => format!("libvirt does not deliver events on this connection: {reason}"),
        None => "no events since vtop started".to_owned(),
    }
}

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let shown = scene.ui.rows.iter().filter_map(|row| event(scene, row)).map(|(_, logged)| logged.event);
    let columns = fit(wanted(scene, area.width, shown), area.width.saturating_sub(1));
    columns::headings(scene, buffer, Rect { height: 1, ..area }, &columns);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if scene.ui.rows.is_empty() {
        if scene.ui.filter.text.is_empty() {
            super::message(scene, buffer, body, &[(Role::Title, nothing(scene))]);
        } else {
            columns::empty_list(scene, buffer, body, "event");
        }
        return;
    }
    let offset = scene.ui.list_state().offset;
    let selected = scene.ui.selected_index();
    let rows = scene.ui.rows.iter().enumerate().skip(offset).take(usize::from(body.height));
    for (line, (index, row)) in rows.enumerate() {
        let Some((host, logged)) = event(scene, row) else { continue };
        let place = Rect { y: body.y + line as u16, height: 1, ..body };
        if selected == Some(index) {
            columns::select(scene, buffer, place, &columns);
        }
        draw_row(scene, buffer, place, &columns, host, logged);
    }
    columns::scroll_bar(scene, buffer, body, offset, scene.ui.rows.len());
}

/// Draws the newest events of one domain where its screen has room.
pub(super) fn of_domain(scene: &Scene, buffer: &mut Buffer, area: Rect, host: &Host, domain: &Domain) {
    let large = scene.ui.size.0 >= LARGE.0 && scene.ui.size.1 >= LARGE.1;
    if !large || area.height < LEAST {
        return;
    }
    let shown: Vec<Logged> = scene
        .ui
        .events_shown(host)
        .filter(|(_, event)| event.domain.as_ref().is_some_and(|of| of.uuid == domain.uuid))
        .filter_map(|(number, _)| logged(scene, host, number))
        .take(usize::from(area.height - 1))
        .collect();
    if shown.is_empty() {
        return;
    }
    let mut own = wanted(scene, area.width, shown.iter().map(|logged| logged.event));
    own.retain(|wanted| wanted.column.content != Content::EventDomain);
    let columns = fit(own, area.width.saturating_sub(1));
    for placed in &columns {
        columns::put(scene, buffer, placed.cell(area), false, Role::Heading, placed.column.heading.to_owned());
    }
    for (line, logged) in (1..).zip(shown) {
        draw_row(scene, buffer, Rect { y: area.y + line, height: 1, ..area }, &columns, host.id, logged);
    }
}

/// Columns for these events, each as narrow as its content, so that the reason gets the rest.
fn wanted<'a>(scene: &Scene, width: u16, shown: impl Iterator<Item = &'a Event>) -> Vec<Wanted> {
    let (mut time, mut name, mut what) = (8, 6, 5);
    for event in shown {
        time = time.max(if is_old(scene, event.at) { 12 } else { 8 });
        name = name.max(event.domain.as_ref().map_or(6, |domain| text::width(&text::clean(&domain.name))));
        what = what.max(text::width(event.kind.what()));
    }
    let mut columns: Vec<_> = List::Events.columns().iter().map(Wanted::from).collect();
    for wanted in &mut columns {
        let most = match wanted.column.content {
            Content::EventTime => time,
            Content::EventDomain => (name as u16).min((width / 5).max(12)),
            Content::Event => what as u16,
            _ => continue,
        };
        let least = if wanted.grow == 0 { most } else { 0 };
        (wanted.width, wanted.most) = (wanted.width.min(most).max(least), most);
    }
    columns
}

/// An event, and how often it came in a row up to the time that is shown.
#[derive(Clone, Copy)]
struct Logged<'a> {
    event: &'a Event,
    /// When the newest of the row happened, or the first one where the newest is later than the time that is shown.
    at: Timestamp,
    /// `None`: it is not known how often it had come at the time that is shown.
    repeated: Option<Repeated>,
}

fn logged<'a>(scene: &Scene<'a>, host: &'a Host, number: u64) -> Option<Logged<'a>> {
    let (event, repeated) = (host.events.get(number)?, host.events.repeated(number)?);
    let is_past = match scene.ui.cursor {
        TimeCursor::Live => true,
        TimeCursor::At(moment) => event.at.monotonic <= moment,
    };
    let at = if is_past { event.at } else { repeated.since };
    Some(Logged { event, at, repeated: Some(repeated).filter(|_| is_past) })
}

fn event<'a>(scene: &Scene<'a>, row: &RowId) -> Option<(HostId, Logged<'a>)> {
    match row {
        RowId::Event(host, number, _) => Some((*host, logged(scene, scene.fleet.host(*host)?, *number)?)),
        RowId::Domain(_) | RowId::Device(..) => None,
    }
}

/// Why an event happened; before it, how often it came in a row.
fn reason(scene: &Scene, logged: Logged<'_>) -> String {
    let why = logged.event.kind.why();
    let times = logged.repeated.and_then(|repeated| repeated.describe(&time(scene, repeated.since)));
    [times, Some(why).filter(|why| !why.is_empty())].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn draw_row(scene: &Scene, buffer: &mut Buffer, place: Rect, columns: &[Placed], host: HostId, logged: Logged<'_>) {
    let event = logged.event;
    let symbols = scene.palette.symbols;
    let seen = scene.ui.seen.contains(host, event);
    for placed in columns {
        let cell = placed.cell(place);
        let room = usize::from(placed.width);
        let (role, words) = match placed.column.content {
            Content::EventSign => {
                let sign = Some(sign(scene, event)).filter(|sign| !sign.is_empty()).unwrap_or(" ");
                let seen = if seen { " " } else { symbols.signs().unseen };
                let line = scene.signed(role(event).unwrap_or(Role::Title), sign, seen.to_owned());
                columns::put_line(buffer, cell, false, line.into());
                continue;
            }
            Content::EventTime => (Role::Dim, time(scene, logged.at)),
            Content::EventDomain => match &event.domain {
                Some(domain) => {
                    let there = scene.fleet.domain(DomainId { host, uuid: domain.uuid }).is_some();
                    (if there { Role::Title } else { Role::Dim }, text::fit(&domain.name, room, symbols))
                }
                None => (Role::Dim, "(host)".to_owned()),
            },
            Content::Event => {
                let role = role(event).unwrap_or(if seen { Role::Text } else { Role::Title });
                (role, text::shorten(event.kind.what(), room, symbols))
            }
            Content::EventReason => (Role::Text, text::shorten(&reason(scene, logged), room, symbols)),
            _ => continue,
        };
        columns::put(scene, buffer, cell, false, role, words);
    }
}

/// The sign of a warning or a critical event; empty for a notice.
pub(super) fn sign(scene: &Scene, event: &Event) -> &'static str {
    marks::sign(event.kind.severity(), scene.palette.symbols)
}

/// The role of a warning or a critical event; `None` for a notice.
pub(super) fn role(event: &Event) -> Option<Role> {
    let severity = event.kind.severity();
    (severity > Severity::Notice).then(|| marks::role(severity))
}

fn is_old(scene: &Scene, at: Timestamp) -> bool {
    Duration::try_from(scene.now.wall.duration_since(at.wall)).is_ok_and(|age| age >= DAY)
}

/// Local time of an event; with the date from one day of age on.
pub(super) fn time(scene: &Scene, at: Timestamp) -> String {
    if is_old(scene, at) {
        let local = at.wall.to_zoned(jiff::tz::TimeZone::system());
        local.strftime("%b %d %H:%M").to_string()
    } else {
        host::clock(at.wall)
    }
}
