//! The last line: the keys of this screen, or the filter that is being typed.

use super::Scene;
use super::terminal::Depth;
use super::text;
use super::theme::Role;
use crate::fleet::TimeCursor;
use crate::ui::{List, Order, Screen, Zoom};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let width = usize::from(area.width);
    let spans = if scene.ui.filter.editing.is_some() {
        filter_input(scene, width)
    } else if scene.ui.theme_chosen {
        theme(scene, width)
    } else {
        keys(scene, width)
    };
    text::set_line(buffer, (area.x, area.y), &Line::from(spans), area.width);
}

/// What the key for the next theme did.
fn theme(scene: &Scene, width: usize) -> Vec<Span<'static>> {
    let name = scene.palette.theme_name();
    let (words, more) = match scene.palette.depth() {
        Depth::Mono => (" no colours: themes change nothing".to_owned(), "  (NO_COLOR or TERM)".to_owned()),
        Depth::Ansi => (" 16 colours: themes need 256".to_owned(), "  (TERM or COLORTERM)".to_owned()),
        Depth::Indexed | Depth::True => (format!(" theme: {name}"), format!("  start with it: vtop --theme {name}")),
    };
    let mut spans = vec![scene.span(Role::Key, words), scene.span(Role::Dim, more)];
    if text::width_of(&spans) > width {
        spans.truncate(1);
    }
    spans
}

fn filter_input(scene: &Scene, width: usize) -> Vec<Span<'static>> {
    /// With fewer columns the end of the filter is not visible while it is typed.
    const LEAST: usize = 16;
    let symbols = scene.palette.symbols;
    let filter = &scene.ui.filter;
    let head = scene.span(Role::Key, " filter: ");
    let cursor = scene.span(Role::Title, symbols.signs().cursor);
    let counts = format!("  {} of {}", scene.ui.rows.len(), scene.ui.unfiltered);
    let (role, tails) = match &filter.error {
        // What is missing is asked for in time: it is an error only behind Enter.
        Some(error) => (Role::Warning, vec![text::clean(&format!("  {error}")).into_owned()]),
        None if !filter.names.is_empty() => (Role::Dim, vec![format!("  {}", filter.names.join(" "))]),
        None => (Role::Dim, vec![format!("{counts}   Enter keep  Esc drop  Tab complete"), counts, String::new()]),
    };
    let fixed = text::width_of([&head, &cursor]);
    let room = |tail: &str| width.saturating_sub(fixed + text::width(tail));
    let tail = match tails.as_slice() {
        // Half of the line at least.
        [only] => {
            let typed = text::width(&text::clean(&filter.text)).clamp(LEAST, (width / 2).max(LEAST));
            text::shorten(only, width.saturating_sub(fixed + typed), symbols)
        }
        several => several.iter().find(|tail| room(tail) >= LEAST).cloned().unwrap_or_default(),
    };
    // The end of the text stays visible: it is what is typed next to.
    let typed = text::fit(&filter.text, room(&tail).max(1), symbols);
    let mut spans = vec![head];
    match &filter.error {
        // The part that is wrong, if all of the text is visible.
        Some(error) if typed == filter.text && !error.place.is_empty() => {
            let [before, wrong, after] =
                [&typed[..error.place.start], &typed[error.place.clone()], &typed[error.place.end..]];
            spans.push(scene.span(Role::Title, before.to_owned()));
            spans.push(scene.span(Role::Critical, wrong.to_owned()));
            spans.push(scene.span(Role::Title, after.to_owned()));
        }
        _ => spans.push(scene.span(Role::Title, typed)),
    }
    spans.extend([cursor, scene.span(role, tail)]);
    spans
}

/// The lists with their number keys; `all`: each with its name, else only the shown one.
fn tabs(scene: &Scene, shown: List, all: bool) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (number, list) in List::ALL.into_iter().enumerate() {
        spans.push(scene.span(Role::Key, format!(" {}", number + 1)));
        if list == shown {
            let mut label = scene.span(Role::Title, list.label());
            label.style = label.style.patch(scene.palette.selection());
            spans.push(label);
        } else if all {
            spans.push(scene.span(Role::Dim, list.label()));
        }
    }
    spans.push(scene.span(Role::Dim, " "));
    spans
}

/// A banner with the filter, in `most` columns at most, and how many rows it keeps; that domains that are off are hidden, and
/// that the order is held. Empty without any of these.
fn filter_banner(scene: &Scene, most: usize) -> Vec<Span<'static>> {
    let ui = scene.ui;
    let mut words = Vec::new();
    if !ui.filter.text.is_empty() {
        let filter = text::shorten(&ui.filter.text, most, scene.palette.symbols);
        words.push(format!("filter {filter}: {} of {}", ui.rows.len(), ui.unfiltered));
    }
    if ui.hides_off && ui.list != List::Events {
        words.push("off hidden".to_owned());
    }
    if ui.list_state().fixed_order.is_some() {
        words.push("order held".to_owned());
    }
    if words.is_empty() { Vec::new() } else { vec![scene.span(Role::Banner, format!(" {} ", words.join(", ")))] }
}

