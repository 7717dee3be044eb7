//! One domain: what it is, its last readings, its series.

use super::condition::{Condition, IoErrorPause};
use super::device::{Device, Devices};
use super::group_readings::GroupReadings;
use super::history::{Series, Tick, When};
use super::metric::{DiskMetric, DomainMetric, HostCpuMetric, NicMetric, VcpuMetric};
use crate::fleet::history::run_length::RunLength;
use crate::model::{
    BlockSample, Blocked, Counter, CpuSample, CpuSet, DiskDefinition, DomainDefinition, DomainState, Groups,
    MemorySample, NetSample, NicDefinition, StateReason, UnsupportedCall, VcpuSample,
};
use crate::time::Timestamp;
use crate::units::Nanoseconds;
use compact_str::CompactString;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A disk, by its target (`vda`, or `vda[2]` for a layer below it).
pub type Disk = Device<CompactString, BlockSample, DiskMetric, DiskDefinition>;
/// A NIC, by the host's device (`vnet3`).
pub type Nic = Device<CompactString, NetSample, NicMetric, NicDefinition>;
/// A vCPU, by its number.
pub type Vcpu = Device<u32, VcpuSample, VcpuMetric>;
/// A host CPU that the domain used, by its number.
pub type HostCpu = Device<u32, Counter<Nanoseconds>, HostCpuMetric>;

impl Disk {
    /// What the disk is stored in: as statistics say now, where they name a file or device (the definition is older after a snapshot),
    /// otherwise as its definition says. `empty`: a drive without a medium; `None`: not known.
    pub fn source(&self) -> Option<&str> {
        let defined = self.defined.as_ref();
        let path = || self.sample.as_ref()?.path.as_deref();
        if let Some(path) = path().filter(|_| defined.is_some_and(DiskDefinition::is_named_by_path)) {
            return Some(path);
        }
        let empty = || defined.filter(|disk| disk.is_drive()).map(|_| "empty");
        defined.and_then(|disk| disk.source.as_deref()).or_else(path).or_else(empty)
    }
}

impl Nic {
    /// What is to be known of its figures; `None`: nothing.
    pub fn note(&self) -> Option<&'static str> {
        let is_unmanaged = self.defined.as_ref().is_some_and(|nic| nic.kind == "ethernet" && nic.unmanaged);
        let is_doubtful = is_unmanaged && self.sample.as_ref().is_some_and(|nic| nic.guest_side.is_none());
        is_doubtful.then_some(
            "if this is a macvtap device, receive and transmit are swapped: libvirt takes it for a TAP device",
        )
    }
}

/// One domain of a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Its UUID. It stays the same through renames and restarts.
    pub uuid: Uuid,
    /// Its current name.
    pub name: CompactString,
    /// The ID of the run (`virDomainGetID`); `None` while it is off.
    pub run: Option<u32>,
    /// Its current state.
    pub state: DomainState,
    /// Why it is in that state.
    pub reason: StateReason,
    /// From its XML; `None` until the XML was read.
    pub definition: Option<Arc<DomainDefinition>>,
    /// CPU times of the last reading.
    pub cpu: CpuSample,
    /// The host CPUs that the kernel lets its vCPU threads use, as of the last reading on the hypervisor itself; `None` elsewhere.
    pub(super) allowed_cpus: Option<Arc<CpuSet>>,
    /// Memory of the last reading.
    pub memory: MemorySample,
    /// vCPUs by number, without the offline ones. Those of the previous run stay until the first reading of this run.
    pub vcpus: Devices<u32, VcpuSample, VcpuMetric>,
    /// Disks in the driver's order.
    pub disks: Devices<CompactString, BlockSample, DiskMetric, DiskDefinition>,
    /// NICs in the driver's order.
    pub nics: Devices<CompactString, NetSample, NicMetric, NicDefinition>,
    /// Its CPU time on each host CPU. Read only for the domain whose screen is open, and only if the driver counts it.
    pub host_cpus: Devices<u32, Counter<Nanoseconds>, HostCpuMetric>,
    /// Calls that fail for this domain alone.
    pub unsupported: Vec<UnsupportedCall>,
    /// The last pause on an I/O error. It stays after the pause: on NFS such pauses come and go.
    pub io_error: Option<IoErrorPause>,
    /// The disk of the newest I/O error, by its target; `None`: there was none, or its event names no disk of the domain.
    pub(super) io_error_disk: Option<CompactString>,
    /// Figures of the domain as a whole.
    pub series: Series<DomainMetric>,
    /// Why its expensive groups are not read; `None`: they are.
    pub blocked: Option<Blocked>,
    /// Groups that the last reading returned.
    pub(super) answered: Groups,
    /// Groups that the last sample requested and that libvirt left out ([`DomainSample::unanswered`](crate::model::DomainSample)).
    pub unanswered: Groups,
    /// Groups that the last sample requested of this domain alone, in addition to those requested of all domains.
    pub(super) extra: Groups,
    /// Groups that the last reading read at another time than the rest, and that time.
    pub(super) own_time: Option<(Groups, Timestamp)>,
    pub(super) readings: GroupReadings,
    /// When the host's last sample was taken, even if it read nothing of this domain.
    pub(super) sampled_at: Timestamp,
    /// vCPUs that the last reading of [`Groups::VCPU`] returned; 0 before the first one of this run.
    pub(super) vcpus_online: u32,
    /// The last time in this run at which its vCPUs did not run, as far as is known.
    pub(super) stopped_at: Option<Timestamp>,
    /// When the guest last restarted in this run (`VIR_DOMAIN_EVENT_ID_REBOOT`).
    pub(super) rebooted_at: Option<Timestamp>,
    /// As [`Condition::covers_pause`].
    pub(super) covers_pause: Groups,
    pub(super) unchanged: Unchanged,
    pub(super) conditions: RunLength<Condition>,
}

