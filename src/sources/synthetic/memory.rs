//! A domain's memory: what the balloon gave it, and what its guest says.

use super::moment::Moment;
use super::noise::{Flow, Noise, derive, wander};
use super::persona::{Balloon, Persona};
use super::story::{Part, Parts};
use crate::model::{Counter, MemorySample};
use crate::units::{Bytes, Events};

/// Seconds after a start in which the guest's driver says nothing yet.
const SILENT_AT_START: f64 = 8.0;

/// The guest of [`Balloon::Silent`] spoke last so long before the first sample, in seconds.
const SILENT_FOR: u64 = 40 * 60;

/// Bytes that the kernel and firmware of a guest keep out of what it sees: 2 %.
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

/// When a sample is taken, for figures that are not counters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) moment: Moment,
    /// Wall clock in milliseconds since 1970.
    pub(super) wall_ms: u64,
    /// Wall clock at time zero, in milliseconds since 1970.
    pub(super) wall_start_ms: u64,
}

impl Memory {
    pub(super) fn new(persona: &Persona, seed: u64) -> Self {
        let flow = |stream, per_second: f64, uptime| {
            let noise = Noise::even(derive(seed, stream), 0.8);
            if persona.busy { Flow::new(per_second, uptime, noise) } else { Flow::frozen(per_second * uptime) }
        };
        Self {
            seed,
            maximum: persona.memory.0 as f64,
            used: persona.used,
            kind: persona.balloon,
            busy: persona.busy,
            // Before the story there was hardly a need to swap.
            swap_in: flow(1, 22e6, 3.0),
            swap_out: flow(2, 35e6, 4.0),
            major_faults: flow(3, 2600.0, 30.0),
            minor_faults: flow(4, 300.0 + 4000.0 * persona.load, persona.uptime),
        }
    }

    /// Bytes that the domain's process holds on the host; `given` is the balloon's share.
    pub(super) fn rss(&self, given: f64, seconds: f64) -> f64 {
        let touched = 0.6 + 0.35 * self.used + self.drift(5, 0.02, seconds);
        (self.maximum * touched).min(self.maximum * given) + 180e6
    }

    /// What is known of it from outside and, where there is a driver, from the guest. A guest whose CPUs are stopped
    /// says nothing new.
    pub(super) fn sample(&self, now: Now, part: &Part) -> MemorySample {
        let Part { life, areas, start, given, age } = part;
        let heard = now.moment.seconds() - life.stopped_for;
        let page = |bytes: f64| Some(Bytes::from_kib(bytes.max(0.0) as u64 / 4096 * 4));
        let outside = MemorySample {
            current: page(self.maximum * given),
            maximum: page(self.maximum),
            rss: page(self.rss(*given, heard)),
            ..MemorySample::default()
        };
        let silent_yet = age.is_some_and(|age| age < SILENT_AT_START);
        let (seconds, last_update) = match self.kind {
            Balloon::None => return outside,
            Balloon::Unasked => return MemorySample { last_update: Some(0), ..outside },
            Balloon::Telling if silent_yet => return MemorySample { last_update: Some(0), ..outside },
            Balloon::Telling => (heard, now.wall_ms.saturating_sub((life.stopped_for * 1e3) as u64) / 1000),
            Balloon::Silent => (0.0, (now.wall_start_ms / 1000).saturating_sub(SILENT_FOR)),
        };
        let silent = self.kind == Balloon::Silent;
        let count = |flow: &Flow, part: fn(&Parts<f64>) -> f64| {
            let now = if silent { 0.0 } else { part(areas) };
            (flow.total(now) - start.as_ref().map_or(0.0, |start| flow.total(part(start)))) as u64
        };
        let available = self.maximum * given * SEEN;
        let needed = self.maximum * (self.used + self.drift(6, 0.03, seconds));
        // What does not fit is swapped; a little always stays.
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

    /// Slow wandering within ± `most`; none in an idle domain.
    fn drift(&self, stream: u64, most: f64, seconds: f64) -> f64 {
        if self.busy { most * (2.0 * wander(derive(self.seed, stream), 17.0, seconds) - 1.0) } else { 0.0 }
    }
}
