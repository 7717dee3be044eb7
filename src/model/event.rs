//! Events: from libvirt, or found by vtop (hangs, connection).

use super::event_details::{BlockJob, BlockJobStatus, IoErrorAction, WatchdogAction};
use super::lifecycle::{Lifecycle, LifecycleDetail};
use super::{BlockedBy, Severity};
use crate::time::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// An event of a domain, or of the connection to its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When vtop received it.
    pub at: Timestamp,
    /// The domain; `None`: it is about the connection to the host.
    pub domain: Option<EventDomain>,
    /// What happened.
    pub kind: EventKind,
}

/// The domain of an event. Kept with its name at that time: the domain may be renamed or undefined later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDomain {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its name at that time.
    pub name: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// `VIR_DOMAIN_EVENT_ID_LIFECYCLE`, and why: libvirt's number, whose meaning depends on the event.
    Lifecycle(Lifecycle, LifecycleDetail),
    /// `VIR_DOMAIN_EVENT_ID_REBOOT`: the guest restarted; the domain's run continues.
    Rebooted,
    /// `VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON`.
    IoError {
        /// The device's alias, as `virtio-disk1`; may be empty.
        device: String,
        /// The image; may be empty.
        path: String,
        /// What QEMU did, by the disk's error policy.
        action: IoErrorAction,
        /// The driver's word for the cause (`enospc`); usually empty.
        reason: String,
    },
    /// `VIR_DOMAIN_EVENT_ID_WATCHDOG`: the guest did not reset its watchdog in time.
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
        /// Its status.
        status: BlockJobStatus,
    },
    /// `VIR_DOMAIN_EVENT_ID_CONTROL_ERROR`: libvirt cannot control the domain any more.
    ControlError,
    /// The same event of a domain that does not run: its start failed. Found by vtop.
    StartFailed,
    /// A call hangs in the domain; what blocks it. Found by vtop.
    Blocked(BlockedBy),
    /// The domain answers again; how long it was blocked. Found by vtop.
    Unblocked(Duration),
    /// The connection to the host failed, and why.
    ConnectionLost(String),
    /// The connection to the host works again.
    ConnectionBack,
    /// Events were dropped because they came faster than they were read; how many.
    LeftOut(u64),
}

