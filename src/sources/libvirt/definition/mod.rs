//! Definitions of domains: their XML, read again only when it has changed, and its parser.

mod cache;
mod elements;
mod listed;
mod source;
mod xml;

pub(super) use cache::Definitions;
pub(super) use listed::{ChangeHints, ListedDomain};
pub use xml::{XmlError, parse};
