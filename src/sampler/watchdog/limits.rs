//! Limits of the watchdog. When a busy monitor counts as hung is in [`crate::model`].

use std::time::Duration;
use uuid::Uuid;

/// How many calls may hang on one host. While more hang, only groups are read whose calls cannot hang: state and network.
pub(in crate::sampler) const MAX_HANGING_CALLS: usize = 3;
/// How long `virDomainGetControlInfo` of one domain may take. Usually it takes about 1 ms.
pub(in crate::sampler) const MONITOR_TIMEOUT: Duration = Duration::from_millis(400);
/// How long a list of all domains with their states may take. With a thousand domains it usually takes about 20 ms.
pub(in crate::sampler) const LIST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long opening a second connection, or the first list of domains over it, may take.
pub(in crate::sampler) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For how many domains that are shut off a diagnosis calls `virDomainGetControlInfo`, after all active ones.
pub(in crate::sampler) const MAX_INACTIVE_PROBES: usize = 200;
/// A diagnosis finds a hang at the earliest when the call has waited for a monitor for this long: by then the monitor has been
/// busy for longer than [`HANG_OF_OWN_CALL`](crate::model::HANG_OF_OWN_CALL).
pub(in crate::sampler) const HANG_FOUND_AFTER: Duration = Duration::from_millis(350);
/// In place of the UUID of a locked domain that is not known, because it is just being created. (The nil UUID is not free: it is
/// that of Xen's Domain-0.)
pub(in crate::sampler) const UNKNOWN_DOMAIN: Uuid = Uuid::max();
