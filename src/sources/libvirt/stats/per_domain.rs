//! The calls that ask one domain at a time, for drivers without the bulk call. A call that fails costs its group.

use crate::model::{
    BlockSample, Call, Counter, CpuSample, DomainDefinition, DomainSample, Groups, MemorySample, NetSample,
    UnsupportedCall, VcpuSample,
};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{BlockSizes, Connection, Domain, DomainInfo, LibvirtError, VcpuInfo};
use crate::sources::libvirt::stats::params::vcpu_state;
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::units::{Bytes, Events, Nanoseconds, Operations, Packets};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use uuid::Uuid;
use virt::sys;

/// How long a domain that another job holds is asked only what needs no job: each other call waits 30 s in vain.
const LEFT_ALONE: Duration = Duration::from_secs(60);
/// Sizes of disks change slowly, and each costs a call.
const SIZES_EVERY: Duration = Duration::from_secs(10);

/// What is remembered from one sample to the next.
#[derive(Default)]
pub(crate) struct PerDomainCache {
    /// Domains that another job held, and until when they are left alone.
    busy: HashMap<Uuid, Instant>,
    /// Sizes of disks, by target.
    sizes: HashMap<Uuid, (Instant, BTreeMap<String, BlockSizes>)>,
    /// `virDomainBlockStats` has nothing that `virDomainBlockStatsFlags` has not: this driver counts no errors.
    no_block_errors: bool,
}

impl PerDomainCache {
    /// Forgets domains that are not there any more.
    pub(crate) fn keep(&mut self, exists: impl Fn(&Uuid) -> bool) {
        self.busy.retain(|uuid, until| exists(uuid) && *until > Instant::now());
        self.sizes.retain(|uuid, _| exists(uuid));
    }
}

/// Why no more is asked of a domain.
pub(crate) enum Stop {
    /// It is not there, or off.
    Gone,
    /// Another job holds it.
    Busy,
    /// The connection is gone.
    Lost(LibvirtError),
}

/// Asks one domain, and notes what it does not answer.
pub(crate) struct Asker<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) driver: &'a str,
    pub(crate) domain: Domain<'a>,
    pub(crate) unsupported: &'a mut UnsupportedCalls,
    /// What failed for this domain only.
    pub(crate) found: Vec<UnsupportedCall>,
}

