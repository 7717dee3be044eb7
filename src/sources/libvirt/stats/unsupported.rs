//! Calls that the driver of a connection does not have. Each is tried once and then left out.

use crate::model::{Call, UnsupportedCall};
use std::sync::Arc;

/// The unsupported calls of one connection, with the reasons.
#[derive(Default)]
pub(crate) struct UnsupportedCalls {
    known: Arc<Vec<UnsupportedCall>>,
}

impl UnsupportedCalls {
    /// True if `call` is known to be unsupported.
    pub(crate) fn has(&self, call: Call) -> bool {
        self.known.iter().any(|unsupported| unsupported.call == call)
    }

    /// Adds a call. The first reason stays.
    pub(crate) fn add(&mut self, call: Call, reason: String) {
        if !self.has(call) {
            let known = Arc::make_mut(&mut self.known);
            known.push(UnsupportedCall { call, reason });
            known.sort_by_key(|unsupported| unsupported.call);
        }
    }

    /// The list for a sample. It stays the same allocation until a call is added.
    pub(crate) fn shared(&self) -> Arc<Vec<UnsupportedCall>> {
        Arc::clone(&self.known)
    }
}
