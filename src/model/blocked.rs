//! A domain in which calls hang, and what counts as a hang.

use super::Severity;
use crate::time::Timestamp;
use std::time::Duration;

/// How long a monitor must be busy with one command of another client to count as hung. Most commands take a few milliseconds,
/// a snapshot or a hot-plug some hundred.
pub const HANG_OF_OTHERS: Duration = Duration::from_secs(1);
/// The same if a call of vtop waits for that monitor, and has waited for longer than calls usually take on this host.
pub const HANG_OF_OWN_CALL: Duration = Duration::from_millis(250);
/// How long a monitor must be busy to be suspected. Up to [`HANG_OF_OWN_CALL`] it does not count as hung yet, and the watchdog
/// asks again soon.
pub const SUSPECTED_HANG: Duration = Duration::from_millis(50);

/// What blocks a domain, and since when. Of a blocked domain vtop reads only groups whose calls cannot hang.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What blocks it.
    pub by: BlockedBy,
    /// Since when: when the call that hangs began. For [`BlockedBy::Host`]: when the domain was left out first.
    pub since: Timestamp,
}

impl Blocked {
    /// True if calls hang in this domain; false if vtop leaves it out because calls hang in too many others.
    pub fn is_own(&self) -> bool {
        self.by != BlockedBy::Host
    }

    /// Whether this is a hang at `now`. A busy monitor is one after [`HANG_OF_OTHERS`]; everything else always is.
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
    /// Nothing is known to block this domain, but so many calls hang on its host that vtop makes no call that could hang.
    Host,
}

impl BlockedBy {
    /// Name and reason, for the operator: `monitor busy: its QEMU does not answer`.
    pub fn describe(self) -> String {
        format!("{}: {}", self.name(), self.reason())
    }

    /// The reason in a few words, for the operator.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Monitor => "its QEMU does not answer",
            Self::Lock => "libvirt holds its lock (a start, a save, a hook)",
            Self::Host => "too many other domains are blocked",
        }
    }

    /// How serious it is: critical if calls hang in the domain itself.
    pub fn severity(self) -> Severity {
        match self {
            Self::Monitor | Self::Lock => Severity::Critical,
            Self::Host => Severity::Warning,
        }
    }

    /// The name, for a table and for JSON (`blocked.by`): one or two words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Monitor => "monitor busy",
            Self::Lock => "locked",
            Self::Host => "not asked",
        }
    }
}
