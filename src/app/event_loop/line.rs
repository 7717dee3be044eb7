//! How much is on its way to the terminal.
//!
//! The kernel, ssh and a modem accept bytes long before the terminal shows them: only the terminal can say what it has read. So a
//! frame may end with a question, which the terminal answers in its turn. Without these answers, frames would queue on a slow
//! line, and the frame of a key would wait behind all of them.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Frames of keys that may be on their way behind another one. Other frames wait until there is none.
const KEYS_AHEAD: usize = 1;
/// How long a frame waits for the answers to earlier ones, which may be lost.
const LIMIT: Duration = Duration::from_secs(10);
/// The same for the frame of a key.
const KEY_LIMIT: Duration = Duration::from_secs(5);
/// A terminal that owes an answer for so long does not answer any more.
const MUTE: Duration = Duration::from_secs(30);
/// Above this the line is slow, and each frame asks.
const SLOW: Duration = Duration::from_millis(100);
/// Most bytes without a question on a fast line.
const MAX_UNASKED: usize = 16 * 1024;

/// What the terminal was asked and has answered.
#[derive(Default)]
pub(crate) struct Line {
    asks: bool,
    /// When each question was asked that has no answer yet, the oldest first.
    unanswered: VecDeque<Instant>,
    /// When the first question was asked that has no answer, and no later one has, either.
    silent_since: Option<Instant>,
    /// From a question to its answer: the last one, and the shortest.
    last: Option<Duration>,
    shortest: Duration,
}

impl Line {
    /// To a terminal that answered a question in this time; `None`: it answers none, and frames wait for nothing.
    pub(crate) fn new(answered_in: Option<Duration>) -> Self {
        Self { asks: answered_in.is_some(), shortest: answered_in.unwrap_or_default(), ..Self::default() }
    }

    /// Whether the next frame asks. `unasked`: bytes since the last frame that did.
    pub(super) fn asks_next(&self, unasked: usize) -> bool {
        let is_fast = self.last.is_some() && self.took() <= SLOW;
        self.asks && (!is_fast || unasked >= MAX_UNASKED)
    }

    /// A frame that asks was sent.
    pub(super) fn sent(&mut self, now: Instant) {
        // Older answers are lost.
        self.unanswered.retain(|asked| now - *asked < LIMIT);
        self.unanswered.push_back(now);
        self.silent_since.get_or_insert(now);
    }

    /// An answer has come.
    pub(super) fn answered(&mut self, now: Instant) {
        // After MUTE it comes unexpectedly.
        self.asks = true;
        if let Some(asked) = self.unanswered.pop_front() {
            let took = now - asked;
            self.last = Some(took);
            self.shortest = self.shortest.min(took);
        }
        self.silent_since = self.unanswered.front().copied();
    }

    /// Stops waiting for a terminal that has not answered for long.
    pub(super) fn give_up(&mut self, now: Instant) {
        if self.silent_since.is_some_and(|since| now - since > MUTE) {
            *self = Self { asks: false, ..Self::default() };
        }
    }

    /// Another program has had the terminal: answers may be lost.
    pub(super) fn restart(&mut self) {
        self.unanswered.clear();
        (self.silent_since, self.last) = (None, None);
    }

    /// From when on the next frame may be sent; `None`: at once. `is_key`: it shows what a key does.
    pub(super) fn free_at(&self, is_key: bool) -> Option<Instant> {
        let (ahead, limit) = if is_key { (KEYS_AHEAD, KEY_LIMIT) } else { (0, LIMIT) };
        self.unanswered.iter().rev().nth(ahead).map(|asked| *asked + limit)
    }

    /// Whether an answer is to come.
    pub(super) fn is_awaited(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// How long the last frame that asked was on its way, apart from what the shortest question took.
    pub(super) fn took(&self) -> Duration {
        self.last.unwrap_or_default().saturating_sub(self.shortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn periodic_frames_wait_for_every_answer_and_those_of_keys_for_all_but_one() {
        let start = Instant::now();
        let mut line = Line::new(Some(ms(1)));
        assert_eq!((line.free_at(false), line.free_at(true)), (None, None));
        line.sent(start);
        assert_eq!((line.free_at(false), line.free_at(true)), (Some(start + LIMIT), None));
        line.sent(start + ms(1));
        assert_eq!(line.free_at(false), Some(start + ms(1) + LIMIT));
        assert_eq!(line.free_at(true), Some(start + KEY_LIMIT));
        line.answered(start + ms(2));
        assert_eq!(line.free_at(true), None);
        line.answered(start + ms(3));
        assert!(line.free_at(false).is_none() && !line.is_awaited());
    }

    #[test]
    fn a_slow_line_is_asked_with_every_frame_and_a_fast_one_rarely() {
        let start = Instant::now();
        let mut line = Line::new(Some(ms(600)));
        assert!(line.asks_next(0), "the first frame asks");
        line.sent(start);
        line.answered(start + ms(650));
        assert_eq!(line.took(), ms(50), "the way itself takes 600 ms");
        assert!(!line.asks_next(MAX_UNASKED - 1) && line.asks_next(MAX_UNASKED));
        line.sent(start);
        line.answered(start + ms(1600));
        assert!(line.asks_next(0));
    }

    #[test]
    fn a_terminal_that_answers_nothing_is_not_asked() {
        let start = Instant::now();
        assert!(!Line::new(None).asks_next(usize::MAX));
        let mut line = Line::new(Some(ms(1)));
        for second in [0, 10, 20] {
            line.sent(start + Duration::from_secs(second));
        }
        line.give_up(start + MUTE);
        assert!(line.is_awaited());
        line.give_up(start + MUTE + ms(1));
        assert!(!line.is_awaited() && !line.asks_next(usize::MAX) && line.free_at(false).is_none());
        line.answered(start + MUTE + MUTE);
        assert!(line.asks_next(0), "an answer after all");
    }
}
