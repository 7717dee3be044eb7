//! What is known of the domains before a call.

use crate::model::{BlockSample, DomainDefinition, DomainSample, Driver};
use crate::sources::libvirt::definition::Definitions;
use compact_str::CompactString;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is known of the domains before a call. It tells a group that libvirt left out of its answer from a group in which there
/// is nothing to count.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) driver: &'a Driver,
    pub(crate) definitions: &'a Definitions,
}

impl Known<'_> {
    /// The NICs of type `ethernet` in these samples, by domain and device. libvirt takes the device of each for a TAP device, and
    /// so swaps the directions of a macvtap device.
    pub(super) fn ethernet_nics(&self, samples: &BTreeMap<Uuid, DomainSample>) -> Vec<(Uuid, CompactString)> {
        let mut nics = Vec::new();
        for uuid in samples.iter().filter(|(_, sample)| !sample.nics.is_empty()).map(|(uuid, _)| uuid) {
            let defined = self.definitions.of(uuid).into_iter().flat_map(|definition| &definition.nics);
            let devices = defined.filter(|nic| nic.kind == "ethernet").filter_map(|nic| nic.target.as_deref());
            nics.extend(devices.map(|device| (*uuid, device.into())));
        }
        nics
    }

    /// True if libvirt has statistics of none of these disks of a domain, so that their names alone are its whole answer.
    /// False if the definition was not read yet.
    pub(super) fn are_never_counted(&self, uuid: &Uuid, disks: &[BlockSample]) -> bool {
        self.definitions.of(uuid).is_some_and(|definition| are_never_counted(definition, disks))
    }
}

fn are_never_counted(definition: &DomainDefinition, disks: &[BlockSample]) -> bool {
    let is_never_counted = |disk: &BlockSample| {
        definition.disks.iter().any(|defined| defined.target == disk.name.as_str() && defined.is_never_counted())
    };
    !disks.is_empty() && disks.iter().all(is_never_counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DiskDefinition;

    #[test]
    fn only_disks_that_all_are_vhost_user_are_never_counted() {
        let defined = |target: &str, kind: &str| DiskDefinition {
            target: target.to_owned(),
            kind: kind.to_owned(),
            ..DiskDefinition::default()
        };
        let disks = vec![defined("vda", "vhostuser"), defined("vdb", "file")];
        let definition = DomainDefinition { disks, ..DomainDefinition::default() };
        let named = |names: &[&str]| -> Vec<BlockSample> {
            names.iter().map(|name| BlockSample { name: (*name).into(), ..BlockSample::default() }).collect()
        };
        assert!(are_never_counted(&definition, &named(&["vda"])));
        assert!(!are_never_counted(&definition, &named(&["vda", "vdb"])), "libvirt left out the counters of vdb");
        assert!(!are_never_counted(&definition, &named(&["vdc"])), "the definition is older than the disk");
        assert!(!are_never_counted(&definition, &[]));
    }
}
