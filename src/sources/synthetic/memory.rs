//! The memory of a domain: what the balloon leaves it, and what its guest reports.

use super::moment::Moment;
use super::noise::{Flow, Noise, derive, wander};
use super::profile::{Balloon, Profile};
use super::story::{Part, Parts};
use crate::model::{Counter, MemorySample};
use crate::units::{Bytes, Events};

/// Seconds after a start before the guest's driver reports for the first time.
const NO_REPORT_AT_START: f64 = 8.0;

/// How long before the first sample a guest with [`Balloon::Stopped`] reported for the last time, in seconds.
const NO_REPORT_FOR: u64 = 40 * 60;

/// The share of its memory that a guest sees: kernel and firmware keep 2 %.
const SEEN: f64 = 0.98;

#[derive(Debug)]
pub(super) struct Memory {
    seed: u64,
    maximum: f64,
    used: f64,
    kind: Balloon,
    busy: bool,
    swap_in: Flow,
    swap_out: Flow,
    major_faults: Flow,
    minor_faults: Flow,
}

/// When a sample is taken, for values that are not counters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) moment: Moment,
    /// Wall clock in milliseconds since 1970.
    pub(super) wall_ms: u64,
    /// Wall clock at time zero, in milliseconds since 1970.
    pub(super) wall_start_ms: u64,
}

impl Memory {
    pub(super) fn new(profile: &Profile, seed: u64) -> Self {
        let flow = |stream, per_second: f64, uptime| {
            let noise = Noise::even(derive(seed, stream), 0.8);
            if profile.busy { Flow::new(per_second, uptime, noise) } else { Flow::frozen(per_second * uptime) }
        };
        Self {
            seed,
            maximum: profile.memory.0 as f64,
            used: profile.used,
            kind: profile.balloon,
            busy: profile.busy,
            // Before the story, the guest swapped for a few seconds only.
            swap_in: flow(1, 22e6, 3.0),
            swap_out: flow(2, 35e6, 4.0),
            major_faults: flow(3, 2600.0, 30.0),
            minor_faults: flow(4, 300.0 + 4000.0 * profile.load, profile.uptime),
        }
    }

    /// The resident memory of the domain's process, in bytes. `given`: the share that the balloon leaves.
    pub(super) fn rss(&self, given: f64, seconds: f64) -> f64 {
        let touched = 0.6 + 0.35 * self.used + self.drift(5, 0.02, seconds);
        (self.maximum * touched).min(self.maximum * given) + 180e6
    }

    /// Values of the host and, with a balloon driver, of the guest. A guest whose CPUs are stopped does not report.
    pub(super) fn sample(&self, now: Now, part: &Part) -> MemorySample {
        let Part { life, areas, start, given, age } = part;
        let reported = now.moment.seconds() - life.stopped_for;
        let page = |bytes: f64| Some(Bytes::from_kib(bytes.max(0.0) as u64 / 4096 * 4));
        let outside = MemorySample {
            current: page(self.maximum * given),
            maximum: page(self.maximum),
            rss: page(self.rss(*given, reported)),
            ..MemorySample::default()
        };
        let no_report_yet = age.is_some_and(|age| age < NO_REPORT_AT_START);
        let (seconds, last_update) = match self.kind {
            Balloon::None => return outside,
            Balloon::NoPeriod => return MemorySample { last_update: Some(0), ..outside },
            Balloon::Reporting if no_report_yet => return MemorySample { last_update: Some(0), ..outside },
            Balloon::Reporting => (reported, now.wall_ms.saturating_sub((life.stopped_for * 1e3) as u64) / 1000),
            Balloon::Stopped => (0.0, (now.wall_start_ms / 1000).saturating_sub(NO_REPORT_FOR)),
        };
        let stopped = self.kind == Balloon::Stopped;
        let count = |flow: &Flow, part: fn(&Parts<f64>) -> f64| {
            let now = if stopped { 0.0 } else { part(areas) };
            (flow.total(now) - start.as_ref().map_or(0.0, |start| flow.total(part(start)))) as u64
        };
        let available = self.maximum * given * SEEN;
        let needed = self.maximum * (self.used + self.drift(6, 0.03, seconds));
        // What does not fit is swapped; a little always stays usable.
        let usable = (available - needed).max(available * (0.01 + 0.005 * wander(self.seed, 3.0, seconds)));
        let caches = usable * (0.55 + self.drift(7, 0.05, seconds));
        MemorySample {
            available: page(available),
            usable: page(usable),
            disk_caches: page(caches),
            unused: page(usable - caches),
            swap_in: Some(Counter(Bytes(count(&self.swap_in, |parts| parts.swap) / 4096 * 4096))),
            swap_out: Some(Counter(Bytes(count(&self.swap_out, |parts| parts.swap) / 4096 * 4096))),
            major_faults: Some(Counter(Events(count(&self.major_faults, |parts| parts.swap)))),
            minor_faults: Some(Counter(Events(count(&self.minor_faults, |parts| parts.cpu)))),
            last_update: Some(last_update),
            ..outside
        }
    }

    /// A slow change within ± `most`; 0 in an idle domain.
    fn drift(&self, stream: u64, most: f64, seconds: f64) -> f64 {
        if self.busy { most * (2.0 * wander(derive(self.seed, stream), 17.0, seconds) - 1.0) } else { 0.0 }
    }
}
