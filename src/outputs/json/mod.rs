//! JSON: a line for each record.
//!
//! Every key is in every line; what is not known is `null`, never 0. docs/json.md lists the keys.

mod encoder;
mod line;
mod object;
#[cfg(test)]
mod tests;

pub use encoder::Json;
pub use line::SCHEMA_VERSION;
