//! A chart: name, value at the cursor, scale and graph.
//!
//! ```text
//! ╭ disk vda ───────────────────╮
//! │read     16M┤    ⢀⣀⡀         │   name, top of the scale
//! │12.3 MiB/s  │⣀⣠⣾⣿⣿⣷⣄⣀      │   value at the cursor
//! │           0┤⣿⣿⣿⣿⣿⣿⣿⣷⣶⣤⣄⣀  │   bottom of the scale
//! ╰ 95 s ────────────────── now ╯   how far back it reaches
//! ```

use super::Scene;
use super::format;
use super::graph::{self, Window};
use super::symbols::Symbols;
use super::text;
use super::theme::Role;
use crate::fleet::metric::Metric;
use crate::fleet::{Series, TimeCursor};
use crate::units::Unit;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Widget};

/// Columns at the left of a graph: name, value, scale.
pub(super) const GUTTER: u16 = 13;

/// One line of figures in a chart.
pub(super) struct Curve {
    pub(super) label: &'static str,
    pub(super) role: Role,
    pub(super) unit: Unit,
    /// At the cursor.
    pub(super) value: Option<f64>,
    /// Oldest first, as many as [`graph::bins_across`] asks for.
    pub(super) bins: Vec<Option<f64>>,
    /// Smallest top of the scale, so that noise does not look like load.
    pub(super) floor: f64,
}

