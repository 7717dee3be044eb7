//! Graphs: bins of equal length that end at the cursor. A bin shows the largest value in it; a gap stays empty.

use super::symbols::Symbols;
use super::theme::{Palette, Role};
use crate::fleet::metric::Metric;
use crate::fleet::{Host, Series, TimeCursor, When};
use crate::ui::{UiState, Zoom};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

/// The part of a host's time axis that a chart shows: up to the cursor.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    host: &'a Host,
    /// The end of the newest bin; `None` before the first sample.
    end: Option<Duration>,
    /// Which part of the history.
    zoom: Zoom,
    interval: Duration,
}

impl<'a> Window<'a> {
    pub(super) fn new(host: &'a Host, ui: &UiState) -> Self {
        let end = match host.timeline.when(ui.cursor) {
            When::Latest => host.timeline.last(),
            When::Tick(tick, _) => Some(tick),
        };
        let end = end.and_then(|tick| host.timeline.stamp(tick)).map(|stamp| stamp.monotonic);
        Self { host, end, zoom: ui.zoom, interval: ui.interval.duration() }
    }

    /// The length of each of this many bins. One of less than a millisecond shows nothing.
    fn bin(&self, count: usize) -> Duration {
        (self.length(count) / u32::try_from(count.max(1)).unwrap_or(u32::MAX)).max(Duration::from_millis(1))
    }

    /// The cursor on this host's time axis.
    pub(super) fn when(&self, cursor: TimeCursor) -> When {
        self.host.timeline.when(cursor)
    }

    /// The wall clock at the newest bin's end.
    pub(super) fn end_wall(&self) -> Option<jiff::Timestamp> {
        let end = self.end?;
        match self.host.timeline.when(TimeCursor::At(end)) {
            When::Tick(_, stamp) => Some(stamp.wall),
            When::Latest => None,
        }
    }

    /// The time that this many bins show.
    pub(super) fn length(&self, bins: usize) -> Duration {
        match self.zoom {
            Zoom::Samples => self.interval * bins as u32,
            Zoom::Span(span) => span,
            Zoom::All => {
                let timeline = &self.host.timeline;
                let first = timeline.stamp(timeline.first()).map(|stamp| stamp.monotonic);
                self.end.zip(first).map_or(self.interval, |(end, first)| end.saturating_sub(first))
            }
        }
    }

    /// The newest `count` bins, oldest first. A bin is the largest value of the samples whose interval covers its middle or
    /// ends in it, so a spike of one sample stays visible. `None`: no sample there.
    pub(super) fn bins<M: Metric>(&self, series: &Series<M>, metric: M, count: usize) -> Vec<Option<f64>> {
        let mut bins = vec![None; count];
        let Some(end) = self.end else { return bins };
        // Signed nanoseconds before the end: a chart may begin before time zero.
        let bin = self.bin(count).as_nanos() as i64;
        let before_end = |moment: Duration| end.as_nanos() as i64 - moment.as_nanos() as i64;
        let start = end.saturating_sub(self.length(count));
        let mut past = series.past(metric);
        for span in self.host.timeline.spans(start, end) {
            let Some(value) = past.at(span.tick) else { continue };
            let (newest, oldest) = (before_end(span.to), before_end(span.from));
            // The bin whose middle is the nearest before a moment, counted from the newest bin.
            let middle_before = |moment: i64| (moment + bin - bin / 2 - 1).div_euclid(bin);
            let (first, beyond) = (middle_before(newest), middle_before(oldest));
            let covered = if first < beyond { first..beyond } else { newest / bin..newest / bin + 1 };
            for index in covered {
                if let Some(slot) = usize::try_from(index).ok().and_then(|index| count.checked_sub(index + 1)) {
                    bins[slot] = Some(bins[slot].map_or(value, |old: f64| old.max(value)));
                }
            }
        }
        bins
    }
}

impl Window<'_> {
    /// Bins of the sum of several metrics; metrics without a value are left out.
    pub(super) fn sums<M: Metric>(&self, series: &Series<M>, metrics: &[M], count: usize) -> Vec<Option<f64>> {
        let mut sums = vec![None; count];
        for metric in metrics {
            for (sum, value) in sums.iter_mut().zip(self.bins(series, *metric, count)) {
                if let Some(value) = value {
                    *sum = Some(sum.unwrap_or(0.0) + value);
                }
            }
        }
        sums
    }
}

/// The largest value of the bins.
pub(super) fn peak(bins: &[Option<f64>]) -> Option<f64> {
    bins.iter().flatten().copied().reduce(f64::max)
}

