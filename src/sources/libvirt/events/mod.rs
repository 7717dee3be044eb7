//! What libvirt's events between two samples change for the next sample.

mod pending;

pub(super) use pending::{PendingChanges, StaleDefinitions};
