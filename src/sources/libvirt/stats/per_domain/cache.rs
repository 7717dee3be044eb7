//! Values that are kept from one sample to the next.

use crate::sources::libvirt::ffi::BlockSizes;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use uuid::Uuid;

/// What is kept of the domains of one connection.
#[derive(Default)]
pub(crate) struct PerDomainCache {
    /// Domains that another job held, and until when no call is made that waits for jobs.
    pub(super) busy: HashMap<Uuid, Instant>,
    /// Sizes of disks by target, and when they were read.
    pub(super) sizes: HashMap<Uuid, (Instant, BTreeMap<String, BlockSizes>)>,
    /// This driver counts no disk errors, so `virDomainBlockStats` has no value that `virDomainBlockStatsFlags` does not have.
    pub(super) no_block_errors: bool,
}

impl PerDomainCache {
    /// Removes domains that do not exist any more.
    pub(crate) fn keep(&mut self, exists: impl Fn(&Uuid) -> bool) {
        self.busy.retain(|uuid, until| exists(uuid) && *until > Instant::now());
        self.sizes.retain(|uuid, _| exists(uuid));
    }

    /// True if another job held the domain a short time ago.
    pub(super) fn is_busy(&self, uuid: &Uuid) -> bool {
        self.busy.get(uuid).is_some_and(|until| *until > Instant::now())
    }
}
