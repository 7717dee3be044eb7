//! A line for each of several hosts: its name, its connection, its load or why there is none.

use super::load;
use crate::fleet::{Host, Link, TimeCursor};
use crate::view::scene::Scene;
use crate::view::theme::Role;
use crate::view::{format, text, trouble};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Most columns of a name.
const NAME: usize = 30;
/// Blanks between two columns.
const GAP: &str = "  ";

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect, hosts: &[&Host]) {
    let lines = usize::from(area.height);
    // If not all fit, the last line says how many more there are.
    let count = if hosts.len() <= lines { hosts.len() } else { lines.saturating_sub(1) };
    let (shown, hidden) = hosts.split_at(count);
    let width = usize::from(area.width);
    let names: Vec<_> = shown.iter().map(|host| text::clean(scene.fleet.host_name(host.id))).collect();
    let name_width = names.iter().map(|name| text::width(name)).max().unwrap_or(0).min(NAME).min(width / 4);
    let states: Vec<_> = shown.iter().map(|host| state(host)).collect();
    let state_width = states.iter().map(|(_, words)| text::width(words)).max().unwrap_or(0);
    let room = width.saturating_sub(name_width + state_width + 2 * GAP.len());
    let loaded: Vec<&Host> = shown.iter().copied().filter(|host| has_load(scene, host)).collect();
    let mut loads = load::lines(scene, &loaded, room).into_iter();
    for (((host, name), (role, state)), y) in shown.iter().zip(names).zip(states).zip(area.y..) {
        let name = text::fit(&name, name_width, scene.palette.symbols);
        let mut line = Line::from(vec![
            scene.span(Role::Title, padded(name, name_width)),
            Span::raw(GAP),
            scene.span(role, padded(state, state_width)),
            Span::raw(GAP),
        ]);
        match has_load(scene, host).then(|| loads.next()).flatten() {
            Some(load) => line.spans.extend(load.spans),
            None => line.push_span(why_no_load(scene, host, room)),
        }
        text::set_line(buffer, (area.x, y), &line, area.width);
    }
    if !hidden.is_empty() {
        text::set_line(buffer, (area.x, area.bottom().saturating_sub(1)), &rest(scene, hidden), area.width);
    }
}

fn padded(words: String, width: usize) -> String {
    let blanks = width.saturating_sub(text::width(&words));
    words + &" ".repeat(blanks)
}

/// The connection of a host in a word or two.
fn state(host: &Host) -> (Role, String) {
    match &host.link {
        Link::Live => match host.late {
            Some(took) => (Role::Warning, format!("late {}", format::duration(took))),
            None => (Role::Good, "live".to_owned()),
        },
        Link::Connecting => (Role::Warning, "connecting".to_owned()),
        Link::Failing(_) => (Role::Critical, "NO DATA".to_owned()),
    }
}

/// Whether the figures of a host are those of the time that is shown. Without a connection it has a text in their place.
fn has_load(scene: &Scene, host: &Host) -> bool {
    host.link == Link::Live || scene.ui.cursor != TimeCursor::Live
}

fn why_no_load(scene: &Scene, host: &Host, room: usize) -> Span<'static> {
    let (role, words) = match &host.link {
        Link::Failing(failure) => (Role::Critical, trouble::failure_words(failure, scene.now)),
        Link::Connecting | Link::Live => (Role::Dim, "waiting for an answer from libvirt".to_owned()),
    };
    let age = host.sampled_at.and_then(|at| scene.now.since(at));
    let age = age.map(|age| format!("last figures {} ago; ", format::duration(age))).unwrap_or_default();
    scene.span(role, text::shorten(&(age + &words), room, scene.palette.symbols))
}

/// The hosts that have no line.
fn rest(scene: &Scene, hidden: &[&Host]) -> Line<'static> {
    let mut line = Line::from(scene.span(Role::Dim, format!("+{} more hosts", hidden.len())));
    let failing = hidden.iter().filter(|host| matches!(host.link, Link::Failing(_))).count();
    if failing > 0 {
        line.push_span(scene.span(Role::Critical, format!(", {failing} without data")));
    }
    line
}
