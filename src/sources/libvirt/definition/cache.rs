//! Definitions that were read, and which of them must be read again.

use super::listed::{ChangeHints, ListedDomain};
use super::xml;
use crate::model::{Call, DiskDefinition, DomainDefinition, DomainSample, Driver, SampleKind, UnsupportedCall};
use crate::sources::Request;
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::LibvirtError;
use crate::time::Stopwatch;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long one sample may take to read definitions: on a large host the statistics come first.
const BUDGET: Duration = Duration::from_millis(50);
/// How long to wait after a definition could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// When definitions are read again without an event: libvirt reports many changes with none (a link that goes down, a snapshot).
const AGES: Ages = Ages { focused: Duration::from_secs(5), others: Duration::from_secs(60) };
/// A definition that is read this often within [`WINDOW`] (a domain that is started again and again) is read every [`SLOW_AGE`] only.
const READS_IN_WINDOW: u32 = 8;
const WINDOW: Duration = Duration::from_secs(10);
const SLOW_AGE: Duration = Duration::from_secs(2);

/// The definitions of a host's domains.
pub(crate) struct Definitions {
    known: HashMap<Uuid, KnownDefinition>,
    ages: Ages,
}

impl Default for Definitions {
    fn default() -> Self {
        Self { known: HashMap::new(), ages: AGES }
    }
}

struct KnownDefinition {
    definition: Option<Arc<DomainDefinition>>,
    failure: Option<(UnsupportedCall, Stopwatch)>,
    stale: bool,
    /// The values that show a change, as they were when the definition was read.
    hints: ChangeHints,
    read: Readings,
}

/// The ages from which on definitions are due.
#[derive(Clone, Copy)]
struct Ages {
    /// Of a domain whose screen is open.
    focused: Duration,
    /// Of any other domain. A full sample reads one of them at most.
    others: Duration,
}

/// When a definition was read.
#[derive(Clone, Copy)]
struct Readings {
    last: Stopwatch,
    /// The beginning of a [`WINDOW`], and how often it was read since then.
    window: (Stopwatch, u32),
}

impl Readings {
    /// Read now, after these readings.
    fn now(before: Option<Self>) -> Self {
        let last = Stopwatch::start();
        match before {
            Some(Self { window: (start, count), .. }) if start.elapsed() < WINDOW => {
                Self { last, window: (start, count.saturating_add(1)) }
            }
            _ => Self { last, window: (last, 1) },
        }
    }

    /// True if it was read so often that it must wait.
    fn must_wait(&self) -> bool {
        let (start, count) = self.window;
        count >= READS_IN_WINDOW && start.elapsed() < WINDOW && self.last.elapsed() < SLOW_AGE
    }
}