/// The shown list and the filter banner. Names of other lists are dropped first where room is short.
fn place(scene: &Scene, shown: List, room: usize) -> Vec<Span<'static>> {
    let forms = [(true, 16), (true, 8), (false, 16), (false, 8)];
    let form = |(all, most)| [tabs(scene, shown, all), filter_banner(scene, most)].concat();
    let found = forms.into_iter().map(form).find(|spans| text::width_of(spans) <= room);
    found.unwrap_or_else(|| filter_banner(scene, 4))
}

fn keys(scene: &Scene, width: usize) -> Vec<Span<'static>> {
    if scene.ui.help.is_some() {
        let mut spans = Vec::new();
        hint(scene, &mut spans, "j k", "scroll");
        hint(scene, &mut spans, "? q Esc", "close the help");
        return spans;
    }
    // Help and quit are always shown.
    let mut ends = Vec::new();
    match scene.ui.stderr_lines {
        0 => {}
        1 => ends.push(scene.span(Role::Dim, " stderr: 1 line ")),
        lines => ends.push(scene.span(Role::Dim, format!(" stderr: {lines} lines "))),
    }
    hint(scene, &mut ends, "?", "help");
    hint(scene, &mut ends, "q", "quit");
    // The trailing blank may be cut off.
    let room = (width + 1).saturating_sub(text::width_of(&ends));
    let mut first = Vec::new();
    let mut spans = Vec::new();
    match scene.ui.screen() {
        Screen::List(shown) => {
            // The key that leads back to live comes before the names of other lists.
            let mut back = Vec::new();
            freeze(scene, &mut back, true);
            first = place(scene, shown, room.saturating_sub(text::width_of(&back)));
            let state = scene.ui.list_state();
            let order = if state.order == Order::Descending { "down" } else { "up" };
            freeze(scene, &mut spans, true);
            hint(scene, &mut spans, "Enter", "open");
            hint(scene, &mut spans, "/", "filter");
            let about = match state.fixed_order {
                Some(_) => "sort again".to_owned(),
                None => format!("sort: {} {order}", state.sort.label()),
            };
            hint(scene, &mut spans, if state.fixed_order.is_some() { "o" } else { "s" }, &about);
        }
        Screen::Domain(_) => {
            leave(scene, &mut spans, "back");
            freeze(scene, &mut spans, true);
            hint(scene, &mut spans, "Enter", "device");
            hint(scene, &mut spans, "Tab", "disks, NICs, vCPUs");
        }
        Screen::Device(..) => {
            leave(scene, &mut spans, "domain");
            freeze(scene, &mut spans, true);
            hint(scene, &mut spans, "h l", "previous, next device");
        }
    }
    freeze(scene, &mut spans, false);
    hint(scene, &mut spans, "< >", "time");
    if scene.ui.zoom != Zoom::Samples {
        hint(scene, &mut spans, "z Z", &format!("charts: {}", scene.ui.zoom.label()));
    }
    hint(scene, &mut spans, "+ -", "interval");
    if scene.palette.depth() > Depth::Ansi {
        let theme = format!("theme: {}", scene.palette.theme_name());
        hint(scene, &mut spans, "t", &theme);
    }
    let mut used = text::width_of(&first);
    // A hint is a key and its words: both are drawn or neither.
    let fits = spans.chunks(2).take_while(|pair| {
        used += text::width_of(pair.iter());
        used <= room
    });
    first.extend(fits.flatten().cloned().chain(ends));
    first
}

/// Where Esc leads to from a screen. In the past it leads back to live first, as the Space key does.
fn leave(scene: &Scene, spans: &mut Vec<Span<'static>>, about: &str) {
    if scene.ui.cursor == TimeCursor::Live {
        hint(scene, spans, "Esc", about);
    }
}

/// The Space key: early in the line where it leads back to live, late where it freezes.
fn freeze(scene: &Scene, spans: &mut Vec<Span<'static>>, early: bool) {
    match (scene.ui.cursor, early) {
        (TimeCursor::At(_), true) => hint(scene, spans, "Space", "live"),
        (TimeCursor::Live, false) => hint(scene, spans, "Space", "freeze"),
        _ => {}
    }
}

fn hint(scene: &Scene, spans: &mut Vec<Span<'static>>, key: &str, about: &str) {
    spans.push(scene.span(Role::Key, format!(" {key}")));
    spans.push(scene.span(Role::Dim, format!(" {about} ")));
}
