//! Calls that this connection's driver turned out to lack. Each is tried once and then left alone.

use crate::model::{Call, Lack};
use std::sync::Arc;

/// Remembered for one connection.
#[derive(Default)]
pub(crate) struct Lacks {
    known: Arc<Vec<Lack>>,
}

impl Lacks {
    /// Whether `call` is known not to work.
    pub(crate) fn has(&self, call: Call) -> bool {
        self.known.iter().any(|lack| lack.call == call)
    }

    /// Remembers it; the first reason stands.
    pub(crate) fn add(&mut self, call: Call, reason: String) {
        if !self.has(call) {
            let known = Arc::make_mut(&mut self.known);
            known.push(Lack { call, reason });
            known.sort_by_key(|lack| lack.call);
        }
    }

    /// For a sample: the same allocation as long as nothing is added.
    pub(crate) fn shared(&self) -> Arc<Vec<Lack>> {
        Arc::clone(&self.known)
    }
}
