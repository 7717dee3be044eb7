//! The parsers of what comes from outside, for `tests/fuzz` and nobody else: no part of the interface.

pub use super::uri::without_prompts;
pub use crate::sources::libvirt::definition::xml::XmlError;
pub use crate::sources::libvirt::definition::xml::parse as xml;
pub use crate::sources::libvirt::stats::params::read as parameters;
pub use crate::sources::libvirt::stats::params::{Figures, Value};
