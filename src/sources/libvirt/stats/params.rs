//! The parser of a domain's typed parameters, with the keys of the bulk call. Unknown keys are skipped, every numeric type is
//! accepted for every key, and an index (`block.3.…`) only groups the values of one device.

use crate::model::{BlockSample, Counter, CpuSample, Groups, MemorySample, NetSample, VcpuSample, VcpuState};
use crate::units::{Bytes, Events, Nanoseconds, Operations, Packets};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of a typed parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `VIR_TYPED_PARAM_UINT` and `_ULLONG`.
    Unsigned(u64),
    /// `VIR_TYPED_PARAM_INT` and `_LLONG`.
    Signed(i64),
    /// `VIR_TYPED_PARAM_DOUBLE`.
    Double(f64),
    /// `VIR_TYPED_PARAM_BOOLEAN`.
    Bool(bool),
    /// `VIR_TYPED_PARAM_STRING`.
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// The value as a count; `None` if it is negative (libvirt's "not known"), not a number, or text.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Unsigned(number) => Some(number),
            Self::Signed(number) => number.try_into().ok(),
            // A cast of a float saturates.
            Self::Double(number) if number >= 0.0 => Some(number as u64),
            Self::Double(_) | Self::Text(_) => None,
            Self::Bool(yes) => Some(yes.into()),
        }
    }

    /// The value as a number that may be negative.
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

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The values of one domain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// `state.state`.
    pub state: Option<i64>,
    /// `state.reason`.
    pub reason: Option<i64>,
    /// `cpu.*`.
    pub cpu: CpuSample,
    /// `balloon.*`.
    pub memory: MemorySample,
    /// `vcpu.current`: how many vCPUs are plugged in.
    pub vcpus_current: Option<u64>,
    /// `vcpu.N.*`.
    pub vcpus: BTreeMap<u32, VcpuSample>,
    /// `block.N.*`. Without the domain's job lock, libvirt returns the names only.
    pub disks: Vec<BlockSample>,
    /// `net.N.*`.
    pub nics: Vec<NetSample>,
    /// Groups that are in the answer. BLOCK is not if no disk has counters: without the domain's job lock, libvirt returns the
    /// names only. For a disk without counters (vhost-user) it never returns more.
    pub answered: Groups,
}

/// Parses the parameters of one domain.
pub fn read<'a>(params: impl IntoIterator<Item = (&'a str, Value<'a>)>) -> Figures {
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

    // The name is the key: without it, a device cannot be found again in the next answer.
    figures.nics = nics.into_values().filter(|nic| !nic.name.is_empty()).collect();
    let mut disks: Vec<BlockSample> = disks.into_values().filter(|disk| !disk.name.is_empty()).collect();
    clear_index_of_top_layers(&mut disks);
    if no_disks || disks.iter().any(BlockSample::has_counters) {
        figures.answered |= Groups::BLOCK;
    }
    figures.disks = disks;
    figures
}

/// Removes the index of the top layer of each disk (`block.0.backingIndex=2`), which changes with every snapshot. The top layer
/// comes first and is the disk itself; the layers below it keep their index.
fn clear_index_of_top_layers(disks: &mut [BlockSample]) {
    for index in 0..disks.len() {
        let (before, rest) = disks.split_at_mut(index);
        if before.iter().all(|above| above.name != rest[0].name) {
            rest[0].backing_index = None;
        }
    }
}

/// `3.rd.bytes` -> 3 and `rd.bytes`.
fn numbered(rest: &str) -> Option<(u32, &str)> {
    let (number, field) = rest.split_once('.')?;
    Some((number.parse().ok()?, field))
}

