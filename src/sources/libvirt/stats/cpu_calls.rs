//! CPU time of single domains by calls that ask no QEMU: `virDomainGetCPUStats` (total), or `virDomainGetInfo`.
//!
//! The bulk call makes libvirt ask the QEMU for this group, which costs the host twenty times as much. The calls here are one
//! for each domain, so they are worth it only for a libvirtd on the same machine, where a call takes about 0.1 ms. They answer
//! while the QEMU hangs.

use crate::model::{Counter, CpuSample, CpuSource, DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::units::Nanoseconds;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which of the two calls works on a connection.
#[derive(Debug, Default)]
pub(crate) struct CpuCalls {
    /// `virDomainGetCPUStats` failed for all domains of a sample: without a cgroup for each domain (`qemu:///session`), some
    /// versions of libvirt do not support it.
    info_only: bool,
}

impl CpuCalls {
    /// Reads the CPU time of these domains. A domain for which both calls fail keeps its sample as it is. The error is that of
    /// a connection that was lost.
    pub(crate) fn read<'a>(
        &mut self,
        connection: &Connection,
        domains: impl Iterator<Item = (Uuid, Domain<'a>)>,
        samples: &mut BTreeMap<Uuid, DomainSample>,
    ) -> Result<(), LibvirtError> {
        let lost = |error: LibvirtError| if connection.is_alive() { Ok(()) } else { Err(error) };
        let (mut by_stats, mut by_info) = (0, 0);
        for (uuid, domain) in domains {
            let Some(sample) = samples.get_mut(&uuid) else { continue };
            if !self.info_only {
                match domain.cpu_stats_total(connection).map(|fields| of_fields(&fields)) {
                    Ok(cpu) if cpu.time.is_some() => {
                        by_stats += 1;
                        set(sample, cpu);
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => lost(error)?,
                }
            }
            match domain.info() {
                // A driver that does not count it returns 0.
                Ok(info) if info.cpu_time > 0 => {
                    by_info += 1;
                    let time = Some(Counter(Nanoseconds(info.cpu_time)));
                    set(sample, CpuSample { time, source: CpuSource::Process, ..CpuSample::default() });
                }
                Ok(_) => {}
                Err(error) => lost(error)?,
            }
        }
        // A single domain may fail because it ends.
        self.info_only |= by_stats == 0 && by_info > 1;
        Ok(())
    }
}

fn set(sample: &mut DomainSample, cpu: CpuSample) {
    sample.cpu = cpu;
    sample.answered |= Groups::CPU;
}

fn of_fields(fields: &[(String, u64)]) -> CpuSample {
    let field = |name: &str| {
        let (_, value) = fields.iter().find(|(field, _)| field == name)?;
        Some(Counter(Nanoseconds(*value)))
    };
    CpuSample {
        time: field("cpu_time"),
        user: field("user_time"),
        system: field("system_time"),
        delay: None,
        source: CpuSource::Libvirt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_libvirt_leaves_out_stay_missing() {
        let fields = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 7)).collect::<Vec<_>>();
        let seven = Some(Counter(Nanoseconds(7)));
        let all = of_fields(&fields(&["cpu_time", "user_time", "system_time", "vcpu_time"]));
        assert_eq!((all.time, all.user, all.system), (seven, seven, seven));
        let one = of_fields(&fields(&["cpu_time"]));
        assert_eq!((one.time, one.user, one.system), (seven, None, None));
    }
}
