//! What a tick asks of which domain.
//!
//! What a figure costs the host is the asking: every group but state and network wakes a QEMU. So all domains give
//! their pulse at every tick, what is looked at is asked at the pace of the screen, and the rest in turns.

use crate::model::{Counter, DomainSample, Groups, HostSample, SampleKind};
use crate::sources::Request;
use crate::time::{Interval, Timestamp};
use crate::units::Amount;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Groups that the screen shows, by the domain that it shows them of.
    pub shown: Arc<BTreeMap<Uuid, Groups>>,
    /// The domain that it is about: everything of it is asked, [`Groups::HOST_CPU`] too.
    pub focus: Option<Uuid>,
}

/// Ticks from one reading to the next of what nobody looks at, and of what hardly changes in a domain that sleeps.
const REST: u64 = 10;
/// The same for the memory of a domain that works: its guest tells of it every few seconds at best.
const MEMORY: u64 = 5;
/// The same for its steal, where that is not free.
const STEAL: u64 = 3;

/// Groups for which a QEMU is asked.
const EXPENSIVE: [Groups; 4] = [Groups::CPU, Groups::MEMORY, Groups::VCPU, Groups::BLOCK];

/// A domain works when it uses so much of a core, in percent,
const AWAKE_CPU: f64 = 5.0;
/// or has so many packets a second (a bridge sends some to everybody),
const AWAKE_PACKETS: f64 = 20.0;
/// or so many requests to its disks.
const AWAKE_REQUESTS: f64 = 5.0;
/// So many ticks long it counts as awake after that.
const AWAKE_FOR: u64 = 5;

/// The share of an interval that the turns of the rest may take.
const BUDGET: f64 = 0.5;
/// What asking one domain for everything takes, as long as nothing was measured here.
const FIRST_COST: Duration = Duration::from_millis(7);

/// What was asked when, of one connection.
#[derive(Debug)]
pub(super) struct Plan {
    tick: u64,
    known: BTreeMap<Uuid, Known>,
    /// What asking a domain for what is dear takes on the average.
    cost: Duration,
}

#[derive(Debug, Default)]
struct Known {
    run: Option<u32>,
    /// The tick of the last reading of each of [`EXPENSIVE`], and of the one before.
    read: [Option<u64>; EXPENSIVE.len()],
    before: [Option<u64>; EXPENSIVE.len()],
    /// Awake up to this tick.
    awake: u64,
    cpu: Option<Mark>,
    packets: Option<Mark>,
    requests: Option<Mark>,
}

/// A total, and when it was read.
#[derive(Clone, Copy, Debug)]
struct Mark(u64, Timestamp);

impl Default for Plan {
    fn default() -> Self {
        Self { tick: 0, known: BTreeMap::new(), cost: FIRST_COST }
    }
}

impl Plan {
    /// What the next tick asks for. `demand`: `None` is everything. `free`: groups that cost nothing on this host.
    pub(super) fn next(
        &mut self,
        demand: Option<&Demand>,
        before: Option<&HostSample>,
        free: Groups,
        interval: Interval,
    ) -> Request {
        self.tick += 1;
        let active = before.iter().flat_map(|sample| &sample.domains).filter(|(_, domain)| domain.run.is_some());
        let more = match demand {
            // Per host CPU too, where each domain is asked by itself: in one call for all there is no such figure.
            None => active.map(|(&uuid, _)| (uuid, (expensive() - free) | Groups::HOST_CPU)).collect(),
            Some(demand) => self.turns(demand, active, free, interval),
        };
        let focus = demand.and_then(|demand| demand.focus);
        Request { kind: SampleKind::Full, groups: Groups::CHEAP | free, extra: Arc::new(more), focus }
    }

