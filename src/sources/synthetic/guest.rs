//! One synthetic domain: the sources of its counters, and their totals at a moment.

use super::definition::definition;
use super::memory::{Memory, Now};
use super::noise::{Flow, Noise, derive, unit};
use super::profile::{Disk, DiskLoad, Nic, Profile};
use super::story::{Part, Parts, Role, Run};
use crate::model::{
    BlockSample, Counter, CpuSample, DomainDefinition, DomainSample, Groups, NetSample, VcpuSample, VcpuState,
};
use crate::units::{Bytes, Nanoseconds, Operations, Packets};
use compact_str::CompactString;
use std::sync::Arc;
use uuid::Uuid;

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// vCPU times move in steps of 10 ms, as the kernel's do.
const TICK: u64 = 10_000_000;

#[derive(Debug)]
pub(super) struct Guest {
    pub(super) uuid: Uuid,
    pub(super) role: Role,
    pub(super) memory: Memory,
    index: u32,
    seed: u64,
    pub(super) name: CompactString,
    running: Arc<DomainDefinition>,
    off: Arc<DomainDefinition>,
    vcpus: Vec<Vcpu>,
    emulator: Flow,
    /// The CPU time of an idle domain, which never changes. Most domains of a large host are idle.
    idle_cpu: Option<CpuTime>,
    disks: Vec<DiskFlows>,
    nics: Vec<NicFlows>,
}

#[derive(Debug)]
struct Vcpu {
    number: u32,
    work: Flow,
    burn: Flow,
    delay: Flow,
    /// The probability that it is not halted; 0 in an idle domain.
    load: f64,
}

#[derive(Debug)]
struct DiskFlows {
    name: CompactString,
    path: Option<Arc<str>>,
    first: bool,
    capacity: Option<Bytes>,
    filled: f64,
    reads: Flow,
    read_bytes: Flow,
    read_time: Flow,
    writes: Flow,
    write_bytes: Flow,
    write_time: Flow,
    flushes: Flow,
    flush_time: Flow,
}

#[derive(Debug)]
struct NicFlows {
    name: CompactString,
    rx_bytes: Flow,
    rx_packets: Flow,
    rx_drops: Flow,
    tx_bytes: Flow,
    tx_packets: Flow,
}

/// CPU time of a domain, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CpuTime {
    pub(super) user: f64,
    pub(super) system: f64,
}

/// Values that all domains of a sample need.
pub(super) struct SampleContext {
    pub(super) now: Now,
    pub(super) domains: u32,
    pub(super) host_cpus: u32,
}

