//! Disks of one domain: `virDomainBlockStatsFlags`, `virDomainBlockStats` and `virDomainGetBlockInfo`.

use super::cache::PerDomainCache;
use super::reader::{DomainReader, Stop};
use crate::model::{BlockSample, Call, Counter, DomainDefinition, DomainSample, Driver, Groups};
use crate::sources::libvirt::ffi::BlockSizes;
use crate::time::Stopwatch;
use crate::units::{Bytes, Events, Nanoseconds, Operations};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// How often the sizes of disks are read: they change slowly, and each costs a call.
const SIZES_EVERY: Duration = Duration::from_secs(10);

/// Reads the disks that the definition names.
pub(super) fn read(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    definition: &DomainDefinition,
    uuid: Uuid,
    cache: &mut PerDomainCache,
) -> Result<(), Stop> {
    if *reader.driver == Driver::Lxc {
        return read_container(reader, sample, definition);
    }
    let sizes = sizes(reader, definition, uuid, cache)?;
    let counted = || definition.disks.iter().filter(|disk| !disk.is_never_counted());
    for disk in counted() {
        let target = disk.target.as_str();
        let flags = reader.call(Call::BlockStatsFlags, |domain| domain.block_stats_flags(target))?;
        let plain = match flags.is_some() && cache.no_block_errors {
            true => None,
            false => reader.call(Call::BlockStats, |domain| domain.block_stats(target))?,
        };
        if flags.is_none() && plain.is_none() {
            continue;
        }
        cache.no_block_errors |= flags.is_some() && plain.is_some_and(|plain| plain.errors.is_none());
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
    if counted().next().is_none() || !sample.disks.is_empty() {
        sample.answered |= Groups::BLOCK;
    }
    Ok(())
}

/// The sizes of a domain's disks, by target; read again every [`SIZES_EVERY`].
fn sizes(
    reader: &mut DomainReader<'_>,
    definition: &DomainDefinition,
    uuid: Uuid,
    cache: &mut PerDomainCache,
) -> Result<BTreeMap<String, BlockSizes>, Stop> {
    if let Some((at, sizes)) = cache.sizes.get(&uuid)
        && at.elapsed() < SIZES_EVERY
    {
        return Ok(sizes.clone());
    }
    let mut sizes = BTreeMap::new();
    // The call fails for an empty drive, and for a disk whose image only another process has.
    for disk in definition.disks.iter().filter(|disk| disk.source.is_some() && !disk.is_never_counted()) {
        if let Some(size) = reader.call(Call::BlockInfo, |domain| domain.block_info(&disk.target))? {
            sizes.insert(disk.target.clone(), size);
        }
    }
    cache.sizes.insert(uuid, (Stopwatch::start(), sizes.clone()));
    Ok(sizes)
}

/// The disk requests of a container. Its cgroup counts them for all its file systems together.
fn read_container(
    reader: &mut DomainReader<'_>,
    sample: &mut DomainSample,
    definition: &DomainDefinition,
) -> Result<(), Stop> {
    let Some(total) = reader.call(Call::BlockStats, |domain| domain.block_stats(""))? else { return Ok(()) };
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
