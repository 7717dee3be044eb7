//! Values of I/O error, watchdog and block job events: libvirt's numbers and their words.

/// `virDomainEventIOErrorAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoErrorAction {
    /// 0: the guest does not see the error.
    Ignored,
    /// 1: the guest was paused.
    Paused,
    /// 2: the guest got the error.
    Reported,
    /// A number that vtop does not know.
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

    /// The action in words for the operator.
    pub(super) fn words(self) -> String {
        match self {
            Self::Ignored => "ignored".to_owned(),
            Self::Paused => "guest paused".to_owned(),
            Self::Reported => "reported to the guest".to_owned(),
            Self::Unknown(number) => format!("action {number}"),
        }
    }
}

/// `virDomainEventWatchdogAction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogAction(pub i32);

impl WatchdogAction {
    /// The action in words for the operator; `None`: vtop does not know the number.
    pub(super) fn words(self) -> Option<&'static str> {
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
    /// The job in a word for the operator.
    pub(super) fn words(self) -> &'static str {
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
    /// 3: the copy is complete; the job waits for the pivot.
    Ready,
    /// A number that vtop does not know.
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
