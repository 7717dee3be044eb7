//! Groups of single domains, each read in the cheapest way that works for its domain.

use super::connection_pool::ConnectionPool;
use super::known::Known;
use super::nowait_retry::NowaitRetry;
use super::{cpu_calls, group_sets};
use crate::model::{DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::sources::linux::QemuProcesses;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// The ways to read groups of single domains on one connection.
pub(crate) struct ExtraGroups {
    on_this_machine: Option<OnThisMachine>,
    nowait_retry: NowaitRetry,
}

/// What is possible if libvirtd and the QEMUs run on the machine that vtop runs on.
struct OnThisMachine {
    processes: QemuProcesses,
    pool: ConnectionPool,
}

/// What to read.
pub(crate) struct ExtraRequest<'a> {
    /// The groups of each domain.
    pub(crate) groups: &'a dyn Fn(&Uuid) -> Groups,
    /// The domains that screens are about.
    pub(crate) focus: &'a BTreeSet<Uuid>,
    /// CPU time of all domains is read from local files, also where it is not in `groups`. False if the CPU time of all domains
    /// was requested of libvirt.
    pub(crate) local_cpu: bool,
    /// Active domains in which a call that asks no QEMU cannot hang.
    pub(crate) unlocked: &'a [(Uuid, Domain<'a>)],
    /// Active domains whose QEMU answers.
    pub(crate) healthy: &'a [(Uuid, Domain<'a>)],
    /// How many calls may be made in parallel.
    pub(crate) max_calls: usize,
}

impl ExtraGroups {
    /// For a connection to a libvirtd that may be anywhere.
    pub(crate) fn remote() -> Self {
        Self { on_this_machine: None, nowait_retry: NowaitRetry::default() }
    }

    /// For a connection to the QEMU driver of this machine. Opens nothing.
    pub(crate) fn on_this_machine(uri: Option<&str>) -> Self {
        let on_this_machine =
            Some(OnThisMachine { processes: QemuProcesses::default(), pool: ConnectionPool::new(uri) });
        Self { on_this_machine, nowait_retry: NowaitRetry::default() }
    }

    /// Adds the groups to samples that have the groups of all domains already. Returns how many vCPUs are plugged into each
    /// domain of which that was read.
    pub(crate) fn read(
        &mut self,
        connection: &Connection,
        known: Known<'_>,
        request: &ExtraRequest<'_>,
        samples: &mut BTreeMap<Uuid, DomainSample>,
    ) -> Result<HashMap<Uuid, u64>, LibvirtError> {
        let has_no_cpu = |samples: &BTreeMap<Uuid, DomainSample>, uuid: &Uuid| {
            samples.get(uuid).is_some_and(|sample| sample.cpu.time.is_none())
        };
        if let Some(here) = &mut self.on_this_machine {
            here.processes.read_nics(&known.ethernet_nics(samples), samples);
        }
        if let Some(here) = self.on_this_machine.as_mut().filter(|_| request.local_cpu) {
            here.processes.read_cpu(samples);
            // With all groups of a domain, the bulk call is made in any case, and returns user and system time as well.
            let is_wanted = |groups: Groups| groups.contains(Groups::CPU) && !groups.contains(Groups::HOST_CPU);
            let by_call: Vec<_> = (request.unlocked.iter().copied())
                .filter(|(uuid, _)| is_wanted((request.groups)(uuid)) && has_no_cpu(samples, uuid))
                .collect();
            cpu_calls::read(connection, by_call.into_iter(), request.focus, samples)?;
        }
        let have_cpu: HashSet<Uuid> =
            request.healthy.iter().map(|(uuid, _)| *uuid).filter(|uuid| !has_no_cpu(samples, uuid)).collect();
        let wanted = |uuid: &Uuid| {
            let groups = (request.groups)(uuid);
            if have_cpu.contains(uuid) { groups - Groups::CPU } else { groups }
        };
        let pool = self.on_this_machine.as_mut().map(|here| (&mut here.pool, request.max_calls));
        let mut vcpus = HashMap::new();
        group_sets::read(connection, pool, request.healthy.iter().copied(), wanted, known, |answer| {
            vcpus.extend(answer.vcpus.map(|count| (answer.uuid, count)));
            if let Some(sample) = samples.get_mut(&answer.uuid) {
                answer.add_to(sample);
            }
        })?;
        self.nowait_retry.read_skipped(connection, request.healthy, known, samples)?;
        Ok(vcpus)
    }
}
