//! A hypervisor that does everything that one can do, in any order: steps that proptest can shrink, and the samples that
//! come of them.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use vtop::fleet::Fleet;
use vtop::model::*;
use vtop::sampler::diff;
use vtop::time::Timestamp;
use vtop::units::{Bytes, Nanoseconds, Operations, Packets};

/// One step of a host.
#[derive(Clone, Debug)]
pub struct Step {
    /// How the monotonic clock moves: mostly on, sometimes not at all or back.
    pub clock_ms: i64,
    pub changes: Vec<(u8, Change)>,
    pub then: Then,
}

#[derive(Clone, Copy, Debug)]
pub enum Then {
    Sample(Groups),
    /// The connection is lost; what comes next is a keyframe.
    Fail,
    Event(u8),
}

/// What happens to a domain, or to one of its devices by number.
#[derive(Clone, Debug)]
pub enum Change {
    ComesOrGoes,
    NewRun,
    Stops,
    PausesOnError,
    Renamed(String),
    Blocked(Option<BlockedBy>),
    /// Groups of which there is no answer.
    Silent(Groups),
    /// A driver that tells the group HOST_CPU too.
    LookedAt(bool),
    Disk(u8),
    Nic(u8),
    Vcpu(u8),
    Grows(u64),
    /// Device, and its counters from now on.
    Counter(u8, Option<u64>),
}

