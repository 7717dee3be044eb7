//! How a host is sampled.

use crate::model::Demand;
use crate::sources::Source;
use crate::time::{Clock, Interval, SystemClock};
use std::sync::Arc;

/// Makes a source of a host: the first one, and another one for each further connection.
pub type MakeSource = Box<dyn Fn() -> Box<dyn Source> + Send + Sync>;

/// When the second sample of a connection comes. A rate needs two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondSample {
    /// After 300 ms at most, so that a screen soon has rates.
    Soon,
    /// After one interval, as all others: for outputs, so that every rate covers the same time.
    OnTime,
}

/// How a host is sampled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The sampling interval at the start.
    pub interval: Interval,
    /// What is needed at the start.
    pub demand: Demand,
    /// When the second sample comes.
    pub second_sample: SecondSample,
    /// Whether the watchdog examines calls that take too long, and bypasses domains in which calls hang.
    pub watchdog: bool,
    /// The clock of failures and of other events that the sampler itself reports. It must be the clock of the source's samples.
    pub clock: Arc<dyn Clock>,
}

impl Settings {
    /// For a screen: rates as soon as possible. The demand is empty until the screen sets it
    /// ([`Handle::set_demand`](super::Handle::set_demand)).
    pub fn screen(interval: Interval) -> Self {
        Self {
            interval,
            demand: Demand::default(),
            second_sample: SecondSample::Soon,
            watchdog: true,
            clock: Arc::new(SystemClock),
        }
    }

    /// For an output (JSON, CSV): everything at every tick, and every rate over a whole interval.
    pub fn output(interval: Interval) -> Self {
        Self { demand: Demand::everything(), second_sample: SecondSample::OnTime, ..Self::screen(interval) }
    }
}
