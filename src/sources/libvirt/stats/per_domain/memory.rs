//! Memory of one domain: `virDomainGetInfo` and `virDomainMemoryStats`.

use super::reader::{DomainReader, Stop};
use crate::model::{Call, Counter, DomainSample, Driver, Groups, MemorySample};
use crate::sources::libvirt::ffi::DomainInfo;
use crate::units::{Bytes, Events};
use virt::sys;

/// Reads the memory; `info` is the answer of `virDomainGetInfo`.
pub(super) fn read(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    info: Option<&DomainInfo>,
) -> Result<(), Stop> {
    let is_container = *reader.driver == Driver::Lxc;
    sample.memory = info.map(|info| of_info(info, is_container)).unwrap_or_default();
    let stats = reader.call(Call::MemoryStats, |domain| domain.memory_stats())?;
    add_stats(&mut sample.memory, stats.as_deref().unwrap_or_default(), is_container);
    if sample.memory != MemorySample::default() {
        sample.answered |= Groups::MEMORY;
    }
    Ok(())
}

/// Of a container, `virDomainGetInfo` returns how much it uses, not how much it was given.
fn of_info(info: &DomainInfo, is_container: bool) -> MemorySample {
    let now = Bytes::from_kib(info.memory_kib);
    MemorySample {
        maximum: Some(Bytes::from_kib(info.max_memory_kib)),
        current: (!is_container).then_some(now),
        rss: is_container.then_some(now),
        ..MemorySample::default()
    }
}

fn add_stats(memory: &mut MemorySample, stats: &[(i32, u64)], is_container: bool) {
    for &(tag, value) in stats {
        let size = Some(Bytes::from_kib(value));
        match u32::try_from(tag) {
            // Of a container, "swap_in" is the memory and swap that it uses together: neither a counter nor swap.
            Ok(sys::VIR_DOMAIN_MEMORY_STAT_SWAP_IN) if is_container => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_uses_memory_where_a_guest_was_given_memory() {
        let info = DomainInfo { max_memory_kib: 2048, memory_kib: 1024, vcpus: 2, cpu_time: 7 };
        let stats = [
            (sys::VIR_DOMAIN_MEMORY_STAT_SWAP_IN as i32, 500),
            (sys::VIR_DOMAIN_MEMORY_STAT_RSS as i32, 400),
            (sys::VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT as i32, 3),
            (-1, 1),
            (99, 1),
        ];
        let read = |is_container| {
            let mut memory = of_info(&info, is_container);
            add_stats(&mut memory, &stats, is_container);
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
}