fn groups() -> impl Strategy<Value = Groups> {
    prop_oneof![
        5 => Just(Groups::OVERVIEW),
        2 => Just(Groups::STATE),
        1 => (0..64u32).prop_map(|bits| Groups::from_bits_truncate(bits) | Groups::STATE),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let hold = prop::option::of(prop::sample::select(vec![BlockedBy::Monitor, BlockedBy::Lock, BlockedBy::Host]));
    let value = prop::option::weighted(0.8, prop_oneof![0..100u64, 0..=u64::MAX, Just(u64::MAX)]);
    prop_oneof![
        2 => Just(Change::ComesOrGoes),
        1 => Just(Change::NewRun),
        1 => Just(Change::Stops),
        1 => Just(Change::PausesOnError),
        1 => "\\PC{0,12}".prop_map(Change::Renamed),
        2 => hold.prop_map(Change::Blocked),
        2 => groups().prop_map(Change::Silent),
        1 => any::<bool>().prop_map(Change::LookedAt),
        2 => (0..3u8).prop_map(Change::Disk),
        2 => (0..3u8).prop_map(Change::Nic),
        2 => (0..3u8).prop_map(Change::Vcpu),
        4 => (0..10_000_000_000u64).prop_map(Change::Grows),
        4 => (0..9u8, value).prop_map(|(device, value)| Change::Counter(device, value)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let clock = prop_oneof![
        6 => 100..2_000i64,
        1 => Just(0),
        1 => -3_000..0i64,
        1 => 60_000..10_000_000i64,
    ];
    let then = prop_oneof![
        12 => groups().prop_map(Then::Sample),
        1 => Just(Then::Fail),
        1 => (0..4u8).prop_map(Then::Event),
    ];
    (clock, prop::collection::vec((0..4u8, change()), 0..4), then).prop_map(|(clock_ms, changes, then)| Step {
        clock_ms,
        changes,
        then,
    })
}

pub fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..most)
}

#[derive(Clone)]
struct Guest {
    name: String,
    run: Option<u32>,
    state: (DomainState, i64),
    blocked: Option<BlockedBy>,
    silent: Groups,
    looked_at: bool,
    there: bool,
    /// By device: 0–2 disks, 3–5 NICs, 6–8 vCPUs. The domain's own counters are those of device 0.
    counters: [Option<u64>; 9],
    plugged: [bool; 9],
}

pub struct World {
    guests: Vec<Guest>,
    runs: u32,
    clock_ms: i64,
}

impl World {
    pub fn new() -> Self {
        let guest = |number: u32| Guest {
            name: format!("guest-{number}"),
            run: Some(number),
            state: (DomainState::Running, 1),
            blocked: None,
            silent: Groups::empty(),
            looked_at: false,
            there: number < 3,
            counters: [Some(1_000); 9],
            plugged: [true, true, false, true, true, false, true, true, false],
        };
        Self { guests: (0..4).map(guest).collect(), runs: 4, clock_ms: 100_000 }
    }

    pub fn now(&self) -> Timestamp {
        let monotonic = Duration::from_millis(self.clock_ms.unsigned_abs());
        Timestamp::at(monotonic, jiff::Timestamp::UNIX_EPOCH)
    }

    /// What the host says after this step.
    pub fn step(&mut self, step: &Step) -> Said {
        self.clock_ms = (self.clock_ms + step.clock_ms).max(0);
        for (guest, change) in &step.changes {
            self.change(usize::from(*guest), change);
        }
        match step.then {
            Then::Sample(asked) => Said::Sample(self.sample(asked)),
            Then::Fail => Said::Failure(Failure {
                message: "lost".into(),
                advice: None,
                retry_in: Some(Duration::from_secs(1)),
                at: self.now(),
                is_bug: false,
            }),
            Then::Event(kind) => {
                let kind = match kind {
                    0 => EventKind::Rebooted,
                    1 => EventKind::Lifecycle(Lifecycle::Suspended, LifecycleDetail::SUSPENDED_IOERROR),
                    2 => EventKind::Lifecycle(Lifecycle::Resumed, LifecycleDetail(0)),
                    _ => EventKind::LeftOut(7),
                };
                let domain = EventDomain { uuid: uuid(1), name: self.guests[1].name.clone() };
                Said::Event(Event { at: self.now(), domain: Some(domain), kind })
            }
        }
    }

    fn change(&mut self, number: usize, change: &Change) {
        self.runs += 1;
        let guest = &mut self.guests[number];
        let mut toggle = |device: usize| guest.plugged[device] = !guest.plugged[device];
        match change {
            Change::ComesOrGoes => guest.there = !guest.there,
            Change::NewRun => {
                (guest.run, guest.state) = (Some(self.runs), (DomainState::Running, 1));
                guest.counters = [Some(0); 9];
            }
            Change::Stops => (guest.run, guest.state) = (None, (DomainState::ShutOff, 1)),
            Change::PausesOnError => guest.state = (DomainState::Paused, 5),
            Change::Renamed(name) => guest.name.clone_from(name),
            Change::Blocked(hold) => guest.blocked = *hold,
            Change::Silent(groups) => guest.silent = *groups - Groups::STATE,
            Change::LookedAt(yes) => guest.looked_at = *yes,
            Change::Disk(device) => toggle(usize::from(*device)),
            Change::Nic(device) => toggle(3 + usize::from(*device)),
            Change::Vcpu(device) => toggle(6 + usize::from(*device)),
            Change::Grows(by) => {
                guest.counters.iter_mut().flatten().for_each(|value| *value = value.saturating_add(*by))
            }
            Change::Counter(device, value) => guest.counters[usize::from(*device)] = *value,
        }
    }

    fn sample(&self, asked: Groups) -> HostSample {
        let there = self.guests.iter().enumerate().filter(|(_, guest)| guest.there);
        let busy = Counter(Nanoseconds(self.clock_ms.unsigned_abs() * 1_000_000));
        HostSample {
            at: self.now(),
            kind: if asked == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full },
            requested: asked,
            node: NodeSample {
                cpu: Some(CpuTimes { kernel: busy, user: busy, idle: busy, iowait: Some(busy) }),
                memory: None,
            },
            domains: there.map(|(number, guest)| (uuid(number), self.domain(guest, asked))).collect(),
            unsupported: Arc::default(),
        }
    }

    fn domain(&self, guest: &Guest, asked: Groups) -> DomainSample {
        let (state, reason) = guest.state;
        let mut domain = DomainSample::new(guest.name.clone(), guest.run, state, StateReason(reason));
        domain.blocked = guest.blocked.map(|by| Blocked { by, since: self.now() });
        if guest.run.is_none() {
            return domain;
        }
        let may = if guest.blocked.is_some() { Groups::STATE | Groups::NET } else { Groups::all() };
        let own = guest.counters[0];
        // Besides what all are asked for, some domains are asked for more, which is read a moment before the rest.
        if asked != Groups::STATE {
            let dice = Groups::from_bits_truncate(own.unwrap_or_default() as u32 >> 1);
            domain.extra = dice & (Groups::OVERVIEW - asked);
            let before = Duration::from_millis(own.unwrap_or_default() % 40);
            domain.own_time = (!domain.extra.is_empty()).then(|| (domain.extra, self.now().earlier(before)));
        }
        domain.answered = ((asked | domain.extra) & may) - guest.silent;
        if guest.looked_at && asked != Groups::STATE && guest.blocked.is_none() {
            domain.answered |= Groups::HOST_CPU;
        }
        let has = |group| domain.answered.contains(group);
        let plugged = |from: usize| (from..from + 3).filter(|device| guest.plugged[*device]);
        if has(Groups::CPU) {
            let time = own.map(|value| Counter(Nanoseconds(value)));
            domain.cpu = CpuSample { time, user: time, ..CpuSample::default() };
        }
        if has(Groups::MEMORY) {
            let size = own.map(Bytes);
            domain.memory = MemorySample {
                current: size,
                available: size,
                usable: size.map(|size| Bytes(size.0 / 2)),
                swap_in: size.map(Counter),
                ..MemorySample::default()
            };
        }
        if has(Groups::VCPU) {
            let vcpu = |device: usize| {
                let time = guest.counters[device].map(|value| Counter(Nanoseconds(value)));
                (device as u32 - 6, VcpuSample { time, delay: time, ..VcpuSample::default() })
            };
            domain.vcpus = plugged(6).map(vcpu).collect::<BTreeMap<_, _>>();
        }
        if has(Groups::BLOCK) {
            let disk = |device: usize| {
                let value = guest.counters[device];
                BlockSample {
                    name: format!("vd{device}").into(),
                    read_requests: value.map(|value| Counter(Operations(value / 7))),
                    read_bytes: value.map(|value| Counter(Bytes(value))),
                    read_time: value.map(|value| Counter(Nanoseconds(value))),
                    write_time: value.map(|value| Counter(Nanoseconds(value))),
                    capacity: value.map(Bytes),
                    ..BlockSample::default()
                }
            };
            domain.disks = plugged(0).map(disk).collect();
        }
        if has(Groups::NET) {
            let nic = |device: usize| NetSample {
                name: format!("vnet{device}").into(),
                rx_bytes: guest.counters[device].map(|value| Counter(Bytes(value))),
                rx_drops: guest.counters[device].map(|value| Counter(Packets(value))),
                ..NetSample::default()
            };
            domain.nics = plugged(3).map(nic).collect();
        }
        if has(Groups::HOST_CPU) {
            domain.host_cpus = own.into_iter().map(|value| Counter(Nanoseconds(value))).collect();
        }
        domain
    }
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

/// What a host said.
#[derive(Clone, Debug)]
pub enum Said {
    Sample(HostSample),
    Failure(Failure),
    Event(Event),
}

pub fn play(steps: &[Step]) -> Vec<Said> {
    let mut world = World::new();
    steps.iter().map(|step| world.step(step)).collect()
}

/// As it would travel: after the first sample of a connection only what is different, or everything every time.
pub fn updates(said: &[Said], deltas: bool) -> Vec<HostUpdate> {
    let info = HostInfo { hostname: "node".into(), cpus: Some(4), ..HostInfo::default() };
    let mut updates = vec![HostUpdate::Connected(Arc::new(info))];
    let mut before: Option<&HostSample> = None;
    for said in said {
        updates.push(match said {
            Said::Sample(sample) => match before.replace(sample).filter(|_| deltas) {
                Some(before) => HostUpdate::Delta(diff(before, sample)),
                None => HostUpdate::Keyframe(sample.clone()),
            },
            Said::Failure(failure) => {
                before = None;
                HostUpdate::Failed(failure.clone())
            }
            Said::Event(event) => HostUpdate::Event(event.clone()),
        });
    }
    updates
}

pub fn fleet(updates: Vec<HostUpdate>) -> Fleet {
    let mut fleet = Fleet::new(1);
    updates.into_iter().for_each(|update| fleet.apply(0, update));
    fleet
}
