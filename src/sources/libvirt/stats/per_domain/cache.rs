//! Values that are kept from one sample to the next.

use crate::sources::libvirt::ffi::BlockSizes;
use crate::time::Stopwatch;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use uuid::Uuid;

/// For how long no call that waits for jobs is made after another job held the domain: each such call waits for 30 s.
const BUSY_FOR: Duration = Duration::from_secs(60);

/// What is kept of the domains of one connection.
#[derive(Default)]
pub(crate) struct PerDomainCache {
    /// Domains that another job held, and since when.
    pub(super) busy: HashMap<Uuid, Stopwatch>,
    /// Sizes of disks by target, and when they were read.
    pub(super) sizes: HashMap<Uuid, (Stopwatch, BTreeMap<String, BlockSizes>)>,
    /// This driver counts no disk errors, so `virDomainBlockStats` has no value that `virDomainBlockStatsFlags` does not have.
    pub(super) no_block_errors: bool,
}

impl PerDomainCache {
    /// Removes domains that do not exist any more.
    pub(crate) fn keep(&mut self, exists: impl Fn(&Uuid) -> bool) {
        self.busy.retain(|uuid, since| exists(uuid) && since.elapsed() < BUSY_FOR);
        self.sizes.retain(|uuid, _| exists(uuid));
    }

    /// True if another job held the domain a short time ago.
    pub(super) fn is_busy(&self, uuid: &Uuid) -> bool {
        self.busy.get(uuid).is_some_and(|since| since.elapsed() < BUSY_FOR)
    }
}
