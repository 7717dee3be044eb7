//! The interface of a source: a blocking, single-threaded reader of one hypervisor.

use crate::model::{Event, Groups, HostInfo, HostSample, SampleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A request for a sample: which groups of which domains it must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the sample is for.
    pub kind: SampleKind,
    /// Groups of every active domain.
    pub groups: Groups,
    /// Groups of single domains, in addition to `groups`.
    pub extra: Arc<BTreeMap<Uuid, Groups>>,
    /// Domains whose own screen, or that of one of their devices, is open: [`Groups::HOST_CPU`] is read for them too.
    pub focus: BTreeSet<Uuid>,
}

impl Request {
    /// A full sample with the same groups of every active domain.
    pub fn of_all(groups: Groups) -> Self {
        Self { kind: SampleKind::Full, groups, extra: Arc::default(), focus: BTreeSet::new() }
    }

    /// The list of domains and their states.
    pub fn state_only() -> Self {
        Self { kind: SampleKind::StateOnly, ..Self::of_all(Groups::STATE) }
    }

    /// Groups of one domain in addition to [`Request::groups`].
    pub fn extra_of(&self, domain: &Uuid) -> Groups {
        self.extra.get(domain).copied().unwrap_or_default()
    }
}

/// A hypervisor, real or synthetic. All calls block. They are made from one thread, one at a time.
pub trait Source: Send {
    /// Opens a connection, or a new one after a loss, and returns the description of the host. The source may keep `notify` and
    /// call it from any thread until the source is dropped.
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError>;

    /// Reads all domains that exist. Groups that the request does not name stay empty.
    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError>;

    /// Reads a sample while calls hang in the domains of `bypass`. Of these domains only groups are read whose calls cannot hang,
    /// or none. A busy domain whose monitor is still busy is [`blocked`](crate::model::DomainSample::blocked) in the sample. A
    /// source whose calls cannot hang has nothing to bypass.
    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError>;

    /// Whether a domain's hypervisor answers (`virDomainGetControlInfo`). This call hangs too if libvirt keeps the domain
    /// locked.
    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError>;
}

/// Domains to bypass, because calls hang in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypass {
    /// Domains whose monitor is busy: their state and NICs can be read.
    pub busy: BTreeSet<Uuid>,
    /// Domains that libvirt keeps locked: no call may name them, nor list all domains.
    pub locked: BTreeSet<Uuid>,
    /// The active domains that are known, for when no list can be read.
    pub known: BTreeSet<Uuid>,
    /// The most calls that may be in flight at a time: each could hang as well.
    pub calls: usize,
}

/// The state of a domain's monitor (`virDomainGetControlInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    /// It is free.
    Free,
    /// It has been busy with a command for this long.
    Busy(Duration),
    /// It is busy with a command of libvirt's own job. libvirt does not say for how long.
    AtWork,
    /// The domain is off or does not exist.
    Gone,
}

/// Sends notices from a source to its sampler, between samples. Never blocks.
#[derive(Clone)]
pub struct Notify(Arc<dyn Fn(Notice) + Send + Sync>);

impl Notify {
    /// Calls `call` with every notice.
    pub fn new(call: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    /// Sends a notice.
    pub fn send(&self, notice: Notice) {
        (self.0)(notice);
    }
}

/// A notice of a source to its sampler: what happened between two samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A domain appeared, vanished, or changed its state, name or devices.
    DomainsChanged,
    /// An event for the operator. If it changes which domains exist, or their states, [`Notice::DomainsChanged`] follows.
    Event(Event),
    /// A fact of the host differs from what [`Source::connect`] returned: for example the number of its CPUs.
    HostChanged(HostInfo),
    /// The connection is lost.
    Closed(SourceError),
}

/// Why a source could not do what was requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What failed and why, one line for the operator.
    pub message: String,
    /// What the operator can do; `None` if that is not known.
    pub advice: Option<String>,
    /// What the error ends: the sample or the connection.
    pub scope: FailureScope,
}

/// What an error ends, and when the next attempt makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureScope {
    /// This sample only; the connection is still open.
    Sample,
    /// The connection is lost: connect again.
    Connection,
    /// A socket of this machine is missing, or refused, reset or closed the connection. Another attempt costs next to nothing.
    Away,
    /// The same, where an attempt to connect starts the daemon: libvirt's client or systemd does.
    AwayOnDemand,
    /// Another attempt fails in the same way (an invalid URI, no permission).
    Permanent,
}
