//! What happened between two samples, as libvirt tells it, or as was found out.

use super::named_numbers::named_numbers;
use super::{BlockedBy, Severity};
use crate::time::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// Something that happened to a domain, or to the connection to its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it was told.
    pub at: Timestamp,
    /// To whom; `None`: to the host's connection.
    pub domain: Option<EventDomain>,
    /// What.
    pub kind: EventKind,
}

/// The domain of an event, by the name that it had then: it may be gone, or called otherwise, when the event is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDomain {
    /// What stays the same.
    pub uuid: Uuid,
    /// The name at the time.
    pub name: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `VIR_DOMAIN_EVENT_ID_LIFECYCLE`, and why: libvirt's number, whose meaning depends on the step.
    Lifecycle(Lifecycle, LifecycleDetail),
    /// `VIR_DOMAIN_EVENT_ID_REBOOT`: the guest's kernel began anew; the run goes on.
    Rebooted,
    /// `VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON`.
    IoError {
        /// The device's alias, as `virtio-disk1`; may be empty.
        device: String,
        /// The image; may be empty.
        path: String,
        /// What the error policy made of it.
        action: IoErrorAction,
        /// The driver's word for the cause (`enospc`); mostly empty.
        reason: String,
    },
    /// `VIR_DOMAIN_EVENT_ID_WATCHDOG`: the guest did not feed its watchdog.
    Watchdog(WatchdogAction),
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_ADDED`, with the device's alias.
    DeviceAdded(String),
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED`, with the device's alias.
    DeviceRemoved(String),
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED`, with the device's alias: the guest refused.
    DeviceRemovalFailed(String),
    /// `VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2`.
    BlockJob {
        /// The disk's target, as `vda`.
        disk: String,
        /// What the job does.
        job: BlockJob,
        /// How it stands.
        status: BlockJobStatus,
    },
    /// `VIR_DOMAIN_EVENT_ID_CONTROL_ERROR`: libvirt can not steer the domain any more.
    ControlError,
    /// Something holds the domain: found out by a call that hung.
    Blocked(BlockedBy),
    /// Nothing holds it any more; how long that was.
    Free(Duration),
    /// The connection to the host is gone, and why.
    ConnectionLost(String),
    /// The host is sampled again.
    ConnectionBack,
    /// So many events were told faster than they were read.
    LeftOut(u64),
}

/// `virDomainEventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// 0.
    Defined,
    /// 1.
    Undefined,
    /// 2.
    Started,
    /// 3: its CPUs are stopped.
    Suspended,
    /// 4.
    Resumed,
    /// 5.
    Stopped,
    /// 6: on its way down.
    Shutdown,
    /// 7: suspended by the guest itself.
    PmSuspended,
    /// 8: the guest's kernel panicked.
    Crashed,
    /// A number that this program does not know.
    Unknown(i32),
}

impl Lifecycle {
    /// From libvirt's number.
    pub fn from_raw(raw: i32) -> Self {
        match raw {
            0 => Self::Defined,
            1 => Self::Undefined,
            2 => Self::Started,
            3 => Self::Suspended,
            4 => Self::Resumed,
            5 => Self::Stopped,
            6 => Self::Shutdown,
            7 => Self::PmSuspended,
            8 => Self::Crashed,
            other => Self::Unknown(other),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Defined => "defined",
            Self::Undefined => "undefined",
            Self::Started => "started",
            Self::Suspended => "paused",
            Self::Resumed => "resumed",
            Self::Stopped => "stopped",
            Self::Shutdown => "in shutdown",
            Self::PmSuspended => "suspended itself",
            Self::Crashed => "crashed",
            Self::Unknown(_) => "changed",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Shutdown => "shutdown",
            Self::PmSuspended => "pmsuspended",
            Self::Unknown(_) => "unknown",
            other => other.words(),
        }
    }
}

/// Why a [`Lifecycle`] event came: libvirt's number. Its meaning depends on the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifecycleDetail(pub i32);

