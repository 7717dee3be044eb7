//! What a source of figures is: a blocking, single-threaded reader of one hypervisor.

use crate::model::{Event, Groups, HostInfo, HostSample, SampleKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What one sample must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What the sample is for.
    pub kind: SampleKind,
    /// Groups of every active domain.
    pub groups: Groups,
    /// Groups of single domains, in addition to `groups`.
    pub extra: Arc<BTreeMap<Uuid, Groups>>,
    /// The domain that the screen is about: [`Groups::HOST_CPU`] is read for it too.
    pub focus: Option<Uuid>,
}

impl Request {
    /// A full sample with the same groups of every active domain.
    pub fn of_all(groups: Groups) -> Self {
        Self { kind: SampleKind::Full, groups, extra: Arc::default(), focus: None }
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

/// A hypervisor, real or not. All calls block; they are made from one thread, one at a time.
pub trait Source: Send {
    /// Opens (or opens again after a loss) and says what the host is. `notify` may be kept and called from any
    /// thread until the source is dropped.
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError>;

    /// One reading of everything that exists. Groups that the request does not name stay empty.
    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError>;

    /// The same while calls hang in some domains: those are asked for what cannot hang, or for nothing at all. A busy
    /// domain whose monitor is still busy is marked as [`blocked`](crate::model::DomainSample::held). A source in which nothing can hang has nothing to avoid.
    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError>;

    /// Whether a domain's hypervisor answers (`virDomainGetControlInfo`). Itself hangs where libvirt keeps the domain
    /// locked.
    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError>;
}

/// Domains to go around, because a call hangs in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypass {
    /// Their monitor is busy: state and NICs can be had.
    pub busy: BTreeSet<Uuid>,
    /// libvirt keeps them locked: no call may name them, nor a list in which they would be.
    pub locked: BTreeSet<Uuid>,
    /// The active domains that are known, for when no list can be had.
    pub known: BTreeSet<Uuid>,
    /// So many calls at most may be made side by side: each could hang as well.
    pub calls: usize,
}

/// What a domain's monitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    /// It would answer.
    Free,
    /// A command has been under way for so long.
    Busy(Duration),
    /// A command is under way beside a job of libvirt's own, and nobody knows for how long.
    AtWork,
    /// There is no such domain any more, or it is off.
    Gone,
}

/// How a source tells the sampler, between samples, that something has happened. Never blocks.
#[derive(Clone)]
pub struct Notify(Arc<dyn Fn(Notice) + Send + Sync>);

impl Notify {
    /// Wraps what shall be called.
    pub fn new(call: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    /// Hands the notice on.
    pub fn send(&self, notice: Notice) {
        (self.0)(notice);
    }
}

/// What a source noticed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A domain came, went, changed its state, name or devices.
    DomainsChanged,
    /// Something that the operator may want to read of. Where it changes what exists, [`Notice::DomainsChanged`]
    /// follows.
    Event(Event),
    /// The connection is gone; the reason for the operator.
    Closed(String),
}

/// Why a source could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What failed and why, one line for the operator.
    pub message: String,
    /// What to do about it, where that can be told.
    pub advice: Option<String>,
    /// What it means for the connection.
    pub severity: FailureScope,
}

/// What an error means for what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureScope {
    /// This sample only; the connection stands.
    Sample,
    /// The connection is gone: connect again.
    Connection,
    /// Nobody listens at a socket of this machine. To ask again costs next to nothing.
    Away,
    /// It will not work however often it is tried (a URI that means nothing): tell, and end at start-up.
    Permanent,
}
