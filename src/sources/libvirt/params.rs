//! Typed parameters of one domain, as the bulk call names them, to figures. Pure, and takes whatever comes: a key
//! that is not known is skipped, a value of another numeric type is taken, an index is only used to bring together
//! what belongs together.

use crate::model::{BlockSample, Counter, CpuSample, Groups, MemorySample, NetSample, VcpuSample, VcpuState};
use crate::units::{Bytes, Events, Nanoseconds, Operations, Packets};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of a typed parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Unsigned(u64),
    Signed(i64),
    Double(f64),
    Bool(bool),
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// As a count; `None` for what is negative (libvirt's "not known"), no number, or text.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => number.try_into().ok(),
            // A cast of a float saturates, so the largest ones become u64::MAX and nothing worse.
            Self::Double(number) if number >= 0.0 => Some(number as u64),
            Self::Double(_) | Self::Text(_) => None,
            Self::Bool(yes) => Some(yes.into()),
        }
    }

    /// As a number that may be negative.
    fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Signed(number) => Some(number),
            Self::Double(number) if number < 0.0 => Some(number as i64),
            _ => self.as_u64()?.try_into().ok(),
        }
    }

    fn as_bool(&self) -> Option<bool> {
        self.as_u64().map(|number| number != 0)
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}

/// What one domain's parameters said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// `state.state`.
    pub(crate) state: Option<i64>,
    /// `state.reason`.
    pub(crate) reason: Option<i64>,
    pub(crate) cpu: CpuSample,
    pub(crate) memory: MemorySample,
    /// `vcpu.current`: how many are plugged in.
    pub(crate) vcpus_current: Option<u64>,
    pub(crate) vcpus: BTreeMap<u32, VcpuSample>,
    pub(crate) disks: Vec<BlockSample>,
    pub(crate) nics: Vec<NetSample>,
    /// Groups of which there was an answer. Where QEMU's monitor was busy, libvirt gives disks without counters:
    /// that is no answer.
    pub(crate) answered: Groups,
}

/// Reads one domain's parameters.
pub(crate) fn read<'a>(params: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> Figures {
    let mut figures = Figures::default();
    let mut disks: Numbered<BlockSample> = Numbered::default();
    let mut nics: Numbered<NetSample> = Numbered::default();
    let mut no_disks = false;

    for (key, value) in params {
        let Some((group, rest)) = key.split_once('.') else { continue };
        match group {
            "state" => {
                figures.answered |= Groups::STATE;
                match rest {
                    "state" => figures.state = value.as_i64(),
                    "reason" => figures.reason = value.as_i64(),
                    _ => {}
                }
            }
            "cpu" => {
                figures.answered |= Groups::CPU;
                cpu(&mut figures.cpu, rest, &value);
            }
            "balloon" => {
                figures.answered |= Groups::MEMORY;
                memory(&mut figures.memory, rest, &value);
            }
            "vcpu" => {
                figures.answered |= Groups::VCPU;
                match numbered(rest) {
                    Some((number, field)) => vcpu(figures.vcpus.entry(number).or_default(), field, &value),
                    None if rest == "current" => figures.vcpus_current = value.as_u64(),
                    None => {}
                }
            }
            "net" => {
                figures.answered |= Groups::NET;
                if let Some((number, field)) = numbered(rest) {
                    net(nics.at(number), field, value);
                }
            }
            "block" => match numbered(rest) {
                Some((number, field)) => block(disks.at(number), field, value),
                None if rest == "count" => no_disks = value.as_u64() == Some(0),
                None => {}
            },
            _ => {}
        }
    }

    // A key is a name: what has none cannot be told from its neighbours at the next reading.
    figures.nics = nics.into_values().filter(|nic| !nic.name.is_empty()).collect();
    let mut disks: Vec<BlockSample> = disks.into_values().filter(|disk| !disk.name.is_empty()).collect();
    name_disks_by_their_targets(&mut disks);
    if no_disks || disks.iter().any(has_counters) {
        figures.answered |= Groups::BLOCK;
        figures.disks = disks;
    }
    figures
}

/// libvirt gives the disk itself an index too, not only the layers below it, and another one after every snapshot or
/// block job. A disk comes before its layers.
fn name_disks_by_their_targets(disks: &mut [BlockSample]) {
    for index in 0..disks.len() {
        let (before, rest) = disks.split_at_mut(index);
        if before.iter().all(|disk| disk.name != rest[0].name) {
            rest[0].backing_index = None;
        }
    }
}

fn has_counters(disk: &BlockSample) -> bool {
    disk.read_requests.is_some()
        || disk.read_bytes.is_some()
        || disk.write_requests.is_some()
        || disk.write_bytes.is_some()
}

/// `3.rd.bytes` -> 3 and `rd.bytes`.
fn numbered(rest: &str) -> Option<(u32, &str)> {
    let (number, field) = rest.split_once('.')?;
    Some((number.parse().ok()?, field))
}