    fn turns<'a>(
        &self,
        demand: &Demand,
        active: impl Iterator<Item = (&'a Uuid, &'a DomainSample)>,
        free: Groups,
        interval: Interval,
    ) -> BTreeMap<Uuid, Groups> {
        let nobody = Known::default();
        let mut more = BTreeMap::new();
        // Of those whose turn it is, the ones that have waited longest come first.
        let mut waiting: Vec<(u64, Uuid, Groups)> = Vec::new();
        for (rank, (&uuid, domain)) in active.enumerate() {
            let known = self.known.get(&uuid).filter(|known| known.run == domain.run).unwrap_or(&nobody);
            let visibility = Visibility::at(demand, &uuid, domain);
            let mut due = Groups::empty();
            let mut oldest = 0;
            let readings = EXPENSIVE.into_iter().zip(known.read.into_iter().zip(known.before));
            for (group, (read, before)) in readings.filter(|(group, _)| !free.contains(*group)) {
                let pace = self.pace(known, visibility, group, free);
                let age = read.map_or(u64::MAX, |read| self.tick - read);
                // A domain's own turn spreads those that were read together.
                // A rate needs two readings.
                let half = before.is_none() && visibility != Visibility::Hidden;
                if half || age >= pace || (self.tick + rank as u64).is_multiple_of(pace) {
                    due |= group;
                    oldest = oldest.max(age);
                }
            }
            match visibility {
                _ if due.is_empty() => {}
                Visibility::Hidden => waiting.push((oldest, uuid, due)),
                Visibility::Focused | Visibility::Shown(_) => drop(more.insert(uuid, due)),
            }
        }
        waiting.sort_unstable_by_key(|(age, ..)| std::cmp::Reverse(*age));
        let room = interval.duration().mul_f64(BUDGET).as_secs_f64() / self.cost.as_secs_f64().max(1e-6);
        more.extend(waiting.into_iter().take((room as usize).max(1)).map(|(_, uuid, due)| (uuid, due)));
        more
    }

    /// Ticks between two readings of a group.
    fn pace(&self, known: &Known, visibility: Visibility, group: Groups, free: Groups) -> u64 {
        let shown = match visibility {
            Visibility::Focused => return 1,
            Visibility::Shown(shown) if shown.contains(group) => shown,
            Visibility::Shown(_) | Visibility::Hidden => return REST,
        };
        let among_others = shown != group;
        let awake = known.awake >= self.tick;
        match group {
            // It says whether the domain sleeps.
            Groups::CPU => 1,
            _ if among_others && !awake => REST,
            Groups::MEMORY if among_others => MEMORY,
            Groups::VCPU if among_others && free.contains(Groups::CPU) => REST,
            Groups::VCPU if among_others => STEAL,
            _ => 1,
        }
    }

    /// Takes what a tick brought: who works, and how long asking took.
    pub(super) fn learn(&mut self, request: &Request, sample: &HostSample, took: Duration) {
        // Where nobody was asked for it, that took no time.
        let degraded = sample.domains.values().any(|domain| domain.blocked.is_some_and(|blocked| !blocked.is_own()));
        if !request.extra.is_empty() && !degraded {
            let each = took / u32::try_from(request.extra.len()).unwrap_or(u32::MAX);
            self.cost = (self.cost * 3 + each) / 4;
        }
        self.known.retain(|uuid, _| sample.domains.contains_key(uuid));
        for (uuid, domain) in &sample.domains {
            let known = self.known.entry(*uuid).or_default();
            if known.run != domain.run {
                *known = Known { run: domain.run, ..Known::default() };
            }
            known.learn(self.tick, sample.at, domain);
        }
    }
}

/// How a domain is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    /// The screen is about it; or it hangs, so that asking costs nothing and tells when it is back.
    Focused,
    /// The screen shows these groups of it, among others.
    Shown(Groups),
    /// Not at all.
    Hidden,
}

impl Visibility {
    fn at(demand: &Demand, uuid: &Uuid, domain: &DomainSample) -> Self {
        if demand.focus == Some(*uuid) || domain.blocked.is_some_and(|blocked| blocked.is_own()) {
            Self::Focused
        } else {
            demand.shown.get(uuid).map_or(Self::Hidden, |&groups| Self::Shown(groups))
        }
    }
}

