//! CSV (RFC 4180): one table, a row for each thing in each sample.
//!
//! Headings are the keys of JSON. docs/csv.md describes the tables.

mod encoder;
mod row;
mod table;
#[cfg(test)]
mod tests;

pub use encoder::Csv;
pub use table::Table;
