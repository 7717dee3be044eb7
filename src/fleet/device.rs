//! The devices of a domain, each with its own counters: disks, NICs, vCPUs, and the host CPUs that the domain used.

use super::at_limit::AtLimit;
use super::history::Series;
use super::history::{Tick, When};
use super::metric::Metric;
use super::standing::Standing;
use crate::fleet::history::arena::Arena;
use crate::fleet::history::run_length::RunLength;
use crate::model::{BlockSample, DiskDefinition, NetSample, NicDefinition};
use compact_str::{CompactString, format_compact};
use std::time::Duration;

/// The last reading of a device, and its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Device<K, S, M, D = ()> {
    /// Its identity: a disk's target, a NIC's host device, a CPU's number.
    pub key: K,
    /// What the definition of the domain says of it; `None`: nothing, or the definition was not read yet. After the run of the
    /// domain, it stays.
    pub defined: Option<D>,
    /// Why it has no figures; `None`: it has, or the reason is one of the whole domain ([`Domain::missing`](super::Domain::missing)).
    pub reason: Option<&'static str>,
    /// The last reading; `None`: the device was not read in this run of the domain.
    pub sample: Option<S>,
    /// Its figures.
    pub series: Series<M>,
    /// What findings about it depend on besides its figures, now.
    pub(super) standing: Standing,
    /// Empty for a device that never had another standing than the default.
    standings: RunLength<Standing>,
}

impl<K, S, M: Metric, D> Device<K, S, M, D> {
    fn new(key: K) -> Self {
        let (series, standings) = (Series::default(), RunLength::default());
        let standing = Standing::default();
        Self { key, defined: None, reason: None, sample: None, series, standing, standings }
    }

    /// True if the history has figures of it, or had its device.
    pub(crate) fn has_past(&self) -> bool {
        !self.series.is_empty()
    }

    /// Its counters begin again, or it has none any more.
    fn forget_reading(&mut self) {
        self.sample = None;
        self.standing = Standing::default();
        self.series.clear();
    }

    fn read(&mut self, now: S, elapsed: Option<Duration>, derive: Derive<S, M>) {
        match self.sample.as_ref().zip(elapsed) {
            Some((before, elapsed)) => derive(&mut self.series, &now, before, elapsed),
            None => self.series.clear(),
        }
        self.sample = Some(now);
    }