impl Known {
    fn learn(&mut self, tick: u64, at: Timestamp, domain: &DomainSample) {
        for (group, (read, before)) in EXPENSIVE.into_iter().zip(self.read.iter_mut().zip(&mut self.before)) {
            // A group that another job kept from this reading is asked again at the next tick.
            let is_done = !domain.unanswered.contains(group) && domain.blocked.is_none();
            if domain.answered.contains(group) || domain.extra.contains(group) && is_done {
                *before = read.replace(tick);
            }
        }
        let time = |group| domain.own_time.filter(|(groups, _)| groups.contains(group)).map_or(at, |(_, at)| at);
        let total = |group: Groups, total: u64| domain.answered.contains(group).then(|| Mark(total, time(group)));
        let packets = domain.nics.iter().flat_map(|nic| [nic.rx_packets, nic.tx_packets]);
        let requests = domain.disks.iter().flat_map(|disk| [disk.read_requests, disk.write_requests]);
        let worked = [
            // 1 % of a core is 1e7 ns a second.
            exceeds(&mut self.cpu, total(Groups::CPU, sum([domain.cpu.time])), AWAKE_CPU * 1e7),
            exceeds(&mut self.packets, total(Groups::NET, sum(packets)), AWAKE_PACKETS),
            exceeds(&mut self.requests, total(Groups::BLOCK, sum(requests)), AWAKE_REQUESTS),
        ];
        if worked.contains(&true) {
            if self.awake < tick {
                // It wakes: everything of it is asked next.
                self.read = Default::default();
            }
            self.awake = tick + AWAKE_FOR;
        }
    }
}

fn sum<Q: Amount>(counters: impl IntoIterator<Item = Option<Counter<Q>>>) -> u64 {
    counters.into_iter().flatten().fold(0, |sum, counter| sum.wrapping_add(counter.total()))
}

/// Whether a total has grown by so much a second since it was read last.
fn exceeds(mark: &mut Option<Mark>, now: Option<Mark>, limit: f64) -> bool {
    let Some(Mark(total, at)) = now else { return false };
    let before = mark.replace(Mark(total, at));
    before.is_some_and(|Mark(before, then)| {
        at.since(then).is_some_and(|elapsed| total.saturating_sub(before) as f64 >= limit * elapsed.as_secs_f64())
    })
}

