//! The story: what happens when, and what each chapter does to each role.

use super::envelope::Envelope;
use super::moment::{CYCLE_SECONDS, Moment};
use crate::model::{DomainState, EventKind, IoErrorAction, Lifecycle, LifecycleDetail, StateReason};
use std::time::Duration;

/// The length of a cycle, after which the story begins again.
pub const CYCLE: Duration = Duration::from_secs(CYCLE_SECONDS);

/// How much of the story lies before the first sample: whole cycles, so that a cycle begins at time zero.
pub(super) const HISTORY: Duration = Duration::from_secs(2 * CYCLE_SECONDS);

/// A chapter of the story: a problem of one domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// `ci-runner-03` uses all of its vCPUs; the steal of other domains rises.
    NoisyNeighbour,
    /// `k8s-node-4` runs.
    Newcomer,
    /// Requests to `vda` of `db-primary` take longer and longer.
    SlowDisk,
    /// `web-02` has crashed.
    Crash,
    /// `batch-report` is short of memory.
    Squeeze,
    /// `proxy` drops received packets.
    Drops,
    /// `mail` is paused on an I/O error.
    IoError,
}

impl Chapter {
    /// All chapters, in the order of their beginning.
    pub const ALL: [Chapter; 7] =
        [Self::NoisyNeighbour, Self::Newcomer, Self::SlowDisk, Self::Crash, Self::Squeeze, Self::Drops, Self::IoError];

    /// The name of its domain.
    pub fn domain(self) -> &'static str {
        match self {
            Self::NoisyNeighbour => "ci-runner-03",
            Self::Newcomer => "k8s-node-4",
            Self::SlowDisk => "db-primary",
            Self::Crash => "web-02",
            Self::Squeeze => "batch-report",
            Self::Drops => "proxy",
            Self::IoError => "mail",
        }
    }

    /// From when to when in each cycle. The problem is clearest in the middle.
    pub fn span(self) -> std::ops::Range<Duration> {
        let (from, until) = self.seconds();
        Duration::from_secs(from)..Duration::from_secs(until)
    }

    fn seconds(self) -> (u64, u64) {
        match self {
            Self::NoisyNeighbour => (5, 75),
            Self::Newcomer => (25, 225),
            Self::SlowDisk => (40, 120),
            Self::Crash => (95, 135),
            Self::Squeeze => (110, 190),
            Self::Drops => (150, 200),
            Self::IoError => (170, 200),
        }
    }
}

/// How long `k8s-node-4` takes to shut down, in seconds.
const SHUTDOWN_SECONDS: u64 = 3;

/// The part of a domain in the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Only loses CPU time to `ci-runner-03`.
    Bystander,
    /// Always shut off.
    Off,
    /// Depends on the database, and takes over the load of `web-02` after its crash.
    Peer,
    /// The domain of a chapter.
    Lead(Chapter),
}

impl Role {
    /// All roles, in the order of [`Role::index`].
    pub(super) const ALL: [Role; 10] = [
        Self::Bystander,
        Self::Off,
        Self::Peer,
        Self::Lead(Chapter::NoisyNeighbour),
        Self::Lead(Chapter::Newcomer),
        Self::Lead(Chapter::SlowDisk),
        Self::Lead(Chapter::Crash),
        Self::Lead(Chapter::Squeeze),
        Self::Lead(Chapter::Drops),
        Self::Lead(Chapter::IoError),
    ];

    /// Its place in [`Role::ALL`].
    pub(super) fn index(self) -> usize {
        match self {
            Self::Bystander => 0,
            Self::Off => 1,
            Self::Peer => 2,
            Self::Lead(chapter) => 3 + chapter as usize,
        }
    }

    /// The seconds of a cycle at which the state of the domain changes.
    pub(super) fn state_changes(self) -> &'static [u64] {
        match self {
            Self::Lead(Chapter::Newcomer) => &[25, 225 - SHUTDOWN_SECONDS, 225],
            Self::Lead(Chapter::Crash) => &[95, 135],
            Self::Lead(Chapter::IoError) => &[170, 200],
            _ => &[],
        }
    }
}

