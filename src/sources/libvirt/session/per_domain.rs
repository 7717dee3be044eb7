//! A sample with one call for each domain and group, for drivers without bulk calls.

use super::assemble::assemble;
use super::state::Session;
use crate::model::{DomainSample, DomainState, Groups, HostSample, StateReason};
use crate::sources::libvirt::definition::{Definitions, ListedDomain};
use crate::sources::libvirt::ffi::LibvirtError;
use crate::sources::libvirt::stats::monitor;
use crate::sources::libvirt::stats::per_domain::{self, DomainReader, Stop, read_host_cpus, read_state};
use crate::sources::{Bypass, Request};
use crate::time::{Clock, SystemClock};
use std::collections::BTreeMap;

impl Session {
    pub(super) fn sample_per_domain(
        &mut self,
        request: &Request,
        bypass: Option<&Bypass>,
        definitions: &mut Definitions,
    ) -> Result<HostSample, LibvirtError> {
        let Self { connection, driver, node, unsupported, inactive, cache, handles, .. } = self;
        // A list of all domains would wait for a domain that libvirt keeps locked.
        let locked = bypass.filter(|bypass| !bypass.locked.is_empty());
        let list = if locked.is_some() { None } else { Some(connection.all_domains()?) };
        let in_list = list.iter().flat_map(|list| list.iter());
        let known = match locked {
            Some(bypass) => handles.of(connection, bypass.known.difference(&bypass.locked).copied())?,
            None => Vec::new(),
        };
        let listed: Vec<ListedDomain<'_>> = in_list.chain(known).map(ListedDomain::of).collect();
        // First the definitions: the calls below need the names of the devices.
        definitions.read_changed(&listed, request, driver, |_| !connection.is_alive())?;

        let is_due = inactive.is_due();
        let mut domains = BTreeMap::new();
        for listed in &listed {
            let (uuid, run, name) = (listed.uuid, listed.hints.run, &listed.hints.name);
            if run.is_none()
                && !is_due
                && let Some(known) = inactive.get(&uuid)
            {
                domains.insert(uuid, DomainSample { name: name.clone(), ..known.clone() });
                continue;
            }
            let domain = listed.domain;
            let mut reader = DomainReader { connection, driver, domain, unsupported, failed: Vec::new() };
            let mut sample = DomainSample::new(name.clone(), run, DomainState::Unknown, StateReason::default());
            let definition = definitions.get(&uuid).0;
            let is_busy = bypass.is_some_and(|bypass| bypass.busy.contains(&uuid));
            let mut read = || {
                if !read_state(&mut reader, &mut sample)? {
                    return Ok(());
                }
                let mut groups = request.groups | request.extra_of(&uuid);
                if is_busy {
                    sample.blocked = monitor::still_busy(&domain);
                    groups &= Groups::CHEAP;
                }
                per_domain::read(&mut reader, &mut sample, definition.as_deref(), groups, uuid, cache)?;
                if !is_busy && (request.focus.contains(&uuid) || groups.contains(Groups::HOST_CPU)) {
                    read_host_cpus(&mut reader, &mut sample)?;
                }
                Ok(())
            };
            match read() {
                Ok(()) | Err(Stop::Busy) => {
                    sample.own_time = Some((sample.answered, SystemClock.now()));
                    sample.unsupported = reader.failed;
                    domains.insert(uuid, sample);
                }
                // Inactive now, or it does not exist any more.
                Err(Stop::Gone) => {
                    if let Ok((state, reason)) = domain.state() {
                        let (state, reason) = (DomainState::from_raw(state.into()), StateReason(reason.into()));
                        domains.insert(uuid, DomainSample::new(name.clone(), None, state, reason));
                    }
                }
                Err(Stop::Lost(error)) => return Err(error),
            }
        }
        let at = SystemClock.now();
        let node = node.read(request.kind, connection, unsupported, driver)?;
        inactive.learn(&domains, is_due && locked.is_none());
        cache.keep(|uuid| domains.contains_key(uuid));
        Ok(assemble(request, at, node, domains, definitions, unsupported))
    }
}
