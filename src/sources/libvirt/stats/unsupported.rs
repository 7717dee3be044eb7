//! Calls that this connection's driver turned out to lack. Each is tried once and then left alone.

use crate::model::{Call, UnsupportedCall};
use std::sync::Arc;

/// Remembered for one connection.
#[derive(Default)]
pub(crate) struct UnsupportedCalls {
    known: Arc<Vec<UnsupportedCall>>,
}

impl UnsupportedCalls {
    /// Whether `call` is known not to work.
    pub(crate) fn has(&self, call: Call) -> bool {
        self.known.iter().any(|unsupported| unsupported.call == call)
    }

    /// Remembers it; the first reason stands.
    pub(crate) fn add(&mut self, call: Call, reason: String) {
        if !self.has(call) {
            let known = Arc::make_mut(&mut self.known);
            known.push(UnsupportedCall { call, reason });
            known.sort_by_key(|unsupported| unsupported.call);
        }
    }

    /// For a sample: the same allocation as long as nothing is added.
    pub(crate) fn shared(&self) -> Arc<Vec<UnsupportedCall>> {
        Arc::clone(&self.known)
    }
}
