//! Limits of the watchdog. When a busy monitor counts as hung is in [`crate::model`].

use std::time::Duration;
use uuid::Uuid;

/// The most calls that may hang on one host. If more do, only groups are read whose calls cannot hang.
pub(in crate::sampler) const MAX_HANGING_CALLS: usize = 3;
/// How long the call about one domain's monitor may take. It takes about 1 ms.
pub(in crate::sampler) const MONITOR_TIMEOUT: Duration = Duration::from_millis(400);
/// How long the list of all states may take. With a thousand domains it takes about 20 ms.
pub(in crate::sampler) const LIST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a second connection may take.
pub(in crate::sampler) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How many domains that are off are asked about, if the call hangs in no active domain.
pub(in crate::sampler) const MAX_INACTIVE_PROBES: usize = 200;
/// A call that has waited for a monitor for this long is found: the monitor has been busy for longer than
/// [`HANG_OF_OWN_CALL`](crate::model::HANG_OF_OWN_CALL).
pub(in crate::sampler) const HANG_FOUND_AFTER: Duration = Duration::from_millis(350);
/// Stands for a locked domain that is not known, because it is just being created. (The nil UUID is that of Xen's Domain-0.)
pub(in crate::sampler) const UNKNOWN_DOMAIN: Uuid = Uuid::max();
