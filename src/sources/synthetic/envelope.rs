//! How strong a load is over a cycle: levels joined by straight lines, with an exact integral.

use super::moment::{CYCLE_SECONDS, Moment};

/// A level over one cycle, in thousandths of the ordinary level.
///
/// Levels and seconds are whole numbers, so that areas are exact: a counter does not change at all while the level is 0.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    segments: Vec<Segment>,
    /// Twice the area of a whole cycle.
    whole: u64,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    start: u64,
    end: u64,
    from: u64,
    to: u64,
    /// Twice the area up to `start`.
    before: u64,
}

impl Envelope {
    /// A constant level.
    pub(super) fn flat(level: u64) -> Self {
        Self::through(&[(0, level)])
    }

    /// A level that passes through these points (second of the cycle, level), in order, and is constant before the first and after
    /// the last one.
    pub(super) fn through(points: &[(u64, u64)]) -> Self {
        let mut segments = Vec::with_capacity(points.len() + 1);
        let (mut second, mut level) = (0, points.first().map_or(0, |&(_, level)| level));
        for &(next, next_level) in points.iter().chain(std::iter::once(&(CYCLE_SECONDS, 0))) {
            let to = if next == CYCLE_SECONDS { level } else { next_level };
            if next > second {
                segments.push(Segment { start: second, end: next, from: level, to, before: 0 });
            }
            (second, level) = (next, to);
        }
        Self::of(segments)
    }

    /// The same level, but 0 between two seconds.
    pub(super) fn zero_between(&self, from: u64, until: u64) -> Self {
        let mut segments = Vec::new();
        for segment in &self.segments {
            for (start, end) in [(0, from), (from, until), (until, CYCLE_SECONDS)]
                .map(|(a, b)| (a.max(segment.start), b.min(segment.end)))
            {
                if start < end {
                    let stopped = start >= from && end <= until;
                    let [from, to] = [start, end].map(|at| if stopped { 0 } else { segment.level_at(at) });
                    segments.push(Segment { start, end, from, to, before: 0 });
                }
            }
        }
        Self::of(segments)
    }

    fn of(mut segments: Vec<Segment>) -> Self {
        let mut whole = 0;
        for segment in &mut segments {
            segment.before = whole;
            whole += (segment.from + segment.to) * (segment.end - segment.start);
        }
        Self { segments, whole }
    }

    /// The level at a moment; 1 is the ordinary level.
    pub(super) fn level(&self, moment: &Moment) -> f64 {
        let segment = self.segment(moment);
        let share = (moment.phase - segment.start as f64) / (segment.end - segment.start) as f64;
        (segment.from as f64 + (segment.to as f64 - segment.from as f64) * share) / 1000.0
    }

    /// The area since the first cycle began, in seconds at the ordinary level.
    pub(super) fn area(&self, moment: &Moment) -> f64 {
        let segment = self.segment(moment);
        let x = moment.phase - segment.start as f64;
        let (from, rise) = (segment.from as f64, segment.to as f64 - segment.from as f64);
        let partial = x * (2.0 * from + rise * x / (segment.end - segment.start) as f64);
        ((moment.cycles * self.whole + segment.before) as f64 + partial) / 2000.0
    }

    fn segment(&self, moment: &Moment) -> &Segment {
        let at = self.segments.partition_point(|segment| segment.end as f64 <= moment.phase);
        &self.segments[at.min(self.segments.len() - 1)]
    }
}

impl Segment {
    /// The level at a second within the segment.
    fn level_at(&self, second: u64) -> u64 {
        let (before, after) = (self.end - second, second - self.start);
        (self.from * before + self.to * after) / (self.end - self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Moment {
        Moment::after(Duration::from_millis(millis))
    }

    #[test]
    fn areas_are_what_summing_up_levels_gives() {
        let envelope = Envelope::through(&[(10, 1000), (20, 4000), (30, 4000), (50, 500)]).zero_between(15, 25);
        let sum: f64 = (0..480_000).step_by(10).map(|ms| envelope.level(&at(ms + 5)) * 0.01).sum();
        assert!((envelope.area(&at(480_000)) - sum).abs() < 0.01, "{sum}");
    }

    #[test]
    fn nothing_moves_at_level_zero() {
        let envelope = Envelope::flat(777).zero_between(170, 240);
        assert_eq!(envelope.area(&at(170_000)), envelope.area(&at(201_234)));
        assert_eq!(envelope.area(&at(170_000)), envelope.area(&at(240_000)));
        assert!(envelope.area(&at(240_100)) > envelope.area(&at(240_000)));
    }

    #[test]
    fn a_span_of_zero_leaves_the_rest() {
        let envelope = Envelope::flat(1000).zero_between(95, 135);
        for (second, level) in [(94, 1.0), (95, 0.0), (134, 0.0), (135, 1.0)] {
            assert_eq!(envelope.level(&at(second * 1000)), level, "{second}");
        }
    }
}
