//! The values of disks, NICs, vCPUs, and of the host CPUs that a domain used; without their names.

use super::figures::{Counters, Derived, Gauges};
use crate::fleet::{AtLimit, Disk, HostCpu, Nic, Vcpu, When};
use crate::model::VcpuState;
use crate::model::totals::{DiskTotal, HostCpuTotal, NicTotal, VcpuTotal};
use crate::outputs::fields::{Entry, Fields};

/// A vCPU.
pub(crate) struct VcpuEntry<'a>(pub(crate) Option<&'a Vcpu>);

impl Entry for VcpuEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let sample = self.0.and_then(|vcpu| vcpu.sample.as_ref());
        fields.value("state", sample.and_then(|sample| sample.state).map(state))?;
        fields.value("halted", sample.and_then(|sample| sample.halted))?;
        fields.value("host_cpu", sample.and_then(|sample| sample.host_cpu))?;
        Derived(self.0.map(|vcpu| &vcpu.series)).write(fields)?;
        fields.group("totals", true, &Counters::<VcpuTotal>(sample))
    }
}

fn state(state: VcpuState) -> &'static str {
    match state {
        VcpuState::Offline => "offline",
        VcpuState::Running => "running",
        VcpuState::Blocked => "blocked",
    }
}

/// A host CPU that a domain used.
pub(crate) struct HostCpuEntry<'a>(pub(crate) Option<&'a HostCpu>);

impl Entry for HostCpuEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        Derived(self.0.map(|cpu| &cpu.series)).write(fields)?;
        Counters::<HostCpuTotal>(self.0.and_then(|cpu| cpu.sample.as_ref())).write(fields)
    }
}

/// A disk.
pub(crate) struct DiskEntry<'a>(pub(crate) Option<&'a Disk>);

impl Entry for DiskEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let sample = self.0.and_then(|disk| disk.sample.as_ref());
        fields.value("path", sample.and_then(|sample| sample.path.as_deref()))?;
        Gauges::<DiskTotal>(sample).write(fields)?;
        Derived(self.0.map(|disk| &disk.series)).write(fields)?;
        fields.group("totals", true, &Counters::<DiskTotal>(sample))?;
        let defined = self.0.and_then(|disk| disk.defined.as_ref());
        fields.value("kind", defined.map(|disk| disk.kind.as_str()))?;
        fields.value("source", self.0.and_then(Disk::source))?;
        fields.value("reason", self.0.and_then(|disk| disk.reason))?;
        let at_limit = self.0.and_then(|disk| disk.at_limit(When::Latest));
        fields.group("at_limit", at_limit.is_some(), &AtLimitEntry(at_limit))
    }
}

/// The limit of its definition that a disk or NIC is at.
struct AtLimitEntry(Option<AtLimit>);

impl Entry for AtLimitEntry {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        fields.value("limit", self.0.map(|at| at.limit))?;
        fields.value("value", self.0.map(|at| at.value))
    }
}

/// A NIC.
pub(crate) struct NicEntry<'a>(pub(crate) Option<&'a Nic>);

impl Entry for NicEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        Derived(self.0.map(|nic| &nic.series)).write(fields)?;
        fields.group("totals", true, &Counters::<NicTotal>(self.0.and_then(|nic| nic.sample.as_ref())))?;
        let defined = self.0.and_then(|nic| nic.defined.as_ref());
        fields.value("mac", defined.and_then(|nic| nic.mac.as_deref()))?;
        fields.value("kind", defined.map(|nic| nic.kind.as_str()))?;
        fields.value("source", defined.and_then(|nic| nic.source.as_deref()))?;
        fields.value("reason", self.0.and_then(|nic| nic.reason))?;
        let at_limit = self.0.and_then(|nic| nic.at_limit(When::Latest));
        fields.group("at_limit", at_limit.is_some(), &AtLimitEntry(at_limit))?;
        fields.value("note", self.0.and_then(Nic::note))
    }
}
