//! What findings depend on besides figures: whether the vCPUs ran in the time that rates cover, whether a guest took packets.

use crate::fleet::at_limit::{self, DiskRates};
use crate::fleet::domain::{Disk, Domain, Nic};
use crate::fleet::group_readings::ReadTimes;
use crate::fleet::metric::NicMetric;
use crate::model::{Groups, GuestSide, NicDefinition};
use crate::time::Timestamp;
use std::time::Duration;

/// Packets that a macvtap queues (its default `txqueuelen`). It counts a packet as received when it queues it.
const MACVTAP_QUEUE: u64 = 1000;

impl Domain {
    /// Notes that the vCPUs do not run, if they do not.
    pub(super) fn follow_pause(&mut self, at: Timestamp) {
        if !self.state.vcpus_run() {
            self.stopped_at = Some(at);
        }
    }

    /// The guest restarts: until its driver runs again, it takes no packets.
    pub(super) fn reboot(&mut self, at: Timestamp) {
        self.rebooted_at = Some(at);
        self.nics.iter_mut().for_each(|nic| nic.standing.took_packets = false);
    }

    /// Sets what findings about its devices depend on, of the groups in the last reading. Before that reading is noted.
    pub(super) fn note_devices(&mut self, times: ReadTimes) {
        self.covers_pause = self.covers_pause_now();
        if self.answered.contains(Groups::NET) {
            self.note_packets();
            for nic in self.nics.iter_mut() {
                nic.standing.at_limit =
                    nic.defined.as_ref().and_then(|defined| at_limit::of_nic(&defined.limits, &nic.series));
            }
        }
        if self.answered.contains(Groups::BLOCK) {
            self.note_disk_limits(self.readings.elapsed(Groups::BLOCK, times));
        }
    }

    /// The groups of devices in whose last interval the vCPUs stood still. Before the last reading is noted.
    pub(super) fn covers_pause_now(&self) -> Groups {
        let mut covers = self.covers_pause;
        for group in [Groups::NET, Groups::BLOCK].into_iter().filter(|group| self.answered.contains(*group)) {
            covers.set(group, self.is_in_interval(self.stopped_at, group));
        }
        covers
    }

    /// Disks of a group share its limits.
    fn note_disk_limits(&mut self, elapsed: Option<Duration>) {
        for index in 0..self.disks.len() {
            let disk = &self.disks[index];
            let limited = disk.defined.as_ref().filter(|defined| !defined.limits.is_empty()).zip(elapsed);
            let at_limit = limited.and_then(|(defined, elapsed)| {
                let is_in_group = |other: &&Disk| {
                    let group = |disk: &Disk| disk.defined.as_ref().and_then(|it| it.limit_group.clone());
                    other.key == disk.key || defined.limit_group.is_some() && group(other) == defined.limit_group
                };
                at_limit::of_disk(
                    &defined.limits,
                    DiskRates::of(self.disks.iter().filter(is_in_group).map(|disk| &disk.series)),
                    elapsed,
                )
            });
            self.disks.set_standing(index, |standing| standing.at_limit = at_limit);
        }
    }

    /// Whether a moment is in the interval that ends with the reading that is applied now.
    fn is_in_interval(&self, moment: Option<Timestamp>, group: Groups) -> bool {
        let Some((moment, last)) = moment.zip(self.readings.last(group)) else { return false };
        moment.monotonic >= last.monotonic
    }

    fn note_packets(&mut self) {
        // What was taken in this interval may have been taken before the guest restarted.
        if self.is_in_interval(self.rebooted_at, Groups::NET) {
            return;
        }
        let rebooted = self.rebooted_at.is_some();
        let Self { nics, definition, .. } = self;
        for nic in nics.iter_mut().filter(|nic| !nic.standing.took_packets) {
            let defined = definition.as_ref().and_then(|it| it.nic(&nic.key));
            nic.standing.took_packets = takes_packets(nic, defined, rebooted);
        }
    }
}

/// Whether the last reading says that the guest took packets. The counters are those of the run; after a restart of the
/// guest only their growth counts.
fn takes_packets(nic: &Nic, defined: Option<&NicDefinition>, rebooted: bool) -> bool {
    let Some(sample) = &nic.sample else { return false };
    let moved = |metric, total: u64| match rebooted {
        true => nic.series.latest(metric).is_some_and(|rate| rate > 0.0),
        false => total > 0,
    };
    let received = sample.rx_packets.map_or(0, |packets| packets.total());
    let sent = sample.tx_packets.map_or(0, |packets| packets.total());
    let is_direct = || nic.key.starts_with("macvtap") || defined.is_some_and(|nic| nic.kind == "direct");
    let is_macvtap = sample.guest_side.map_or_else(is_direct, |side| side == GuestSide::InFront);
    if is_macvtap {
        // A guest that sends has a driver that receives too.
        moved(NicMetric::TxPackets, sent) || (!rebooted && received > MACVTAP_QUEUE)
    } else {
        moved(NicMetric::RxPackets, received)
    }
}
