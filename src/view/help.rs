//! The help over any screen: keys from the keymap, columns from the metrics, what the driver lacks.

use super::chart;
use super::marks;
use super::text;
use super::theme::Role;
use super::{Scene, Symbols, events};
use crate::fleet::Severity;
use crate::fleet::metric::{DiskMetric, DomainMetric, HostMetric, Metric, NicMetric, VcpuMetric};
use crate::ui::BINDINGS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph, Widget, Wrap};

pub(super) fn draw(scene: &Scene, buffer: &mut Buffer, area: Rect, scroll: u16) {
    let width = area.width.min(100);
    let place = Rect { x: area.x + (area.width - width) / 2, width, ..area };
    Clear.render(place, buffer);
    // A wide character that begins left of the window would cover its frame.
    for y in (place.top()..place.bottom()).filter(|_| place.x > 0) {
        let left = &mut buffer[(place.x - 1, y)];
        if text::width(left.symbol()) > 1 {
            left.set_symbol(" ");
        }
    }
    buffer.set_style(place, scene.palette.ground());
    let title = Line::from(scene.span(Role::Title, " help: j k scroll, Esc closes "));
    let inner = chart::frame(scene, buffer, place, title, scene.palette.style(Role::Key));
    let lines = lines(scene);
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: false });
    let most = paragraph.line_count(inner.width).saturating_sub(usize::from(inner.height)) as u16;
    paragraph.scroll((scroll.min(most), 0)).render(inner, buffer);
}

fn lines(scene: &Scene) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let heading = |words: &str| Line::from(scene.span(Role::Heading, words.to_owned()));
    let mut group = "";
    for binding in BINDINGS {
        if binding.group != group {
            group = binding.group;
            lines.push(heading(group));
        }
        let keys = plain(scene, binding.keys);
        lines.push(Line::from(vec![
            scene.span(Role::Key, format!("  {keys:<17}")),
            scene.span(Role::Text, binding.about),
        ]));
    }
    lines.push(Line::default());
    lines.push(heading("State and signs"));
    lines.push(Line::from(scene.span(Role::Text, format!("  {}", marks::STATE_LETTERS))));
    let sign = |severity| marks::sign(severity, scene.palette.symbols);
    lines.push(Line::from(vec![
        scene.span(Role::Critical, format!("  {} the guest suffers now  ", sign(Severity::Critical))),
        scene.span(Role::Warning, format!("{} worth a look  ", sign(Severity::Warning))),
        scene.span(Role::Text, format!("{} there is no figure (the line under the host says why)", scene.none())),
    ]));
    let unseen = events::unseen(scene.palette.symbols);
    lines.push(Line::from(scene.span(
        Role::Text,
        format!("  {unseen} an event not seen yet; it counts as seen when you leave the events or its domain"),
    )));
    lines.push(Line::default());
    for host in scene.fleet.hosts() {
        if !host.lacks.is_empty() {
            lines.push(heading("What this host cannot tell"));
        }
        for lack in host.lacks.iter() {
            let reason = text::clean(&lack.reason);
            lines.push(Line::from(scene.span(Role::Text, format!("  {}: {reason}", lack.call.name()))));
        }
        if !host.lacks.is_empty() {
            lines.push(Line::default());
        }
    }
    figures::<DomainMetric>(scene, &mut lines, "Figures of a domain");
    figures::<DiskMetric>(scene, &mut lines, "Figures of a disk");
    figures::<NicMetric>(scene, &mut lines, "Figures of a NIC");
    figures::<VcpuMetric>(scene, &mut lines, "Figures of a vCPU");
    figures::<HostMetric>(scene, &mut lines, "Figures of the host");
    lines
}

fn figures<M: Metric>(scene: &Scene, lines: &mut Vec<Line<'static>>, title: &'static str) {
    lines.push(Line::from(scene.span(Role::Heading, title)));
    for metric in M::ALL {
        let info = metric.info();
        lines.push(Line::from(vec![
            scene.span(Role::Key, format!("  {:<15}", info.label)),
            scene.span(Role::Text, plain(scene, info.about)),
        ]));
    }
    lines.push(Line::default());
}

/// Signs in words or in seven bits, for a terminal without them.
fn plain(scene: &Scene, words: &str) -> String {
    if scene.palette.symbols != Symbols::Ascii {
        return words.to_owned();
    }
    [("↑", "Up"), ("↓", "Down"), ("←", "Left"), ("→", "Right"), ("−", "-"), ("÷", "/")]
        .into_iter()
        .fold(words.to_owned(), |words, (sign, word)| words.replace(sign, word))
}
