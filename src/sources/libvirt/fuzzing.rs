//! Gives `tests/fuzz` access to the parsers of text and values from outside. Not part of the interface of the crate.

pub use super::uri::without_prompts;
pub use crate::sources::libvirt::definition::XmlError;
pub use crate::sources::libvirt::definition::parse as xml;
pub use crate::sources::libvirt::stats::params::read as parameters;
pub use crate::sources::libvirt::stats::params::{Figures, Value};
