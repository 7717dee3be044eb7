//! Lifecycle events of a domain and their details.

use super::Severity;
use super::named_numbers::named_numbers;

/// `virDomainEventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// 0.
    Defined,
    /// 1.
    Undefined,
    /// 2.
    Started,
    /// 3: its vCPUs are stopped.
    Suspended,
    /// 4.
    Resumed,
    /// 5.
    Stopped,
    /// 6: shutting down.
    Shutdown,
    /// 7: suspended by the guest itself.
    PmSuspended,
    /// 8: the guest's kernel panicked.
    Crashed,
    /// A number that vtop does not know.
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

    /// The event in words for the operator.
    pub(super) fn words(self) -> &'static str {
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

    /// The event's key in JSON and CSV.
    pub(super) fn name(self) -> &'static str {
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
    /// How serious the event with this detail is.
    pub(super) fn severity(self, event: Lifecycle) -> Severity {
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