impl Asker<'_> {
    /// Makes a call, unless the driver is known to lack it.
    pub(crate) fn ask<T>(
        &mut self,
        call: Call,
        answer: impl FnOnce(&Domain<'_>) -> Result<T, LibvirtError>,
    ) -> Result<Option<T>, Stop> {
        if self.unsupported.has(call) {
            return Ok(None);
        }
        let error = match answer(&self.domain) {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        if !self.connection.is_alive() {
            return Err(Stop::Lost(error));
        }
        if explain::is_no_domain(&error) {
            return Err(Stop::Gone);
        }
        if explain::is_unsupported(call, &error) {
            self.unsupported.add(call, explain::unsupported(&error, self.driver));
            return Ok(None);
        }
        // "Operation invalid" is the answer of a domain that has ended, and of a host without a cgroup controller.
        if error.code as u32 == sys::VIR_ERR_OPERATION_INVALID && self.domain.is_active() != Ok(true) {
            return Err(Stop::Gone);
        }
        self.note(call, explain::unsupported(&error, self.driver));
        if explain::is_busy(&error) { Err(Stop::Busy) } else { Ok(None) }
    }

    fn note(&mut self, call: Call, reason: String) {
        if !self.found.iter().any(|unsupported| unsupported.call == call) {
            self.found.push(UnsupportedCall { call, reason });
        }
    }
}

/// Fills `sample` with `groups`, as far as there are answers. Cheap calls come first: if the domain turns out to be
/// held by another job, they have been made.
pub(crate) fn fill(
    asker: &mut Asker<'_>,
    sample: &mut DomainSample,
    definition: Option<&DomainDefinition>,
    groups: Groups,
    uuid: Uuid,
    memory: &mut PerDomainCache,
) -> Result<(), Stop> {
    let outcome = fill_groups(asker, sample, definition, groups, uuid, memory);
    if let Err(Stop::Busy) = outcome {
        memory.busy.insert(uuid, Instant::now() + LEFT_ALONE);
        return Ok(());
    }
    outcome
}

fn fill_groups(
    asker: &mut Asker<'_>,
    sample: &mut DomainSample,
    definition: Option<&DomainDefinition>,
    groups: Groups,
    uuid: Uuid,
    memory: &mut PerDomainCache,
) -> Result<(), Stop> {
    let info = match groups.intersects(Groups::CPU | Groups::VCPU | Groups::MEMORY) {
        true => asker.ask(Call::DomainInfo, |domain| domain.info())?,
        false => None,
    };
    let vcpus = match info {
        // Where the driver counts no time for the domain, its vCPUs' times are added up.
        Some(info) if groups.contains(Groups::VCPU) || info.cpu_time == 0 => {
            asker.ask(Call::Vcpus, |domain| domain.vcpus(info.vcpus.max(1)))?
        }
        _ => None,
    };
    if groups.contains(Groups::CPU) {
        let stats = asker.ask(Call::CpuStatsTotal, |domain| domain.cpu_stats_total())?;
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
        fill_nics(asker, sample, definition)?;
    }

    // From here on the monitor is asked.
    if memory.busy.get(&uuid).is_some_and(|until| *until > Instant::now()) {
        asker.note(Call::MemoryStats, "another job holds the domain: asked again within a minute".to_owned());
        return Ok(());
    }
    if groups.contains(Groups::MEMORY) {
        let lxc = asker.driver == "LXC";
        sample.memory = info.map(|info| memory_of_info(&info, lxc)).unwrap_or_default();
        let stats = asker.ask(Call::MemoryStats, |domain| domain.memory_stats())?;
        add_memory_stats(&mut sample.memory, stats.as_deref().unwrap_or_default(), lxc);
        if sample.memory != MemorySample::default() {
            sample.answered |= Groups::MEMORY;
        }
    }
    if let Some(definition) = definition.filter(|_| groups.contains(Groups::BLOCK)) {
        if asker.driver == "LXC" {
            fill_container_disks(asker, sample, definition)?;
        } else {
            fill_disks(asker, sample, definition, uuid, memory)?;
        }
    }
    Ok(())
}

/// CPU time: of the whole domain; or of what its driver counts; or what its vCPUs used together.
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
        delay: None,
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

/// `virDomainGetInfo` of a container says how much it uses, not how much it was given.
fn memory_of_info(info: &DomainInfo, lxc: bool) -> MemorySample {
    let now = Bytes::from_kib(info.memory_kib);
    MemorySample {
        maximum: Some(Bytes::from_kib(info.max_memory_kib)),
        current: (!lxc).then_some(now),
        rss: lxc.then_some(now),
        ..MemorySample::default()
    }
}

fn add_memory_stats(memory: &mut MemorySample, stats: &[(i32, u64)], lxc: bool) {
    for &(tag, value) in stats {
        let size = Some(Bytes::from_kib(value));
        match u32::try_from(tag) {
            // A container's "swap_in" is how much memory and swap it uses together: neither a counter nor swap.
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_SWAP_IN) if lxc => {}
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_SWAP_IN) => memory.swap_in = size.map(Counter),
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_SWAP_OUT) => memory.swap_out = size.map(Counter),
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT) => memory.major_faults = Some(Counter(Events(value))),
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT) => memory.minor_faults = Some(Counter(Events(value))),
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_UNUSED) => memory.unused = size,
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_AVAILABLE) => memory.available = size,
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON) => memory.current = size,
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_RSS) => memory.rss = size,
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_USABLE) => memory.usable = size,
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE) => memory.last_update = Some(value),
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_DISK_CACHES) => memory.disk_caches = size,
            _ => {}
        }
    }
}

fn fill_nics(asker: &mut Asker<'_>, sample: &mut DomainSample, definition: &DomainDefinition) -> Result<(), Stop> {
    // User-mode and passed-through NICs have no device here, and no counters.
    let targets: Vec<&str> = definition.nics.iter().filter_map(|nic| nic.target.as_deref()).collect();
    for &target in &targets {
        let Some(counters) = asker.ask(Call::InterfaceStats, |domain| domain.interface_stats(target))? else {
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
        });
    }
    if targets.is_empty() || !sample.nics.is_empty() {
        sample.answered |= Groups::NET;
    }
    Ok(())
}

fn fill_disks(
    asker: &mut Asker<'_>,
    sample: &mut DomainSample,
    definition: &DomainDefinition,
    uuid: Uuid,
    memory: &mut PerDomainCache,
) -> Result<(), Stop> {
    let sizes = sizes(asker, definition, uuid, memory)?;
    for disk in &definition.disks {
        let target = disk.target.as_str();
        let flags = asker.ask(Call::BlockStatsFlags, |domain| domain.block_stats_flags(target))?;
        let plain = match flags.is_some() && memory.no_block_errors {
            true => None,
            false => asker.ask(Call::BlockStats, |domain| domain.block_stats(target))?,
        };
        if flags.is_none() && plain.is_none() {
            continue;
        }
        memory.no_block_errors |= flags.is_some() && plain.is_some_and(|plain| plain.errors.is_none());
        let field = |name| {
            let (_, value) = flags.as_deref()?.iter().find(|(field, _)| field == name)?;
            Some(*value)
        };
        let plain = plain.unwrap_or_default();
        let operations = |flag, plain: Option<u64>| field(flag).or(plain).map(|count| Counter(Operations(count)));
        let bytes = |flag, plain: Option<u64>| field(flag).or(plain).map(|count| Counter(Bytes(count)));
        let time = |flag| field(flag).map(|time| Counter(Nanoseconds(time)));
        let sizes = sizes.get(target);
        sample.disks.push(BlockSample {
            name: target.into(),
            path: disk.source.as_deref().map(Into::into),
            read_requests: operations("rd_operations", plain.read_requests),
            read_bytes: bytes("rd_bytes", plain.read_bytes),
            read_time: time("rd_total_times"),
            write_requests: operations("wr_operations", plain.write_requests),
            write_bytes: bytes("wr_bytes", plain.write_bytes),
            write_time: time("wr_total_times"),
            flush_requests: operations("flush_operations", None),
            flush_time: time("flush_total_times"),
            errors: plain.errors.or(field("errs")).map(|count| Counter(Events(count))),
            allocation: sizes.map(|sizes| Bytes(sizes.allocation)),
            capacity: sizes.map(|sizes| Bytes(sizes.capacity)),
            physical: sizes.map(|sizes| Bytes(sizes.physical)),
            ..BlockSample::default()
        });
    }
    if definition.disks.is_empty() || !sample.disks.is_empty() {
        sample.answered |= Groups::BLOCK;
    }
    Ok(())
}