named_numbers! {
    LifecycleDetail of Lifecycle, "VIR_DOMAIN_EVENT_" {
        Defined {
            DEFINED_ADDED = 0, "new";
            DEFINED_UPDATED = 1, "changed";
            DEFINED_RENAMED = 2, "renamed";
            DEFINED_FROM_SNAPSHOT = 3, "from snapshot";
        }
        Undefined {
            UNDEFINED_REMOVED = 0, "removed";
            UNDEFINED_RENAMED = 1, "renamed";
        }
        Started {
            STARTED_BOOTED = 0, "booted";
            STARTED_MIGRATED = 1, "migrated here";
            STARTED_RESTORED = 2, "restored";
            STARTED_FROM_SNAPSHOT = 3, "from snapshot";
            STARTED_WAKEUP = 4, "woken up";
        }
        Suspended {
            SUSPENDED_PAUSED = 0, "by the user";
            SUSPENDED_MIGRATED = 1, "migrating";
            SUSPENDED_IOERROR = 2, "I/O error";
            SUSPENDED_WATCHDOG = 3, "watchdog";
            SUSPENDED_RESTORED = 4, "restored, paused";
            SUSPENDED_FROM_SNAPSHOT = 5, "from snapshot, paused";
            SUSPENDED_API_ERROR = 6, "API error";
            SUSPENDED_POSTCOPY = 7, "post-copy migration";
            SUSPENDED_POSTCOPY_FAILED = 8, "post-copy migration failed";
        }
        Resumed {
            RESUMED_UNPAUSED = 0, "unpaused";
            RESUMED_MIGRATED = 1, "migrated here";
            RESUMED_FROM_SNAPSHOT = 2, "from snapshot";
            RESUMED_POSTCOPY = 3, "post-copy migration";
            RESUMED_POSTCOPY_FAILED = 4, "post-copy migration failed";
        }
        Stopped {
            STOPPED_SHUTDOWN = 0, "shut down";
            STOPPED_DESTROYED = 1, "destroyed";
            STOPPED_CRASHED = 2, "crashed";
            STOPPED_MIGRATED = 3, "migrated away";
            STOPPED_SAVED = 4, "saved";
            STOPPED_FAILED = 5, "emulator failed";
            STOPPED_FROM_SNAPSHOT = 6, "from snapshot";
        }
        Shutdown {
            SHUTDOWN_FINISHED = 0, "finished";
            SHUTDOWN_GUEST = 1, "by the guest";
            SHUTDOWN_HOST = 2, "by the host";
        }
        PmSuspended {
            PMSUSPENDED_MEMORY = 0, "to memory";
            PMSUSPENDED_DISK = 1, "to disk";
        }
        Crashed {
            CRASHED_PANICKED = 0, "guest panicked";
            CRASHED_CRASHLOADED = 1, "crash kernel loaded";
        }
    }
}

impl LifecycleDetail {
    fn severity(self, event: Lifecycle) -> Severity {
        match (event, self) {
            (Lifecycle::Crashed, _)
            | (
                Lifecycle::Suspended,
                Self::SUSPENDED_IOERROR | Self::SUSPENDED_WATCHDOG | Self::SUSPENDED_POSTCOPY_FAILED,
            )
            | (Lifecycle::Stopped, Self::STOPPED_CRASHED | Self::STOPPED_FAILED) => Severity::Critical,
            (Lifecycle::Suspended, Self::SUSPENDED_API_ERROR) | (Lifecycle::Resumed, Self::RESUMED_POSTCOPY_FAILED) => {
                Severity::Warning
            }
            _ => Severity::Notice,
        }
    }
}

/// `virDomainEventIOErrorAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoErrorAction {
    /// 0: the guest does not learn of it.
    Ignored,
    /// 1: the guest was stopped.
    Paused,
    /// 2: the guest was told.
    Reported,
    /// A number that this program does not know.
    Unknown(i32),
}

impl IoErrorAction {
    /// From libvirt's number.
    pub fn from_raw(raw: i32) -> Self {
        match raw {
            0 => Self::Ignored,
            1 => Self::Paused,
            2 => Self::Reported,
            other => Self::Unknown(other),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Ignored => "ignored".to_owned(),
            Self::Paused => "guest paused".to_owned(),
            Self::Reported => "told to the guest".to_owned(),
            Self::Unknown(number) => format!("action {number}"),
        }
    }
}

/// `virDomainEventWatchdogAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogAction(pub i32);

impl WatchdogAction {
    fn words(self) -> Option<&'static str> {
        let words = [
            "nothing done",
            "guest paused",
            "guest reset",
            "guest powered off",
            "guest shut down",
            "debug message",
            "NMI injected",
        ];
        usize::try_from(self.0).ok().and_then(|index| words.get(index)).copied()
    }
}

/// `virDomainBlockJobType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockJob(pub i32);

impl BlockJob {
    fn words(self) -> &'static str {
        match self.0 {
            1 => "pull",
            2 => "copy",
            3 => "commit",
            4 => "active commit",
            5 => "backup",
            _ => "job",
        }
    }
}

/// `virConnectDomainEventBlockJobStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockJobStatus {
    /// 0.
    Completed,
    /// 1.
    Failed,
    /// 2.
    Cancelled,
    /// 3: source and copy are the same; it waits for the pivot.
    Ready,
    /// A number that this program does not know.
    Unknown(i32),
}

impl BlockJobStatus {
    /// From libvirt's number.
    pub fn from_raw(raw: i32) -> Self {
        match raw {
            0 => Self::Completed,
            1 => Self::Failed,
            2 => Self::Cancelled,
            3 => Self::Ready,
            other => Self::Unknown(other),
        }
    }
}