/// Devices by their index, in the order of their first key. The keys of a device come one after another, so a search begins at
/// the last device.
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
        "hugetlb_pgalloc" => memory.hugetlb_allocations = counter(value, Events),
        "hugetlb_pgfail" => memory.hugetlb_failures = counter(value, Events),
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
        "name" => nic.name = value.as_text().unwrap_or_default().into(),
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
        "name" => disk.name = value.as_text().unwrap_or_default().into(),
        "path" => disk.path = value.as_text().map(Into::into),
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
    use compact_str::CompactString;

    macro_rules! capture {
        ($name:literal) => {
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/captures/", $name, ".domstats"))
        };
    }

    /// The values of one domain in the output of `virsh domstats --raw`. It has no types: what looks like a number is parsed as one.
    fn figures(text: &str, domain: &str) -> Figures {
        let lines = text
            .lines()
            .skip_while(|line| *line != format!("Domain: '{domain}'"))
            .skip(1)
            .take_while(|line| !line.starts_with("Domain:"));
        let params = lines.filter_map(|line| {
            let (key, value) = line.trim().split_once('=')?;
            let value = match (value, value.parse::<u64>(), value.parse::<i64>(), value.parse::<f64>()) {
                ("yes" | "no", ..) => Value::Bool(value == "yes"),
                (_, Ok(number), ..) => Value::Unsigned(number),
                (_, _, Ok(number), _) => Value::Signed(number),
                (_, _, _, Ok(number)) => Value::Double(number),
                _ => Value::Text(value.into()),
            };
            Some((key, value))
        });
        read(params.collect::<Vec<_>>())
    }

    fn names(disks: &[BlockSample]) -> Vec<CompactString> {
        disks.iter().map(BlockSample::key).collect()
    }

    #[test]
    fn all_groups_of_a_running_domain_are_parsed() {
        let text = capture!("hot-plug-2-vdc-and-nic-added");
        let figures = figures(text, "vtop-lab-disk");
        assert_eq!(figures.answered, Groups::OVERVIEW);
        assert_eq!((figures.state, figures.reason), (Some(1), Some(1)));
        assert_eq!(
            figures.cpu,
            CpuSample {
                time: Some(Counter(Nanoseconds(4_987_991_883))),
                user: Some(Counter(Nanoseconds(4_340_000_000))),
                system: Some(Counter(Nanoseconds(640_000_000))),
                ..CpuSample::default()
            }
        );
        assert_eq!(
            figures.memory,
            MemorySample {
                current: Some(Bytes(128 << 20)),
                maximum: Some(Bytes(128 << 20)),
                available: Some(Bytes(94_788 << 10)),
                unused: Some(Bytes(64_796 << 10)),
                usable: Some(Bytes(70_604 << 10)),
                disk_caches: Some(Bytes(2_516 << 10)),
                rss: Some(Bytes(197_676 << 10)),
                swap_in: Some(Counter(Bytes(0))),
                swap_out: Some(Counter(Bytes(0))),
                major_faults: Some(Counter(Events(0))),
                minor_faults: Some(Counter(Events(7_812))),
                hugetlb_allocations: Some(Counter(Events(0))),
                hugetlb_failures: Some(Counter(Events(0))),
                last_update: Some(1_795_360_964),
            }
        );
        assert_eq!(figures.vcpus_current, Some(1));
        let vcpu = figures.vcpus[&0];
        assert_eq!(vcpu.state, Some(VcpuState::Running));
        assert_eq!(vcpu.delay, Some(Counter(Nanoseconds(12_178_598_458))));
        assert_eq!(figures.nics.iter().map(|nic| nic.name.as_str()).collect::<Vec<_>>(), ["vnet1", "vnet5"]);
        let nic = &figures.nics[0];
        assert_eq!((nic.rx_bytes, nic.tx_packets), (Some(Counter(Bytes(3_192))), Some(Counter(Packets(7)))));
        let vdb = &figures.disks[1];
        assert_eq!(vdb.path.as_deref(), Some("/tmp/vtop-lab-capture/disks/vtop-lab-disk-vdb.raw"));
        assert_eq!(vdb.read_requests, Some(Counter(Operations(1_633))));
        assert_eq!(vdb.write_time, Some(Counter(Nanoseconds(928_423_162))));
        assert_eq!(vdb.flush_requests, Some(Counter(Operations(51))));
        assert_eq!((vdb.allocation, vdb.capacity), (Some(Bytes(26_738_688)), Some(Bytes(64 << 20))));
    }

    #[test]
    fn a_disk_keeps_its_name_when_its_number_shifts() {
        let before = figures(capture!("hot-plug-2-vdc-and-nic-added"), "vtop-lab-disk").disks;
        let after = figures(capture!("hot-plug-3-vdb-removed"), "vtop-lab-disk").disks;
        assert_eq!(names(&before), ["vda", "vdb", "vdc"]);
        assert_eq!(names(&after), ["vda", "vdc"]);
        assert_eq!(before[2].path, after[1].path);
    }

    #[test]
    fn numbers_of_vcpus_may_have_gaps() {
        let figures = figures(capture!("sparse-vcpus"), "vtop-lab-sparse");
        assert_eq!(figures.vcpus.keys().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(figures.vcpus_current, Some(2));
        assert_eq!(figures.vcpus[&2].time, Some(Counter(Nanoseconds(110_000_000))));
    }

    #[test]
    fn without_a_balloon_driver_there_are_no_guest_values() {
        let memory = figures(capture!("no-balloon-driver"), {
            let text = capture!("no-balloon-driver");
            text.split('\'').nth(1).unwrap()
        })
        .memory;
        assert!(memory.current.is_some() && memory.rss.is_some());
        assert_eq!((memory.usable, memory.available, memory.last_update), (None, None, Some(0)));
    }

    #[test]
    fn a_driver_that_says_only_the_state_answers_only_that() {
        let figures = figures(capture!("test-driver"), "test");
        assert_eq!(figures.answered, Groups::STATE);
        assert_eq!(figures.state, Some(1));
    }

    #[test]
    fn a_domain_without_disks_was_asked_and_one_without_counters_was_not() {
        let disks = |params: &[(&'static str, Value<'static>)]| {
            let figures = read(params.iter().cloned());
            (figures.answered.contains(Groups::BLOCK), figures.disks.len())
        };
        let name = ("block.0.name", Value::Text("vda".into()));
        assert_eq!(disks(&[("block.count", Value::Unsigned(0))]), (true, 0));
        assert_eq!(disks(&[("block.count", Value::Unsigned(1)), name.clone()]), (false, 1), "the name stays");
        assert_eq!(disks(&[name, ("block.0.rd.reqs", Value::Unsigned(3))]), (true, 1));
        assert_eq!(disks(&[]), (false, 0));
    }

    #[test]
    fn a_nic_without_counters_here_was_asked() {
        let figures = read([("net.count", Value::Unsigned(1))]);
        assert_eq!((figures.answered, figures.nics.len()), (Groups::NET, 0));
    }

    #[test]
    fn only_layers_below_the_top_are_told_apart_by_number() {
        let layer = |number: u32, name: &'static str, index: u64| {
            [
                (format!("block.{number}.name"), Value::Text(name.into())),
                (format!("block.{number}.backingIndex"), Value::Unsigned(index)),
                (format!("block.{number}.rd.reqs"), Value::Unsigned(1)),
            ]
        };
        let params: Vec<_> =
            [layer(0, "vda", 2), layer(1, "vda", 3), layer(2, "vdb", 1)].into_iter().flatten().collect();
        let figures = read(params.iter().map(|(key, value)| (key.as_str(), value.clone())));
        assert_eq!(names(&figures.disks), ["vda", "vda[3]", "vdb"]);
    }

    #[test]
    fn any_numeric_type_will_do() {
        for value in [Value::Unsigned(7), Value::Signed(7), Value::Double(7.9)] {
            assert_eq!(read([("cpu.time", value)]).cpu.time, Some(Counter(Nanoseconds(7))));
        }
        for value in [Value::Signed(-1), Value::Double(-0.5), Value::Double(f64::NAN), Value::Text("7".into())] {
            assert_eq!(read([("cpu.time", value)]).cpu.time, None);
        }
        for (value, halted) in [(Value::Bool(true), true), (Value::Signed(0), false), (Value::Unsigned(1), true)] {
            assert_eq!(read([("vcpu.3.halted", value)]).vcpus[&3].halted, Some(halted));
        }
        assert_eq!(read([("state.state", Value::Unsigned(5))]).state, Some(5));
    }

    #[test]
    fn nonsense_is_skipped() {
        let nonsense = [
            "",
            ".",
            "cpu",
            "cpu.",
            "cpu.time.extra",
            "vcpu.x.time",
            "vcpu.4294967296.time",
            "vcpu.-1.time",
            "net..name",
            "block.0",
            "block.name",
            "unknown.key",
            "state.state.state",
        ];
        let figures = read(nonsense.map(|key| (key, Value::Unsigned(1))));
        assert_eq!(
            (figures.cpu, figures.vcpus.len(), figures.disks.len(), figures.nics.len(), figures.state),
            (CpuSample::default(), 0, 0, 0, None)
        );
    }

    proptest::proptest! {
        #[test]
        fn no_parameters_cause_a_panic(params in proptest::collection::vec(
            ("(state|cpu|balloon|vcpu|net|block|x)?\\.?[0-9]{0,11}\\.?(name|time|count|rd\\.reqs|backingIndex|\\PC{0,3})",
                proptest::prelude::any::<f64>()),
            0..40,
        )) {
            let figures = read(params.iter().enumerate().map(|(number, (key, value))| {
                let value = match number % 4 {
                    0 => Value::Double(*value),
                    1 => Value::Unsigned(value.to_bits()),
                    2 => Value::Signed(value.to_bits().cast_signed()),
                    _ => Value::Text(key.as_str().into()),
                };
                (key.as_str(), value)
            }));
            // A device without a name has no key.
            proptest::prop_assert!(figures.disks.iter().all(|disk| !disk.name.is_empty()));
            proptest::prop_assert!(figures.nics.iter().all(|nic| !nic.name.is_empty()));
        }
    }
}
