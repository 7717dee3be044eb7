//! A part of a domain that has counters of its own: a disk, a NIC, a vCPU, a host CPU that it used.

use super::metric::Metric;
use super::track::{Tick, Track};
use std::time::Duration;

/// The last reading of a device, and its figures over time.
#[derive(Clone, Debug)]
pub struct Device<K, S, M> {
    /// What stays the same while the device lives: a target's name, a vCPU's number.
    pub key: K,
    /// The last reading; `None` between a new run of the domain and its first one.
    pub sample: Option<S>,
    /// Its figures.
    pub track: Track<M>,
}

/// Figures from two readings: (where to, now, before, elapsed).
pub(super) type Derive<S, M> = fn(&mut Track<M>, &S, &S, Duration);

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
    pub(super) fn read(
        &mut self,
        fresh: impl IntoIterator<Item = (K, S)>,
        elapsed: Option<Duration>,
        derive: Derive<S, M>,
    ) {
        let mut old = std::mem::take(&mut self.0);
        for (key, now) in fresh {
            // Nearly always the first of those that are left: the order seldom changes.
            let known = old.iter().position(|device| device.key == key).map(|index| old.remove(index));
            let mut device = known.unwrap_or_else(|| Device { key, sample: None, track: Track::default() });
            match device.sample.as_ref().zip(elapsed) {
                Some((before, elapsed)) => derive(&mut device.track, &now, before, elapsed),
                None => device.track.clear(),
            }
            device.sample = Some(now);
            self.0.push(device);
        }
    }

    /// Takes a reading that was the same as the last one.
    pub(super) fn read_same(&mut self, elapsed: Option<Duration>, derive: Derive<S, M>) {
        for device in &mut self.0 {
            match device.sample.as_ref().zip(elapsed) {
                Some((same, elapsed)) => derive(&mut device.track, same, same, elapsed),
                None => device.track.clear(),
            }
        }
    }

    /// There are no figures now; the last readings stay.
    pub(super) fn clear(&mut self) {
        for device in &mut self.0 {
            device.track.clear();
        }
    }

    /// A new run of the domain: counters start again, so the last readings mean nothing any more. History stays.
    pub(super) fn restart(&mut self) {
        for device in &mut self.0 {
            device.sample = None;
            device.track.clear();
        }
    }

    pub(super) fn commit(&mut self, tick: Tick) {
        for device in &mut self.0 {
            device.track.commit(tick);
        }
    }
}
