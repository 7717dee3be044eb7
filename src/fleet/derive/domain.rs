//! Applies the sample of a domain: keeps its readings, and derives its newest figures.

use super::rates;
use crate::fleet::condition::IoErrorPause;
use crate::fleet::device::Devices;
use crate::fleet::domain::{Disk, Domain, Unchanged};
use crate::fleet::group_readings::{GroupReadings, ReadTimes};
use crate::fleet::history::Tick;
use crate::fleet::history::arena::Arena;
use crate::fleet::metric::{DomainMetric, Metric};
use crate::model::{CpuSample, DomainSample, Event, EventKind, Groups, Lifecycle, MemorySample};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

impl Domain {
    /// Applies a sample. Figures of groups that were `requested` and are not in `answered` are cleared.
    pub(in crate::fleet) fn read(&mut self, sample: DomainSample, at: Timestamp, requested: Groups) {
        self.blocked = sample.blocked;
        self.sampled_at = at;
        if sample.run != self.run {
            self.restart();
        }
        self.name = sample.name;
        self.run = sample.run;
        self.state = sample.state;
        self.reason = sample.reason;
        self.follow_io_error(at);
        self.follow_pause(at);
        if let Some(now) = sample.definition
            && self.definition.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &now))
        {
            self.definition = Some(now);
            // Before the readings: the device of a NIC has another name in each run.
            self.define_devices();
        }
        self.unsupported = sample.unsupported;
        self.answered = sample.answered;
        self.unanswered = sample.unanswered;
        self.extra = sample.extra;
        self.own_time = sample.own_time;
        self.unchanged = Unchanged::default();
        self.clear_figures((requested | sample.extra) - sample.answered);
        let times = ReadTimes { at, own: sample.own_time };
        let elapsed = |readings: &GroupReadings, group| readings.elapsed(group, times);
        if sample.answered.contains(Groups::CPU) {
            self.read_cpu(sample.cpu, elapsed(&self.readings, Groups::CPU));
            self.allowed_cpus = sample.allowed_cpus;
        }
        if sample.answered.contains(Groups::MEMORY) {
            self.read_memory(sample.memory, elapsed(&self.readings, Groups::MEMORY));
        }
        if sample.answered.contains(Groups::VCPU) {
            self.vcpus_online = sample.vcpus.len() as u32;
            self.vcpus.read(sample.vcpus, elapsed(&self.readings, Groups::VCPU), rates::vcpu);
        }
        if sample.answered.contains(Groups::HOST_CPU) {
            let host_cpus = sample.host_cpus.into_iter().enumerate().map(|(cpu, time)| (cpu as u32, time));
            self.host_cpus.read(host_cpus, elapsed(&self.readings, Groups::HOST_CPU), rates::host_cpu);
        }
        let mut is_any_new = false;
        if sample.answered.contains(Groups::BLOCK) {
            is_any_new |= self.disks.read(sample.disks, elapsed(&self.readings, Groups::BLOCK), rates::disk);
        }
        if sample.answered.contains(Groups::NET) {
            is_any_new |= self.nics.read(sample.nics, elapsed(&self.readings, Groups::NET), rates::nic);
        }
        self.note_devices(times);
        self.sum_devices();
        self.readings.note(self.answered, times);
        if is_any_new {
            self.define_devices();
        }
        self.explain_devices();
    }

    /// Applies a sample that is equal to the last one: the counters have not grown, so the rates of groups that were read are 0.
    ///
    /// Two kinds of groups were not read, so their figures are cleared: groups that were `requested` and are not in `answered` (the
    /// last sample may have been a state-only one), and groups whose own time ([`DomainSample::own_time`]) is the same again.
    pub(in crate::fleet) fn read_same(&mut self, at: Timestamp, requested: Groups) {
        self.sampled_at = at;
        self.follow_io_error(at);
        self.follow_pause(at);
        let times = ReadTimes { at, own: self.own_time };
        let elapsed = |domain: &Self, group| domain.readings.elapsed(group, times);
        let time_passed = self.answered.iter().all(|group| elapsed(self, group).is_some());
        if self.unchanged.0 == Some(requested) && time_passed && self.covers_pause == self.covers_pause_now() {
            self.readings.note(self.answered, times);
            return;
        }
        self.unchanged = Unchanged(time_passed.then_some(requested));
        self.clear_figures((requested | self.extra) - self.answered);
        if self.answered.contains(Groups::CPU) {
            self.read_cpu(self.cpu, elapsed(self, Groups::CPU));
        }
        if self.answered.contains(Groups::MEMORY) {
            self.read_memory(self.memory, elapsed(self, Groups::MEMORY));
        }
        if self.answered.contains(Groups::VCPU) {
            self.vcpus.read_same(elapsed(self, Groups::VCPU), rates::vcpu);
        }
        if self.answered.contains(Groups::HOST_CPU) {
            self.host_cpus.read_same(elapsed(self, Groups::HOST_CPU), rates::host_cpu);
        }
        if self.answered.contains(Groups::BLOCK) {
            self.disks.read_same(elapsed(self, Groups::BLOCK), rates::disk);
        }
        if self.answered.contains(Groups::NET) {
            self.nics.read_same(elapsed(self, Groups::NET), rates::nic);
        }
        self.note_devices(times);
        self.sum_devices();
        self.readings.note(self.answered, times);
    }

    /// Applies an event of this domain.
    pub(in crate::fleet) fn apply_event(&mut self, event: &Event) {
        if event.kind.is_io_error_pause() {
            self.io_error = Some(IoErrorPause { at: event.at, over: false });
        }
        if let EventKind::IoError { path, .. } = &event.kind {
            let is_it = |disk: &&Disk| disk.source() == Some(path.as_str());
            self.io_error_disk = self.disks.iter().find(is_it).map(|disk| disk.key.clone());
        }
        match event.kind {
            // One that was resumed did not run until then.
            EventKind::Lifecycle(Lifecycle::Suspended | Lifecycle::PmSuspended | Lifecycle::Resumed, _) => {
                self.stopped_at = Some(event.at);
            }
            EventKind::Rebooted => self.reboot(event.at),
            _ => {}
        }
    }

    /// Writes the newest figures and the condition to the history, as those of `tick`.
    pub(in crate::fleet) fn commit(&mut self, tick: Tick, arena: &mut Arena) {
        let block_offset = self.uuid.as_u128() as Tick;
        self.series.commit(tick, block_offset, arena);
        self.vcpus.commit(tick, block_offset, arena);
        self.host_cpus.commit(tick, block_offset, arena);
        self.disks.commit(tick, block_offset, arena);
        self.nics.commit(tick, block_offset, arena);
        self.conditions.commit(tick, self.condition_now());
    }

    /// Updates the last pause on an I/O error from the domain's state, because the event of the pause may be late or lost.
    fn follow_io_error(&mut self, at: Timestamp) {
        match (self.reason.is_io_error(self.state), &mut self.io_error) {
            (true, Some(pause)) if !pause.over => {}
            (true, pause) => {
                *pause = Some(IoErrorPause { at, over: false });
                // Its event, which names the disk, has not come.
                self.io_error_disk = None;
            }
            (false, Some(pause)) if pause.at.monotonic <= at.monotonic => pause.over = true,
            (false, _) => {}
        }
    }

    /// Clears the newest figures of these groups. Their last readings stay, so that the next ones give rates.
    fn clear_figures(&mut self, groups: Groups) {
        for metric in DomainMetric::ALL.iter().filter(|metric| groups.contains(metric.group())) {
            self.series.set(*metric, None);
        }
        if groups.contains(Groups::VCPU) {
            self.vcpus.clear();
        }
        if groups.contains(Groups::HOST_CPU) {
            self.host_cpus.clear();
        }
        if groups.contains(Groups::BLOCK) {
            self.disks.clear();
        }
        if groups.contains(Groups::NET) {
            self.nics.clear();
        }
    }

    fn read_cpu(&mut self, now: CpuSample, elapsed: Option<Duration>) {
        match elapsed {
            Some(elapsed) => rates::cpu(&mut self.series, &now, &self.cpu, elapsed),
            None => rates::cpu(&mut self.series, &now, &CpuSample::default(), Duration::from_secs(1)),
        }
        self.cpu = now;
    }

    fn read_memory(&mut self, now: MemorySample, elapsed: Option<Duration>) {
        match elapsed {
            Some(elapsed) => rates::memory(&mut self.series, &now, &self.memory, elapsed),
            None => rates::memory(&mut self.series, &now, &MemorySample::default(), Duration::from_secs(1)),
        }
        self.memory = now;
    }

    /// A new run: counters begin at 0 again, so the last readings give no rates. The history stays.
    fn restart(&mut self) {
        self.cpu = CpuSample::default();
        self.allowed_cpus = None;
        self.memory = MemorySample::default();
        self.vcpus_online = 0;
        self.vcpus.restart();
        self.host_cpus = Devices::default();
        self.disks.restart();
        self.nics.restart();
        self.series.clear();
        self.stopped_at = None;
        self.rebooted_at = None;
        self.covers_pause = Groups::empty();
        self.readings = GroupReadings::default();
        self.unchanged = Unchanged::default();
    }
}