impl EventKind {
    /// What happened, in a few words that need no others.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Lifecycle(step, _) => step.words(),
            Self::Rebooted => "rebooted",
            Self::IoError { .. } => "I/O error",
            Self::Watchdog(_) => "watchdog fired",
            Self::DeviceAdded(_) => "device added",
            Self::DeviceRemoved(_) => "device removed",
            Self::DeviceRemovalFailed(_) => "device not removed",
            Self::BlockJob { status, .. } => match status {
                BlockJobStatus::Completed => "block job done",
                BlockJobStatus::Failed => "block job failed",
                BlockJobStatus::Cancelled => "block job cancelled",
                BlockJobStatus::Ready => "block job ready",
                BlockJobStatus::Unknown(_) => "block job",
            },
            Self::ControlError => "control error",
            Self::Blocked(hold) => hold.name(),
            Self::Free(_) => "answers again",
            Self::ConnectionLost(_) => "connection lost",
            Self::ConnectionBack => "connection back",
            Self::LeftOut(_) => "events left out",
        }
    }

    /// Why, or to which device; empty where there is nothing to add. Holds text that others wrote.
    pub fn why(&self) -> String {
        match self {
            Self::Lifecycle(step, detail) => match (detail.describe(*step), step) {
                (Some(words), _) => words.to_owned(),
                (None, Lifecycle::Unknown(number)) => format!("event {number}, detail {}", detail.0),
                (None, _) => format!("detail {}", detail.0),
            },
            Self::IoError { device, path, action, reason } => {
                let reason = if reason == "enospc" { "no space left" } else { reason.as_str() };
                let parts = [reason, path, &action.words(), device];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            }
            Self::Watchdog(action) => {
                action.words().map_or_else(|| format!("action {}", action.0), std::borrow::ToOwned::to_owned)
            }
            Self::DeviceAdded(device) | Self::DeviceRemoved(device) => device.clone(),
            Self::DeviceRemovalFailed(device) => format!("{device}, the guest refused"),
            Self::BlockJob { disk, job, status } => match status {
                BlockJobStatus::Ready => format!("{} of {disk}, waits for the pivot", job.words()),
                _ => format!("{} of {disk}", job.words()),
            },
            Self::ControlError => "libvirt can not steer the domain any more".to_owned(),
            Self::Blocked(hold) => hold.reason().to_owned(),
            Self::Free(time) => format!("after {} s", time.as_secs()),
            Self::ConnectionLost(reason) => reason.clone(),
            Self::LeftOut(count) => format!("{count} came faster than they were read"),
            Self::Rebooted | Self::ConnectionBack => String::new(),
        }
    }

    /// How serious it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Lifecycle(step, detail) => detail.severity(*step),
            Self::IoError { action: IoErrorAction::Ignored, .. } => Severity::Warning,
            Self::IoError { .. } | Self::Watchdog(_) | Self::ControlError | Self::ConnectionLost(_) => {
                Severity::Critical
            }
            Self::Blocked(by) => by.severity(),
            Self::DeviceRemovalFailed(_) | Self::LeftOut(_) => Severity::Warning,
            Self::BlockJob { status: BlockJobStatus::Failed, .. } => Severity::Warning,
            Self::Rebooted
            | Self::DeviceAdded(_)
            | Self::DeviceRemoved(_)
            | Self::BlockJob { .. }
            | Self::Free(_)
            | Self::ConnectionBack => Severity::Notice,
        }
    }

    /// A word for programs, which stays the same.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lifecycle(step, _) => step.name(),
            Self::Rebooted => "rebooted",
            Self::IoError { .. } => "io_error",
            Self::Watchdog(_) => "watchdog",
            Self::DeviceAdded(_) => "device_added",
            Self::DeviceRemoved(_) => "device_removed",
            Self::DeviceRemovalFailed(_) => "device_removal_failed",
            Self::BlockJob { status, .. } => match status {
                BlockJobStatus::Completed => "block_job_completed",
                BlockJobStatus::Failed => "block_job_failed",
                BlockJobStatus::Cancelled => "block_job_cancelled",
                BlockJobStatus::Ready => "block_job_ready",
                BlockJobStatus::Unknown(_) => "block_job",
            },
            Self::ControlError => "control_error",
            Self::Blocked(BlockedBy::Monitor) => "monitor_busy",
            Self::Blocked(BlockedBy::Lock) => "locked",
            Self::Blocked(BlockedBy::Host) => "not_asked",
            Self::Free(_) => "answers_again",
            Self::ConnectionLost(_) => "connection_lost",
            Self::ConnectionBack => "connection_back",
            Self::LeftOut(_) => "events_left_out",
        }
    }

    /// The device that it is about: an alias, or the target of a block job.
    pub fn device(&self) -> Option<&str> {
        match self {
            Self::IoError { device, .. } => Some(device).filter(|device| !device.is_empty()),
            Self::DeviceAdded(device) | Self::DeviceRemoved(device) | Self::DeviceRemovalFailed(device) => Some(device),
            Self::BlockJob { disk, .. } => Some(disk),
            _ => None,
        }
        .map(String::as_str)
    }

    /// The image that it is about.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::IoError { path, .. } => Some(path.as_str()).filter(|path| !path.is_empty()),
            _ => None,
        }
    }

    /// Whether a domain stands still because the host could not complete its I/O.
    pub fn is_io_error_pause(&self) -> bool {
        match self {
            Self::Lifecycle(Lifecycle::Suspended, detail) => *detail == LifecycleDetail::SUSPENDED_IOERROR,
            Self::IoError { action, .. } => *action == IoErrorAction::Paused,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifecycle(event: i32, detail: i32) -> EventKind {
        EventKind::Lifecycle(Lifecycle::from_raw(event), LifecycleDetail(detail))
    }

    fn told(kind: &EventKind) -> String {
        format!("{:?} {}: {}", kind.severity(), kind.what(), kind.why())
    }

    #[test]
    fn numbers_become_words() {
        // As libvirt-domain.h numbers them.
        for (event, detail, words) in [
            (0, 0, "Notice defined: new"),
            (0, 1, "Notice defined: changed"),
            (1, 0, "Notice undefined: removed"),
            (2, 0, "Notice started: booted"),
            (2, 1, "Notice started: migrated here"),
            (2, 2, "Notice started: restored"),
            (3, 0, "Notice paused: by the user"),
            (3, 2, "Critical paused: I/O error"),
            (3, 3, "Critical paused: watchdog"),
            (4, 0, "Notice resumed: unpaused"),
            (5, 0, "Notice stopped: shut down"),
            (5, 1, "Notice stopped: destroyed"),
            (5, 2, "Critical stopped: crashed"),
            (5, 3, "Notice stopped: migrated away"),
            (5, 5, "Critical stopped: emulator failed"),
            (6, 1, "Notice in shutdown: by the guest"),
            (7, 0, "Notice suspended itself: to memory"),
            (8, 0, "Critical crashed: guest panicked"),
        ] {
            assert_eq!(told(&lifecycle(event, detail)), words);
        }
    }

    #[test]
    fn numbers_that_are_new_are_told_as_they_are() {
        assert_eq!(told(&lifecycle(2, 99)), "Notice started: detail 99");
        assert_eq!(told(&lifecycle(2, -1)), "Notice started: detail -1");
        assert_eq!(told(&lifecycle(42, 7)), "Notice changed: event 42, detail 7");
        assert_eq!(told(&EventKind::Watchdog(WatchdogAction(9))), "Critical watchdog fired: action 9");
        assert_eq!(IoErrorAction::from_raw(9), IoErrorAction::Unknown(9));
        assert_eq!(BlockJobStatus::from_raw(9), BlockJobStatus::Unknown(9));
    }

    #[test]
    fn an_io_error_says_why_what_and_where() {
        let error = |device: &str, path: &str, action, reason: &str| EventKind::IoError {
            device: device.into(),
            path: path.into(),
            action: IoErrorAction::from_raw(action),
            reason: reason.into(),
        };
        let full = error("virtio-disk1", "/var/x.img", 1, "enospc");
        assert_eq!(told(&full), "Critical I/O error: no space left, /var/x.img, guest paused, virtio-disk1");
        assert!(full.is_io_error_pause() && lifecycle(3, 2).is_io_error_pause());
        let bare = error("", "", 2, "");
        assert_eq!(told(&bare), "Critical I/O error: told to the guest");
        assert_eq!((bare.device(), bare.path(), bare.is_io_error_pause()), (None, None, false));
        assert_eq!(error("sda", "", 0, "").severity(), Severity::Warning);
    }

    #[test]
    fn the_rest_in_words() {
        let job = |status| EventKind::BlockJob {
            disk: "vda".into(),
            job: BlockJob(2),
            status: BlockJobStatus::from_raw(status),
        };
        for (kind, words) in [
            (job(0), "Notice block job done: copy of vda"),
            (job(1), "Warning block job failed: copy of vda"),
            (job(3), "Notice block job ready: copy of vda, waits for the pivot"),
            (EventKind::Watchdog(WatchdogAction(2)), "Critical watchdog fired: guest reset"),
            (EventKind::DeviceAdded("net1".into()), "Notice device added: net1"),
            (EventKind::DeviceRemovalFailed("net1".into()), "Warning device not removed: net1, the guest refused"),
            (EventKind::Rebooted, "Notice rebooted: "),
        ] {
            assert_eq!(told(&kind), words);
        }
    }
}
