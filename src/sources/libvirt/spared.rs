//! Domains that another client had when libvirt came by. Asked not to wait, it leaves their figures out; a moment later
//! they can be had. Two who watch at the same second would meet at every sample.

use super::bulk;
use super::ffi::{Connection, Domain, LibvirtError};
use crate::model::{Call, DomainSample, Groups};
use std::collections::{BTreeMap, HashSet};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// Most calls for one domain take a tenth of it.
const MOMENT: Duration = Duration::from_millis(30);

/// Those that had no figures at a second try either: something longer is at work there, and a try at every sample would
/// be in vain.
#[derive(Default)]
pub(crate) struct Spared(HashSet<Uuid>);

impl Spared {
    /// Asks once more for those that were spared, in a call for each set of groups.
    pub(crate) fn ask_again(
        &mut self,
        connection: &Connection,
        active: &[(Uuid, Domain<'_>)],
        driver: &str,
        domains: &mut BTreeMap<Uuid, DomainSample>,
    ) -> Result<(), LibvirtError> {
        let was_spared = |uuid: &Uuid| domains.get(uuid).is_some_and(is_spared);
        let wanted: BTreeMap<Uuid, Groups> = active
            .iter()
            .filter(|(uuid, _)| was_spared(uuid) && !self.0.contains(uuid))
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
        self.0 = active.iter().map(|(uuid, _)| *uuid).filter(|uuid| domains.get(uuid).is_some_and(is_spared)).collect();
        Ok(())
    }
}

/// Not one that hangs: to ask again would hang as well.
fn is_spared(sample: &DomainSample) -> bool {
    sample.held.is_none() && sample.lacks.iter().any(|lack| lack.call == Call::BulkStats)
}
