//! CPU time of single domains by a call that asks no QEMU: `virDomainGetInfo`.
//!
//! The bulk call makes libvirt ask the QEMU for this group, which costs the host several times as much. The call here is one for
//! each domain, so it is worth it only for a libvirtd on the same machine, where it takes about 0.1 ms. It answers while the
//! QEMU hangs. `virDomainGetCPUStats` (total) has user and system time as well, but takes two messages to libvirtd and back.

use crate::model::{Counter, CpuSample, CpuSource, DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, DomainInfo, LibvirtError};
use crate::units::Nanoseconds;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Reads the CPU time of these domains, with user and system time for those in `focus`. A domain for which the call fails
/// keeps its sample as it is. The error is that of a connection that was lost.
pub(super) fn read<'a>(
    connection: &Connection,
    domains: impl Iterator<Item = (Uuid, Domain<'a>)>,
    focus: &BTreeSet<Uuid>,
    samples: &mut BTreeMap<Uuid, DomainSample>,
) -> Result<(), LibvirtError> {
    for (uuid, domain) in domains {
        let Some(sample) = samples.get_mut(&uuid) else { continue };
        let info = answer(connection, domain.info())?;
        let stats = match focus.contains(&uuid) {
            true => answer(connection, domain.cpu_stats_total(connection))?,
            false => None,
        };
        if let Some(cpu) = info.and_then(|info| to_sample(&info, stats.as_deref())) {
            sample.cpu = cpu;
            sample.answered |= Groups::CPU;
        }
    }
    Ok(())
}

/// The answer of a call; `None` if it failed for this domain. The error is that of a connection that was lost.
fn answer<T>(connection: &Connection, result: Result<T, LibvirtError>) -> Result<Option<T>, LibvirtError> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(_) if connection.is_alive() => Ok(None),
        Err(error) => Err(error),
    }
}

/// `None` if the driver does not count the CPU time of a domain.
fn to_sample(info: &DomainInfo, stats: Option<&[(String, u64)]>) -> Option<CpuSample> {
    let part = |name: &str| {
        let (_, value) = stats?.iter().find(|(field, _)| field == name)?;
        Some(Counter(Nanoseconds(*value)))
    };
    (info.cpu_time > 0).then(|| CpuSample {
        time: Some(Counter(Nanoseconds(info.cpu_time))),
        user: part("user_time"),
        system: part("system_time"),
        vcpus: None,
        source: CpuSource::Process,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_from_the_other_call_and_the_whole_does_not() {
        let info = |cpu_time| DomainInfo { max_memory_kib: 1, memory_kib: 1, vcpus: 1, cpu_time };
        let counter = |value| Some(Counter(Nanoseconds(value)));
        let stats = [("cpu_time".to_owned(), 9), ("user_time".to_owned(), 5), ("system_time".to_owned(), 3)];
        let cpu = to_sample(&info(8), Some(&stats)).unwrap();
        assert_eq!((cpu.time, cpu.user, cpu.system), (counter(8), counter(5), counter(3)));
        let cpu = to_sample(&info(8), None).unwrap();
        assert_eq!((cpu.time, cpu.user, cpu.system), (counter(8), None, None));
        assert_eq!(to_sample(&info(0), Some(&stats)), None, "0 means: not counted");
    }
}