impl Curve {
    /// The curve of one metric of a series, under a short name, for a chart as wide as `area`.
    pub(super) fn new<M: Metric>(
        scene: &Scene,
        window: Window,
        series: &Series<M>,
        (metric, label, role): (M, &'static str, Role),
        area: Rect,
    ) -> Self {
        let info = metric.info();
        let count = bins(area, scene.palette.symbols);
        Self {
            label,
            role,
            unit: info.unit,
            value: series.value(metric, window.when(scene.ui.cursor)),
            bins: window.bins(series, metric, count),
            floor: if info.unit == Unit::Percent { 100.0 } else { 0.0 },
        }
    }

    /// Sets the smallest top of the scale.
    pub(super) fn up_to(self, floor: f64) -> Self {
        Self { floor, ..self }
    }

    fn top(&self) -> f64 {
        let peak = graph::peak(&self.bins).unwrap_or(0.0);
        if peak < self.floor { self.floor } else { format::nice_ceiling(self.unit, peak) }
    }
}

/// Width of the graph in a framed chart, in columns.
fn graph_width(area: Rect) -> u16 {
    area.width.saturating_sub(2 + GUTTER)
}

/// How many bins a framed chart of this width shows.
pub(super) fn bins(area: Rect, symbols: Symbols) -> usize {
    graph::bins_across(graph_width(area), symbols)
}

/// Whether a framed chart of this width is drawn at all.
pub(super) fn is_wide_enough(area: Rect) -> bool {
    area.width >= GUTTER + 6
}

/// Draws a frame with a title and returns its inner area.
pub(super) fn frame(scene: &Scene, buffer: &mut Buffer, area: Rect, title: Line<'static>, style: Style) -> Rect {
    let block = Block::bordered().border_set(scene.palette.symbols.signs().frame).border_style(style);
    let inner = block.inner(area);
    block.render(area, buffer);
    // Not the block's own title, which counts columns by text and not by grapheme, and would cut some titles.
    if !area.is_empty() {
        text::set_line(buffer, (area.x + 1, area.y), &title, area.width.saturating_sub(2));
    }
    inner
}

/// Draws curves one above the other in a frame, each with the same height. `shared`: all have one scale, so that they can
/// be compared.
pub(super) fn draw(
    scene: &Scene,
    buffer: &mut Buffer,
    area: Rect,
    title: Line<'static>,
    window: Window,
    shared: bool,
    curves: &[Curve],
) {
    if area.height < 3 || !is_wide_enough(area) {
        return;
    }
    let title_width = text::width_of(&title);
    let inner = frame(scene, buffer, area, title, scene.palette.style(Role::Frame));
    let shared_top = (shared || curves.len() == 1).then(|| curves.iter().map(Curve::top).fold(0.0, f64::max));
    let shown = curves.len().min(usize::from(inner.height));
    // A curve of one line has no room for scale and unit: the frame shows them once for all curves.
    let framed = usize::from(inner.height) < 2 * shown;
    let mut is_scaled = false;
    if let Some((top, curve)) = shared_top.zip(curves.first()).filter(|_| framed) {
        let symbols = scene.palette.symbols;
        let scale = format!(" {} ", format::up_to(&format::with_short_unit(curve.unit, top, symbols), symbols));
        if text::width(&scale) + title_width < usize::from(inner.width) {
            let x = inner.right() - text::width(&scale) as u16;
            buffer.set_string(x, area.y, scale, scene.palette.style(Role::Dim));
            is_scaled = true;
        }
    }
    // Curves of one line stand beside their names: a second line for some would look like a curve without a name.
    let spare = if framed { usize::from(inner.height) % shown.max(1) } else { 0 };
    for (index, curve) in curves.iter().take(shown).enumerate() {
        let edge = |index: usize| ((usize::from(inner.height) - spare) * index / shown) as u16;
        let (y, height) = (inner.y + edge(index), edge(index + 1) - edge(index));
        let place = Rect { y, height, ..inner };
        curve_in(scene, buffer, place, curve, shared_top.unwrap_or_else(|| curve.top()), is_scaled);
    }
    time_axis(scene, buffer, area, window);
}

/// `framed`: the frame shows the scale, so the value stands beside the name.
fn curve_in(scene: &Scene, buffer: &mut Buffer, area: Rect, curve: &Curve, top: f64, framed: bool) {
    let palette = scene.palette;
    let value = match curve.value {
        Some(value) => format::with_short_unit(curve.unit, value, palette.symbols),
        None => scene.none().into(),
    };
    let scale = format::figure(curve.unit, top, palette.symbols);
    let gutter = usize::from(GUTTER);
    let tick = palette.symbols.signs().tick;
    let name_style = palette.style(curve.role);
    let dim = palette.style(Role::Dim);
    let scale_at = |buffer: &mut Buffer, y: u16, text: &str| {
        let x = area.x + (gutter - text::width(text) - 1) as u16;
        buffer.set_string(x, y, format!("{text}{tick}"), dim);
    };
    if area.height == 1 || framed {
        let value = curve.value.map(|value| format::figure(curve.unit, value, palette.symbols));
        let value = value.unwrap_or_else(|| scene.none().into());
        buffer.set_stringn(area.x, area.y, curve.label, gutter - 1, name_style);
        let x = area.x + (gutter - 1 - text::width(&value)) as u16;
        buffer.set_string(x, area.y, value, palette.style(Role::Title));
    } else {
        let room = gutter.saturating_sub(text::width(&scale) + 2);
        buffer.set_stringn(area.x, area.y, curve.label, room, name_style);
        scale_at(buffer, area.y, &scale);
        let below = area.y + 1;
        buffer.set_stringn(area.x, below, value, gutter - 1, palette.style(Role::Title));
        if area.height > 2 {
            scale_at(buffer, area.y + area.height - 1, "0");
        }
    }
    let plot = Rect { x: area.x + GUTTER, width: area.width - GUTTER, ..area };
    graph::draw(buffer, plot, &curve.bins, top, palette, curve.role);
}

/// Draws one curve in a part of a frame that has other content. The top of its scale is its floor.
pub(super) fn draw_below(scene: &Scene, buffer: &mut Buffer, frame: Rect, place: Rect, window: Window, curve: &Curve) {
    if is_wide_enough(frame) && place.height > 0 {
        curve_in(scene, buffer, place, curve, curve.top(), false);
        time_axis(scene, buffer, frame, window);
    }
}

/// Writes the time span of a chart into the lower edge of its frame.
fn time_axis(scene: &Scene, buffer: &mut Buffer, area: Rect, window: Window) {
    let bins = bins(area, scene.palette.symbols);
    let dim = scene.palette.style(Role::Dim);
    let y = area.y + area.height - 1;
    let from = format!(" -{} ", format::short_duration(window.length(bins)));
    if usize::from(graph_width(area)) < text::width(&from) {
        return;
    }
    buffer.set_string(area.x + 1 + GUTTER, y, &from, dim);
    let to = match (scene.ui.cursor, window.end_wall()) {
        (TimeCursor::At(_), Some(wall)) => format!(" {} ", super::host::clock(wall)),
        _ => " now ".into(),
    };
    let end = area.x + area.width - 2;
    if usize::from(graph_width(area)) > text::width(&from) + text::width(&to) {
        buffer.set_string(end - text::width(&to) as u16, y, to, dim);
    }
}
