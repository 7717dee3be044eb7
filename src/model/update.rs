//! The stream of updates from a sampler to its readers.

use super::{DomainSample, Event, Groups, HostInfo, HostSample, NodeSample, SampleKind, UnsupportedCall};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A change in what is known of one host. A reader that applies all updates of a host in their order has the complete state of
/// the host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostUpdate {
    /// An attempt to connect starts.
    Connecting,
    /// The connection is open; a keyframe follows.
    Connected(Arc<HostInfo>),
    /// A complete sample: the first one of a connection.
    Keyframe(HostSample),
    /// The difference from the sample before. A domain that is not named in it was read, and its figures are the same.
    Delta(SampleDelta),
    /// An event of a domain or of the connection. The beginning and the end of a hang come before the sample that shows them.
    Event(Event),
    /// Samples were left out before the next full one, though the host could have answered: vtop was stopped, or the reader of
    /// its updates did not read. Nobody has seen what happened meanwhile.
    Missed,
    /// How long a sample takes, if that is longer than the interval. `None`: it is not any more.
    Late(Option<Duration>),
    /// There is no sample now, and why. The last known values stay.
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
    /// The node, complete: it changes with every sample.
    pub node: NodeSample,
    /// Domains that the sample before does not have.
    pub appeared: Vec<(Uuid, DomainSample)>,
    /// Domains that only the sample before has.
    pub vanished: Vec<Uuid>,
    /// Domains of which anything is different, sorted by UUID.
    pub changed: Vec<(Uuid, DomainSample)>,
    /// Calls that the driver does not support.
    pub unsupported: Arc<Vec<UnsupportedCall>>,
}

/// Why a host has no figures now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What failed and why, one line for the operator.
    pub message: String,
    /// What the operator can do; `None` if vtop does not know.
    pub advice: Option<String>,
    /// How long after `at` the next attempt to connect follows; `None`: the connection is still open, and the next sample is
    /// the next attempt.
    pub retry_in: Option<Duration>,
    /// When it failed.
    pub at: Timestamp,
    /// It is a bug in vtop (a panic), not a fault of the host.
    pub is_bug: bool,
}
