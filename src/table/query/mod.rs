//! Queries: which rows a list shows, and which an output writes.
//!
//! ```text
//! query      = and { "or" and }
//! and        = term { ["and"] term }
//! term       = ["not" | "!"] ( "(" query ")" | comparison | "/" regex "/" | word )
//! comparison = figure ( ">" | ">=" | "<" | "<=" | "=" | "!=" ) number with suffix
//!            | text   ( "=" | "!=" | ":" | "~" | "!~" ) words
//! ```
//!
//! `field` has the names of figures and texts, which come from the catalogues; `number` the values with their suffixes;
//! `parse` makes an `expression` of a text, or an error with its place; `needle` is what a plain word finds.

mod complete;
mod expression;
mod field;
mod needle;
mod number;
mod parse;
#[allow(clippy::module_inception)] // Its type is what the module is called after.
mod query;

pub use complete::{Completion, complete};
pub use expression::Subject;
pub use field::{FieldInfo, fields};
pub use parse::QueryError;
pub use query::Query;
