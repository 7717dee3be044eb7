//! Why a connection or a task ends.

use crate::sources::worker::WorkerGone;
use crate::sources::{FailureScope, SourceError};
use tokio::sync::watch::error::RecvError;

/// Why something is over.
pub(super) enum End {
    /// Nobody steers or listens any more: the task ends.
    Stopped,
    /// The connection failed; the same source can connect again.
    Lost(SourceError),
    /// The thread died, and the source with it.
    WorkerGone,
}

impl From<WorkerGone> for End {
    fn from(_: WorkerGone) -> Self {
        Self::WorkerGone
    }
}

impl From<RecvError> for End {
    fn from(_: RecvError) -> Self {
        Self::Stopped
    }
}

/// A failure that costs the connection.
pub(super) fn failed(message: String, advice: Option<String>) -> SourceError {
    SourceError { message, advice, severity: FailureScope::Connection }
}
