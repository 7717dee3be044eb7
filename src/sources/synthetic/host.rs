//! The whole host as a function of time.

use super::cast::cast;
use super::envelope::Envelope;
use super::event_thread::Actor;
use super::extras::{extra, resize};
use super::guest::{CpuTime, Guest, SampleContext};
use super::memory::Now;
use super::moment::Moment;
use super::node::Node;
use super::options::SyntheticOptions;
use super::story::{self, HISTORY, Part, Parts, Role};
use crate::model::{EventDomain, Groups, HostInfo, HostSample, NodeSample, SampleKind};
use crate::sources::Request;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The largest number of domains of a host.
const MOST_DOMAINS: usize = 10_000;

/// The largest number of disks, and of NICs, of a domain.
const MOST_DEVICES: usize = 1_000;

#[derive(Debug)]
pub(super) struct Host {
    node: Node,
    /// In the order of their UUIDs, as in samples.
    guests: Vec<Guest>,
    /// For each role, at [`Role::index`]: its levels in the story, and the share of its memory that the balloon leaves.
    scripts: Vec<(Role, Parts<Envelope>, Envelope)>,
}

impl Host {
    pub(super) fn new(options: &SyntheticOptions) -> Self {
        let mut profiles = cast();
        let most = options.domains.clamp(1, MOST_DOMAINS);
        let first_extra = profiles.len().min(most);
        profiles.truncate(most);
        profiles.extend((first_extra..most).map(|index| extra(options.seed, index)));
        let most_devices = |count: Option<usize>| count.map(|count| count.min(MOST_DEVICES));
        let mut first_device = 0;
        let mut guests = Vec::with_capacity(profiles.len());
        for (index, profile) in profiles.iter_mut().enumerate() {
            resize(profile, most_devices(options.disks_per_domain), most_devices(options.nics_per_domain));
            guests.push(Guest::new(options.seed, index, profile, first_device));
            first_device += profile.nics.len();
        }
        guests.sort_by_key(|guest| guest.uuid);
        Self {
            node: Node::new(options.seed, &profiles[first_extra..]),
            guests,
            scripts: Role::ALL.into_iter().map(|role| (role, story::script(role), story::balloon(role))).collect(),
        }
    }

    pub(super) fn info(&self) -> HostInfo {
        self.node.info()
    }

    /// The domains of this host that have events in the story.
    pub(super) fn actors(&self) -> Vec<Actor> {
        let actor = |role: Role| {
            let guest = self.guests.iter().find(|guest| guest.role == role)?;
            Some(Actor { role, domain: EventDomain { uuid: guest.uuid, name: guest.name.to_string() } })
        };
        Role::ALL.into_iter().filter(|role| !role.state_changes().is_empty()).filter_map(actor).collect()
    }

    /// The sample at `elapsed` after time zero. `at`: the clocks then; `wall_start`: the wall clock at time zero.
    pub(super) fn sample(
        &self,
        elapsed: Duration,
        at: Timestamp,
        wall_start: jiff::Timestamp,
        request: &Request,
    ) -> HostSample {
        let moment = Moment::after(HISTORY + elapsed);
        let millis = |wall: jiff::Timestamp| u64::try_from(wall.as_millisecond()).unwrap_or(0);
        let context = SampleContext {
            now: Now { moment, wall_ms: millis(at.wall), wall_start_ms: millis(wall_start) },
            domains: self.guests.len() as u32,
            host_cpus: self.node.cpus,
        };
        let parts: Vec<Part> =
            self.scripts.iter().map(|(role, script, balloon)| Part::at(&moment, *role, script, balloon)).collect();
        let whole = request.kind == SampleKind::Full;
        let mut time = CpuTime::default();
        let mut resident = 0.0;
        let mut domains = BTreeMap::new();
        for guest in &self.guests {
            let part = &parts[guest.role.index()];
            let lifetime = if whole { guest.cpu_time(&part.areas) } else { CpuTime::default() };
            time.user += lifetime.user;
            time.system += lifetime.system;
            if whole && part.life.state.is_active() {
                resident += guest.memory.rss(part.given, moment.seconds() - part.life.stopped_for);
            }
            let focus = if request.focus.contains(&guest.uuid) { Groups::HOST_CPU } else { Groups::empty() };
            let wanted = request.groups | request.extra_of(&guest.uuid);
            let groups = (wanted - Groups::HOST_CPU) | focus;
            domains.insert(guest.uuid, guest.sample(&context, part, lifetime, groups));
        }
        let node = if whole { self.node.sample(&moment, time, resident) } else { NodeSample::default() };
        HostSample { at, kind: request.kind, requested: request.groups, node, domains, unsupported: Arc::default() }
    }
}
