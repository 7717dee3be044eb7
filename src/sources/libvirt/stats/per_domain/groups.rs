//! All groups of one domain.

use super::cache::PerDomainCache;
use super::reader::{DomainReader, Stop};
use super::{disks, memory};
use crate::model::{
    Call, Counter, CpuSample, CpuSource, DomainDefinition, DomainSample, DomainState, Groups, NetSample, StateReason,
    VcpuSample,
};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{DomainInfo, VcpuInfo};
use crate::sources::libvirt::stats::params::vcpu_state;
use crate::time::Stopwatch;
use crate::units::{Bytes, Nanoseconds, Packets};
use uuid::Uuid;

/// Reads state and reason. Returns true if the domain is active, so that it has statistics.
pub(crate) fn read_state(reader: &mut DomainReader<'_>, sample: &mut DomainSample) -> Result<bool, Stop> {
    let (state, reason) = match reader.domain.state() {
        Ok(state) => state,
        Err(error) if explain::is_no_domain(&error) => return Err(Stop::Gone),
        Err(error) if !reader.connection.is_alive() => return Err(Stop::Lost(error)),
        Err(error) => {
            reader.add_failed(Call::DomainInfo, explain::unsupported(&error, reader.driver));
            return Ok(false);
        }
    };
    sample.state = DomainState::from_raw(state.into());
    sample.reason = StateReason(reason.into());
    Ok(sample.run.is_some() && sample.state.is_active())
}

/// Adds groups to a sample, as far as the calls succeed. Calls that ask no QEMU come first, so they are done if another job
/// turns out to hold the domain.
pub(crate) fn read(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    definition: Option<&DomainDefinition>,
    groups: Groups,
    uuid: Uuid,
    cache: &mut PerDomainCache,
) -> Result<(), Stop> {
    let outcome = read_groups(reader, sample, definition, groups, uuid, cache);
    if let Err(Stop::Busy) = outcome {
        cache.busy.insert(uuid, Stopwatch::start());
        return Ok(());
    }
    outcome
}

fn read_groups(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    definition: Option<&DomainDefinition>,
    groups: Groups,
    uuid: Uuid,
    cache: &mut PerDomainCache,
) -> Result<(), Stop> {
    let info = match groups.intersects(Groups::CPU | Groups::VCPU | Groups::MEMORY) {
        true => reader.call(Call::DomainInfo, |domain| domain.info())?,
        false => None,
    };
    let vcpus = match info {
        // If the driver does not count the time of the domain, the times of its vCPUs are added up.
        Some(info) if groups.contains(Groups::VCPU) || info.cpu_time == 0 => {
            reader.call(Call::Vcpus, |domain| domain.vcpus(info.vcpus.max(1)))?
        }
        _ => None,
    };
    if groups.contains(Groups::CPU) {
        let connection = reader.connection;
        let stats = reader.call(Call::CpuStatsTotal, |domain| domain.cpu_stats_total(connection))?;
        sample.cpu = cpu(stats.as_deref(), info.as_ref(), vcpus.as_deref());
        if sample.cpu.time.is_some() {
            sample.answered |= Groups::CPU;
        }
    }
    if let Some(vcpus) = vcpus.filter(|_| groups.contains(Groups::VCPU)) {
        sample.vcpus = vcpus.iter().map(|vcpu| (vcpu.number, vcpu_sample(vcpu))).collect();
        sample.answered |= Groups::VCPU;
    }
    if let Some(definition) = definition.filter(|_| groups.contains(Groups::NET)) {
        read_nics(reader, sample, definition)?;
    }

    // The calls below wait for jobs.
    if cache.is_busy(&uuid) {
        reader
            .add_failed(Call::MemoryStats, "another job holds the domain; vtop tries again within a minute".to_owned());
        return Ok(());
    }
    if groups.contains(Groups::MEMORY) {
        memory::read(reader, sample, info.as_ref())?;
    }
    if let Some(definition) = definition.filter(|_| groups.contains(Groups::BLOCK)) {
        disks::read(reader, sample, definition, uuid, cache)?;
    }
    Ok(())
}