impl Guest {
    pub(super) fn new(seed: u64, index: usize, profile: &Profile, first_device: usize) -> Self {
        let seed = derive(seed, index as u64);
        let devices: Vec<_> =
            (first_device..).zip(&profile.nics).map(|(n, nic)| nic.counted().then(|| format!("vnet{n}"))).collect();
        let flows = Flows { seed: derive(seed, 1), uptime: profile.uptime, busy: profile.busy };
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&derive(seed, 2).to_be_bytes());
        bytes[8..].copy_from_slice(&derive(seed, 3).to_be_bytes());
        let mut guest = Self {
            uuid: uuid::Builder::from_random_bytes(bytes).into_uuid(),
            role: profile.role,
            memory: Memory::new(profile, derive(seed, 4)),
            index: index as u32,
            seed,
            name: profile.name.clone(),
            running: Arc::new(definition(profile, seed, Some(&devices))),
            off: Arc::new(definition(profile, seed, None)),
            vcpus: (0..profile.vcpus)
                .filter(|number| !profile.offline.contains(number))
                .map(|number| flows.vcpu(profile, number))
                .collect(),
            idle_cpu: None,
            emulator: flows.even(2, 0.3, SECOND * (0.012 + 0.03 * profile.load * f64::from(profile.vcpus))),
            disks: (0..).zip(&profile.disks).map(|(n, disk)| flows.disk(disk, n)).collect(),
            nics: (0..)
                .zip(profile.nics.iter().zip(devices))
                .filter_map(|(n, (nic, device))| Some(flows.nic(nic, n, device?.into())))
                .collect(),
        };
        guest.idle_cpu = (!profile.busy).then(|| guest.cpu_time(&Parts::default()));
        guest
    }

    /// CPU time since the story began, of all runs together.
    pub(super) fn cpu_time(&self, areas: &Parts<f64>) -> CpuTime {
        if let Some(idle_cpu) = self.idle_cpu {
            return idle_cpu;
        }
        let guest: f64 = self.vcpus.iter().map(|vcpu| vcpu.work.total(areas.cpu) + vcpu.burn.total(areas.burn)).sum();
        let emulator = self.emulator.total(areas.cpu);
        CpuTime { user: 0.88 * guest + 0.35 * emulator, system: 0.12 * guest + 0.65 * emulator }
    }

    /// The sample of this domain; `lifetime` is its [`Guest::cpu_time`] now.
    pub(super) fn sample(
        &self,
        context: &SampleContext,
        part: &Part,
        lifetime: CpuTime,
        groups: Groups,
    ) -> DomainSample {
        let run = match part.life.run {
            Run::Off => None,
            Run::First => Some(self.index + 1),
            Run::Started { serial, .. } => Some(context.domains + 1 + serial as u32),
        };
        let mut sample = DomainSample::new(self.name.as_str(), run, part.life.state, part.life.reason);
        sample.definition = Some(Arc::clone(if run.is_some() { &self.running } else { &self.off }));
        if run.is_none() {
            return sample;
        }
        sample.answered = groups | Groups::STATE;
        let reading = Reading { areas: &part.areas, start: part.start.as_ref() };
        if groups.contains(Groups::CPU) {
            let start = part.start.as_ref().map(|start| self.cpu_time(start)).unwrap_or_default();
            let (user, system) = ((lifetime.user - start.user) as u64, (lifetime.system - start.system) as u64);
            let counter = |value| Some(Counter(Nanoseconds(value)));
            sample.cpu = CpuSample {
                time: counter(user + system),
                user: counter(user),
                system: counter(system),
                ..CpuSample::default()
            };
        }
        if groups.contains(Groups::VCPU) {
            // One by one: `collect` would build a list first, for each of many domains.
            for vcpu in &self.vcpus {
                sample.vcpus.insert(vcpu.number, vcpu.sample(&reading, context));
            }
        }
        if groups.contains(Groups::HOST_CPU) {
            sample.host_cpus = self.host_cpus(&reading, lifetime, context.host_cpus);
        }
        if groups.contains(Groups::MEMORY) {
            sample.memory = self.memory.sample(context.now, part);
        }
        if groups.contains(Groups::BLOCK) {
            sample.disks = self.disks.iter().map(|disk| disk.sample(&reading)).collect();
        }
        if groups.contains(Groups::NET) {
            sample.nics = self.nics.iter().map(|nic| nic.sample(&reading)).collect();
        }
        sample
    }

    /// CPU time on each host CPU. The shares of the host CPUs differ and change slowly; their sum differs from the domain's CPU time
    /// by some seconds at most.
    fn host_cpus(&self, reading: &Reading<'_>, lifetime: CpuTime, count: u32) -> Vec<Counter<Nanoseconds>> {
        let weights = (0..count).map(|cpu| 0.03 + unit(derive(self.seed, 7), u64::from(cpu)).powi(6)).collect();
        // With all vCPUs busy and the noise at its highest, the largest share is one whole host CPU.
        let shares = shares(weights, 0.6 / self.vcpus.len().max(1) as f64);
        let start = reading.start.map(|start| self.cpu_time(start)).unwrap_or_default();
        let [now, start] = [lifetime, start].map(|time| (time.user + time.system) / SECOND);
        (0..)
            .zip(shares)
            .map(|(cpu, share)| {
                let noise = Noise::even(derive(self.seed, 100 + cpu), 0.6);
                let seconds = (noise.total(now) - noise.total(start)) * share;
                Counter(Nanoseconds((seconds * SECOND) as u64))
            })
            .collect()
    }
}