/// The events of a state change at that second of a cycle, in libvirt's order.
pub(super) fn events(role: Role, second: u64) -> Vec<EventKind> {
    let life = |step, detail| EventKind::Lifecycle(step, LifecycleDetail(detail));
    let start = || vec![life(Lifecycle::Resumed, 0), life(Lifecycle::Started, 0)];
    match (role, second) {
        (Role::Lead(Chapter::Newcomer), 25) | (Role::Lead(Chapter::Crash), 135) => start(),
        (Role::Lead(Chapter::Newcomer), 225) => vec![life(Lifecycle::Stopped, 0)],
        (Role::Lead(Chapter::Newcomer), _) => vec![life(Lifecycle::Shutdown, 1)],
        (Role::Lead(Chapter::Crash), 95) => vec![life(Lifecycle::Crashed, 0), life(Lifecycle::Stopped, 2)],
        (Role::Lead(Chapter::IoError), 170) => vec![
            EventKind::IoError {
                device: "virtio-disk1".to_owned(),
                path: "/srv/nfs/vm/mail-spool.qcow2".to_owned(),
                action: IoErrorAction::Paused,
                reason: "enospc".to_owned(),
            },
            life(Lifecycle::Suspended, 2),
        ],
        (Role::Lead(Chapter::IoError), 200) => vec![life(Lifecycle::Resumed, 0)],
        _ => Vec::new(),
    }
}

/// The second of its cycle.
pub(super) fn second(change: Duration) -> u64 {
    change.as_secs() % CYCLE_SECONDS
}

/// When the state of one of `roles` changes next, after `elapsed` since the first cycle began; `None`: never.
pub(super) fn next_change(elapsed: Duration, roles: &[Role]) -> Option<Duration> {
    let cycle = elapsed.as_secs() / CYCLE_SECONDS;
    roles
        .iter()
        .flat_map(|role| role.state_changes())
        .flat_map(|&second| [cycle, cycle + 1].map(|cycle| Duration::from_secs(cycle * CYCLE_SECONDS + second)))
        .filter(|&change| change > elapsed)
        .min()
}

/// The state of a role at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoleState {
    pub(super) state: DomainState,
    pub(super) reason: StateReason,
    pub(super) run: Run,
    /// For how many seconds its CPUs have been stopped; 0 while it runs.
    pub(super) stopped_for: f64,
}

/// The current run of a domain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// None: it is shut off.
    Off,
    /// The first run, which began before the story.
    First,
    /// A run that began in the story.
    Started {
        /// When it began.
        at: Moment,
        /// How many starts of any domain came before it.
        serial: u64,
    },
}

/// The state of a role at a moment.
pub(super) fn life(role: Role, now: &Moment) -> RoleState {
    let life = |state, reason, run| RoleState { state, reason: StateReason(reason), run, stopped_for: 0.0 };
    let from = |second: u64| now.phase >= second as f64;
    match role {
        Role::Off => life(DomainState::ShutOff, 1, Run::Off),
        Role::Lead(Chapter::Newcomer) => {
            let run = Run::Started { at: Moment::in_cycle(now.cycles, 25), serial: 2 * now.cycles };
            if !from(25) || from(225) {
                life(DomainState::ShutOff, 1, Run::Off)
            } else if from(225 - SHUTDOWN_SECONDS) {
                life(DomainState::ShuttingDown, 1, run)
            } else {
                life(DomainState::Running, 1, run)
            }
        }
        Role::Lead(Chapter::Crash) => {
            if from(95) && !from(135) {
                return life(DomainState::ShutOff, 3, Run::Off);
            }
            let cycle = if from(135) { now.cycles } else { now.cycles.saturating_sub(1) };
            let run = Run::Started { at: Moment::in_cycle(cycle, 135), serial: 2 * cycle + 1 };
            life(DomainState::Running, 1, run)
        }
        Role::Lead(Chapter::IoError) if from(170) && !from(200) => {
            RoleState { stopped_for: now.phase - 170.0, ..life(DomainState::Paused, 5, Run::First) }
        }
        Role::Lead(Chapter::IoError) => life(DomainState::Running, 5, Run::First),
        Role::Bystander | Role::Peer | Role::Lead(_) => life(DomainState::Running, 1, Run::First),
    }
}

/// The activity of each part of a domain: over a cycle (`Parts<Envelope>`), or until a moment (`Parts<f64>`).
#[derive(Clone, Debug, Default)]
pub(super) struct Parts<T> {
    /// Ordinary CPU load.
    pub(super) cpu: T,
    /// Additional CPU load in the story.
    pub(super) burn: T,
    /// Steal.
    pub(super) steal: T,
    /// Reads and writes of the first disk.
    pub(super) requests: T,
    /// The time of these requests.
    pub(super) request_time: T,
    /// Flushes of the first disk.
    pub(super) flushes: T,
    /// The time of these requests.
    pub(super) flush_time: T,
    /// All requests of the other disks, and their times.
    pub(super) other_disks: T,
    /// Received packets.
    pub(super) receive: T,
    /// Sent packets.
    pub(super) transmit: T,
    /// Received packets that are dropped.
    pub(super) drops: T,
    /// Swapping and major faults.
    pub(super) swap: T,
}

