//! What a plain word finds: the names and addresses by which a user knows a domain, its devices or an event.

use crate::fleet::{Disk, Domain, When};
use crate::model::{DiskDefinition, DomainDefinition, Event, NicDefinition};
use crate::table::{DeviceKey, List};
use uuid::Uuid;

/// Fewest characters with which a filter finds the start of a UUID: fewer would also find domains that a filter for a name does not
/// mean.
const UUID_START: usize = 4;
/// Fewest characters with which a filter finds any part of a UUID.
const UUID_PART: usize = 8;
/// Fewest hexadecimal digits of a part of a MAC address that is written with separators.
const MAC_DIGITS: usize = 4;
/// The same without separators.
const BARE_MAC_DIGITS: usize = 6;
/// Fewest characters with which a filter finds a path, a bridge or another source: a shorter filter is meant for names.
const SOURCE_PART: usize = 3;

/// Fewest characters with which a filter finds a domain by the start of the name of one of its devices: `vnet`.
const DEVICE_START: usize = 4;

/// A plain word, ready to be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needle {
    /// In lower case.
    text: String,
    /// The hexadecimal digits of a part of a MAC address; `None`: it is none.
    mac: Option<String>,
}

impl Needle {
    pub(super) fn new(filter: &str) -> Self {
        let text = filter.to_lowercase();
        Self { mac: mac_digits(&text), text }
    }

    /// Whether it finds everything.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.text)
    }

    /// Whether it finds the domain by what the domain itself is: name, title, state, UUID, ID.
    pub(super) fn finds(&self, domain: &Domain, when: When) -> bool {
        let title = domain.definition.as_ref().and_then(|definition| definition.title.as_deref());
        self.is_empty()
            || self.is_in(&domain.name)
            || title.is_some_and(|title| self.is_in(title))
            || domain.condition(when).is_some_and(|condition| condition.state.name().contains(&self.text))
            || domain.run.is_some_and(|id| id.to_string() == self.text)
            || self.finds_uuid(domain.uuid)
    }

    fn finds_uuid(&self, uuid: Uuid) -> bool {
        let is_part = |written: String| {
            let wanted = self.text.as_str();
            wanted.len() >= UUID_START && written.starts_with(wanted)
                || wanted.len() >= UUID_PART && written.contains(wanted)
        };
        is_part(uuid.hyphenated().to_string()) || is_part(uuid.simple().to_string())
    }

    /// Whether it finds one of the domain's disks or NICs by its name, path, MAC address or bridge. `except`: not
    /// the devices of this list, which have rows of their own.
    pub(super) fn finds_device_of(&self, domain: &Domain, except: List) -> bool {
        let definition = domain.definition.as_deref();
        let disks = || definition.into_iter().flat_map(|definition| &definition.disks);
        let nics = || definition.into_iter().flat_map(|definition| &definition.nics);
        let layers = || domain.disks.iter().filter_map(path);
        except != List::Disks
            && (disks().any(|disk| self.finds_disk(disk)) || layers().any(|path| self.finds_source(path)))
            || except != List::Nics && nics().any(|nic| self.finds_nic(nic))
            || except != List::Disks && domain.disks.iter().any(|disk| self.names(&disk.key))
            || except != List::Nics && domain.nics.iter().any(|nic| self.names(&nic.key))
    }

    /// Whether it finds this device: by its name, and by its path, MAC address or bridge.
    pub(super) fn finds_device(&self, domain: &Domain, key: &DeviceKey) -> bool {
        let definition = domain.definition.as_deref();
        match key {
            DeviceKey::Disk(name) => {
                let defined = definition.and_then(|definition| defined_disk(definition, name));
                let read = domain.disks.get(name).and_then(path);
                self.is_in(name)
                    || defined.is_some_and(|disk| self.finds_disk(disk))
                    || read.is_some_and(|path| self.finds_source(path))
            }
            DeviceKey::Nic(name) => {
                let defined = domain.nics.get(name).and_then(|nic| nic.defined.as_ref());
                self.is_in(name) || defined.is_some_and(|nic| self.finds_nic(nic))
            }
            DeviceKey::Vcpu(_) => false,
        }
    }

    /// Whether it names this device. Not any part of a name: `vd` is in nearly every domain.
    fn names(&self, device: &str) -> bool {
        let device = device.to_lowercase();
        device == self.text || self.text.len() >= DEVICE_START && device.starts_with(&self.text)
    }

    fn finds_disk(&self, disk: &DiskDefinition) -> bool {
        disk.source.as_deref().is_some_and(|source| self.finds_source(source))
    }

    fn finds_nic(&self, nic: &NicDefinition) -> bool {
        let mac = |mac: &String| self.mac.as_ref().is_some_and(|wanted| hex_digits(mac).contains(wanted));
        let connected = |source: &String| self.text.len() >= SOURCE_PART && self.is_in(source);
        nic.mac.as_ref().is_some_and(mac) || [&nic.source, &nic.bridge].into_iter().flatten().any(connected)
    }

    /// A path is found by its file name; with a `/` in the filter, by any part.
    fn finds_source(&self, source: &str) -> bool {
        let file = source.rsplit('/').next().unwrap_or(source);
        self.text.len() >= SOURCE_PART && self.is_in(if self.text.contains('/') { source } else { file })
    }

    /// Whether it finds the event by its domain, by what has happened or by why.
    pub(super) fn finds_event(&self, event: &Event) -> bool {
        self.is_empty()
            || event.domain.as_ref().is_some_and(|domain| self.is_in(&domain.name) || self.finds_uuid(domain.uuid))
            || self.is_in(event.kind.what())
            || self.is_in(&event.kind.why())
    }
}

