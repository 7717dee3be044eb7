//! CPU time of one domain on each host CPU: `virDomainGetCPUStats` from CPU 0.

use super::reader::{DomainReader, Stop};
use crate::model::{Call, Counter, DomainSample, Groups};
use crate::units::Nanoseconds;

/// Reads the CPU time on each host CPU.
pub(crate) fn read_host_cpus(reader: &mut DomainReader<'_>, sample: &mut DomainSample) -> Result<(), Stop> {
    let connection = reader.connection;
    if let Some(times) = reader.call(Call::CpuStatsPerCpu, |domain| domain.cpu_stats_per_host_cpu(connection))? {
        sample.host_cpus = times.into_iter().map(|time| Counter(Nanoseconds(time))).collect();
        sample.answered |= Groups::HOST_CPU;
        // This call directly follows the other calls for this domain, so it has their moment.
        sample.own_time = sample.own_time.map(|(groups, at)| (groups | Groups::HOST_CPU, at));
    }
    Ok(())
}
