//! The formats.

use super::csv::{Csv, Table};
use super::encoder::Encoder;
use super::json::Json;

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object for each record, each on one line.
    Json,
    /// One table as CSV.
    Csv(Table),
}

impl Format {
    /// A new encoder, which has written nothing yet.
    pub fn encoder(self) -> Box<dyn Encoder> {
        match self {
            Self::Json => Box::new(Json),
            Self::Csv(table) => Box::new(Csv::new(table)),
        }
    }
}
