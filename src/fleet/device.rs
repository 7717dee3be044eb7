//! The devices of a domain, each with its own counters: disks, NICs, vCPUs, and the host CPUs that the domain used.

use super::history::Series;
use super::history::{Tick, When};
use super::metric::Metric;
use super::standing::Standing;
use crate::fleet::history::arena::Arena;
use crate::fleet::history::run_length::RunLength;
use crate::model::{BlockSample, NetSample};
use compact_str::CompactString;
use std::time::Duration;

/// The last reading of a device, and its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Device<K, S, M> {
    /// Its identity: a disk's target, a NIC's host device, a CPU's number.
    pub key: K,
    /// The last reading; `None`: the device was not read in this run of the domain.
    pub sample: Option<S>,
    /// Its figures.
    pub series: Series<M>,
    /// What findings about it depend on besides its figures, now.
    pub(super) standing: Standing,
    /// Empty for a device that never had another standing than the default.
    standings: RunLength<Standing>,
}

impl<K, S, M: Metric> Device<K, S, M> {
    fn new(key: K) -> Self {
        let (series, standings) = (Series::default(), RunLength::default());
        Self { key, sample: None, series, standing: Standing::default(), standings }
    }

    fn read(&mut self, now: S, elapsed: Option<Duration>, derive: Derive<S, M>) {
        match self.sample.as_ref().zip(elapsed) {
            Some((before, elapsed)) => derive(&mut self.series, &now, before, elapsed),
            None => self.series.clear(),
        }
        self.sample = Some(now);
    }

    /// What findings about it depend on besides its figures, now or at a tick.
    pub(super) fn standing(&self, when: When) -> Standing {
        match when {
            When::Latest => self.standing,
            When::Tick(tick, _) => self.standings.at(tick).unwrap_or_default(),
        }
    }

    fn commit(&mut self, tick: Tick, block_offset: Tick, arena: &mut Arena) {
        self.series.commit(tick, block_offset, arena);
        if self.standing != Standing::default() || !self.standings.is_empty() {
            self.standings.commit(tick, self.standing);
        }
    }
}

/// A new reading of a device.
pub(super) trait DeviceReading<K, S> {
    /// Whether it is a reading of the device with this key. Called for every device in every sample, so it does not allocate.
    fn is_of(&self, key: &K) -> bool;
    /// The key of the device.
    fn key(&self) -> K;
    /// The reading without the key.
    fn sample(self) -> S;
}

impl DeviceReading<CompactString, BlockSample> for BlockSample {
    fn is_of(&self, key: &CompactString) -> bool {
        if self.backing_index.is_none() { self.name == *key } else { BlockSample::key(self) == *key }
    }

    fn key(&self) -> CompactString {
        BlockSample::key(self)
    }

    fn sample(self) -> BlockSample {
        self
    }
}

impl DeviceReading<CompactString, NetSample> for NetSample {
    fn is_of(&self, key: &CompactString) -> bool {
        self.name == *key
    }

    fn key(&self) -> CompactString {
        self.name.clone()
    }

    fn sample(self) -> NetSample {
        self
    }
}

impl<S> DeviceReading<u32, S> for (u32, S) {
    fn is_of(&self, key: &u32) -> bool {
        self.0 == *key
    }

    fn key(&self) -> u32 {
        self.0
    }

    fn sample(self) -> S {
        self.1
    }
}

/// Derives figures from two readings: (series to set, now, before, elapsed).
pub(super) type Derive<S, M> = fn(&mut Series<M>, &S, &S, Duration);

/// The devices of one kind in one domain, in the driver's order.
#[derive(Clone, Debug, PartialEq)]
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

    /// Applies new readings. Devices are matched by key, never by position; devices without a reading are dropped.
    pub(super) fn read<F: DeviceReading<K, S>>(
        &mut self,
        readings: impl IntoIterator<Item = F>,
        elapsed: Option<Duration>,
        derive: Derive<S, M>,
    ) {
        let mut count = 0;
        for reading in readings {
            // Nearly always it is the first of the remaining devices, because the order rarely changes.
            match self.0[count..].iter().position(|device| reading.is_of(&device.key)) {
                Some(0) => {}
                Some(ahead) => self.0[count..=count + ahead].rotate_right(1),
                None => self.0.insert(count, Device::new(reading.key())),
            }
            self.0[count].read(reading.sample(), elapsed, derive);
            count += 1;
        }
        self.0.truncate(count);
    }

    /// Applies readings that are the same as the last ones.
    pub(super) fn read_same(&mut self, elapsed: Option<Duration>, derive: Derive<S, M>) {
        for device in &mut self.0 {
            match device.sample.as_ref().zip(elapsed) {
                Some((same, elapsed)) => derive(&mut device.series, same, same, elapsed),
                None => device.series.clear(),
            }
        }
    }

    /// Every device, to change its standing.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Device<K, S, M>> {
        self.0.iter_mut()
    }

    /// Clears the newest figures; the last readings stay.
    pub(super) fn clear(&mut self) {
        for device in &mut self.0 {
            device.series.clear();
        }
    }

    /// A new run of the domain: counters begin at 0 again, so the last readings are dropped. The history stays.
    pub(super) fn restart(&mut self) {
        for device in &mut self.0 {
            device.sample = None;
            device.standing = Standing::default();
            device.series.clear();
        }
    }

    /// Writes the newest figures to the history, as those of `tick`.
    pub(super) fn commit(&mut self, tick: Tick, block_offset: Tick, arena: &mut Arena) {
        for device in &mut self.0 {
            device.commit(tick, block_offset, arena);
        }
    }
}
