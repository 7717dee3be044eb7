//! Events of libvirt between two samples.

mod pending;

pub(super) use pending::{PendingChanges, StaleDefinitions};