fn expensive() -> Groups {
    EXPENSIVE.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockSample, Blocked, BlockedBy, CpuSample, DomainState, NetSample, NodeSample, StateReason};
    use crate::units::{Nanoseconds, Operations, Packets};

    const SECOND: Duration = Duration::from_secs(1);

    /// A host whose domains do as a test says, a second a tick.
    struct World {
        plan: Plan,
        demand: Option<Demand>,
        free: Groups,
        before: HostSample,
        /// Totals by domain: CPU time in percent of a core and seconds, packets, requests.
        totals: BTreeMap<Uuid, [u64; 3]>,
        /// What one domain costs.
        cost: Duration,
    }

    fn uuid(number: usize) -> Uuid {
        Uuid::from_u128(number as u128 + 1)
    }

    impl World {
        fn new(domains: usize, demand: Option<Demand>) -> Self {
            let domain = || DomainSample::new("guest", Some(1), DomainState::Running, StateReason(1));
            let before = HostSample {
                at: Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH),
                kind: SampleKind::StateOnly,
                requested: Groups::STATE,
                node: NodeSample::default(),
                domains: (0..domains).map(|number| (uuid(number), domain())).collect(),
                unsupported: Arc::default(),
            };
            let totals = before.domains.keys().map(|uuid| (*uuid, [0; 3])).collect();
            let free = Groups::empty();
            Self { plan: Plan::default(), demand, free, before, totals, cost: Duration::from_millis(4) }
        }

        /// One tick in which some domains work; what it asked for.
        fn tick(&mut self, work: &[(usize, [u64; 3])]) -> Request {
            let interval = Interval::from_seconds(1.0).unwrap();
            let request = self.plan.next(self.demand.as_ref(), Some(&self.before), self.free, interval);
            for (number, more) in work {
                let totals = self.totals.get_mut(&uuid(*number)).unwrap();
                totals.iter_mut().zip(more).for_each(|(total, more)| *total += more);
            }
            self.before.at = self.before.at.later(SECOND);
            for (uuid, domain) in &mut self.before.domains {
                let [cpu, packets, requests] = self.totals[uuid];
                domain.extra = request.extra_of(uuid);
                domain.answered = request.groups | domain.extra;
                domain.cpu = CpuSample { time: Some(Counter(Nanoseconds(cpu * 10_000_000))), ..CpuSample::default() };
                domain.nics = vec![NetSample { rx_packets: Some(Counter(Packets(packets))), ..NetSample::default() }];
                let read_requests = Some(Counter(Operations(requests)));
                domain.disks = vec![BlockSample { read_requests, ..BlockSample::default() }];
            }
            let asked = u32::try_from(request.extra.len()).unwrap();
            self.plan.learn(&request, &self.before, self.cost * asked);
            request
        }

        /// So many ticks; how often each group was asked of a domain.
        fn count(&mut self, ticks: usize, number: usize, work: &[(usize, [u64; 3])]) -> [usize; 4] {
            let mut counts = [0; 4];
            for _ in 0..ticks {
                let more = self.tick(work).extra_of(&uuid(number));
                EXPENSIVE
                    .iter()
                    .zip(&mut counts)
                    .for_each(|(group, count)| *count += usize::from(more.contains(*group)));
            }
            counts
        }
    }

    fn table(numbers: impl IntoIterator<Item = usize>) -> Option<Demand> {
        let shown = numbers.into_iter().map(|number| (uuid(number), Groups::OVERVIEW)).collect();
        Some(Demand { shown: Arc::new(shown), focus: None })
    }

    const IDLE: &[(usize, [u64; 3])] = &[];
    const BUSY: [u64; 3] = [50, 100, 100];

    #[test]
    fn an_output_asks_everything_of_everybody_always() {
        let mut world = World::new(3, None);
        for _ in 0..20 {
            let request = world.tick(IDLE);
            assert_eq!(request.groups, Groups::CHEAP);
            assert!((0..3).all(|number| request.extra_of(&uuid(number)) == expensive() | Groups::HOST_CPU));
        }
    }

    #[test]
    fn who_works_on_the_screen_is_asked_at_every_tick_and_what_hardly_changes_less_often() {
        let mut world = World::new(4, table(0..4));
        let work = [(1, BUSY)];
        world.count(20, 1, &work);
        // CPU, memory, vCPUs, disks.
        let [cpu, memory, vcpus, disks] = world.count(30, 1, &work);
        assert_eq!((cpu, disks), (30, 30));
        assert!((6..=8).contains(&memory) && (10..=12).contains(&vcpus), "{memory} {vcpus}");
        let [cpu, memory, vcpus, disks] = world.count(30, 2, &work);
        assert_eq!(cpu, 30, "one that sleeps says every time that it does");
        assert!([memory, vcpus, disks].iter().all(|count| (3..=4).contains(count)), "{memory} {vcpus} {disks}");
    }

    #[test]
    fn what_is_free_is_asked_of_all_and_needs_no_turn() {
        let mut world = World::new(4, table(0..4));
        world.free = Groups::CPU;
        world.count(20, 1, &[(1, BUSY)]);
        let [cpu, _, vcpus, disks] = world.count(30, 1, &[(1, BUSY)]);
        assert_eq!((cpu, disks), (0, 30));
        assert!((3..=4).contains(&vcpus), "the steal comes with what is free: {vcpus}");
        assert_eq!(world.tick(IDLE).groups, Groups::CHEAP | Groups::CPU);
        world.demand = None;
        let all = world.tick(IDLE);
        assert!((0..4).all(|number| !all.extra_of(&uuid(number)).contains(Groups::CPU)), "nor is it asked for twice");
    }

    #[test]
    fn nobody_is_forgotten_and_no_turn_is_longer_than_ten_ticks() {
        let mut world = World::new(60, table(0..3));
        world.count(20, 0, IDLE);
        let mut last: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        let mut most = 0;
        for tick in 0..50 {
            let request = world.tick(IDLE);
            most = most.max(request.extra.len());
            for number in 0..60 {
                for group in EXPENSIVE.iter().filter(|group| request.extra_of(&uuid(number)).contains(**group)) {
                    if let Some(before) = last.insert((number, group.bits()), tick) {
                        assert!(tick - before <= REST as usize, "{number} {group:?} after {}", tick - before);
                    }
                }
            }
        }
        assert_eq!(last.len(), 60 * EXPENSIVE.len(), "every group of everybody");
        assert!(most <= 60 / 5, "turns are spread: {most} at one tick");
    }

    #[test]
    fn turns_take_half_an_interval_at_the_most() {
        let mut world = World::new(1000, table(0..10));
        for _ in 0..100 {
            let asked = world.tick(IDLE).extra.len();
            assert!(world.cost * asked as u32 <= SECOND.mul_f64(BUDGET) + world.cost * 10, "{asked}");
        }
        assert!(world.plan.known.values().all(|known| known.read.iter().all(Option::is_some)), "and all had theirs");
    }

    #[test]
    fn a_pulse_that_wakes_brings_everything_forward_even_off_the_screen() {
        for work in [[0, 100, 0], [0, 20, 0]] {
            let mut world = World::new(20, table(0..3));
            world.count(20, 0, IDLE);
            world.tick(&[(15, work)]);
            assert_eq!(world.tick(IDLE).extra_of(&uuid(15)), expensive());
        }
        let mut world = World::new(20, table(0..3));
        world.count(20, 0, IDLE);
        world.tick(&[(1, [6, 0, 0])]);
        assert_eq!(world.tick(IDLE).extra_of(&uuid(1)), expensive(), "CPU time of one that is on the screen");
    }

    #[test]
    fn who_is_looked_at_alone_or_hangs_is_asked_everything() {
        let mut world = World::new(4, Some(Demand { focus: Some(uuid(2)), ..Demand::default() }));
        world.before.domains.get_mut(&uuid(3)).unwrap().blocked =
            Some(Blocked { by: BlockedBy::Monitor, since: world.before.at });
        for _ in 0..20 {
            let request = world.tick(IDLE);
            assert_eq!((request.focus, request.extra_of(&uuid(2))), (Some(uuid(2)), expensive()));
            assert_eq!(request.extra_of(&uuid(3)), expensive());
        }
    }

    #[test]
    fn a_list_of_devices_asks_for_those() {
        let shown = Arc::new([(uuid(0), Groups::BLOCK), (uuid(1), Groups::VCPU)].into());
        let mut world = World::new(3, Some(Demand { shown, focus: None }));
        world.count(20, 0, IDLE);
        assert_eq!(world.count(30, 0, IDLE)[3], 30);
        assert_eq!(world.count(30, 1, IDLE)[2], 30);
        assert!(world.count(30, 0, IDLE)[0] <= 4);
    }

    #[test]
    fn a_group_that_libvirt_left_out_was_not_read() {
        let mut world = World::new(1, None);
        world.tick(IDLE);
        let request = world.tick(IDLE);
        let domain = world.before.domains.get_mut(&uuid(0)).unwrap();
        domain.answered = Groups::CHEAP;
        domain.unanswered = Groups::BLOCK;
        world.plan.tick = 3;
        world.plan.learn(&request, &world.before, Duration::ZERO);
        // CPU, memory and vCPUs did not come either, but for another reason: to request them again would be in vain.
        assert_eq!(world.plan.known[&uuid(0)].read, [Some(3), Some(3), Some(3), Some(2)]);
    }

    #[test]
    fn a_new_run_is_a_new_domain() {
        let mut world = World::new(20, table(0..3));
        world.count(20, 0, IDLE);
        world.before.domains.get_mut(&uuid(15)).unwrap().run = Some(9);
        assert_eq!(world.tick(IDLE).extra_of(&uuid(15)), expensive());
    }
}
