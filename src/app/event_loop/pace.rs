//! When the next frame is due.

use std::time::Duration;
use tokio::time::Instant;

/// Shortest time between two frames that no key asked for.
const MIN_INTERVAL: Duration = Duration::from_millis(16);
/// Longest time between two frames of figures.
const MAX_INTERVAL: Duration = Duration::from_secs(5);
/// Time between two frames while nothing changes: ages and countdowns go on.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The same while all hosts send samples: a little more, so that at the default interval each sample brings the frame.
const CALM_HEARTBEAT: Duration = Duration::from_millis(1200);

/// What has changed since the last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Nothing,
    /// Figures: they can wait for a moment.
    Figures,
    /// What a key changes is drawn at once.
    Key,
}

/// When the next frame is due.
pub(super) struct Pace {
    change: Change,
    drawn: Instant,
}

impl Pace {
    /// The first frame is due at once.
    pub(super) fn new(now: Instant) -> Self {
        Self { change: Change::Key, drawn: now }
    }

    /// Figures have changed.
    pub(super) fn figures_changed(&mut self) {
        self.change = self.change.max(Change::Figures);
    }

    /// The user has changed something, or the terminal has.
    pub(super) fn key_pressed(&mut self) {
        self.change = Change::Key;
    }

    /// A frame was sent.
    pub(super) fn sent(&mut self, now: Instant) {
        (self.change, self.drawn) = (Change::Nothing, now);
    }

    /// Whether the next frame may not wait.
    pub(super) fn is_urgent(&self) -> bool {
        self.change == Change::Key
    }

    /// When the next frame is due. `calm`: all hosts send samples. `took`: how long the terminal took to read the last frame.
    pub(super) fn due(&self, calm: bool, took: Duration) -> Instant {
        // On a slow line half of the time is left for the frames of keys.
        let slow = (2 * took).min(MAX_INTERVAL);
        self.drawn
            + match self.change {
                Change::Key => Duration::ZERO,
                Change::Figures => slow.max(MIN_INTERVAL),
                Change::Nothing if calm => slow.max(CALM_HEARTBEAT),
                Change::Nothing => slow.max(HEARTBEAT),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_key_is_drawn_at_once_and_figures_after_a_moment() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.due(true, ms(0)), start);
        pace.sent(start);
        assert_eq!((pace.due(true, ms(0)), pace.due(false, ms(0))), (start + ms(1200), start + ms(1000)));
        pace.figures_changed();
        assert_eq!(pace.due(true, ms(0)), start + ms(16));
        pace.key_pressed();
        pace.figures_changed();
        assert!(pace.is_urgent());
        assert_eq!(pace.due(true, ms(0)), start);
    }

    #[test]
    fn on_a_slow_line_figures_leave_half_of_the_time_to_keys() {
        let start = Instant::now();
        for (took, interval) in [(1, 16), (8, 16), (100, 200), (60_000, 5000)] {
            let mut pace = Pace::new(start);
            pace.sent(start);
            assert_eq!(pace.due(false, ms(took)), start + ms(interval.max(1000)), "{took} ms");
            pace.figures_changed();
            assert_eq!(pace.due(true, ms(took)), start + ms(interval), "{took} ms");
        }
    }
}
