//! Domain handles by UUID, kept from one sample to the next: looking a domain up is a call.

use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError, OwnedDomain};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Handles of domains that were looked up on one connection.
#[derive(Default)]
pub(crate) struct DomainHandles(BTreeMap<Uuid, OwnedDomain>);

impl DomainHandles {
    /// Handles of these domains, as far as they exist. A handle has the ID that the domain had when it was looked up.
    pub(crate) fn of(
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

    /// Removes handles of other domains once they are many.
    pub(crate) fn keep(&mut self, wanted: &[Uuid]) {
        if self.0.len() > 2 * wanted.len() {
            self.0.retain(|uuid, _| wanted.contains(uuid));
        }
    }

    /// Removes all handles: IDs may have changed.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
