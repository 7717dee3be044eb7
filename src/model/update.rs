//! What travels from a sampler to whoever shows or writes it.

use super::{DomainSample, Event, Groups, HostInfo, HostSample, NodeSample, SampleKind, UnsupportedCall};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A step in what is known of one host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostUpdate {
    /// A connection attempt has begun.
    Connecting,
    /// The connection stands; a keyframe follows.
    Connected(Arc<HostInfo>),
    /// The whole state: the first sample of a connection.
    Keyframe(HostSample),
    /// What is different from the sample before. A domain not named in it was read and had the same figures.
    Delta(SampleDelta),
    /// Something happened, between two samples.
    Event(Event),
    /// A sample takes longer than the interval: so long. `None`: the interval is kept again.
    Late(Option<Duration>),
    /// There is no sample, and this is why.
    Failed(Failure),
}

/// The difference of two samples of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleDelta {
    /// When the new sample was taken.
    pub at: Timestamp,
    /// What the new sample is for.
    pub kind: SampleKind,
    /// Groups that the new sample requested of every active domain.
    pub requested: Groups,
    /// The node, whole: it changes every time.
    pub node: NodeSample,
    /// Domains that were not there before.
    pub appeared: Vec<(Uuid, DomainSample)>,
    /// Domains that are not there any more.
    pub vanished: Vec<Uuid>,
    /// Domains with anything different, sorted by UUID.
    pub changed: Vec<(Uuid, DomainSample)>,
    /// Calls that the driver lacks.
    pub unsupported: Arc<Vec<UnsupportedCall>>,
}

/// Why a host gives no figures at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What failed and why, one line for the operator.
    pub message: String,
    /// What to do about it, where vtop can tell.
    pub advice: Option<String>,
    /// How long after `at` the next attempt comes; `None`: the connection still stands, the next sample is the next
    /// attempt.
    pub retry_in: Option<Duration>,
    /// When it failed.
    pub at: Timestamp,
    /// It is a bug in vtop (a panic), not a fault of the host.
    pub is_bug: bool,
}
