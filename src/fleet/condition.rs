//! What is kept of a domain's past besides its figures: run, state, what blocked it, the last I/O error, number of vCPUs.

use crate::model::{Blocked, DomainState, Groups, StateReason};
use crate::time::Timestamp;

/// The condition of a domain at one time: everything except its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The ID of the run (`virDomainGetID`); `None` while it is off.
    pub run: Option<u32>,
    /// Its state.
    pub state: DomainState,
    /// Why it is in that state.
    pub reason: StateReason,
    /// Why its expensive groups are not read; `None`: they are.
    pub blocked: Option<Blocked>,
    /// The last pause on an I/O error until then. It stays after the pause: on NFS such pauses come and go.
    pub io_error: Option<IoErrorPause>,
    /// vCPUs online; while it is off, those with which it will start. `None`: not known.
    pub vcpus: Option<u32>,
    /// The guest does not say how much of its page cache it can give back, so its used memory counts all of it.
    pub used_with_cache: bool,
    /// Groups whose newest rates cover a time in which the vCPUs did not run: packets were dropped and requests waited then
    /// without a fault. Of [`Groups::NET`] and [`Groups::BLOCK`].
    pub covers_pause: Groups,
}

/// A pause because the host could not complete the guest's I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoErrorPause {
    /// When it began, as far as is known.
    pub at: Timestamp,
    /// Whether it has ended.
    pub over: bool,
}