impl<T> Parts<T> {
    fn map<U>(&self, f: impl Fn(&T) -> U) -> Parts<U> {
        Parts {
            cpu: f(&self.cpu),
            burn: f(&self.burn),
            steal: f(&self.steal),
            requests: f(&self.requests),
            request_time: f(&self.request_time),
            flushes: f(&self.flushes),
            flush_time: f(&self.flush_time),
            other_disks: f(&self.other_disks),
            receive: f(&self.receive),
            transmit: f(&self.transmit),
            drops: f(&self.drops),
            swap: f(&self.swap),
        }
    }
}

impl Parts<Envelope> {
    /// The area of each part until a moment, in seconds of ordinary activity.
    pub(super) fn areas(&self, moment: &Moment) -> Parts<f64> {
        self.map(|envelope| envelope.area(moment))
    }
}

/// A role at one moment.
pub(super) struct Part {
    pub(super) life: RoleState,
    pub(super) areas: Parts<f64>,
    /// The areas at the start of the run; `None` if it began before the story.
    pub(super) start: Option<Parts<f64>>,
    /// The share of the memory that the balloon leaves.
    pub(super) given: f64,
    /// Seconds since the start of the run; `None` if it began before the story.
    pub(super) age: Option<f64>,
}

impl Part {
    /// A role at a moment, from its script and balloon.
    pub(super) fn at(moment: &Moment, role: Role, script: &Parts<Envelope>, balloon: &Envelope) -> Self {
        let life = life(role, moment);
        let started = match life.run {
            Run::Started { at, .. } => Some(at),
            Run::Off | Run::First => None,
        };
        Self {
            life,
            areas: script.areas(moment),
            start: started.map(|at| script.areas(&at)),
            given: balloon.level(moment),
            age: started.map(|at| moment.seconds() - at.seconds()),
        }
    }
}

