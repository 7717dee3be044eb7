//! How a host is sampled, and what of it can change meanwhile.

use super::plan::Demand;
use crate::sources::Source;
use crate::time::Interval;

/// Makes a host's source: the first one, and a fresh one where a thread was lost with the source in it.
pub type MakeSource = Box<dyn Fn() -> Box<dyn Source> + Send + Sync>;

/// When the second sample of a connection comes. A rate needs two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondSample {
    /// After 300 ms at most, so that a screen has rates at once.
    Soon,
    /// After one interval, like every other: for outputs, where every line covers the same time.
    OnTime,
}

/// How a host is sampled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The pace.
    pub interval: Interval,
    /// What is looked at to begin with; `None`: everything, always.
    pub demand: Option<Demand>,
    /// When the second sample comes.
    pub second: SecondSample,
    /// Whether a call that takes too long is looked into.
    pub watchdog: bool,
}

impl Settings {
    /// For a screen, which says what it shows: rates as soon as possible.
    pub fn screen(interval: Interval) -> Self {
        Self { interval, demand: Some(Demand::default()), second: SecondSample::Soon, watchdog: true }
    }

    /// For an output: everything at every tick, every line over a whole interval.
    pub fn output(interval: Interval) -> Self {
        Self { demand: None, second: SecondSample::OnTime, ..Self::screen(interval) }
    }
}

/// What can change while a host is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controls {
    pub(super) interval: Interval,
    pub(super) demand: Option<Demand>,
}
