//! From records to bytes.

use super::report::Record;
use std::io::{self, Write};

/// Largest number of bytes that Linux writes to a pipe without splitting them (`PIPE_BUF`).
const PIPE_BUF: usize = 4096;

/// A format.
pub trait Encoder {
    /// Appends the rows of the record to `rows`; a record can have none. The error is one of formatting, not of writing.
    fn encode(&mut self, record: &Record<'_>, rows: &mut Rows) -> io::Result<()>;
}

/// Encoded rows, each one whole.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// All rows, one after the other.
    pub(super) bytes: Vec<u8>,
    /// The end of each row in `bytes`.
    pub(super) ends: Vec<usize>,
}

impl Rows {
    /// The bytes of all rows.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Removes all rows.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Writes all rows and flushes. Every write ends at the end of a row, and no row of at most 4096 bytes is
    /// split: if the process is killed, the pipe still ends with a whole row.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (mut begin, mut end) = (0, 0);
        for &next in &self.ends {
            if next - begin > PIPE_BUF && end > begin {
                to.write_all(&self.bytes[begin..end])?;
                begin = end;
            }
            end = next;
        }
        if end > begin {
            to.write_all(&self.bytes[begin..end])?;
        }
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Writes(Vec<usize>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.push(0);
            Ok(())
        }
    }

    /// Lengths of the writes for rows of these lengths; 0 is a flush.
    fn writes(rows: &[usize]) -> Vec<usize> {
        let mut encoded = Rows::default();
        for &length in rows {
            encoded.bytes.extend(vec![b'x'; length]);
            encoded.ends.push(encoded.bytes.len());
        }
        let mut writes = Writes::default();
        encoded.write(&mut writes).unwrap();
        writes.0
    }

    #[test]
    fn a_write_has_as_many_whole_rows_as_a_pipe_takes_at_once() {
        assert_eq!(writes(&[]), [0]);
        assert_eq!(writes(&[10, 20]), [30, 0]);
        assert_eq!(writes(&[4000, 96, 1]), [4096, 1, 0]);
        assert_eq!(writes(&[4000, 97, 1]), [4000, 98, 0]);
        assert_eq!(writes(&[5000, 10, 9000, 10]), [5000, 10, 9000, 10, 0]);
    }
}
