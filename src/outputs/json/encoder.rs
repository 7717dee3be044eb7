//! The encoder of JSON lines.

use super::line::Line;
use crate::outputs::encoder::{Encoder, Rows};
use crate::outputs::report::Record;
use std::io;

/// Writes a JSON object for each record, each on one line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Encoder for Json {
    fn encode(&mut self, record: &Record<'_>, rows: &mut Rows) -> io::Result<()> {
        serde_json::to_writer(&mut rows.bytes, &Line(record))?;
        rows.bytes.push(b'\n');
        rows.ends.push(rows.bytes.len());
        Ok(())
    }
}
