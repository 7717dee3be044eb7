//! What can change while a host is sampled.

use crate::model::Demand;
use crate::time::Interval;
use std::future::Future;
use std::pin::pin;
use tokio::sync::watch;
use tokio::sync::watch::error::RecvError;

/// What a host's [`Handle`](super::Handle) sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controls {
    /// The sampling interval.
    pub(super) interval: Interval,
    /// What is needed of the host.
    pub(super) demand: Demand,
}

/// The handle was dropped, or the reader of the updates is gone: the task ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

impl From<RecvError> for Stopped {
    fn from(_: RecvError) -> Self {
        Self
    }
}

/// Waits for `future`, or until the handle is dropped. It watches a copy of `controls`, so a change meanwhile is still new to
/// the caller's receiver.
pub(super) async fn unless_stopped<T>(
    controls: &watch::Receiver<Controls>,
    future: impl Future<Output = T>,
) -> Result<T, Stopped> {
    let mut future = pin!(future);
    let mut controls = controls.clone();
    loop {
        tokio::select! {
            biased;
            changed = controls.changed() => changed?,
            output = &mut future => return Ok(output),
        }
    }
}
