//! The whole host as a function of time.

use super::announcer::Player;
use super::cast::cast;
use super::envelope::Envelope;
use super::extras::{extra, resize};
use super::guest::{CpuTime, Guest, Scene};
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

/// The most domains of a host.
const MOST_DOMAINS: usize = 10_000;

/// The most disks, and the most NICs, of a domain.
const MOST_DEVICES: usize = 1_000;

#[derive(Debug)]
pub(super) struct Host {
    node: Node,
    /// In order of UUID, as samples have them.
    guests: Vec<Guest>,
    /// What the story does to each role, and what the balloon leaves it, by [`Role::index`].
    scripts: Vec<(Role, Parts<Envelope>, Envelope)>,
}

impl Host {
    pub(super) fn new(options: &SyntheticOptions) -> Self {
        let mut personas = cast();
        let most = options.domains.clamp(1, MOST_DOMAINS);
        let first_extra = personas.len().min(most);
        personas.truncate(most);
        personas.extend((first_extra..most).map(|index| extra(options.seed, index)));
        let most_devices = |count: Option<usize>| count.map(|count| count.min(MOST_DEVICES));
        let mut first_device = 0;
        let mut guests = Vec::with_capacity(personas.len());
        for (index, persona) in personas.iter_mut().enumerate() {
            resize(persona, most_devices(options.disks_per_domain), most_devices(options.nics_per_domain));
            guests.push(Guest::new(options.seed, index, persona, first_device));
            first_device += persona.nics.len();
        }
        guests.sort_by_key(|guest| guest.uuid);
        Self {
            node: Node::new(options.seed, &personas[first_extra..]),
            guests,
            scripts: Role::ALL.into_iter().map(|role| (role, story::script(role), story::balloon(role))).collect(),
        }
    }

    pub(super) fn info(&self) -> HostInfo {
        self.node.info()
    }

    /// Who of the story is there.
    pub(super) fn players(&self) -> Vec<Player> {
        let player = |role: Role| {
            let guest = self.guests.iter().find(|guest| guest.role == role)?;
            Some(Player { role, domain: EventDomain { uuid: guest.uuid, name: guest.name.to_string() } })
        };
        Role::ALL.into_iter().filter(|role| !role.turns().is_empty()).filter_map(player).collect()
    }

    /// The host, `elapsed` after time zero, when the clocks show `at` (and the wall clock showed `wall_start` at zero).
    pub(super) fn sample(
        &self,
        elapsed: Duration,
        at: Timestamp,
        wall_start: jiff::Timestamp,
        request: &Request,
    ) -> HostSample {
        let moment = Moment::after(HISTORY + elapsed);
        let millis = |wall: jiff::Timestamp| u64::try_from(wall.as_millisecond()).unwrap_or(0);
        let scene = Scene {
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
            domains.insert(guest.uuid, guest.sample(&scene, part, lifetime, groups));
        }
        let node = if whole { self.node.sample(&moment, time, resident) } else { NodeSample::default() };
        HostSample { at, kind: request.kind, requested: request.groups, node, domains, unsupported: Arc::default() }
    }
}
