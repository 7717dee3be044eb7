//! How a domain was at a time that is shown: its run, its state, what held it. Figures of the past need it beside them.

use crate::model::{Blocked, DomainState, StateReason};
use crate::time::Timestamp;

/// How a domain is, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The ID of the run; `None` while it is off.
    pub run: Option<u32>,
    /// Its state.
    pub state: DomainState,
    /// Why it is in that state.
    pub reason: StateReason,
    /// What holds it, so that its dear figures are not read.
    pub blocked: Option<Blocked>,
    /// The last time until then that it was paused on an I/O error. It outlives the pause: on NFS such pauses come and go.
    pub io_error: Option<IoErrorPause>,
}

/// A pause because the host could not complete the guest's I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoErrorPause {
    /// When it began, as far as is known.
    pub at: Timestamp,
    /// Whether it has ended.
    pub over: bool,
}
