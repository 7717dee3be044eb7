//! The life of a domain, as `virDomainGetState` and `state.state` tell it.

/// `virDomainState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainState {
    /// 0, or a number that this program does not know.
    Unknown,
    /// 1: has its CPUs.
    Running,
    /// 2: waits for a resource (Xen).
    Blocked,
    /// 3: its CPUs are stopped; the reason says by whom.
    Paused,
    /// 4: on its way down.
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

    /// Whether a process stands behind the domain, so that it has live statistics.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::ShutOff | Self::Crashed)
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

/// Why a domain is in its state: libvirt's number (its meaning depends on the state).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StateReason(pub i64);

impl StateReason {
    /// What the number means in `state`; `None` where libvirt itself says "unknown" or the number is new.
    pub fn describe(self, state: DomainState) -> Option<&'static str> {
        let words: &[&str] = match state {
            DomainState::Running => &[
                "",
                "booted",
                "migrated",
                "restored",
                "from snapshot",
                "unpaused",
                "migration canceled",
                "save canceled",
                "woken up",
                "crashed, goes on",
                "post-copy",
                "post-copy failed",
            ],
            DomainState::Paused => &[
                "",
                "by the user",
                "migrating",
                "saving",
                "dumping",
                "I/O error",
                "watchdog",
                "from snapshot",
                "shutting down",
                "snapshot in progress",
                "guest crashed",
                "starting up",
                "post-copy",
                "post-copy failed",
                "API error",
            ],
            DomainState::ShuttingDown => &["", "on the user's request"],
            DomainState::ShutOff => &[
                "",
                "shut down",
                "destroyed",
                "crashed",
                "migrated away",
                "saved",
                "failed to start",
                "from snapshot",
                "daemon lost it",
            ],
            DomainState::Crashed => &["", "guest panicked"],
            DomainState::Unknown | DomainState::Blocked | DomainState::PmSuspended => &[],
        };
        usize::try_from(self.0).ok().and_then(|index| words.get(index)).copied().filter(|word| !word.is_empty())
    }

    /// Paused because the host could not complete the guest's I/O: the loudest state there is
    /// (`VIR_DOMAIN_PAUSED_IOERROR`).
    pub fn is_io_error(self, state: DomainState) -> bool {
        state == DomainState::Paused && self.0 == 5
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
