//! When each record of a bulk answer was read.

use crate::time::Timestamp;
use std::time::Duration;

/// The moments of the records of one answer, spread evenly over the time of its call.
///
/// libvirt reads domain by domain and returns no times. With a hundred domains the first and the last reading are half a second
/// apart; a rate over the time of the answer would be wrong by that much whenever a domain changes its place in the order.
pub(crate) struct Moments {
    end: Timestamp,
    length: Duration,
    count: u32,
    next: u32,
}

impl Moments {
    /// The moments of a call from `start` to `end` that returned `count` records.
    pub(crate) fn between(start: Timestamp, end: Timestamp, count: usize) -> Self {
        let length = end.since(start).unwrap_or_default();
        Self { end, length, count: u32::try_from(count).unwrap_or(u32::MAX).max(1), next: 0 }
    }
}

impl Iterator for Moments {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        self.next = (self.next + 1).min(self.count);
        Some(self.end.earlier(self.length / self.count * (self.count - self.next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_spread_over_the_time_of_their_call() {
        let at = |ms| Timestamp::at(Duration::from_millis(ms), jiff::Timestamp::UNIX_EPOCH);
        let moments = |count| {
            let moments = Moments::between(at(100), at(200), count).take(count);
            moments.map(|at| at.monotonic.as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(moments(4), [125, 150, 175, 200]);
        assert_eq!(moments(1), [200]);
        assert!(moments(0).is_empty());
    }
}