/// The sizes of a domain's disks; asked anew every [`SIZES_EVERY`].
fn sizes(
    asker: &mut Asker<'_>,
    definition: &DomainDefinition,
    uuid: Uuid,
    memory: &mut PerDomainCache,
) -> Result<BTreeMap<String, BlockSizes>, Stop> {
    if let Some((at, sizes)) = memory.sizes.get(&uuid)
        && at.elapsed() < SIZES_EVERY
    {
        return Ok(sizes.clone());
    }
    let mut sizes = BTreeMap::new();
    // An empty drive has no size, and asking for it is an error.
    for disk in definition.disks.iter().filter(|disk| disk.source.is_some()) {
        if let Some(size) = asker.ask(Call::BlockInfo, |domain| domain.block_info(&disk.target))? {
            sizes.insert(disk.target.clone(), size);
        }
    }
    memory.sizes.insert(uuid, (Instant::now(), sizes.clone()));
    Ok(sizes)
}

/// A container's disk I/O is counted by its cgroup, for everything that is mounted in it together.
fn fill_container_disks(
    asker: &mut Asker<'_>,
    sample: &mut DomainSample,
    definition: &DomainDefinition,
) -> Result<(), Stop> {
    let Some(total) = asker.ask(Call::BlockStats, |domain| domain.block_stats(""))? else { return Ok(()) };
    let name = match definition.disks.as_slice() {
        [only] => only.target.clone(),
        _ => "total".to_owned(),
    };
    let operations = |count: Option<u64>| count.map(|count| Counter(Operations(count)));
    sample.disks.push(BlockSample {
        name: name.into(),
        read_requests: operations(total.read_requests),
        read_bytes: total.read_bytes.map(|bytes| Counter(Bytes(bytes))),
        write_requests: operations(total.write_requests),
        write_bytes: total.write_bytes.map(|bytes| Counter(Bytes(bytes))),
        ..BlockSample::default()
    });
    sample.answered |= Groups::BLOCK;
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
        // Cloud Hypervisor's driver says 0: not counted.
        let uncounted = DomainInfo { cpu_time: 0, ..INFO };
        assert_eq!(time(None, Some(&uncounted), Some(&vcpus)), Some(4));
        assert_eq!(time(None, Some(&uncounted), None), None);
        assert_eq!(cpu(Some(&stats), None, None).system, None);
    }

    #[test]
    fn a_container_uses_memory_where_a_guest_was_given_it() {
        let stats = [
            (sys::VIR_DOMAIN_MEMORY_STAT_SWAP_IN as i32, 500),
            (sys::VIR_DOMAIN_MEMORY_STAT_RSS as i32, 400),
            (sys::VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT as i32, 3),
            (-1, 1),
            (99, 1),
        ];
        let read = |lxc| {
            let mut memory = memory_of_info(&INFO, lxc);
            add_memory_stats(&mut memory, &stats, lxc);
            memory
        };
        let guest = read(false);
        assert_eq!((guest.maximum, guest.current), (Some(Bytes(2 << 20)), Some(Bytes(1 << 20))));
        assert_eq!(guest.swap_in, Some(Counter(Bytes(500 << 10))));
        assert_eq!(guest.major_faults, Some(Counter(Events(3))), "faults are counted, not measured in KiB");
        let container = read(true);
        assert_eq!((container.current, container.swap_in), (None, None));
        assert_eq!(container.rss, Some(Bytes(400 << 10)));
    }

    #[test]
    fn a_vcpu_that_ran_nowhere_has_no_host_cpu() {
        assert_eq!(vcpu_sample(&vcpu(0, 1)).host_cpu, None);
        assert_eq!(vcpu_sample(&VcpuInfo { cpu: 3, ..vcpu(0, 1) }).host_cpu, Some(3));
    }
}
