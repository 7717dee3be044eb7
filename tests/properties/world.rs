//! A simulated hypervisor with all kinds of changes in any order: steps that proptest can shrink, and the samples and events
//! that they give.

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
    /// How far the monotonic clock moves: usually forward, sometimes not at all or back.
    pub clock_ms: i64,
    pub changes: Vec<(u8, Change)>,
    pub then: Then,
}

#[derive(Clone, Copy, Debug)]
pub enum Then {
    Sample(Groups),
    /// The connection fails; the next sample is a keyframe.
    Fail,
    Event(u8),
}

/// A change of a domain, or of one of its devices (by number).
#[derive(Clone, Debug)]
pub enum Change {
    AppearsOrVanishes,
    NewRun,
    Stops,
    PausesOnError,
    Renamed(String),
    Blocked(Option<BlockedBy>),
    /// Groups that are not answered from now on.
    Unanswered(Groups),
    /// Whether its screen is open, so that HOST_CPU is read too.
    Focused(bool),
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
    let blocked_by = prop::option::of(prop::sample::select(vec![BlockedBy::Monitor, BlockedBy::Lock, BlockedBy::Host]));
    let value = prop::option::weighted(0.8, prop_oneof![0..100u64, 0..=u64::MAX, Just(u64::MAX)]);
    prop_oneof![
        2 => Just(Change::AppearsOrVanishes),
        1 => Just(Change::NewRun),
        1 => Just(Change::Stops),
        1 => Just(Change::PausesOnError),
        1 => "\\PC{0,12}".prop_map(Change::Renamed),
        2 => blocked_by.prop_map(Change::Blocked),
        2 => groups().prop_map(Change::Unanswered),
        1 => any::<bool>().prop_map(Change::Focused),
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
    unanswered: Groups,
    focused: bool,
    exists: bool,
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
            unanswered: Groups::empty(),
            focused: false,
            exists: number < 3,
            counters: [Some(1_000); 9],
            plugged: [true, true, false, true, true, false, true, true, false],
        };
        Self { guests: (0..4).map(guest).collect(), runs: 4, clock_ms: 100_000 }
    }

    pub fn now(&self) -> Timestamp {
        let monotonic = Duration::from_millis(self.clock_ms.unsigned_abs());
        Timestamp::at(monotonic, jiff::Timestamp::UNIX_EPOCH)
    }

    /// The sample, failure or event after this step.
    pub fn step(&mut self, step: &Step) -> Message {
        self.clock_ms = (self.clock_ms + step.clock_ms).max(0);
        for (guest, change) in &step.changes {
            self.change(usize::from(*guest), change);
        }
        match step.then {
            Then::Sample(requested) => Message::Sample(self.sample(requested)),
            Then::Fail => Message::Failure(Failure {
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
                Message::Event(Event { at: self.now(), domain: Some(domain), kind })
            }
        }
    }

    fn change(&mut self, number: usize, change: &Change) {
        self.runs += 1;
        let guest = &mut self.guests[number];
        let mut toggle = |device: usize| guest.plugged[device] = !guest.plugged[device];
        match change {
            Change::AppearsOrVanishes => guest.exists = !guest.exists,
            Change::NewRun => {
                (guest.run, guest.state) = (Some(self.runs), (DomainState::Running, 1));
                guest.counters = [Some(0); 9];
            }
            Change::Stops => (guest.run, guest.state) = (None, (DomainState::ShutOff, 1)),
            Change::PausesOnError => guest.state = (DomainState::Paused, 5),
            Change::Renamed(name) => guest.name.clone_from(name),
            Change::Blocked(by) => guest.blocked = *by,
            Change::Unanswered(groups) => guest.unanswered = *groups - Groups::STATE,
            Change::Focused(yes) => guest.focused = *yes,
            Change::Disk(device) => toggle(usize::from(*device)),
            Change::Nic(device) => toggle(3 + usize::from(*device)),
            Change::Vcpu(device) => toggle(6 + usize::from(*device)),
            Change::Grows(by) => {
                guest.counters.iter_mut().flatten().for_each(|value| *value = value.saturating_add(*by))
            }
            Change::Counter(device, value) => guest.counters[usize::from(*device)] = *value,
        }
    }

    fn sample(&self, requested: Groups) -> HostSample {
        let existing = self.guests.iter().enumerate().filter(|(_, guest)| guest.exists);
        let busy = Counter(Nanoseconds(self.clock_ms.unsigned_abs() * 1_000_000));
        HostSample {
            at: self.now(),
            kind: if requested == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full },
            requested,
            node: NodeSample {
                cpu: Some(CpuTimes { kernel: busy, user: busy, idle: busy, iowait: Some(busy) }),
                memory: None,
            },
            domains: existing.map(|(number, guest)| (uuid(number), self.domain(guest, requested))).collect(),
            unsupported: Arc::default(),
        }
    }

    fn domain(&self, guest: &Guest, requested: Groups) -> DomainSample {
        let (state, reason) = guest.state;
        let mut domain = DomainSample::new(guest.name.clone(), guest.run, state, StateReason(reason));
        domain.blocked = guest.blocked.map(|by| Blocked { by, since: self.now() });
        if guest.run.is_none() {
            return domain;
        }
        let answers = if guest.blocked.is_some() { Groups::STATE | Groups::NET } else { Groups::all() };
        let own = guest.counters[0];
        // Some domains are requested with extra groups, which are read at another time than the rest.
        if requested != Groups::STATE {
            let extra = Groups::from_bits_truncate(own.unwrap_or_default() as u32 >> 1);
            domain.extra = extra & (Groups::OVERVIEW - requested);
            let before = Duration::from_millis(own.unwrap_or_default() % 40);
            domain.own_time = (!domain.extra.is_empty()).then(|| (domain.extra, self.now().earlier(before)));
        }
        domain.answered = ((requested | domain.extra) & answers) - guest.unanswered;
        if guest.focused && requested != Groups::STATE && guest.blocked.is_none() {
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

/// What a host sends after a step.
#[derive(Clone, Debug)]
pub enum Message {
    Sample(HostSample),
    Failure(Failure),
    Event(Event),
}

pub fn simulate(steps: &[Step]) -> Vec<Message> {
    let mut world = World::new();
    steps.iter().map(|step| world.step(step)).collect()
}

/// The updates that a sampler sends: after the first sample of a connection deltas, or keyframes only.
pub fn updates(messages: &[Message], deltas: bool) -> Vec<HostUpdate> {
    let info = HostInfo { hostname: "node".into(), cpus: Some(4), ..HostInfo::default() };
    let mut updates = vec![HostUpdate::Connected(Arc::new(info))];
    let mut before: Option<&HostSample> = None;
    for message in messages {
        updates.push(match message {
            Message::Sample(sample) => match before.replace(sample).filter(|_| deltas) {
                Some(before) => HostUpdate::Delta(diff(before, sample)),
                None => HostUpdate::Keyframe(sample.clone()),
            },
            Message::Failure(failure) => {
                before = None;
                HostUpdate::Failed(failure.clone())
            }
            Message::Event(event) => HostUpdate::Event(event.clone()),
        });
    }
    updates
}

pub fn fleet(updates: Vec<HostUpdate>) -> Fleet {
    let mut fleet = Fleet::new(1);
    updates.into_iter().for_each(|update| fleet.apply(0, update));
    fleet
}
