//! A sample by bulk calls: one for the groups that all domains need, one for each set of groups that single domains need.

use super::assemble::assemble;
use super::bulk_error::BulkError;
use super::state::Session;
use crate::model::{Call, DomainSample, Driver, Groups, HostSample, SampleKind};
use crate::sources::Request;
use crate::sources::libvirt::definition::Definitions;
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError, Records};
use crate::sources::libvirt::stats::extra_groups::ExtraRequest;
use crate::sources::libvirt::stats::known::Known;
use crate::sources::libvirt::stats::moments::Moments;
use crate::sources::libvirt::stats::per_domain::{DomainReader, Stop, read_host_cpus};
use crate::sources::libvirt::stats::record::DomainRecord;
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::sources::libvirt::stats::{MAX_CALLS, bulk_call};
use crate::time::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

impl Session {
    pub(super) fn sample_in_bulk(
        &mut self,
        request: &Request,
        definitions: &mut Definitions,
    ) -> Result<HostSample, BulkError> {
        let Self { connection, driver, extra_groups, node, unsupported, inactive, .. } = self;
        let is_full = request.kind == SampleKind::Full;
        let known = Known { driver, definitions };
        let start = SystemClock.now();
        let records = match bulk_call::of_all(connection, request.groups, is_full) {
            Err(error) if bulk_call::is_missing(&error) => {
                unsupported.add(Call::BulkStats, explain::unsupported(&error, driver));
                return Err(BulkError::Useless);
            }
            records => records?,
        };
        let at = SystemClock.now();

        let mut domains = BTreeMap::new();
        let mut listed = Vec::new();
        let (mut any_active, mut any_figures) = (false, false);
        // Cheap groups of all domains are read within a millisecond or two: their moment is that of the answer.
        let is_cheap = Groups::CHEAP.contains(request.groups);
        for (record, read_at) in records.iter().zip(Moments::between(start, at, records.len())) {
            let mut record = DomainRecord::read(&record, request.groups, known);
            any_active |= record.sample.run.is_some();
            any_figures |= record.has_figures;
            if !is_cheap && record.sample.run.is_some() {
                record.check_monitor();
                record.sample.own_time = Some((request.groups, read_at));
            }
            domains.insert(record.listed.uuid, record.sample);
            listed.push(record.listed);
        }
        if is_full && any_active && !any_figures && *driver != Driver::Qemu {
            return Err(BulkError::Useless);
        }
        let active: Vec<_> = (listed.iter())
            .filter(|listed| listed.hints.run.is_some())
            .map(|listed| (listed.uuid, listed.domain))
            .collect();
        if is_full {
            let extra = ExtraRequest {
                groups: &|uuid| request.extra_of(uuid),
                focus: &request.focus,
                local_cpu: !request.groups.contains(Groups::CPU),
                unlocked: &active,
                healthy: &active,
                max_calls: MAX_CALLS,
            };
            let vcpus = extra_groups.read(connection, known, &extra, &mut domains)?;
            for listed in &mut listed {
                listed.hints.vcpus = listed.hints.vcpus.or_else(|| vcpus.get(&listed.uuid).copied());
            }
        }
        for (uuid, domain) in active.iter().filter(|(uuid, _)| request.focus.contains(uuid)) {
            if let Some(sample) = domains.get_mut(uuid) {
                add_host_cpus(connection, driver, *domain, unsupported, sample)?;
            }
        }
        let node = node.read(request.kind, connection, unsupported, driver)?;

        let is_wanted = is_full && (inactive.is_due() || inactive.has_vanished(&domains));
        let others: Option<Records<'_>> = match is_wanted {
            true => match bulk_call::of_all(connection, Groups::STATE, false) {
                Err(error) if !connection.is_alive() => return Err(error.into()),
                others => others.ok(),
            },
            false => None,
        };
        // The call of a state-only sample is not limited to active domains. A list may be empty: the last domain may be gone.
        let has_list = !is_full || others.is_some();
        for record in others.iter().flat_map(Records::iter) {
            let record = DomainRecord::read(&record, Groups::STATE, known);
            if let Entry::Vacant(place) = domains.entry(record.listed.uuid) {
                place.insert(record.sample);
                listed.push(record.listed);
            }
        }
        if !has_list {
            inactive.add_to(&mut domains);
        }
        inactive.learn(&domains, has_list);

        definitions.compare_paths(&domains);
        let all_read = definitions.read_changed(&listed, request, driver, |_| !connection.is_alive())?;
        if !all_read || (is_wanted && !has_list) {
            // The definitions of inactive domains can be read only together with a list.
            inactive.list_next_time();
        }
        Ok(assemble(request, at, node, domains, definitions, unsupported))
    }
}

/// Adds the CPU time on each host CPU. If the domain has ended since the bulk call, its sample stays as it is.
fn add_host_cpus(
    connection: &Connection,
    driver: &Driver,
    domain: Domain<'_>,
    unsupported: &mut UnsupportedCalls,
    sample: &mut DomainSample,
) -> Result<(), LibvirtError> {
    let mut reader = DomainReader { connection, driver, domain, unsupported, failed: Vec::new() };
    let outcome = read_host_cpus(&mut reader, sample);
    sample.unsupported.append(&mut reader.failed);
    match outcome {
        Err(Stop::Lost(error)) => Err(error),
        Ok(()) | Err(Stop::Gone | Stop::Busy) => Ok(()),
    }
}
