//! The parsers of what comes from outside, for `tests/fuzz` and nobody else: no part of the interface.

pub use super::params::{Figures, Value, read as parameters};
pub use super::uri::without_prompts;
pub use super::xml::{XmlError, parse as xml};
