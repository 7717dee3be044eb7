//! The synthetic node: it has room for its domains, and its CPU time includes theirs.

use super::envelope::Envelope;
use super::guest::CpuTime;
use super::moment::Moment;
use super::noise::{Flow, Noise, derive, wander};
use super::profile::{Profile, gibibytes};
use super::story;
use crate::model::{Counter, CpuTimes, Driver, HostInfo, NodeMemory, NodeSample};
use crate::units::{Bytes, Nanoseconds};

/// CPUs and memory of a host with the twelve domains of the story.
const CPUS: u32 = 32;
const MEMORY_GIB: u64 = 256;
/// Its swap, and what is in it.
const SWAP_GIB: u64 = 8;
const SWAPPED_MIB: u64 = 96;

/// How long the node had been up when the story began, in seconds: 97 days.
const UPTIME: f64 = 97.0 * 86_400.0;

const SECOND: f64 = 1e9;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) cpus: u32,
    memory: Bytes,
    seed: u64,
    user: Flow,
    kernel: Flow,
    io_wait: Flow,
    io_wait_course: Envelope,
}

impl Node {
    /// A node with room for generated domains beside the twelve of the story.
    pub(super) fn new(seed: u64, extras: &[Profile]) -> Self {
        let seed = derive(seed, u64::MAX);
        let flow = |stream, cores| Flow::new(cores * SECOND, UPTIME, Noise::even(derive(seed, stream), 0.5));
        let busy = extras.iter().filter(|extra| extra.busy);
        let cores: f64 = busy.map(|extra| 0.1 + 1.7 * extra.load * f64::from(extra.vcpus)).sum();
        let memory: u64 = extras.iter().map(|extra| extra.memory.0 + (1 << 28)).sum();
        Self {
            cpus: CPUS * (1 + (cores / f64::from(CPUS)).ceil() as u32),
            memory: gibibytes(MEMORY_GIB + memory.div_ceil(64 << 30) * 64),
            seed,
            user: flow(1, 0.15),
            kernel: flow(2, 0.25),
            io_wait: flow(3, 0.05),
            io_wait_course: story::io_wait(),
        }
    }

    pub(super) fn info(&self) -> HostInfo {
        HostInfo {
            hostname: "demo-host".to_owned(),
            uri: "synthetic:///system".to_owned(),
            driver: Driver::Qemu,
            hypervisor_version: Some("9.2.0".to_owned()),
            libvirt_version: Some("11.3.0".to_owned()),
            cpu_model: Some("x86_64".to_owned()),
            cpus: Some(self.cpus),
            mhz: Some(2900),
            parallel_calls: 1,
            synthetic: true,
        }
    }

    /// The sample of the node. `guests`: CPU time of all domains since the story began; `resident`: resident memory of active domains
    /// in bytes.
    pub(super) fn sample(&self, moment: &Moment, guests: CpuTime, resident: f64) -> NodeSample {
        let seconds = moment.seconds();
        let user = guests.user + self.user.total(seconds);
        let kernel = guests.system + self.kernel.total(seconds);
        let iowait = self.io_wait.total(self.io_wait_course.area(moment));
        let idle = f64::from(self.cpus) * (UPTIME + seconds) * SECOND - user - kernel - iowait;
        let counter = |value: f64| Counter(Nanoseconds(value as u64));
        let cached = 7e9 + 1.5e9 * wander(self.seed, 23.0, seconds);
        let buffers = 0.6e9 + 0.1e9 * wander(derive(self.seed, 4), 31.0, seconds);
        let free = self.memory.0 as f64 - resident - 5.5e9 - cached - buffers;
        let page = |bytes: f64| Bytes::from_kib(bytes.max(0.0) as u64 / 4096 * 4);
        NodeSample {
            cpu: Some(CpuTimes {
                kernel: counter(kernel),
                user: counter(user),
                idle: counter(idle),
                iowait: Some(counter(iowait)),
            }),
            memory: Some(NodeMemory {
                total: self.memory,
                free: page(free),
                buffers: Some(page(buffers)),
                cached: Some(page(cached)),
                available: Some(Bytes(page(free).0 + page(buffers).0 + page(cached).0)),
                hugepages: Some(Bytes(0)),
                hugepages_free: Some(Bytes(0)),
                arc_reclaimable: None,
                swap: Some(gibibytes(SWAP_GIB)),
                swap_free: Some(Bytes(gibibytes(SWAP_GIB).0 - (SWAPPED_MIB << 20))),
            }),
        }
    }
}
