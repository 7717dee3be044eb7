//! Functions that make text from outside safe, made public for `tests/fuzz` only.

pub use super::text::{clean, fit, shorten};