/// CPU time from the first of these that has it: `virDomainGetCPUStats`, `virDomainGetInfo`, the sum of `virDomainGetVcpus`.
fn cpu(stats: Option<&[(String, u64)]>, info: Option<&DomainInfo>, vcpus: Option<&[VcpuInfo]>) -> CpuSample {
    let field = |name| {
        let (_, value) = stats?.iter().find(|(field, _)| field == name)?;
        Some(Counter(Nanoseconds(*value)))
    };
    let of_info = || info.map(|info| info.cpu_time).filter(|&time| time > 0);
    let of_vcpus = || vcpus.map(|vcpus| vcpus.iter().fold(0_u64, |sum, vcpu| sum.saturating_add(vcpu.cpu_time)));
    CpuSample {
        time: field("cpu_time").or_else(|| of_info().or_else(of_vcpus).map(Nanoseconds).map(Counter)),
        user: field("user_time"),
        system: field("system_time"),
        vcpus: None,
        source: CpuSource::Libvirt,
    }
}

fn vcpu_sample(vcpu: &VcpuInfo) -> VcpuSample {
    VcpuSample {
        state: vcpu_state(vcpu.state.into()),
        time: Some(Counter(Nanoseconds(vcpu.cpu_time))),
        host_cpu: vcpu.cpu.try_into().ok(),
        ..VcpuSample::default()
    }
}

fn read_nics(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    definition: &DomainDefinition,
) -> Result<(), Stop> {
    // User-mode and passed-through NICs have no device on the host, and no counters.
    let counted = definition.nics.iter().filter(|nic| !nic.is_never_counted());
    let mut is_any_expected = false;
    for (nic, target) in counted.filter_map(|nic| Some((nic, nic.target.as_deref()?))) {
        // Only Open vSwitch counts the packets of a vhost-user NIC.
        is_any_expected |= nic.kind != "vhostuser";
        let Some(counters) = reader.call(Call::InterfaceStats, |domain| domain.interface_stats(target))? else {
            continue;
        };
        let packets = |count: Option<u64>| count.map(|count| Counter(Packets(count)));
        sample.nics.push(NetSample {
            name: target.into(),
            rx_bytes: counters.rx_bytes.map(|bytes| Counter(Bytes(bytes))),
            rx_packets: packets(counters.rx_packets),
            rx_errors: packets(counters.rx_errors),
            rx_drops: packets(counters.rx_drops),
            tx_bytes: counters.tx_bytes.map(|bytes| Counter(Bytes(bytes))),
            tx_packets: packets(counters.tx_packets),
            tx_errors: packets(counters.tx_errors),
            tx_drops: packets(counters.tx_drops),
            guest_side: None,
        });
    }
    if !is_any_expected || !sample.nics.is_empty() {
        sample.answered |= Groups::NET;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: DomainInfo = DomainInfo { max_memory_kib: 2048, memory_kib: 1024, vcpus: 2, cpu_time: 7 };

    fn vcpu(number: u32, cpu_time: u64) -> VcpuInfo {
        VcpuInfo { number, state: 1, cpu_time, cpu: -1 }
    }

    #[test]
    fn cpu_time_comes_from_the_best_call_that_answered() {
        let stats = [("cpu_time".to_owned(), 9), ("user_time".to_owned(), 5)];
        let vcpus = [vcpu(0, 3), vcpu(1, 1)];
        let time = |stats, info, vcpus| cpu(stats, info, vcpus).time.map(Counter::total);
        assert_eq!(time(Some(&stats), Some(&INFO), Some(&vcpus)), Some(9));
        assert_eq!(time(None, Some(&INFO), Some(&vcpus)), Some(7));
        // Cloud Hypervisor's driver does not count it and returns 0.
        let uncounted = DomainInfo { cpu_time: 0, ..INFO };
        assert_eq!(time(None, Some(&uncounted), Some(&vcpus)), Some(4));
        assert_eq!(time(None, Some(&uncounted), None), None);
        assert_eq!(cpu(Some(&stats), None, None).system, None);
    }

    #[test]
    fn a_sum_of_vcpu_times_that_does_not_fit_becomes_the_largest_number() {
        let time = cpu(None, None, Some(&[vcpu(0, u64::MAX), vcpu(1, 1)])).time;
        assert_eq!(time, Some(Counter(Nanoseconds(u64::MAX))));
    }

    #[test]
    fn a_vcpu_that_has_not_run_has_no_host_cpu() {
        assert_eq!(vcpu_sample(&vcpu(0, 1)).host_cpu, None);
        assert_eq!(vcpu_sample(&VcpuInfo { cpu: 3, ..vcpu(0, 1) }).host_cpu, Some(3));
    }
}
