//! Which part of the history charts show.

use std::time::Duration;

/// Which part of the history charts show, up to the moment that the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// As many samples as there is room for.
    #[default]
    Samples,
    /// This time; a column of a chart shows the largest value in it.
    Span(Duration),
    /// All that is kept.
    All,
}

const MINUTE: Duration = Duration::from_secs(60);
/// From the shortest part to the longest: with a column for each sample, a chart shows one to three minutes at the default interval.
const STEPS: [Zoom; 5] = [
    Zoom::Span(MINUTE),
    Zoom::Samples,
    Zoom::Span(MINUTE.saturating_mul(5)),
    Zoom::Span(MINUTE.saturating_mul(15)),
    Zoom::All,
];

impl Zoom {
    /// The next longer or shorter part; the longest and the shortest stay.
    pub(super) fn step(self, longer: bool) -> Self {
        let now = STEPS.iter().position(|step| *step == self).unwrap_or(1);
        let next = if longer { now + 1 } else { now.saturating_sub(1) };
        STEPS[next.min(STEPS.len() - 1)]
    }

    /// Its name in the footer.
    pub fn label(self) -> String {
        match self {
            Self::Samples => "each sample".to_owned(),
            Self::Span(span) => format!("{} min", span.as_secs() / 60),
            Self::All => "all".to_owned(),
        }
    }
}