/// The share of each in proportion to its weight, but not more than `most`; what is above goes to the others.
fn shares(weights: Vec<f64>, most: f64) -> Vec<f64> {
    let most = most.max(1.0 / weights.len().max(1) as f64);
    let whole: f64 = weights.iter().sum();
    let mut shares: Vec<f64> = weights.into_iter().map(|weight| weight / whole).collect();
    for _ in 0..shares.len() {
        let excess: f64 = shares.iter().map(|share| (share - most).max(0.0)).sum();
        let free: f64 = shares.iter().filter(|share| **share < most).sum();
        if excess == 0.0 || free == 0.0 {
            break;
        }
        for share in &mut shares {
            *share = if *share < most { *share * (1.0 + excess / free) } else { most };
        }
    }
    shares
}

/// Makes the sources of the counters of one profile.
struct Flows {
    seed: u64,
    uptime: f64,
    busy: bool,
}

impl Flows {
    fn flow(&self, per_second: f64, noise: Noise) -> Flow {
        if self.busy { Flow::new(per_second, self.uptime, noise) } else { Flow::frozen(per_second * self.uptime) }
    }

    fn even(&self, stream: u64, roughness: f64, per_second: f64) -> Flow {
        self.flow(per_second, Noise::even(derive(self.seed, stream), roughness))
    }

    fn vcpu(&self, profile: &Profile, number: u32) -> Vcpu {
        let seed = derive(self.seed, 1000 + u64::from(number));
        let load = profile.load * (0.85 + 0.3 * unit(seed, 1));
        Vcpu {
            number,
            work: self.flow(load * SECOND, Noise::even(seed, profile.roughness)),
            // This load exists in the story only, so the counter had 0 before.
            burn: Flow::new(profile.burn * SECOND, 0.0, Noise::even(derive(seed, 2), 0.015)),
            delay: self.flow(load * 0.006 * SECOND, Noise::even(derive(seed, 3), profile.roughness)),
            load: if self.busy { load + profile.burn / 2.0 } else { 0.0 },
        }
    }

    fn disk(&self, disk: &Disk, n: usize) -> DiskFlows {
        let seed = derive(self.seed, 2000 + n as u64);
        let DiskLoad { reads, read_size, writes, write_size, flushes, latency, bursts } = disk.load;
        let course = |stream| {
            let seed = derive(seed, stream);
            if bursts { Noise::Bursts { seed, every: 31.0, lasting: 5.0 } } else { Noise::even(seed, 0.7) }
        };
        let (read, write, flush) = (course(1), course(2), course(3));
        let time = latency * 1e6;
        DiskFlows {
            name: disk.target.as_str().into(),
            path: disk.source.as_deref().map(Into::into),
            first: n == 0,
            capacity: disk.source.is_some().then_some(disk.capacity),
            filled: disk.filled,
            reads: self.flow(reads, read),
            read_bytes: self.flow(reads * read_size, read.variation(1)),
            read_time: self.flow(reads * time, read.variation(2)),
            writes: self.flow(writes, write),
            write_bytes: self.flow(writes * write_size, write.variation(1)),
            write_time: self.flow(writes * time, write.variation(2)),
            flushes: self.flow(flushes, flush),
            flush_time: self.flow(flushes * time * 3.0, flush.variation(1)),
        }
    }

    fn nic(&self, nic: &Nic, n: usize, name: CompactString) -> NicFlows {
        let seed = derive(self.seed, 3000 + n as u64);
        let (receive, transmit) = (Noise::even(derive(seed, 1), 0.8), Noise::even(derive(seed, 2), 0.8));
        NicFlows {
            name,
            rx_packets: self.flow(nic.receive.0, receive),
            rx_bytes: self.flow(nic.receive.0 * nic.receive.1, receive.variation(1)),
            rx_drops: Flow::new(nic.drops, 0.0, Noise::even(derive(seed, 3), 0.8)),
            tx_packets: self.flow(nic.transmit.0, transmit),
            tx_bytes: self.flow(nic.transmit.0 * nic.transmit.1, transmit.variation(1)),
        }
    }
}