/// How many bins a graph of this width shows.
pub(super) fn bins_across(width: u16, symbols: Symbols) -> usize {
    match symbols {
        Symbols::Braille => usize::from(width) * 2,
        Symbols::Block | Symbols::Console | Symbols::Ascii => usize::from(width),
    }
}

/// Draws a filled graph over the area. 0 is drawn as a base line, a gap is empty.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, bins: &[Option<f64>], top: f64, palette: Palette, role: Role) {
    let glyphs = palette.symbols.signs().steps;
    let (per_cell, steps) = match palette.symbols {
        Symbols::Braille => (2, 4),
        Symbols::Block | Symbols::Console | Symbols::Ascii => (1, glyphs.len()),
    };
    let full = usize::from(area.height) * steps;
    let level = |bin: Option<f64>| bin.map(|value| ((value / top * full as f64).round() as usize).clamp(1, full));
    for x in 0..area.width {
        let cell = |part: usize| bins.get(usize::from(x) * per_cell + part).copied().flatten();
        let levels = [level(cell(0)), if per_cell == 2 { level(cell(1)) } else { None }];
        for y in 0..area.height {
            let below = usize::from(area.height - 1 - y) * steps;
            let here = levels.map(|level| level.map_or(0, |level| level.saturating_sub(below).min(steps)));
            let symbol = match palette.symbols {
                Symbols::Braille => braille(here[0], here[1]),
                _ => here[0].checked_sub(1).map_or(' ', |step| glyphs[step]),
            };
            if symbol != ' ' {
                buffer[(area.x + x, area.y + y)].set_char(symbol).set_style(palette.graph(role));
            }
        }
    }
}

fn braille(left: usize, right: usize) -> char {
    const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
    const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];
    match LEFT[left] | RIGHT[right] {
        0 => ' ',
        dots => char::from_u32(0x2800 + dots).unwrap_or(' '),
    }
}

