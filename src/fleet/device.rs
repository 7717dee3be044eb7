//! A part of a domain that has counters of its own: a disk, a NIC, a vCPU, a host CPU that it used.

use super::history::Series;
use super::history::Tick;
use super::metric::Metric;
use crate::fleet::history::arena::Arena;
use crate::model::{BlockSample, NetSample};
use compact_str::CompactString;
use std::time::Duration;

/// The last reading of a device, and its figures over time.
#[derive(Clone, Debug)]
pub struct Device<K, S, M> {
    /// What stays the same while the device lives: a target's name, a vCPU's number.
    pub key: K,
    /// The last reading; `None` between a new run of the domain and its first one.
    pub sample: Option<S>,
    /// Its figures.
    pub series: Series<M>,
}

impl<K, S, M: Metric> Device<K, S, M> {
    fn read(&mut self, now: S, elapsed: Option<Duration>, derive: Derive<S, M>) {
        match self.sample.as_ref().zip(elapsed) {
            Some((before, elapsed)) => derive(&mut self.series, &now, before, elapsed),
            None => self.series.clear(),
        }
        self.sample = Some(now);
    }
}

/// A new reading of a device that may be known.
pub(super) trait Fresh<K, S> {
    /// Whether it is of the device with this key; asked of every device in every sample, so it copies nothing.
    fn is(&self, key: &K) -> bool;
    /// The device's key.
    fn key(&self) -> K;
    /// The reading itself.
    fn sample(self) -> S;
}

impl Fresh<CompactString, BlockSample> for BlockSample {
    fn is(&self, key: &CompactString) -> bool {
        if self.backing_index.is_none() { self.name == *key } else { BlockSample::key(self) == *key }
    }

    fn key(&self) -> CompactString {
        BlockSample::key(self)
    }

    fn sample(self) -> BlockSample {
        self
    }
}

impl Fresh<CompactString, NetSample> for NetSample {
    fn is(&self, key: &CompactString) -> bool {
        self.name == *key
    }

    fn key(&self) -> CompactString {
        self.name.clone()
    }

    fn sample(self) -> NetSample {
        self
    }
}

impl<S> Fresh<u32, S> for (u32, S) {
    fn is(&self, key: &u32) -> bool {
        self.0 == *key
    }

    fn key(&self) -> u32 {
        self.0
    }

    fn sample(self) -> S {
        self.1
    }
}

/// Figures from two readings: (where to, now, before, elapsed).
pub(super) type Derive<S, M> = fn(&mut Series<M>, &S, &S, Duration);

/// The devices of one kind in one domain, in the driver's order.
#[derive(Clone, Debug)]
pub struct Devices<K, S, M>(Vec<Device<K, S, M>>);

impl<K, S, M> Default for Devices<K, S, M> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, S, M> std::ops::Deref for Devices<K, S, M> {
    type Target = [Device<K, S, M>];
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: PartialEq, S, M: Metric> Devices<K, S, M> {
    /// The device with this key.
    pub fn get(&self, key: &K) -> Option<&Device<K, S, M>> {
        self.0.iter().find(|device| device.key == *key)
    }

    /// Takes a new reading. Devices are matched by key, never by position; those that are gone are dropped.
    pub(super) fn read<F: Fresh<K, S>>(
        &mut self,
        fresh: impl IntoIterator<Item = F>,
        elapsed: Option<Duration>,
        derive: Derive<S, M>,
    ) {
        let mut count = 0;
        for fresh in fresh {
            // Nearly always the first of those that are left: the order seldom changes.
            match self.0[count..].iter().position(|device| fresh.is(&device.key)) {
                Some(0) => {}
                Some(ahead) => self.0[count..=count + ahead].rotate_right(1),
                None => self.0.insert(count, Device { key: fresh.key(), sample: None, series: Series::default() }),
            }
            self.0[count].read(fresh.sample(), elapsed, derive);
            count += 1;
        }
        self.0.truncate(count);
    }

    /// Takes a reading that was the same as the last one.
    pub(super) fn read_same(&mut self, elapsed: Option<Duration>, derive: Derive<S, M>) {
        for device in &mut self.0 {
            match device.sample.as_ref().zip(elapsed) {
                Some((same, elapsed)) => derive(&mut device.series, same, same, elapsed),
                None => device.series.clear(),
            }
        }
    }

    /// There are no figures now; the last readings stay.
    pub(super) fn clear(&mut self) {
        for device in &mut self.0 {
            device.series.clear();
        }
    }

    /// A new run of the domain: counters start again, so the last readings mean nothing any more. History stays.
    pub(super) fn restart(&mut self) {
        for device in &mut self.0 {
            device.sample = None;
            device.series.clear();
        }
    }

    pub(super) fn commit(&mut self, tick: Tick, phase: Tick, arena: &mut Arena) {
        for device in &mut self.0 {
            device.series.commit(tick, phase, arena);
        }
    }
}