/// Converts activity to totals of the current run.
struct Reading<'a> {
    areas: &'a Parts<f64>,
    start: Option<&'a Parts<f64>>,
}

impl Reading<'_> {
    fn count(&self, flow: &Flow, part: impl Fn(&Parts<f64>) -> f64) -> u64 {
        (flow.total(part(self.areas)) - self.start.map_or(0.0, |start| flow.total(part(start)))) as u64
    }
}

impl Vcpu {
    fn sample(&self, reading: &Reading<'_>, context: &SampleContext) -> VcpuSample {
        let time = reading.count(&self.work, |parts| parts.cpu) + reading.count(&self.burn, |parts| parts.burn);
        let moment = (context.now.moment.seconds() * 10.0) as u64;
        VcpuSample {
            state: Some(VcpuState::Running),
            time: Some(Counter(Nanoseconds(time / TICK * TICK))),
            wait: Some(Counter(Nanoseconds(0))),
            delay: Some(Counter(Nanoseconds(reading.count(&self.delay, |parts| parts.steal)))),
            halted: Some(self.load == 0.0 || unit(u64::from(self.number) ^ self.load.to_bits(), moment) > self.load),
            host_cpu: None,
        }
    }
}

impl DiskFlows {
    fn sample(&self, reading: &Reading<'_>) -> BlockSample {
        let pick =
            |first: fn(&Parts<f64>) -> f64| if self.first { first } else { |parts: &Parts<f64>| parts.other_disks };
        let operations = |flow, part| Some(Counter(Operations(reading.count(flow, pick(part)))));
        let bytes = |flow| Some(Counter(Bytes(reading.count(flow, pick(|parts| parts.requests)) / 512 * 512)));
        let nanoseconds = |flow, part| Some(Counter(Nanoseconds(reading.count(flow, pick(part)))));
        let physical = self.capacity.map(|Bytes(capacity)| Bytes((capacity as f64 * self.filled) as u64 / 4096 * 4096));
        BlockSample {
            name: self.name.clone(),
            backing_index: None,
            path: self.path.clone(),
            read_requests: operations(&self.reads, |parts| parts.requests),
            read_bytes: bytes(&self.read_bytes),
            read_time: nanoseconds(&self.read_time, |parts| parts.request_time),
            write_requests: operations(&self.writes, |parts| parts.requests),
            write_bytes: bytes(&self.write_bytes),
            write_time: nanoseconds(&self.write_time, |parts| parts.request_time),
            flush_requests: operations(&self.flushes, |parts| parts.flushes),
            flush_time: nanoseconds(&self.flush_time, |parts| parts.flush_time),
            errors: None,
            allocation: physical,
            capacity: self.capacity,
            physical,
        }
    }
}

impl NicFlows {
    fn sample(&self, reading: &Reading<'_>) -> NetSample {
        let packets = |flow, part: fn(&Parts<f64>) -> f64| Some(Counter(Packets(reading.count(flow, part))));
        let bytes = |flow, part: fn(&Parts<f64>) -> f64| Some(Counter(Bytes(reading.count(flow, part))));
        NetSample {
            name: self.name.clone(),
            rx_bytes: bytes(&self.rx_bytes, |parts| parts.receive),
            rx_packets: packets(&self.rx_packets, |parts| parts.receive),
            rx_errors: Some(Counter(Packets(0))),
            rx_drops: packets(&self.rx_drops, |parts| parts.drops),
            tx_bytes: bytes(&self.tx_bytes, |parts| parts.transmit),
            tx_packets: packets(&self.tx_packets, |parts| parts.transmit),
            tx_errors: Some(Counter(Packets(0))),
            tx_drops: Some(Counter(Packets(0))),
            guest_side: None,
        }
    }
}
