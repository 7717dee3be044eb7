//! Entries as rows: their headings, or their values.

use crate::outputs::encoder::Rows;
use crate::outputs::fields::{Entry, Fields, Value};
use std::io;

/// Writes whole rows.
pub(super) struct RowWriter<'r> {
    csv: csv::Writer<&'r mut Vec<u8>>,
    ends: &'r mut Vec<usize>,
}

impl<'r> RowWriter<'r> {
    /// Appends to `rows`.
    pub(super) fn new(rows: &'r mut Rows) -> Self {
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut rows.bytes);
        Self { csv, ends: &mut rows.ends }
    }

    /// Writes the headings of an entry.
    pub(super) fn headings(&mut self, entry: &impl Entry) -> io::Result<()> {
        entry.write(&mut Headings { csv: &mut self.csv, prefix: String::new() })?;
        self.end()
    }

    /// Writes the values of an entry.
    pub(super) fn values(&mut self, entry: &impl Entry) -> io::Result<()> {
        entry.write(&mut Values(&mut self.csv))?;
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        self.csv.write_record(None::<&[u8]>)?;
        self.csv.flush()?;
        self.ends.push(self.csv.get_ref().len());
        Ok(())
    }
}

/// Writes keys. The key of a value in a group is the path of JSON: `totals.read_bytes`.
struct Headings<'w, W: io::Write> {
    csv: &'w mut csv::Writer<W>,
    prefix: String,
}

impl<W: io::Write> Fields for Headings<'_, W> {
    type Error = csv::Error;

    fn value<'a>(&mut self, key: &str, _: impl Into<Value<'a>>) -> Result<(), csv::Error> {
        self.csv.write_field(format!("{}{key}", self.prefix))
    }

    fn group(&mut self, key: &str, _: bool, group: &impl Entry) -> Result<(), csv::Error> {
        let prefix = format!("{}{key}.", self.prefix);
        group.write(&mut Headings { csv: self.csv, prefix })
    }
}

/// Writes values.
struct Values<'w, W: io::Write>(&'w mut csv::Writer<W>);

impl<W: io::Write> Fields for Values<'_, W> {
    type Error = csv::Error;

    fn value<'a>(&mut self, _: &str, value: impl Into<Value<'a>>) -> Result<(), csv::Error> {
        match value.into() {
            Value::Unknown => self.0.write_field(""),
            Value::Text(text) => self.0.write_field(text.as_bytes()),
            Value::Words(words) => self.0.write_field(words.join(" ")),
            Value::Integer(number) => self.0.write_field(number.to_string()),
            Value::Number(number) if number.is_finite() => self.0.write_field(number.to_string()),
            // JSON has no such numbers either.
            Value::Number(_) => self.0.write_field(""),
            Value::Flag(flag) => self.0.write_field(flag.to_string()),
        }
    }

    fn group(&mut self, _: &str, _: bool, group: &impl Entry) -> Result<(), csv::Error> {
        group.write(self)
    }
}
