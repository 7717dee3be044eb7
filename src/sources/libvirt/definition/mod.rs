//! Definitions of domains: their XML, read when it changed, and its parser.

pub(super) mod cache;
pub(super) mod xml;