    /// The limit of its definition that it is at, now or at a tick: it does as much as it may. `None`: no limit.
    pub fn at_limit(&self, when: When) -> Option<AtLimit> {
        self.standing(when).at_limit
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
pub struct Devices<K, S, M, D = ()>(Vec<Device<K, S, M, D>>);

impl<K, S, M, D> Default for Devices<K, S, M, D> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, S, M, D> std::ops::Deref for Devices<K, S, M, D> {
    type Target = [Device<K, S, M, D>];
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: PartialEq, S, M: Metric, D> Devices<K, S, M, D> {
    /// The device with this key.
    pub fn get(&self, key: &K) -> Option<&Device<K, S, M, D>> {
        self.0.iter().find(|device| device.key == *key)
    }

    /// Applies new readings. Devices are matched by key, never by position. Devices without a reading are dropped, except those
    /// that the definition has. Returns true if a device is new.
    pub(super) fn read<F: DeviceReading<K, S>>(
        &mut self,
        readings: impl IntoIterator<Item = F>,
        elapsed: Option<Duration>,
        derive: Derive<S, M>,
    ) -> bool {
        let mut count = 0;
        let mut is_any_new = false;
        for reading in readings {
            // Nearly always it is the first of the remaining devices, because the order rarely changes.
            match self.0[count..].iter().position(|device| reading.is_of(&device.key)) {
                Some(0) => {}
                Some(ahead) => self.0[count..=count + ahead].rotate_right(1),
                None => {
                    is_any_new = true;
                    self.0.insert(count, Device::new(reading.key()));
                }
            }
            self.0[count].read(reading.sample(), elapsed, derive);
            count += 1;
        }
        let mut index = 0;
        self.0.retain_mut(|device| {
            index += 1;
            if index > count {
                device.forget_reading();
            }
            index <= count || device.defined.is_some()
        });
        is_any_new
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

    /// Changes the standing of the device at this place.
    pub(super) fn set_standing(&mut self, index: usize, set: impl FnOnce(&mut Standing)) {
        if let Some(device) = self.0.get_mut(index) {
            set(&mut device.standing);
        }
    }

    /// Every device, to change its standing.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Device<K, S, M, D>> {
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
        self.0.iter_mut().for_each(Device::forget_reading);
    }

    /// Writes the newest figures to the history, as those of `tick`.
    pub(super) fn commit(&mut self, tick: Tick, block_offset: Tick, arena: &mut Arena) {
        // A device that was never read has no history.
        for device in self.0.iter_mut().filter(|device| device.sample.is_some() || device.has_past()) {
            device.commit(tick, block_offset, arena);
        }
    }
}

/// What the definition of a domain says of a device.
pub trait Definition: Clone {
    /// Its name in statistics; `None`: it has none now.
    fn target(&self) -> Option<&str>;
    /// The key of the device while it has no name in statistics; `index`: its place in the definition.
    fn other_key(&self, index: usize) -> CompactString;
    /// Whether both are about the same device, also if it has another name in statistics now.
    fn is_same(&self, other: &Self) -> bool;
}

impl Definition for DiskDefinition {
    fn target(&self) -> Option<&str> {
        Some(&self.target)
    }

    fn other_key(&self, _: usize) -> CompactString {
        self.target.as_str().into()
    }

    fn is_same(&self, other: &Self) -> bool {
        self.target == other.target
    }
}

impl Definition for NicDefinition {
    fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    fn other_key(&self, index: usize) -> CompactString {
        self.mac.as_deref().map_or_else(|| format_compact!("NIC {index}"), CompactString::from)
    }

    fn is_same(&self, other: &Self) -> bool {
        self.mac.is_some() && self.mac == other.mac
    }
}

impl<S, M: Metric, D: Definition> Devices<CompactString, S, M, D> {
    /// Takes what the definition says of the devices. A device that only the definition has is added. One that it has no more
    /// stays while it has a reading, and, unless `was_read`, while it has a past.
    pub(super) fn define(&mut self, defined: &[D], was_read: bool) {
        let before: Vec<Option<D>> = self.0.iter_mut().map(|device| device.defined.take()).collect();
        let mut rest = Vec::new();
        for (index, now) in defined.iter().enumerate() {
            let key = now.target();
            match self.0.iter_mut().find(|device| device.defined.is_none() && Some(device.key.as_str()) == key) {
                Some(device) => device.defined = Some(now.clone()),
                None => rest.push((index, now)),
            }
        }
        for (index, now) in rest {
            let is_same = |before: &Option<D>| before.as_ref().is_some_and(|before| before.is_same(now));
            let mut known = self.0.iter_mut().zip(&before);
            let found = known.find(|(device, before)| device.defined.is_none() && is_same(before));
            let key = now.target().map(CompactString::from);
            match found {
                Some((device, _)) => {
                    if let Some(key) = key {
                        device.key = key;
                        device.forget_reading();
                    }
                    device.defined = Some(now.clone());
                }
                None => {
                    let mut device = Device::new(key.unwrap_or_else(|| now.other_key(index)));
                    device.defined = Some(now.clone());
                    self.0.push(device);
                }
            }
        }
        self.0.retain(|device| {
            device.defined.is_some() || device.sample.is_some() || !was_read && !device.series.is_empty()
        });
    }

    /// Sets why each device has no figures. `has_counters`: of a reading; `reason`: why there are none, of one without.
    pub(super) fn explain(
        &mut self,
        has_counters: fn(&S) -> bool,
        reason: impl Fn(Option<&D>) -> Option<&'static str>,
    ) {
        for device in &mut self.0 {
            let is_counted = device.sample.as_ref().is_some_and(has_counters);
            device.reason = if is_counted { None } else { reason(device.defined.as_ref()) };
        }
    }
}