impl KnownDefinition {
    fn is_due(&self, now: &ChangeHints) -> bool {
        let retry = self.failure.as_ref().is_some_and(|(_, at)| at.elapsed() > RETRY_AFTER);
        (self.stale || retry || self.hints.differ(now)) && !self.read.must_wait()
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

    /// A file or device that statistics name differs from that of the definition: the definition must be read again.
    pub(crate) fn compare_paths(&mut self, domains: &BTreeMap<Uuid, DomainSample>) {
        self.compare_paths_after(domains, SLOW_AGE);
    }

    /// Compares the definitions that were read at least this long ago: a sample of before would be compared for ever.
    fn compare_paths_after(&mut self, domains: &BTreeMap<Uuid, DomainSample>, age: Duration) {
        for (uuid, known) in self.known.iter_mut().filter(|(_, known)| !known.stale) {
            let (Some(definition), Some(sample)) = (&known.definition, domains.get(uuid)) else { continue };
            let differs = |disk: &DiskDefinition| {
                let read = sample.disks.iter().find(|read| read.name == disk.target && read.backing_index.is_none());
                let path = read.and_then(|read| read.path.as_deref());
                disk.is_named_by_path() && path.is_some_and(|path| disk.source.as_deref() != Some(path))
            };
            known.stale = known.read.last.elapsed() >= age && definition.disks.iter().any(differs);
        }
    }

    /// Reads new and changed definitions: those of `focus` first, then in the order given, until the time is up, but always at
    /// least one. A full sample also reads those of `focus` that are older than [`Ages::focused`], and after all these the oldest of the
    /// others, if it is older than [`Ages::others`]. Returns true if all are read. The error is one for which `ends_sample` is true.
    pub(crate) fn read_changed(
        &mut self,
        listed: &[ListedDomain<'_>],
        request: &Request,
        driver: &Driver,
        ends_sample: impl Fn(&LibvirtError) -> bool,
    ) -> Result<bool, LibvirtError> {
        let focus = &request.focus;
        let is_full = request.kind == SampleKind::Full;
        let mut due = Vec::new();
        let mut oldest: Option<(Duration, &ListedDomain<'_>)> = None;
        for listed in listed {
            match self.known.get_mut(&listed.uuid) {
                // Until the start is over, the definition from before it is shown.
                Some(known) if listed.is_starting && known.definition.is_some() => {}
                Some(known) if !known.is_due(&listed.hints) => {
                    known.hints.vcpus = known.hints.vcpus.or(listed.hints.vcpus);
                    let age = known.read.last.elapsed();
                    if is_full && age >= self.ages.focused && focus.contains(&listed.uuid) {
                        due.push(listed);
                    } else if is_full && age >= self.ages.others && oldest.is_none_or(|(most, _)| age > most) {
                        oldest = Some((age, listed));
                    }
                }
                _ => due.push(listed),
            }
        }
        due.sort_by_key(|listed| !focus.contains(&listed.uuid));
        if due.is_empty() {
            due.extend(oldest.map(|(_, listed)| listed));
        }
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
        let (before, readings) = match self.known.remove(&listed.uuid) {
            Some(known) => (known.definition, Some(known.read)),
            None => (None, None),
        };
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
        self.known.insert(
            listed.uuid,
            KnownDefinition { definition, failure, stale: false, hints, read: Readings::now(readings) },
        );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockSample, DomainState, Groups, StateReason};
    use crate::sources::libvirt::ffi::Connection;
    use crate::sources::libvirt::stats::bulk_call;
    use std::collections::BTreeSet;
    use virt::connect::Connect;

    const NAME: &str = "definition-cache";
    const NEVER: Duration = Duration::MAX;

    /// Defines the domain with this title. No event reaches the definitions of a test.
    fn define(connection: &Connect, title: &str) {
        let xml = format!(
            "<domain type='test'><name>{NAME}</name><uuid>9b1ac9ba-1ae4-4d5a-9b8c-2e6fc2a1d001</uuid><title>{title}</title>             <memory>1024</memory><os><type>hvm</type></os></domain>"
        );
        connection.define_domain_xml(&xml).unwrap();
    }

    fn title(definitions: &mut Definitions, connection: &Connection, request: &Request) -> Option<String> {
        let records = bulk_call::of_all(connection, Groups::STATE, false).unwrap();
        let listed = records.iter().map(|record| record.domain).filter(|domain| domain.name() == NAME);
        let listed: Vec<_> = listed.map(ListedDomain::of).collect();
        definitions.read_changed(&listed, request, &Driver::Test, |_| true).unwrap();
        definitions.get(&listed[0].uuid).0.and_then(|definition| definition.title.clone())
    }

    #[test]
    fn definitions_are_read_again_without_an_event() {
        let connection = Connection::open_read_only(Some("test:///default")).unwrap();
        let other = Connect::open(Some("test:///default")).unwrap();
        let uuid: Uuid = "9b1ac9ba-1ae4-4d5a-9b8c-2e6fc2a1d001".parse().unwrap();
        let full = Request::of_all(Groups::OVERVIEW);
        let focused = Request { focus: BTreeSet::from([uuid]), ..full.clone() };
        for (request, ages, after) in [
            (&full, Ages { focused: Duration::ZERO, others: NEVER }, "first"),
            (&full, Ages { focused: NEVER, others: Duration::ZERO }, "second"),
            (&focused, Ages { focused: Duration::ZERO, others: NEVER }, "second"),
            (&Request::state_only(), Ages { focused: Duration::ZERO, others: Duration::ZERO }, "first"),
            (&full, AGES, "first"),
            (&focused, AGES, "first"),
        ] {
            let mut definitions = Definitions { ages, ..Definitions::default() };
            define(&other, "first");
            assert_eq!(title(&mut definitions, &connection, request).as_deref(), Some("first"));
            define(&other, "second");
            assert_eq!(title(&mut definitions, &connection, request).as_deref(), Some(after));
            definitions.mark_all_stale();
            assert_eq!(title(&mut definitions, &connection, request).as_deref(), Some("second"));
        }
        other.lookup_domain_by_name(NAME).unwrap().undefine().unwrap();
    }

    #[test]
    fn another_path_in_statistics_makes_the_definition_stale() {
        let uuid = Uuid::from_u128(1);
        let disk = |target: &str, kind: &str, source: &str| DiskDefinition {
            target: target.into(),
            kind: kind.into(),
            device: "disk".into(),
            source: Some(source.into()),
            ..DiskDefinition::default()
        };
        let definition = DomainDefinition {
            disks: vec![disk("vda", "file", "/base.qcow2"), disk("vdb", "volume", "pool/volume")],
            ..DomainDefinition::default()
        };
        let mut definitions = Definitions::default();
        let known = KnownDefinition {
            definition: Some(Arc::new(definition)),
            failure: None,
            stale: false,
            hints: ChangeHints { name: "guest".into(), run: Some(1), vcpus: None },
            read: Readings::now(None),
        };
        definitions.known.insert(uuid, known);
        let mut is_stale = |read: &str, path: &str, wait: Duration| {
            let mut sample = DomainSample::new("guest", Some(1), DomainState::Running, StateReason::RUNNING_BOOTED);
            sample.disks = vec![BlockSample { name: read.into(), path: Some(path.into()), ..BlockSample::default() }];
            definitions.compare_paths_after(&BTreeMap::from([(uuid, sample)]), wait);
            std::mem::take(&mut definitions.known.get_mut(&uuid).unwrap().stale)
        };
        assert!(is_stale("vda", "/snapshot.qcow2", Duration::ZERO));
        assert!(!is_stale("vda", "/snapshot.qcow2", NEVER), "it has just been read");
        assert!(!is_stale("vda", "/base.qcow2", Duration::ZERO));
        assert!(!is_stale("vdb", "/pool/volume", Duration::ZERO), "a volume has another name in statistics");
        assert!(!is_stale("vdc", "/other", Duration::ZERO));
    }

    #[test]
    fn a_definition_that_changes_again_and_again_is_read_at_intervals() {
        let readings = (1..READS_IN_WINDOW).fold(Readings::now(None), |before, _| {
            assert!(!before.must_wait());
            Readings::now(Some(before))
        });
        assert!(readings.must_wait());
    }
}
