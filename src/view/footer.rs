//! The last line: the keys that matter here, or the filter that is being typed.

use super::Scene;
use super::text;
use super::theme::Role;
use crate::ui::{List, Order, Screen};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect) {
    let spans = if scene.ui.filter.editing.is_some() { filter_input(scene) } else { keys(scene, area.width) };
    buffer.set_line(area.x, area.y, &Line::from(spans), area.width);
}

fn filter_input(scene: &Scene) -> Vec<Span<'static>> {
    vec![
        scene.span(Role::Key, " filter: "),
        scene.span(Role::Title, text::clean(&scene.ui.filter.text)),
        scene.span(Role::Title, if scene.palette.symbols == super::Symbols::Ascii { "_" } else { "▏" }),
        scene.span(Role::Dim, format!("  {} of {}   Enter keep  Esc drop", scene.ui.rows.len(), scene.ui.unfiltered)),
    ]
}

fn keys(scene: &Scene, width: u16) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    match scene.ui.screen() {
        Screen::List(shown) => {
            for (number, list) in List::ALL.into_iter().enumerate() {
                let role = if list == shown { Role::Title } else { Role::Dim };
                spans.push(scene.span(Role::Key, format!(" {}", number + 1)));
                let mut label = scene.span(role, list.label());
                if list == shown {
                    label.style = label.style.patch(scene.palette.selection());
                }
                spans.push(label);
            }
            spans.push(scene.span(Role::Dim, " "));
            if !scene.ui.filter.text.is_empty() {
                let filter = text::shorten(&scene.ui.filter.text, 16, scene.palette.symbols);
                let counts = format!(" filter {filter}: {} of {}", scene.ui.rows.len(), scene.ui.unfiltered);
                spans.push(scene.span(Role::Banner, counts));
            }
            let state = scene.ui.list_state();
            let order = if state.order == Order::Descending { "down" } else { "up" };
            hint(scene, &mut spans, "Enter", "open");
            hint(scene, &mut spans, "/", "filter");
            hint(scene, &mut spans, "s", &format!("sort: {} {order}", state.sort.label()));
        }
        Screen::Domain(_) => {
            hint(scene, &mut spans, "Esc", "back");
            hint(scene, &mut spans, "Enter", "device");
            hint(scene, &mut spans, "Tab", "disks, NICs, vCPUs");
        }
        Screen::Device(..) => {
            hint(scene, &mut spans, "Esc", "domain");
            hint(scene, &mut spans, "h l", "previous, next device");
        }
    }
    hint(scene, &mut spans, "Space", "freeze");
    hint(scene, &mut spans, "< >", "time");
    hint(scene, &mut spans, "+ -", "interval");
    let theme = format!("theme: {}", scene.palette.theme_name());
    hint(scene, &mut spans, "t", &theme);
    // The way to the rest and the way out are always there.
    let mut ends = Vec::new();
    hint(scene, &mut ends, "?", "help");
    hint(scene, &mut ends, "q", "quit");
    // The last blank may fall off the edge.
    let room = (usize::from(width) + 1).saturating_sub(text::width_of(&ends));
    let mut used = 0;
    // Hints are pairs of key and words: both or none.
    let fits = spans.chunks(2).take_while(|pair| {
        used += text::width_of(pair.iter());
        used <= room
    });
    fits.flatten().cloned().chain(ends).collect()
}

fn hint(scene: &Scene, spans: &mut Vec<Span<'static>>, key: &str, about: &str) {
    if spans.len() % 2 == 1 {
        spans.push(Span::raw(""));
    }
    spans.push(scene.span(Role::Key, format!(" {key}")));
    spans.push(scene.span(Role::Dim, format!(" {about} ")));
}