/// Things that came with a number, in the order of their first key. They come one after another, so the last one is
/// nearly always the right one.
struct Numbered<T>(Vec<(u32, T)>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> Numbered<T> {
    fn at(&mut self, number: u32) -> &mut T {
        let index = self.0.iter().rposition(|(known, _)| *known == number).unwrap_or_else(|| {
            self.0.push((number, T::default()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }

    fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

fn counter<Q>(value: &Value<'_>, unit: fn(u64) -> Q) -> Option<Counter<Q>> {
    value.as_u64().map(|number| Counter(unit(number)))
}

fn cpu(cpu: &mut CpuSample, field: &str, value: &Value<'_>) {
    match field {
        "time" => cpu.time = counter(value, Nanoseconds),
        "user" => cpu.user = counter(value, Nanoseconds),
        "system" => cpu.system = counter(value, Nanoseconds),
        _ => {}
    }
}

fn memory(memory: &mut MemorySample, field: &str, value: &Value<'_>) {
    let size = || value.as_u64().map(Bytes::from_kib);
    match field {
        "current" => memory.current = size(),
        "maximum" => memory.maximum = size(),
        "available" => memory.available = size(),
        "unused" => memory.unused = size(),
        "usable" => memory.usable = size(),
        "disk_caches" => memory.disk_caches = size(),
        "rss" => memory.rss = size(),
        "swap_in" => memory.swap_in = size().map(Counter),
        "swap_out" => memory.swap_out = size().map(Counter),
        "major_fault" => memory.major_faults = counter(value, Events),
        "minor_fault" => memory.minor_faults = counter(value, Events),
        "last-update" => memory.last_update = value.as_u64(),
        _ => {}
    }
}

fn vcpu(vcpu: &mut VcpuSample, field: &str, value: &Value<'_>) {
    match field {
        "state" => vcpu.state = value.as_i64().and_then(vcpu_state),
        "time" => vcpu.time = counter(value, Nanoseconds),
        "wait" => vcpu.wait = counter(value, Nanoseconds),
        "delay" => vcpu.delay = counter(value, Nanoseconds),
        "halted" => vcpu.halted = value.as_bool(),
        _ => {}
    }
}

/// `virVcpuState`.
pub(crate) fn vcpu_state(raw: i64) -> Option<VcpuState> {
    match raw {
        0 => Some(VcpuState::Offline),
        1 => Some(VcpuState::Running),
        2 => Some(VcpuState::Blocked),
        _ => None,
    }
}

fn net(nic: &mut NetSample, field: &str, value: Value<'_>) {
    match field {
        "name" => nic.name = value.into_text().unwrap_or_default(),
        "rx.bytes" => nic.rx_bytes = counter(&value, Bytes),
        "rx.pkts" => nic.rx_packets = counter(&value, Packets),
        "rx.errs" => nic.rx_errors = counter(&value, Packets),
        "rx.drop" => nic.rx_drops = counter(&value, Packets),
        "tx.bytes" => nic.tx_bytes = counter(&value, Bytes),
        "tx.pkts" => nic.tx_packets = counter(&value, Packets),
        "tx.errs" => nic.tx_errors = counter(&value, Packets),
        "tx.drop" => nic.tx_drops = counter(&value, Packets),
        _ => {}
    }
}

fn block(disk: &mut BlockSample, field: &str, value: Value<'_>) {
    match field {
        "name" => disk.name = value.into_text().unwrap_or_default(),
        "path" => disk.path = value.into_text(),
        "backingIndex" => disk.backing_index = value.as_u64().and_then(|index| index.try_into().ok()),
        "rd.reqs" => disk.read_requests = counter(&value, Operations),
        "rd.bytes" => disk.read_bytes = counter(&value, Bytes),
        "rd.times" => disk.read_time = counter(&value, Nanoseconds),
        "wr.reqs" => disk.write_requests = counter(&value, Operations),
        "wr.bytes" => disk.write_bytes = counter(&value, Bytes),
        "wr.times" => disk.write_time = counter(&value, Nanoseconds),
        "fl.reqs" => disk.flush_requests = counter(&value, Operations),
        "fl.times" => disk.flush_time = counter(&value, Nanoseconds),
        "errors" => disk.errors = counter(&value, Events),
        "allocation" => disk.allocation = value.as_u64().map(Bytes),
        "capacity" => disk.capacity = value.as_u64().map(Bytes),
        "physical" => disk.physical = value.as_u64().map(Bytes),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_called_by_its_target_and_its_layers_by_their_index_too() {
        let params = ["vda", "vda", "vdb"].into_iter().zip(["7", "3", "1"]).enumerate().flat_map(|(number, disk)| {
            [
                (format!("block.{number}.name"), Value::Text(disk.0.into())),
                (format!("block.{number}.backingIndex"), Value::Unsigned(disk.1.parse().unwrap())),
                (format!("block.{number}.rd.reqs"), Value::Unsigned(1)),
            ]
        });
        let params: Vec<_> = params.collect();
        let figures = read(params.iter().map(|(key, value)| (key.as_str(), value.clone())));
        assert_eq!(figures.disks.iter().map(BlockSample::key).collect::<Vec<_>>(), ["vda", "vda[3]", "vdb"]);
    }
}
