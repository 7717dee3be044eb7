//! The state of a domain and its reason, from `virDomainGetState` or `state.state` and `state.reason`.

use super::named_numbers::named_numbers;

/// `virDomainState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainState {
    /// 0, or a number that this program does not know.
    Unknown,
    /// 1: its vCPUs run.
    Running,
    /// 2: waits for a resource (Xen).
    Blocked,
    /// 3: its vCPUs are stopped; the reason says why.
    Paused,
    /// 4: shutting down.
    ShuttingDown,
    /// 5: not running.
    ShutOff,
    /// 6: the guest or its QEMU has crashed.
    Crashed,
    /// 7: suspended by the guest's own power management.
    PmSuspended,
}

impl DomainState {
    /// From libvirt's number.
    pub fn from_raw(raw: i64) -> Self {
        match raw {
            1 => Self::Running,
            2 => Self::Blocked,
            3 => Self::Paused,
            4 => Self::ShuttingDown,
            5 => Self::ShutOff,
            6 => Self::Crashed,
            7 => Self::PmSuspended,
            _ => Self::Unknown,
        }
    }

    /// Whether the domain has a process, and with it live statistics.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::ShutOff | Self::Crashed)
    }

    /// Whether its vCPUs run, or would if the guest had work for them.
    pub fn vcpus_run(self) -> bool {
        // Xen gives no state to a domain that runs and that it has not scheduled now.
        matches!(self, Self::Running | Self::Blocked | Self::ShuttingDown | Self::Unknown)
    }

    /// The word that `virsh list` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "no state",
            Self::Running => "running",
            Self::Blocked => "idle",
            Self::Paused => "paused",
            Self::ShuttingDown => "in shutdown",
            Self::ShutOff => "shut off",
            Self::Crashed => "crashed",
            Self::PmSuspended => "pmsuspended",
        }
    }
}

/// Why a domain is in its state: libvirt's number. Its meaning depends on the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StateReason(pub i64);

named_numbers! {
    StateReason of DomainState, "VIR_DOMAIN_" {
        Running {
            RUNNING_BOOTED = 1, "booted";
            RUNNING_MIGRATED = 2, "migrated";
            RUNNING_RESTORED = 3, "restored";
            RUNNING_FROM_SNAPSHOT = 4, "from snapshot";
            RUNNING_UNPAUSED = 5, "unpaused";
            RUNNING_MIGRATION_CANCELED = 6, "migration canceled";
            RUNNING_SAVE_CANCELED = 7, "save canceled";
            RUNNING_WAKEUP = 8, "woken up";
            RUNNING_CRASHED = 9, "running after a crash";
            RUNNING_POSTCOPY = 10, "post-copy";
            RUNNING_POSTCOPY_FAILED = 11, "post-copy failed";
        }
        Paused {
            PAUSED_USER = 1, "by the user";
            PAUSED_MIGRATION = 2, "migrating";
            PAUSED_SAVE = 3, "saving";
            PAUSED_DUMP = 4, "dumping";
            PAUSED_IOERROR = 5, "I/O error";
            PAUSED_WATCHDOG = 6, "watchdog";
            PAUSED_FROM_SNAPSHOT = 7, "from snapshot";
            PAUSED_SHUTTING_DOWN = 8, "shutting down";
            PAUSED_SNAPSHOT = 9, "snapshot in progress";
            PAUSED_CRASHED = 10, "guest crashed";
            PAUSED_STARTING_UP = 11, "starting up";
            PAUSED_POSTCOPY = 12, "post-copy";
            PAUSED_POSTCOPY_FAILED = 13, "post-copy failed";
            PAUSED_API_ERROR = 14, "API error";
        }
        ShuttingDown {
            SHUTDOWN_USER = 1, "by the user";
        }
        ShutOff {
            SHUTOFF_SHUTDOWN = 1, "shut down";
            SHUTOFF_DESTROYED = 2, "destroyed";
            SHUTOFF_CRASHED = 3, "crashed";
            SHUTOFF_MIGRATED = 4, "migrated away";
            SHUTOFF_SAVED = 5, "saved";
            SHUTOFF_FAILED = 6, "failed to start";
            SHUTOFF_FROM_SNAPSHOT = 7, "from snapshot";
            SHUTOFF_DAEMON = 8, "daemon lost it";
        }
        Crashed {
            CRASHED_PANICKED = 1, "guest panicked";
        }
    }
}

impl StateReason {
    /// Whether the domain is paused because the host could not complete a disk request.
    pub fn is_io_error(self, state: DomainState) -> bool {
        (state, self) == (DomainState::Paused, Self::PAUSED_IOERROR)
    }

    /// Whether libvirt is starting the domain: it has an ID, but its guest did not run yet, and the start may still fail.
    pub fn is_start(self, state: DomainState) -> bool {
        (state, self) == (DomainState::Paused, Self::PAUSED_STARTING_UP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_depend_on_the_state() {
        assert_eq!(StateReason(5).describe(DomainState::Paused), Some("I/O error"));
        assert_eq!(StateReason(5).describe(DomainState::ShutOff), Some("saved"));
        assert!(StateReason(5).is_io_error(DomainState::Paused));
        assert!(!StateReason(5).is_io_error(DomainState::ShutOff));
    }

    #[test]
    fn unknown_numbers_have_no_words() {
        assert_eq!(StateReason(0).describe(DomainState::Running), None);
        assert_eq!(StateReason(99).describe(DomainState::Running), None);
        assert_eq!(StateReason(-1).describe(DomainState::Paused), None);
        assert_eq!(DomainState::from_raw(42), DomainState::Unknown);
    }
}
