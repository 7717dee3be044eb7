//! Definitions that were read, and which of them must be read again.

use super::listed::{ChangeHints, ListedDomain};
use super::xml;
use crate::model::{Call, DomainDefinition, Driver, UnsupportedCall};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::LibvirtError;
use crate::time::Stopwatch;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long one sample may take to read definitions: on a large host the statistics come first.
const BUDGET: Duration = Duration::from_millis(50);
/// How long to wait after a definition could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// The definitions of a host's domains.
#[derive(Default)]
pub(crate) struct Definitions {
    known: HashMap<Uuid, KnownDefinition>,
}

struct KnownDefinition {
    definition: Option<Arc<DomainDefinition>>,
    failure: Option<(UnsupportedCall, Stopwatch)>,
    stale: bool,
    /// As of when it was read.
    hints: ChangeHints,
}

impl KnownDefinition {
    fn is_due(&self, now: &ChangeHints) -> bool {
        let retry = self.failure.as_ref().is_some_and(|(_, at)| at.elapsed() > RETRY_AFTER);
        self.stale || retry || self.hints.differ(now)
    }
}

impl Definitions {
    /// An event reported a change of these domains. Their definitions stay in use until they are read again.
    pub(crate) fn mark_stale(&mut self, uuids: impl IntoIterator<Item = Uuid>) {
        for uuid in uuids {
            if let Some(known) = self.known.get_mut(&uuid) {
                known.stale = true;
            }
        }
    }

    /// Events may have been missed: all definitions must be read again.
    pub(crate) fn mark_all_stale(&mut self) {
        for known in self.known.values_mut() {
            known.stale = true;
        }
    }

    /// Reads new and changed definitions: those of `focus` first, then in the order given, until the time is up, but always at
    /// least one. Returns true if all are read. The error is one for which `ends_sample` is true.
    pub(crate) fn read_changed(
        &mut self,
        listed: &[ListedDomain<'_>],
        focus: &BTreeSet<Uuid>,
        driver: &Driver,
        ends_sample: impl Fn(&LibvirtError) -> bool,
    ) -> Result<bool, LibvirtError> {
        let mut due = Vec::new();
        for listed in listed {
            match self.known.get_mut(&listed.uuid) {
                // Until the start is over, the definition from before it is shown.
                Some(known) if listed.is_starting && known.definition.is_some() => {}
                Some(known) if !known.is_due(&listed.hints) => {
                    known.hints.vcpus = known.hints.vcpus.or(listed.hints.vcpus);
                }
                _ => due.push(listed),
            }
        }
        due.sort_by_key(|listed| !focus.contains(&listed.uuid));
        let start = Stopwatch::start();
        for (count, listed) in due.into_iter().enumerate() {
            if count > 0 && start.elapsed() > BUDGET {
                return Ok(false);
            }
            let read = listed.domain.xml();
            if let Err(error) = &read
                && ends_sample(error)
            {
                return Err(error.clone());
            }
            self.remember(listed, read, driver);
        }
        Ok(true)
    }

    fn remember(&mut self, listed: &ListedDomain<'_>, read: Result<String, LibvirtError>, driver: &Driver) {
        let before = self.known.remove(&listed.uuid).and_then(|known| known.definition);
        let read = match read {
            Ok(xml) => xml::parse(&xml).map_err(|error| Some(error.to_string())),
            // The domain is missing from the next list.
            Err(error) if explain::is_no_domain(&error) => Err(None),
            Err(error) => Err(Some(explain::unsupported(&error, driver))),
        };
        let (definition, failure) = match read {
            // An equal definition stays the same allocation: that shows others that nothing changed.
            Ok(now) => match before {
                Some(before) if *before == now => (Some(before), None),
                _ => (Some(Arc::new(now)), None),
            },
            Err(reason) => {
                (before, reason.map(|reason| (UnsupportedCall { call: Call::XmlDesc, reason }, Stopwatch::start())))
            }
        };
        let hints = listed.hints.clone();
        self.known.insert(listed.uuid, KnownDefinition { definition, failure, stale: false, hints });
    }

    /// The definition of a domain; `None`: not read yet.
    pub(crate) fn of(&self, uuid: &Uuid) -> Option<&DomainDefinition> {
        self.known.get(uuid)?.definition.as_deref()
    }

    /// The definition of a domain, and why the last reading failed.
    pub(crate) fn get(&self, uuid: &Uuid) -> (Option<Arc<DomainDefinition>>, Option<&UnsupportedCall>) {
        self.known.get(uuid).map_or((None, None), |known| {
            (known.definition.clone(), known.failure.as_ref().map(|(unsupported, _)| unsupported))
        })
    }

    /// Removes definitions of domains that do not exist any more.
    pub(crate) fn keep(&mut self, exists: impl Fn(&Uuid) -> bool) {
        self.known.retain(|uuid, _| exists(uuid));
    }
}
