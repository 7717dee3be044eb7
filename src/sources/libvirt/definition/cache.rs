//! Definitions that are known, and which of them have to be read again.

use crate::model::{Call, DomainDefinition, UnsupportedCall};
use crate::sources::libvirt::definition::xml;
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Domain, LibvirtError};
use compact_str::CompactString;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long one sample may read definitions: on a large host the figures come first, the definitions follow.
const BUDGET: Duration = Duration::from_millis(50);

/// How long a definition that could not be read is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// What was read of each domain.
#[derive(Default)]
pub(crate) struct Definitions {
    known: HashMap<Uuid, Known>,
}

struct Known {
    definition: Option<Arc<DomainDefinition>>,
    failure: Option<(UnsupportedCall, Instant)>,
    stale: bool,
    seen: Marks,
}

impl Known {
    fn is_due(&self, now: &Marks) -> bool {
        let retry = self.failure.as_ref().is_some_and(|(_, at)| at.elapsed() > RETRY_AFTER);
        self.stale || retry || self.seen.differ(now)
    }
}

/// What tells, where no event does, that a definition has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) name: CompactString,
    /// A new run has new device names.
    pub(crate) run: Option<u32>,
    /// Plugging a vCPU raises no event. `None` where this sample did not ask.
    pub(crate) vcpus: Option<u64>,
}

impl Marks {
    fn differ(&self, now: &Self) -> bool {
        let vcpus = matches!((self.vcpus, now.vcpus), (Some(before), Some(now)) if before != now);
        vcpus || self.name != now.name || self.run != now.run
    }
}

/// A domain that is there now.
pub(crate) struct Present<'list> {
    pub(crate) domain: Domain<'list>,
    pub(crate) uuid: Uuid,
    pub(crate) marks: Marks,
}

impl Definitions {
    /// An event said so: what is known stays in use until it is read again.
    pub(crate) fn mark_stale(&mut self, uuids: impl IntoIterator<Item = Uuid>) {
        for uuid in uuids {
            if let Some(known) = self.known.get_mut(&uuid) {
                known.stale = true;
            }
        }
    }

    /// Nothing was heard for a while: everything has to be read again.
    pub(crate) fn mark_all_stale(&mut self) {
        for known in self.known.values_mut() {
            known.stale = true;
        }
    }

    /// Reads what is new or changed: `focus` first, then in the order given, until the time is up (but at least one,
    /// so that there is always progress). Says whether everything is read. The error is one that ends the sample.
    pub(crate) fn bring_up_to_date(
        &mut self,
        present: &[Present<'_>],
        focus: Option<Uuid>,
        driver: &str,
        ends_sample: impl Fn(&LibvirtError) -> bool,
    ) -> Result<bool, LibvirtError> {
        let mut due = Vec::new();
        for present in present {
            match self.known.get_mut(&present.uuid) {
                Some(known) if !known.is_due(&present.marks) => {
                    known.seen.vcpus = known.seen.vcpus.or(present.marks.vcpus);
                }
                _ => due.push(present),
            }
        }
        due.sort_by_key(|present| Some(present.uuid) != focus);
        let start = Instant::now();
        for (count, present) in due.into_iter().enumerate() {
            if count > 0 && start.elapsed() > BUDGET {
                return Ok(false);
            }
            let read = present.domain.xml();
            if let Err(error) = &read
                && ends_sample(error)
            {
                return Err(error.clone());
            }
            self.remember(present, read, driver);
        }
        Ok(true)
    }

    fn remember(&mut self, present: &Present<'_>, read: Result<String, LibvirtError>, driver: &str) {
        let before = self.known.remove(&present.uuid).and_then(|known| known.definition);
        let read = match read {
            Ok(xml) => xml::parse(&xml).map_err(|error| Some(error.to_string())),
            // It will be missing from the next list.
            Err(error) if explain::is_no_domain(&error) => Err(None),
            Err(error) => Err(Some(explain::unsupported(&error, driver))),
        };
        let (definition, failure) = match read {
            // The same definition stays the same allocation: that is how others see that nothing changed.
            Ok(now) => match before {
                Some(before) if *before == now => (Some(before), None),
                _ => (Some(Arc::new(now)), None),
            },
            Err(reason) => {
                (before, reason.map(|reason| (UnsupportedCall { call: Call::XmlDesc, reason }, Instant::now())))
            }
        };
        self.known.insert(present.uuid, Known { definition, failure, stale: false, seen: present.marks.clone() });
    }

    /// What is known of a domain: its definition, and why the last reading failed.
    pub(crate) fn get(&self, uuid: &Uuid) -> (Option<Arc<DomainDefinition>>, Option<&UnsupportedCall>) {
        self.known.get(uuid).map_or((None, None), |known| {
            (known.definition.clone(), known.failure.as_ref().map(|(unsupported, _)| unsupported))
        })
    }

    /// Forgets domains that are not there any more.
    pub(crate) fn keep(&mut self, exists: impl Fn(&Uuid) -> bool) {
        self.known.retain(|uuid, _| exists(uuid));
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn a_definition_is_read_again_when_something_tells_of_a_change() {
        let marks = |name: &str, run, vcpus| Marks { name: name.into(), run, vcpus };
        let seen = marks("a", Some(1), Some(2));
        assert!(!seen.differ(&seen.clone()));
        assert!(seen.differ(&marks("b", Some(1), Some(2))), "renamed");
        assert!(seen.differ(&marks("a", Some(2), Some(2))), "started again: its devices have new names");
        assert!(seen.differ(&marks("a", None, Some(2))), "stopped");
        assert!(seen.differ(&marks("a", Some(1), Some(3))), "a vCPU was plugged in");
        assert!(!seen.differ(&marks("a", Some(1), None)), "a sample that did not ask knows nothing");
    }
}
