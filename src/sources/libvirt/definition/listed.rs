//! A domain in an answer of libvirt, and what shows that its definition has changed.

use crate::sources::libvirt::ffi::Domain;
use compact_str::CompactString;
use uuid::Uuid;

/// A domain that exists now.
pub(crate) struct ListedDomain<'list> {
    pub(crate) domain: Domain<'list>,
    pub(crate) uuid: Uuid,
    pub(crate) hints: ChangeHints,
    /// libvirt is starting it: the call for its definition would wait, and the start may fail.
    pub(crate) is_starting: bool,
}

impl<'list> ListedDomain<'list> {
    /// A domain of which neither the state nor the number of vCPUs was read.
    pub(crate) fn of(domain: Domain<'list>) -> Self {
        let hints = ChangeHints { name: domain.name(), run: domain.id(), vcpus: None };
        Self { domain, uuid: domain.uuid(), hints, is_starting: false }
    }
}

/// Values that differ after a change of the definition which no event reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangeHints {
    pub(crate) name: CompactString,
    /// The ID of the run: devices have new names in a new run.
    pub(crate) run: Option<u32>,
    /// How many vCPUs are plugged in. `None` if this sample did not read it.
    pub(crate) vcpus: Option<u64>,
}

impl ChangeHints {
    /// True if a value is known at both times and is another one now.
    pub(super) fn differ(&self, now: &Self) -> bool {
        let vcpus = matches!((self.vcpus, now.vcpus), (Some(before), Some(now)) if before != now);
        vcpus || self.name != now.name || self.run != now.run
    }
}

#[cfg(test)]
mod tests {
    use super::ChangeHints;

    #[test]
    fn another_name_run_or_number_of_vcpus_is_a_change() {
        let hints = |name: &str, run, vcpus| ChangeHints { name: name.into(), run, vcpus };
        let before = hints("a", Some(1), Some(2));
        assert!(!before.differ(&before.clone()));
        assert!(before.differ(&hints("b", Some(1), Some(2))), "renamed");
        assert!(before.differ(&hints("a", Some(2), Some(2))), "started again: its devices have new names");
        assert!(before.differ(&hints("a", None, Some(2))), "stopped");
        assert!(before.differ(&hints("a", Some(1), Some(3))), "a vCPU was plugged in");
        assert!(!before.differ(&hints("a", Some(1), None)), "a sample without the number shows no change");
    }
}
