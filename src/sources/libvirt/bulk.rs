//! The one call that answers for all domains.

use super::definitions::{Marks, Present};
use super::explain;
use super::ffi::{Connection, Domain, LibvirtError, Record, Records};
use super::params::{self, Figures};
use crate::model::{Call, DomainSample, DomainState, Groups, Lack, StateReason};
use virt::sys;

/// Makes the call. A domain that dies meanwhile can fail it as a whole, so one failure says nothing yet.
pub(crate) fn call<'connection>(
    connection: &'connection Connection,
    groups: Groups,
    active_only: bool,
    nowait: &mut bool,
) -> Result<Records<'connection>, LibvirtError> {
    let active = if active_only { sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE } else { 0 };
    let attempt = |nowait: bool| {
        let nowait = if nowait { sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT } else { 0 };
        connection.all_domain_stats(raw_groups(groups), active | nowait)
    };
    attempt(*nowait).or_else(|error| match error.code as u32 {
        // Not every driver knows the flag.
        sys::VIR_ERR_INVALID_ARG if *nowait => {
            *nowait = false;
            attempt(false)
        }
        sys::VIR_ERR_SYSTEM_ERROR | sys::VIR_ERR_NO_DOMAIN | sys::VIR_ERR_OPERATION_INVALID
            if connection.is_alive() =>
        {
            attempt(*nowait)
        }
        _ => Err(error),
    })
}

/// Asks some domains only, one call for all of them.
pub(crate) fn call_for<'connection>(
    connection: &'connection Connection,
    domains: &[Domain<'_>],
    groups: Groups,
) -> Result<Records<'connection>, LibvirtError> {
    let nowait = sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
    let attempt = || connection.stats_of(domains, raw_groups(groups), nowait);
    attempt().or_else(|error| if connection.is_alive() { attempt() } else { Err(error) })
}

/// `virDomainStatsTypes`. The state is always in it: it costs nothing, and no figure means much without it.
fn raw_groups(groups: Groups) -> u32 {
    [
        (Groups::CPU, sys::VIR_DOMAIN_STATS_CPU_TOTAL),
        (Groups::MEMORY, sys::VIR_DOMAIN_STATS_BALLOON),
        (Groups::VCPU, sys::VIR_DOMAIN_STATS_VCPU),
        (Groups::NET, sys::VIR_DOMAIN_STATS_INTERFACE),
        (Groups::BLOCK, sys::VIR_DOMAIN_STATS_BLOCK),
    ]
    .into_iter()
    .filter(|(group, _)| groups.contains(*group))
    .fold(sys::VIR_DOMAIN_STATS_STATE, |raw, (_, bit)| raw | bit)
}

/// One record, read.
pub(crate) struct Reading<'list> {
    pub(crate) present: Present<'list>,
    pub(crate) sample: DomainSample,
    /// There was anything besides the state.
    pub(crate) has_figures: bool,
}

impl Reading<'_> {
    /// Figures are missing because somebody else has the domain.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.sample.lacks.iter().any(|lack| lack.call == Call::BulkStats)
    }
}

/// Reads a record of an answer to a call for `requested`.
pub(crate) fn read<'list>(record: &Record<'list>, requested: Groups, driver: &str) -> Reading<'list> {
    let domain: Domain<'list> = record.domain;
    let figures = params::read(record.params());
    let run = domain.id();
    let present = Present {
        domain,
        uuid: domain.uuid(),
        marks: Marks { name: domain.name(), run, vcpus: figures.vcpus_current },
    };
    let has_figures = !figures.answered.difference(Groups::STATE).is_empty();
    let sample = to_sample(present.marks.name.clone(), run, figures, requested, driver);
    Reading { present, sample, has_figures }
}

fn to_sample(name: String, run: Option<u32>, figures: Figures, requested: Groups, driver: &str) -> DomainSample {
    let state = DomainState::from_raw(figures.state.unwrap_or(0));
    let mut sample = DomainSample::new(name, run, state, StateReason(figures.reason.unwrap_or(0)));
    if run.is_none() {
        // It has just ended, or is listed as off. libvirt gives figures even then, but not the domain's: "cpu.time" is
        // the daemon's own.
        return sample;
    }
    sample.asked = requested.intersection(figures.answered) | Groups::STATE;
    sample.cpu = figures.cpu;
    sample.memory = figures.memory;
    sample.vcpus = figures.vcpus;
    sample.disks = figures.disks;
    sample.nics = figures.nics;
    let silent = requested.difference(figures.answered | Groups::HOST_CPU | Groups::STATE);
    if driver == "QEMU" && !silent.is_empty() {
        sample.lacks.push(Lack {
            call: Call::BulkStats,
            reason: format!("no answer on {} now: another job, or a QEMU that hangs, holds the domain", words(silent)),
        });
    }
    sample
}

/// `memory, disks`.
fn words(groups: Groups) -> String {
    let names = [
        (Groups::CPU, "CPU"),
        (Groups::MEMORY, "memory"),
        (Groups::VCPU, "vCPUs"),
        (Groups::NET, "network"),
        (Groups::BLOCK, "disks"),
    ];
    let names: Vec<&str> =
        names.into_iter().filter(|(group, _)| groups.contains(*group)).map(|(_, name)| name).collect();
    names.join(", ")
}

/// Whether the driver has no bulk call at all.
pub(crate) fn is_missing(error: &LibvirtError) -> bool {
    explain::is_driver_lack(Call::BulkStats, error)
}
