//! A second call for domains that libvirt skipped under `NOWAIT` because another client held their job lock.
//!
//! Most jobs take a few milliseconds. Without the second call, two clients that sample in the same second could miss the same
//! domains at every sample.

use super::group_sets;
use super::known::Known;
use crate::model::{DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::time::{Clock, SystemClock};
use std::collections::{BTreeMap, HashMap};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// How long to wait before the second call. Most jobs take a tenth of it.
const WAIT: Duration = Duration::from_millis(30);
/// If the second call returned nothing either, the job may take long. Then only one of so many samples has a second call.
const RETRY_EVERY: u32 = 4;

/// Domains that were skipped at the last sample, and at how many samples in a row.
#[derive(Default)]
pub(crate) struct NowaitRetry(HashMap<Uuid, u32>);

impl NowaitRetry {
    /// Reads the domains again that were skipped, each with the groups that were requested of it.
    pub(crate) fn read_skipped(
        &mut self,
        connection: &Connection,
        active: &[(Uuid, Domain<'_>)],
        known: Known<'_>,
        samples: &mut BTreeMap<Uuid, DomainSample>,
    ) -> Result<(), LibvirtError> {
        let skipped = |uuid: &Uuid| samples.get(uuid).is_some_and(was_skipped);
        let wanted: BTreeMap<Uuid, Groups> = active
            .iter()
            .filter(|(uuid, _)| skipped(uuid) && self.0.get(uuid).is_none_or(|times| times % RETRY_EVERY == 0))
            .filter_map(|(uuid, _)| Some((*uuid, samples.get(uuid)?.own_time?.0)))
            .collect();
        if !wanted.is_empty() {
            thread::sleep(WAIT);
            let again = active.iter().filter(|(uuid, _)| wanted.contains_key(uuid)).copied();
            group_sets::read(
                connection,
                None,
                again,
                |uuid| wanted[uuid],
                known,
                |answer| {
                    if let Some(sample) = samples.get_mut(&answer.uuid) {
                        answer.replace_in(sample);
                    }
                },
            )?;
        }
        let skipped = active.iter().map(|(uuid, _)| *uuid).filter(|uuid| samples.get(uuid).is_some_and(was_skipped));
        self.0 = skipped.map(|uuid| (uuid, self.0.get(&uuid).map_or(1, |times| times + 1))).collect();
        Ok(())
    }
}

/// True if libvirt left out groups. False if the domain hangs: a second call would hang too.
fn was_skipped(sample: &DomainSample) -> bool {
    let hangs = sample.blocked.is_some_and(|blocked| blocked.is_hang(SystemClock.now()));
    !hangs && !sample.unanswered.is_empty()
}
