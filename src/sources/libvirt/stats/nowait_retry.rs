//! Domains that another client had when libvirt came by. Asked not to wait, it leaves their figures out; a moment later
//! they can be had. Two who watch at the same second would meet at every sample.

use crate::model::{DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::sources::libvirt::stats::bulk;
use crate::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// Most calls for one domain take a tenth of it.
const MOMENT: Duration = Duration::from_millis(30);

/// Where a second try was in vain something longer may be at work: then not every sample has one.
const TRY_EVERY: u32 = 4;

/// Those that had no figures at the samples before, and at how many.
#[derive(Default)]
pub(crate) struct NowaitRetry(HashMap<Uuid, u32>);

impl NowaitRetry {
    /// Asks once more for those that were spared, in a call for each set of groups.
    pub(crate) fn ask_again(
        &mut self,
        connection: &Connection,
        active: &[(Uuid, Domain<'_>)],
        driver: &str,
        domains: &mut BTreeMap<Uuid, DomainSample>,
    ) -> Result<(), LibvirtError> {
        let skipped = |uuid: &Uuid| domains.get(uuid).is_some_and(was_skipped);
        let wanted: BTreeMap<Uuid, Groups> = active
            .iter()
            .filter(|(uuid, _)| skipped(uuid) && self.0.get(uuid).is_none_or(|times| times % TRY_EVERY == 0))
            .filter_map(|(uuid, _)| Some((*uuid, domains.get(uuid)?.own_time?.0)))
            .collect();
        if !wanted.is_empty() {
            thread::sleep(MOMENT);
            let again = active.iter().filter(|(uuid, _)| wanted.contains_key(uuid)).copied();
            bulk::more(
                connection,
                None,
                again,
                |uuid| wanted[uuid],
                driver,
                |answer| {
                    if let Some(sample) = domains.get_mut(&answer.uuid) {
                        answer.replace(sample);
                    }
                },
            )?;
        }
        let still = active.iter().map(|(uuid, _)| *uuid).filter(|uuid| domains.get(uuid).is_some_and(was_skipped));
        self.0 = still.map(|uuid| (uuid, self.0.get(&uuid).map_or(1, |times| times + 1))).collect();
        Ok(())
    }
}

/// Not one that hangs: to ask again would hang as well.
fn was_skipped(sample: &DomainSample) -> bool {
    let hangs = sample.blocked.is_some_and(|blocked| blocked.is_hang(Timestamp::now()));
    !hangs && !sample.unanswered.is_empty()
}
