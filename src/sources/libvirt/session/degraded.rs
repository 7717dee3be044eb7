//! A sample by bulk calls while calls hang in some domains.
//!
//! A domain whose monitor is busy is read by calls that ask no QEMU. A domain that libvirt keeps locked must not be in any call,
//! nor in a list of all domains: then the other domains are looked up one by one.

use super::assemble::assemble;
use super::bulk_error::BulkError;
use super::state::Session;
use crate::model::{Call, DomainSample, Groups, HostSample, SampleKind};
use crate::sources::libvirt::definition::Definitions;
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Domain, LibvirtError, Records};
use crate::sources::libvirt::stats::extra_groups::ExtraRequest;
use crate::sources::libvirt::stats::known::Known;
use crate::sources::libvirt::stats::record::DomainRecord;
use crate::sources::libvirt::stats::{bulk_call, monitor};
use crate::sources::{Bypass, Request};
use crate::time::{Clock, SystemClock, Timestamp};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Session {
    pub(super) fn sample_degraded_in_bulk(
        &mut self,
        request: &Request,
        bypass: &Bypass,
        definitions: &mut Definitions,
    ) -> Result<HostSample, BulkError> {
        let (domains, at) = match self.read_degraded(request, bypass, definitions) {
            Err(error) if bulk_call::is_missing(&error) => {
                self.unsupported.add(Call::BulkStats, explain::unsupported(&error, &self.driver));
                return Err(BulkError::Useless);
            }
            read => read?,
        };
        let node = self.node.read(request.kind, &self.connection, &mut self.unsupported, &self.driver)?;
        Ok(assemble(request, at, node, domains, definitions, &self.unsupported))
    }

    /// All domains that are not locked, and when their cheap groups were read.
    fn read_degraded(
        &mut self,
        request: &Request,
        bypass: &Bypass,
        definitions: &Definitions,
    ) -> Result<(BTreeMap<Uuid, DomainSample>, Timestamp), LibvirtError> {
        let Self { connection, driver, extra_groups, handles, .. } = self;
        let known = Known { driver, definitions };
        let cheap: Records<'_>;
        let domains: Vec<Domain<'_>>;
        if bypass.locked.is_empty() {
            cheap = bulk_call::of_all(connection, Groups::CHEAP, false)?;
            domains = cheap.iter().map(|record| record.domain).collect();
        } else {
            domains = handles.of(connection, bypass.known.difference(&bypass.locked).copied())?;
            cheap = bulk_call::of_some(connection, &domains, Groups::CHEAP)?;
        }
        let at = SystemClock.now();
        let records = cheap.iter().map(|record| DomainRecord::read(&record, Groups::CHEAP, known));
        let mut samples: BTreeMap<Uuid, DomainSample> =
            records.map(|record| (record.listed.uuid, record.sample)).collect();

        let is_busy = |uuid: &Uuid| bypass.busy.contains(uuid);
        let active = domains.iter().filter(|domain| domain.id().is_some()).map(|domain| (domain.uuid(), *domain));
        let active: Vec<_> = active.collect();
        // Every sample, a state-only one too, finds out which domains are still busy: the others are read completely again.
        for domain in domains.iter().filter(|domain| is_busy(&domain.uuid())) {
            if let Some(sample) = samples.get_mut(&domain.uuid()) {
                sample.blocked = monitor::still_busy(domain);
            }
        }
        if request.kind == SampleKind::Full {
            let healthy: Vec<_> = active.iter().filter(|(uuid, _)| !is_busy(uuid)).copied().collect();
            let extra = ExtraRequest {
                groups: &|uuid| request.extra_of(uuid) | (request.groups - Groups::CHEAP),
                focus: &request.focus,
                local_cpu: !request.groups.contains(Groups::CPU),
                unlocked: &active,
                healthy: &healthy,
                max_calls: bypass.calls,
            };
            extra_groups.read(connection, known, &extra, &mut samples)?;
        }
        Ok((samples, at))
    }
}
