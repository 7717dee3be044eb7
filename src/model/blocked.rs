//! A domain in which calls hang, and what counts as a hang.

use super::Severity;
use crate::time::Timestamp;
use std::time::Duration;

/// A monitor that has been busy with one command of another client for less is at work: most commands take milliseconds, a
/// snapshot or a hot-plug some hundred.
pub const HANG_OF_OTHERS: Duration = Duration::from_secs(1);
/// The same while a call of vtop's own waits for that monitor, and has waited for longer than calls here usually take.
pub const HANG_OF_OWN_CALL: Duration = Duration::from_millis(250);
/// A monitor that has been busy for this long, and for less than [`HANG_OF_OWN_CALL`], may turn out to hang: the watchdog
/// looks again soon.
pub const SUSPECTED_HANG: Duration = Duration::from_millis(50);

/// A domain in which a call hangs, so that vtop reads only its cheap groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What blocks it.
    pub by: BlockedBy,
    /// Since when, as far as vtop knows: when the call that hung began.
    pub since: Timestamp,
}

impl Blocked {
    /// Whether the domain itself hangs; false where vtop skips it because too many others do.
    pub fn is_own(&self) -> bool {
        self.by != BlockedBy::Host
    }

    /// Whether it has lasted for so long at `now` that it is a hang.
    pub fn is_hang(&self, now: Timestamp) -> bool {
        self.by != BlockedBy::Monitor || now.since(self.since).is_some_and(|length| length >= HANG_OF_OTHERS)
    }
}

/// What blocks a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockedBy {
    /// Its QEMU does not answer on its monitor (`virDomainGetControlInfo` returns `VIR_DOMAIN_CONTROL_OCCUPIED`).
    Monitor,
    /// libvirt itself keeps the domain locked: a hook that hangs, a slow start or save.
    Lock,
    /// Nothing blocks this domain, but so many calls hang on its host that vtop starts no more that could.
    Host,
}

impl BlockedBy {
    /// Its name and the reason, for the operator.
    pub fn describe(self) -> String {
        format!("{}: {}", self.name(), self.reason())
    }

    /// What it means, in a few words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Monitor => "its QEMU does not answer",
            Self::Lock => "libvirt holds its lock (a start, a save, a hook)",
            Self::Host => "too many other domains are blocked",
        }
    }

    /// How serious it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::Monitor | Self::Lock => Severity::Critical,
            Self::Host => Severity::Warning,
        }
    }

    /// Two words for a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor busy",
            Self::Lock => "locked",
            Self::Host => "not asked",
        }
    }
}