/// A graph of one line as text, for a table's cell: one bin a character.
pub(super) fn inline(bins: &[Option<f64>], top: f64, symbols: Symbols) -> String {
    let glyphs = symbols.signs().steps;
    let glyph = |value: f64| {
        let index = (value / top * glyphs.len() as f64).ceil() as usize;
        glyphs[index.clamp(1, glyphs.len()) - 1]
    };
    bins.iter().map(|bin| bin.map_or(' ', glyph)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::metric::HostMetric;
    use crate::fleet::{Fleet, Host};
    use crate::model::{Counter, CpuTimes, Groups, HostSample, HostUpdate, NodeSample, SampleKind};
    use crate::time::{Interval, Timestamp};
    use crate::units::Nanoseconds;
    use crate::view::theme::Appearance;
    use std::sync::Arc;

    /// A host sampled at these moments, 100 % busy from one to the next where `busy`.
    fn host(samples: &[(u64, bool)]) -> Fleet {
        let mut fleet = Fleet::new(1);
        let (mut user, mut idle, mut last) = (0, 0, 0);
        for &(at, busy) in samples {
            if busy {
                user += at - last
            } else {
                idle += at - last
            }
            last = at;
            apply(&mut fleet, at, user, idle);
        }
        fleet
    }

    /// A sample at `at` with these CPU times, all in milliseconds.
    fn apply(fleet: &mut Fleet, at: u64, user: u64, idle: u64) {
        let counter = |ms: u64| Counter(Nanoseconds(ms * 1_000_000));
        let cpu = CpuTimes { kernel: counter(0), user: counter(user), idle: counter(idle), iowait: Some(counter(0)) };
        let sample = HostSample {
            at: Timestamp::at(Duration::from_millis(at), jiff::Timestamp::UNIX_EPOCH),
            kind: SampleKind::Full,
            requested: Groups::OVERVIEW,
            node: NodeSample { cpu: Some(cpu), memory: None },
            domains: Default::default(),
            unsupported: Arc::default(),
        };
        fleet.apply(0, HostUpdate::Keyframe(sample));
    }

    fn cpu_bins(host: &Host, interval: f64, count: usize) -> Vec<Option<f64>> {
        let ui = UiState::new(Interval::from_seconds(interval).unwrap());
        Window::new(host, &ui).bins(&host.series, HostMetric::Cpu, count)
    }

    #[test]
    fn a_spike_of_one_sample_fills_one_bin_despite_jitter() {
        let fleet = host(&[(1000, false), (2030, false), (2990, false), (4010, true), (5000, false), (6040, false)]);
        let bins = cpu_bins(&fleet.hosts()[0], 1.0, 5);
        assert_eq!(bins, [Some(0.0), Some(0.0), Some(100.0), Some(0.0), Some(0.0)]);
    }

    fn zoomed(host: &Host, zoom: Zoom, count: usize) -> (Vec<Option<f64>>, Duration) {
        let mut ui = UiState::new(Interval::from_seconds(1.0).unwrap());
        ui.zoom = zoom;
        let window = Window::new(host, &ui);
        (window.bins(&host.series, HostMetric::Cpu, count), window.length(count))
    }

    #[test]
    fn a_longer_time_keeps_the_largest_value_of_each_column() {
        let samples: Vec<_> = (1..=121).map(|second| (second * 1000, second == 30)).collect();
        let fleet = host(&samples);
        let host = &fleet.hosts()[0];
        let busy = |bins: &[Option<f64>]| bins.iter().position(|bin| *bin == Some(100.0));
        let (bins, length) = zoomed(host, Zoom::All, 12);
        assert_eq!((busy(&bins), length), (Some(2), Duration::from_secs(120)), "{bins:?}");
        let (bins, length) = zoomed(host, Zoom::Span(Duration::from_secs(240)), 12);
        assert_eq!((busy(&bins), length), (Some(7), Duration::from_secs(240)), "{bins:?}");
        assert_eq!(bins[..5], [None; 5], "before the first sample");
        assert_eq!(busy(&zoomed(host, Zoom::Span(Duration::from_secs(60)), 12).0), None, "31 s before the minute");
        assert_eq!(zoomed(host, Zoom::Samples, 12).1, Duration::from_secs(12));
    }

    #[test]
    fn a_short_spike_is_kept_in_a_longer_bin() {
        let samples: Vec<_> = (1..=20).map(|step| (step * 200, step == 12)).collect();
        let fleet = host(&samples);
        assert_eq!(cpu_bins(&fleet.hosts()[0], 1.0, 4).iter().filter(|bin| **bin == Some(100.0)).count(), 1);
    }

    #[test]
    fn a_long_sample_fills_all_bins_of_its_interval() {
        let fleet = host(&[(1000, false), (5000, true), (6000, false)]);
        let bins = cpu_bins(&fleet.hosts()[0], 1.0, 6);
        assert_eq!(bins, [None, Some(100.0), Some(100.0), Some(100.0), Some(100.0), Some(0.0)]);
    }

    #[test]
    fn missed_samples_are_a_hole() {
        let mut fleet = host(&[(1000, false), (2000, true), (3000, true)]);
        fleet.apply(0, HostUpdate::Missed);
        apply(&mut fleet, 9000, 6500, 2500);
        let bins = cpu_bins(&fleet.hosts()[0], 1.0, 8);
        assert_eq!(bins, [Some(100.0), Some(100.0), None, None, None, None, None, Some(75.0)]);
    }

    #[test]
    fn the_first_sample_after_an_outage_is_drawn() {
        let mut fleet = host(&[(1000, false), (2000, true), (3000, true)]);
        fleet.apply(0, HostUpdate::Connecting);
        apply(&mut fleet, 9000, 6500, 2500);
        let bins = cpu_bins(&fleet.hosts()[0], 1.0, 8);
        assert_eq!(bins, [Some(100.0), Some(100.0), None, None, None, None, None, Some(75.0)]);
        let area = Rect::new(0, 0, 8, 1);
        let mut buffer = Buffer::empty(area);
        let appearance = Appearance { symbols: Symbols::Block, ..Appearance::default() };
        draw(&mut buffer, area, &bins, 100.0, Palette::new(0, &appearance), Role::Cpu);
        assert_eq!(buffer.content().iter().map(|cell| cell.symbol()).collect::<String>(), "██     ▆");
    }

    #[test]
    fn zero_is_a_base_line_and_a_gap_is_empty() {
        assert_eq!(inline(&[None, Some(0.0), Some(50.0), Some(100.0)], 100.0, Symbols::Block), " ▁▄█");
        assert_eq!(inline(&[None, Some(0.0), Some(100.0)], 100.0, Symbols::Ascii), " .#");
        assert_eq!(inline(&[None, Some(0.0), Some(50.0), Some(75.0), Some(100.0)], 100.0, Symbols::Console), " _░▒█");
        assert_eq!(braille(0, 0), ' ');
        assert_eq!(braille(4, 1), '⣇');
    }
}
