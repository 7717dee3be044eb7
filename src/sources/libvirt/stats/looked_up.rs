//! Domain handles by UUID, kept from one sample to the next.

use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError, OwnedDomain};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Domains that were looked up, kept for the next sample.
#[derive(Default)]
pub(crate) struct LookedUp(BTreeMap<Uuid, OwnedDomain>);

impl LookedUp {
    /// Those of the wanted domains that exist.
    pub(crate) fn all(
        &mut self,
        connection: &Connection,
        wanted: impl IntoIterator<Item = Uuid>,
    ) -> Result<Vec<Domain<'_>>, LibvirtError> {
        let wanted: Vec<Uuid> = wanted.into_iter().collect();
        for &uuid in &wanted {
            if self.0.contains_key(&uuid) {
                continue;
            }
            match connection.look_up(uuid) {
                Ok(domain) => drop(self.0.insert(uuid, domain)),
                Err(error) if explain::is_no_domain(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted.iter().filter_map(|uuid| self.0.get(uuid)).map(OwnedDomain::view).collect())
    }

    /// Forgets those that are not wanted any more, once they are many.
    pub(crate) fn keep(&mut self, wanted: &[Uuid]) {
        if self.0.len() > 2 * wanted.len() {
            self.0.retain(|uuid, _| wanted.contains(uuid));
        }
    }

    /// Looked-up domains know the ID that they had then, so they are not kept for long.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