impl Domain {
    /// A domain of which nothing was read yet.
    pub(super) fn new(uuid: Uuid, at: Timestamp) -> Self {
        Self {
            uuid,
            name: CompactString::default(),
            run: None,
            state: DomainState::Unknown,
            reason: StateReason::default(),
            definition: None,
            cpu: CpuSample::default(),
            allowed_cpus: None,
            memory: MemorySample::default(),
            vcpus: Devices::default(),
            disks: Devices::default(),
            nics: Devices::default(),
            host_cpus: Devices::default(),
            unsupported: Vec::new(),
            io_error: None,
            io_error_disk: None,
            series: Series::default(),
            blocked: None,
            answered: Groups::empty(),
            unanswered: Groups::empty(),
            extra: Groups::empty(),
            own_time: None,
            readings: GroupReadings::default(),
            sampled_at: at,
            vcpus_online: 0,
            stopped_at: None,
            rebooted_at: None,
            covers_pause: Groups::empty(),
            unchanged: Unchanged::default(),
            conditions: RunLength::default(),
        }
    }

    /// Its condition now or at a tick. `None`: it did not exist then, or the tick is not kept any more.
    pub fn condition(&self, when: When) -> Option<Condition> {
        match when {
            When::Latest => Some(self.condition_now()),
            When::Tick(tick, _) => self.conditions.at(tick),
        }
    }

    pub(super) fn condition_now(&self) -> Condition {
        let Self { run, state, reason, blocked, io_error, covers_pause, .. } = *self;
        let (vcpus, used_with_cache) = (self.vcpu_count_now(), self.memory.used_with_cache());
        Condition { run, state, reason, blocked, io_error, vcpus, used_with_cache, covers_pause }
    }

    /// Whether it has a process, now or at a tick, and with it live statistics.
    pub fn is_active(&self, when: When) -> bool {
        self.condition(when).is_some_and(|condition| condition.state.is_active())
    }

    /// The disk of the last pause on an I/O error until a moment. `None`: there was no pause, its disk is not known, or there was
    /// a newer one, since only the disk of the newest is kept.
    pub fn io_error_disk(&self, when: When) -> Option<&CompactString> {
        let pause = self.condition(when)?.io_error?;
        self.io_error_disk.as_ref().filter(|_| self.io_error.is_some_and(|newest| newest.at == pause.at))
    }

    /// Whether it had a process at some time of the kept history, up to a moment.
    pub fn was_active(&self, when: When) -> bool {
        let end = match when {
            When::Latest => Tick::MAX,
            When::Tick(tick, _) => tick,
        };
        self.conditions.until(end).any(|condition| condition.state.is_active())
    }

    /// vCPUs online, now or at a tick; while it is off, those with which it will start. `None`: not known.
    pub fn vcpu_count(&self, when: When) -> Option<u32> {
        match when {
            When::Latest => self.vcpu_count_now(),
            When::Tick(tick, _) => self.conditions.at(tick)?.vcpus,
        }
    }

    fn vcpu_count_now(&self) -> Option<u32> {
        match self.vcpus_online {
            0 => self.definition.as_ref().and_then(|definition| definition.vcpus_current),
            count => Some(count),
        }
    }

    /// What the definition says of a disk; of a layer below a disk, what it says of that disk.
    pub fn disk_definition<'a>(&'a self, disk: &'a Disk) -> Option<&'a DiskDefinition> {
        let of_disk = || {
            let name = &disk.sample.as_ref()?.name;
            self.disks.get(name)?.defined.as_ref()
        };
        disk.defined.as_ref().or_else(of_disk)
    }

    /// How long before the last sample, or before a tick, `moment` was.
    pub(super) fn age_of(&self, moment: Timestamp, when: When) -> Duration {
        let now = match when {
            When::Latest => self.sampled_at,
            When::Tick(_, stamp) => stamp,
        };
        now.since(moment).unwrap_or_default()
    }

    /// When a group was last read; `None`: not in this run.
    pub fn read_at(&self, group: Groups) -> Option<Timestamp> {
        self.readings.last(group)
    }

    /// How many times a group was read in this run; rates need two.
    pub fn readings(&self, group: Groups) -> u32 {
        self.readings.count(group)
    }

    /// The last reading of the group that was not read for the longest time; `None`: the domain is off, or blocked.
    pub(super) fn oldest_reading(&self) -> Option<Timestamp> {
        let can_be_read = self.run.is_some() && self.blocked.is_none();
        let groups = Groups::OVERVIEW.iter().filter(|_| can_be_read);
        groups.filter_map(|group| self.readings.last(group)).min_by_key(|at| at.monotonic)
    }
}

/// The groups that were requested by the last sample, if that was equal to the one before: then all rates are 0, and one more equal
/// sample changes no figure. `None` otherwise. It only saves work, so all values are equal when two domains are compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unchanged(pub(super) Option<Groups>);

impl PartialEq for Unchanged {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
