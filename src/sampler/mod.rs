//! A task per host: when to ask, what to make of the answer, and when to try again.
//!
//! The task owns the host's [`Worker`](crate::sources::worker::Worker), keeps a fixed cadence, turns each sample into
//! the difference from the one before and sends that. It waits for room in the channel with its one sample in hand:
//! pressure costs ticks, never a delta. Events travel beside the samples, so that a storm of them delays none.

mod diff;
mod events;
mod plan;
mod schedule;
mod task;
#[cfg(test)]
mod tests;
mod watchdog;

pub use diff::{apply, diff};
pub use plan::Sight;

use crate::model::HostUpdate;
use crate::sources::Source;
use crate::time::Interval;
use tokio::sync::{mpsc, watch};

/// Makes a host's source: the first one, and a fresh one where a thread was lost with the source in it.
pub type MakeSource = Box<dyn Fn() -> Box<dyn Source> + Send + Sync>;

/// When the second sample of a connection comes. A rate needs two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
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
    pub sight: Option<Sight>,
    /// When the second sample comes.
    pub second: Second,
    /// Whether a call that takes too long is looked into.
    pub watchdog: bool,
}

impl Settings {
    /// For a screen, which says what it shows: rates as soon as possible.
    pub fn screen(interval: Interval) -> Self {
        Self { interval, sight: Some(Sight::default()), second: Second::Soon, watchdog: true }
    }

    /// For an output: everything at every tick, every line over a whole interval.
    pub fn output(interval: Interval) -> Self {
        Self { sight: None, second: Second::OnTime, ..Self::screen(interval) }
    }
}

/// What can change while a host is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    interval: Interval,
    sight: Option<Sight>,
}

/// Steers a host's task. Dropping it ends the task, without waiting for a call that is under way.
#[derive(Debug)]
pub struct Handle(watch::Sender<Wish>);

impl Handle {
    /// The pace from now on. Rates stay true: they use the time that really passed.
    pub fn set_interval(&self, interval: Interval) {
        self.set(|wish| wish.interval = interval);
    }

    /// What is looked at from the next tick on.
    pub fn set_sight(&self, sight: Sight) {
        self.set(|wish| wish.sight = Some(sight));
    }

    /// What was asked for last.
    #[cfg(test)]
    pub(crate) fn wishes(&self) -> (Interval, Option<Sight>) {
        let wish = self.0.borrow();
        (wish.interval, wish.sight.clone())
    }

    fn set(&self, change: impl FnOnce(&mut Wish)) {
        self.0.send_if_modified(|wish| {
            let before = wish.clone();
            change(wish);
            *wish != before
        });
    }
}

/// Starts to sample a host; must be called within a tokio runtime. `host` is told with every update.
pub fn spawn(host: usize, make: MakeSource, settings: Settings, updates: mpsc::Sender<(usize, HostUpdate)>) -> Handle {
    let (handle, wishes) = watch::channel(Wish { interval: settings.interval, sight: settings.sight.clone() });
    let events = events::Teller::spawn(host, updates.clone());
    tokio::spawn(task::Task::new(host, make, settings, wishes, updates, events).run());
    Handle(handle)
}