impl EventKind {
    /// What happened, in a few words.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Lifecycle(event, _) => event.words(),
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
            Self::StartFailed => "start failed",
            Self::Blocked(by) => by.name(),
            Self::Unblocked(_) => "answers again",
            Self::ConnectionLost(_) => "connection lost",
            Self::ConnectionBack => "connection back",
            Self::LeftOut(_) => "events left out",
        }
    }

    /// Why, or to which device; may be empty. Contains text from the guest's definition and from libvirt.
    pub fn why(&self) -> String {
        match self {
            Self::Lifecycle(event, detail) => match (detail.describe(*event), event) {
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
                BlockJobStatus::Ready => format!("{} of {disk}, waiting for the pivot", job.words()),
                _ => format!("{} of {disk}", job.words()),
            },
            Self::ControlError => "libvirt cannot control the domain any more".to_owned(),
            Self::StartFailed => "QEMU ended before the guest ran; its log on the host says why".to_owned(),
            Self::Blocked(by) => by.reason().to_owned(),
            Self::Unblocked(time) => format!("after {} s", time.as_secs()),
            Self::ConnectionLost(reason) => reason.clone(),
            Self::LeftOut(count) => format!("{count} events came faster than they were read"),
            Self::Rebooted | Self::ConnectionBack => String::new(),
        }
    }

    /// How serious it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Lifecycle(event, detail) => detail.severity(*event),
            Self::IoError { action: IoErrorAction::Ignored, .. } => Severity::Warning,
            Self::IoError { .. }
            | Self::Watchdog(_)
            | Self::ControlError
            | Self::StartFailed
            | Self::ConnectionLost(_) => Severity::Critical,
            Self::Blocked(by) => by.severity(),
            Self::DeviceRemovalFailed(_) | Self::LeftOut(_) => Severity::Warning,
            Self::BlockJob { status: BlockJobStatus::Failed, .. } => Severity::Warning,
            Self::Rebooted
            | Self::DeviceAdded(_)
            | Self::DeviceRemoved(_)
            | Self::BlockJob { .. }
            | Self::Unblocked(_)
            | Self::ConnectionBack => Severity::Notice,
        }
    }

    /// The event's key in JSON and CSV. It does not change between versions.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lifecycle(event, _) => event.name(),
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
            Self::StartFailed => "start_failed",
            Self::Blocked(BlockedBy::Monitor) => "monitor_busy",
            Self::Blocked(BlockedBy::Lock) => "locked",
            Self::Blocked(BlockedBy::Host) => "not_asked",
            Self::Unblocked(_) => "answers_again",
            Self::ConnectionLost(_) => "connection_lost",
            Self::ConnectionBack => "connection_back",
            Self::LeftOut(_) => "events_left_out",
        }
    }

    /// The alias of its device, or the target of its block job; `None`: it has none.
    pub fn device(&self) -> Option<&str> {
        match self {
            Self::IoError { device, .. } => Some(device).filter(|device| !device.is_empty()),
            Self::DeviceAdded(device) | Self::DeviceRemoved(device) | Self::DeviceRemovalFailed(device) => Some(device),
            Self::BlockJob { disk, .. } => Some(disk),
            _ => None,
        }
        .map(String::as_str)
    }

    /// The path of its image; `None`: it has none.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::IoError { path, .. } => Some(path.as_str()).filter(|path| !path.is_empty()),
            _ => None,
        }
    }

    /// Whether it means that the domain is paused because the host could not complete a disk request.
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
    use Severity::{Critical, Notice, Warning};

    fn lifecycle(event: i32, detail: i32) -> EventKind {
        EventKind::Lifecycle(Lifecycle::from_raw(event), LifecycleDetail(detail))
    }

    /// Checks how serious an event is, what happened, and why.
    fn check(kind: &EventKind, expected: (Severity, &str, &str)) {
        assert_eq!((kind.severity(), kind.what(), kind.why().as_str()), expected);
    }

    #[test]
    fn numbers_become_words() {
        // As libvirt-domain.h numbers them.
        for (event, detail, words) in [
            (0, 0, (Notice, "defined", "new")),
            (0, 1, (Notice, "defined", "changed")),
            (1, 0, (Notice, "undefined", "removed")),
            (2, 0, (Notice, "started", "booted")),
            (2, 1, (Notice, "started", "migrated here")),
            (2, 2, (Notice, "started", "restored")),
            (3, 0, (Notice, "paused", "by the user")),
            (3, 2, (Critical, "paused", "I/O error")),
            (3, 3, (Critical, "paused", "watchdog")),
            (4, 0, (Notice, "resumed", "unpaused")),
            (5, 0, (Notice, "stopped", "shut down")),
            (5, 1, (Notice, "stopped", "destroyed")),
            (5, 2, (Critical, "stopped", "crashed")),
            (5, 3, (Notice, "stopped", "migrated away")),
            (5, 5, (Critical, "stopped", "emulator failed")),
            (6, 1, (Notice, "in shutdown", "by the guest")),
            (7, 0, (Notice, "suspended itself", "to memory")),
            (8, 0, (Critical, "crashed", "guest panicked")),
        ] {
            check(&lifecycle(event, detail), words);
        }
    }

    #[test]
    fn unknown_numbers_are_shown_as_numbers() {
        check(&lifecycle(2, 99), (Notice, "started", "detail 99"));
        check(&lifecycle(2, -1), (Notice, "started", "detail -1"));
        check(&lifecycle(42, 7), (Notice, "changed", "event 42, detail 7"));
        check(&EventKind::Watchdog(WatchdogAction(9)), (Critical, "watchdog fired", "action 9"));
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
        check(&full, (Critical, "I/O error", "no space left, /var/x.img, guest paused, virtio-disk1"));
        assert!(full.is_io_error_pause() && lifecycle(3, 2).is_io_error_pause());
        let bare = error("", "", 2, "");
        check(&bare, (Critical, "I/O error", "reported to the guest"));
        assert_eq!((bare.device(), bare.path(), bare.is_io_error_pause()), (None, None, false));
        assert_eq!(error("sda", "", 0, "").severity(), Severity::Warning);
    }

    #[test]
    fn the_other_kinds_in_words() {
        let job = |status| EventKind::BlockJob {
            disk: "vda".into(),
            job: BlockJob(2),
            status: BlockJobStatus::from_raw(status),
        };
        for (kind, words) in [
            (job(0), (Notice, "block job done", "copy of vda")),
            (job(1), (Warning, "block job failed", "copy of vda")),
            (job(3), (Notice, "block job ready", "copy of vda, waiting for the pivot")),
            (EventKind::Watchdog(WatchdogAction(2)), (Critical, "watchdog fired", "guest reset")),
            (EventKind::DeviceAdded("net1".into()), (Notice, "device added", "net1")),
            (EventKind::DeviceRemovalFailed("net1".into()), (Warning, "device not removed", "net1, the guest refused")),
            (EventKind::Rebooted, (Notice, "rebooted", "")),
        ] {
            check(&kind, words);
        }
    }
}
