//! What makes others' text harmless, for `tests/fuzz` and nobody else: no part of the interface.

pub use super::text::{clean, fit, shorten};
