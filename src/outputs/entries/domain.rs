//! The values of a domain.

use super::figures::{Counters, Derived, Gauges};
use crate::fleet::{Domain, When};
use crate::model::totals::{CpuTotal, MemoryTotal};
use crate::model::{Blocked, Groups};
use crate::outputs::fields::{Entry, Fields};

/// A domain without its name, its UUID and its devices.
pub(crate) struct DomainEntry<'a> {
    pub(crate) domain: Option<&'a Domain>,
    /// Number of host CPUs.
    pub(crate) host_cpus: Option<u32>,
}

impl Entry for DomainEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let domain = self.domain;
        let of_host = |domain: &Domain| domain.cpu_of_host(self.host_cpus?, When::Latest);
        fields.value("id", domain.and_then(|domain| domain.run))?;
        fields.value("state", domain.map(|domain| domain.state.name()))?;
        fields.value("reason", domain.and_then(|domain| domain.reason.describe(domain.state)))?;
        fields.value("vcpu_count", domain.and_then(|domain| domain.vcpu_count(When::Latest)))?;
        fields.value("cpu_of_host_percent", domain.and_then(of_host))?;
        fields.value("cpu_of_guest_percent", domain.and_then(|domain| domain.cpu_of_guest(When::Latest)))?;
        fields.value("memory_used_percent", domain.and_then(|domain| domain.memory_used_percent(When::Latest)))?;
        let with_cache = domain.and_then(|domain| domain.memory_used_with_cache(When::Latest));
        fields.value("memory_used_with_cache", with_cache)?;
        Derived(domain.map(|domain| &domain.series)).write(fields)?;
        fields.group("totals", true, &TotalsEntry(domain))?;
        fields.group("read_at", true, &ReadAtEntry(domain))?;
        fields.group("memory", true, &Gauges::<MemoryTotal>(domain.map(|domain| &domain.memory)))?;
        let blocked = domain.and_then(|domain| domain.blocked);
        fields.group("blocked", blocked.is_some(), &BlockedEntry(blocked))?;
        fields.value("unanswered", domain.map(unanswered))
    }
}

/// The names of the groups.
const GROUPS: [(Groups, &str); 5] = [
    (Groups::CPU, "cpu"),
    (Groups::MEMORY, "memory"),
    (Groups::VCPU, "vcpus"),
    (Groups::BLOCK, "disks"),
    (Groups::NET, "nics"),
];

/// The groups that were requested and that libvirt left out of its answer.
fn unanswered(domain: &Domain) -> Vec<&'static str> {
    GROUPS.into_iter().filter(|(group, _)| domain.unanswered.contains(*group)).map(|(_, name)| name).collect()
}

/// When each group was last read in this run: totals and gauges can be older than the record.
struct ReadAtEntry<'a>(Option<&'a Domain>);

impl Entry for ReadAtEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        GROUPS
            .into_iter()
            .try_for_each(|(group, key)| fields.value(key, self.0.and_then(|domain| domain.read_at(group))))
    }
}

/// Why vtop does not read the domain completely.
struct BlockedEntry(Option<Blocked>);

impl Entry for BlockedEntry {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        fields.value("by", self.0.map(|blocked| blocked.by.name()))?;
        fields.value("reason", self.0.map(|blocked| blocked.by.describe()))?;
        fields.value("since", self.0.map(|blocked| blocked.since))
    }
}

/// The counters of the domain as a whole.
struct TotalsEntry<'a>(Option<&'a Domain>);

impl Entry for TotalsEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        Counters::<CpuTotal>(self.0.map(|domain| &domain.cpu)).write(fields)?;
        Counters::<MemoryTotal>(self.0.map(|domain| &domain.memory)).write(fields)
    }
}