/// The activity of a role over a cycle.
pub(super) fn script(role: Role) -> Parts<Envelope> {
    let ordinary = Parts {
        cpu: Envelope::through(&[(5, 1000), (15, 850), (65, 850), (75, 1000)]),
        burn: Envelope::flat(0),
        steal: Envelope::through(&[(5, 1000), (15, 60_000), (65, 60_000), (75, 1000)]),
        requests: Envelope::flat(1000),
        request_time: Envelope::flat(1000),
        flushes: Envelope::flat(1000),
        flush_time: Envelope::flat(1000),
        other_disks: Envelope::flat(1000),
        receive: Envelope::flat(1000),
        transmit: Envelope::flat(1000),
        drops: Envelope::flat(0),
        swap: Envelope::flat(0),
    };
    // Web traffic falls while the database is slow.
    let sagging = Envelope::through(&[(45, 1000), (75, 450), (105, 450), (122, 1000)]);
    match role {
        Role::Bystander => ordinary,
        Role::Off => ordinary.map(|_| Envelope::flat(0)),
        Role::Peer => {
            let surge = Envelope::through(&[
                (45, 1000),
                (75, 450),
                (95, 450),
                (99, 900),
                (122, 1700),
                (135, 1700),
                (140, 1000),
            ]);
            Parts { receive: surge.clone(), transmit: surge, ..ordinary }
        }
        Role::Lead(Chapter::NoisyNeighbour) => Parts {
            cpu: Envelope::flat(1000),
            burn: Envelope::through(&[(5, 0), (12, 1000), (68, 1000), (75, 0)]),
            steal: Envelope::flat(1000),
            requests: Envelope::through(&[(5, 1000), (8, 9000), (20, 3000), (68, 4000), (75, 1000)]),
            request_time: Envelope::through(&[(5, 1000), (8, 12_000), (20, 3000), (68, 4000), (75, 1000)]),
            receive: Envelope::through(&[(5, 1000), (7, 60_000), (12, 60_000), (14, 1000)]),
            ..ordinary
        },
        Role::Lead(Chapter::Newcomer) => Parts {
            cpu: Envelope::through(&[(25, 1300), (38, 1300), (45, 1000)]),
            requests: Envelope::through(&[(25, 9000), (34, 9000), (42, 1000)]),
            request_time: Envelope::through(&[(25, 9000), (34, 9000), (42, 1000)]),
            ..ordinary
        }
        .map(|envelope| envelope.zero_between(0, 25).zero_between(225, CYCLE_SECONDS)),
        Role::Lead(Chapter::SlowDisk) => Parts {
            cpu: Envelope::through(&[(5, 1000), (15, 850), (40, 850), (70, 500), (105, 500), (120, 1000)]),
            requests: Envelope::through(&[(40, 1000), (70, 250), (105, 250), (120, 1000)]),
            request_time: Envelope::through(&[(40, 1000), (70, 25_000), (105, 25_000), (120, 1000)]),
            flushes: Envelope::through(&[(40, 1000), (70, 400), (105, 400), (120, 1000)]),
            flush_time: Envelope::through(&[(40, 1000), (70, 30_000), (105, 30_000), (120, 1000)]),
            transmit: sagging,
            ..ordinary
        },
        Role::Lead(Chapter::Crash) => Parts {
            cpu: Envelope::through(&[
                (5, 1000),
                (15, 850),
                (65, 850),
                (75, 1000),
                (134, 1000),
                (135, 1300),
                (148, 1000),
            ]),
            requests: Envelope::through(&[(134, 1000), (135, 12_000), (143, 12_000), (150, 1000)]),
            request_time: Envelope::through(&[(134, 1000), (135, 12_000), (143, 12_000), (150, 1000)]),
            receive: sagging.clone(),
            transmit: sagging,
            ..ordinary
        }
        .map(|envelope| envelope.zero_between(95, 135)),
        Role::Lead(Chapter::Squeeze) => Parts {
            cpu: Envelope::through(&[
                (5, 1000),
                (15, 850),
                (65, 850),
                (75, 1000),
                (120, 1000),
                (140, 600),
                (175, 600),
                (190, 1000),
            ]),
            swap: Envelope::through(&[(114, 0), (135, 1000), (172, 1000), (186, 0)]),
            other_disks: Envelope::through(&[(114, 1000), (135, 20_000), (172, 20_000), (186, 1000)]),
            ..ordinary
        },
        Role::Lead(Chapter::Drops) => Parts {
            receive: Envelope::through(&[(150, 1000), (160, 2800), (190, 2800), (200, 1000)]),
            drops: Envelope::through(&[(150, 0), (160, 1000), (190, 1000), (200, 0)]),
            ..ordinary
        },
        Role::Lead(Chapter::IoError) => ordinary.map(|envelope| envelope.zero_between(170, 200)),
    }
}

/// The share of its memory that the balloon leaves to a role, over a cycle.
pub(super) fn balloon(role: Role) -> Envelope {
    match role {
        Role::Lead(Chapter::Squeeze) => Envelope::through(&[(110, 1000), (140, 450), (175, 450), (190, 1000)]),
        _ => Envelope::flat(1000),
    }
}

/// I/O wait of the host over a cycle: it follows the slow disk.
pub(super) fn io_wait() -> Envelope {
    Envelope::through(&[(40, 1000), (70, 30_000), (105, 30_000), (120, 1000)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_are_in_order_and_begin_at_once() {
        assert!(Chapter::ALL.is_sorted_by_key(|chapter| chapter.span().start));
        assert!(Chapter::ALL[0].span().start < Duration::from_secs(10));
        assert!(Chapter::ALL.iter().all(|chapter| chapter.span().end < CYCLE));
        assert!(Role::ALL.iter().enumerate().all(|(index, role)| role.index() == index));
    }

    #[test]
    fn turns_are_where_states_change() {
        let mut at = Duration::ZERO;
        let mut state_changes = 0;
        while let Some(next) = next_change(at, &Role::ALL) {
            if next >= 3 * CYCLE {
                break;
            }
            let changed = |role: &Role| {
                let [before, after] = [next - Duration::from_millis(1), next].map(|t| life(*role, &Moment::after(t)));
                (before.state, before.reason) != (after.state, after.reason)
            };
            assert!(Role::ALL.iter().any(changed), "nothing happens at {next:?}");
            (at, state_changes) = (next, state_changes + 1);
        }
        assert_eq!(state_changes, 3 * 7);
        assert_eq!(next_change(Duration::ZERO, &[Role::Bystander]), None);
    }
}