fn defined_disk<'a>(definition: &'a DomainDefinition, name: &str) -> Option<&'a DiskDefinition> {
    definition.disks.iter().find(|disk| disk.target == name)
}

/// The path that statistics report. It is newer than the definition after a snapshot.
fn path(disk: &Disk) -> Option<&str> {
    disk.sample.as_ref()?.path.as_deref()
}

fn hex_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect()
}

/// The digits of a part of a MAC address, however it is written: `52:54:00`, `52-54-00`, `5254.00`.
fn mac_digits(text: &str) -> Option<String> {
    let separators = text.chars().filter(|c| matches!(c, ':' | '-' | '.')).count();
    let digits = hex_digits(text);
    let least = if separators > 0 { MAC_DIGITS } else { BARE_MAC_DIGITS };
    (digits.len() >= least && digits.len() + separators == text.chars().count()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_address_is_found_however_it_is_written() {
        let nic = NicDefinition { mac: Some("52:54:00:AB:cd:ef".to_owned()), ..NicDefinition::default() };
        for written in ["52:54:00:ab:cd:ef", "52-54-00-AB-CD-EF", "5254.00ab.cdef", "525400abcdef", "ab:cd", "abcdef"] {
            assert!(Needle::new(written).finds_nic(&nic), "{written}");
        }
        for other in ["52:54:00:ab:cd:ee", "ab", "abcd", "52:54:zz", "web-01"] {
            assert!(!Needle::new(other).finds_nic(&nic), "{other}");
        }
    }

    #[test]
    fn a_uuid_is_found_by_its_start_or_by_a_long_part() {
        let uuid = Uuid::from_u128(0x1b2c_3d4e_5f60_4718_9a0b_c1d2_e3f4_0516);
        for part in ["1b2c3d4e-5f60-4718-9a0b-c1d2e3f40516", "1B2C", "1b2c3d4e5f60", "c1d2e3f40516", "4718-9a0b"] {
            assert!(Needle::new(part).finds_uuid(uuid), "{part}");
        }
        for part in ["1b2", "4718", "web"] {
            assert!(!Needle::new(part).finds_uuid(uuid), "{part}");
        }
    }

    #[test]
    fn a_path_is_found_by_its_file_name_or_with_its_folders() {
        for (filter, found) in
            [("web-01", true), ("images", false), ("images/web", true), ("/var/lib", true), ("we", false)]
        {
            assert_eq!(Needle::new(filter).finds_source("/var/lib/libvirt/images/web-01.qcow2"), found, "{filter}");
        }
    }

    #[test]
    fn a_nic_of_a_network_is_found_by_the_network_and_by_its_bridge() {
        let [source, bridge] = ["default", "virbr0"].map(|name| Some(name.to_owned()));
        let nic = NicDefinition { source, bridge, ..NicDefinition::default() };
        assert!(["default", "virbr0"].into_iter().all(|name| Needle::new(name).finds_nic(&nic)));
    }
}
