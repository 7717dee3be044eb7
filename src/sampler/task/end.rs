//! Why a connection or a task ends.

use crate::sampler::controls::Stopped;
use crate::sources::worker::WorkerGone;
use crate::sources::{FailureScope, SourceError};
use tokio::sync::watch::error::RecvError;

/// Why a connection ends.
pub(super) enum End {
    /// The handle was dropped, or the reader is gone: the task ends.
    Stopped,
    /// The connection failed. The same source can connect again.
    Lost(SourceError),
    /// The thread has ended, and its source with it.
    WorkerGone,
}

impl From<WorkerGone> for End {
    fn from(_: WorkerGone) -> Self {
        Self::WorkerGone
    }
}

impl From<Stopped> for End {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<RecvError> for End {
    fn from(_: RecvError) -> Self {
        Self::Stopped
    }
}

/// An error that ends the connection.
pub(super) fn connection_error(message: String, advice: Option<String>) -> SourceError {
    SourceError { message, advice, scope: FailureScope::Connection }
}
