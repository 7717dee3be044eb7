//! A file of `/proc` or `/sys` that is read at every sample.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Bytes that [`CachedFile::read`] reads of a file.
const READ_BYTES: usize = 1024;

/// A file that is read again and again. It can stay open between two readings, which saves most of the time of a reading.
pub(super) struct CachedFile {
    path: PathBuf,
    open: Option<File>,
}

impl CachedFile {
    /// The file at `path`; opens nothing.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// True if the file is open now.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Reads the first [`READ_BYTES`] bytes and parses them. `None` if the file cannot be read or `parse` returns `None`.
    /// `keep_open`: the file stays open for the next reading.
    pub(super) fn read<T>(&mut self, keep_open: bool, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.read_up_to::<READ_BYTES, T>(keep_open, parse)
    }

    /// Like [`CachedFile::read`], but of the first `BYTES` bytes.
    pub(super) fn read_up_to<const BYTES: usize, T>(
        &mut self,
        keep_open: bool,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let file = match self.open.take() {
            Some(file) => file,
            None => File::open(&self.path).ok()?,
        };
        let mut buffer = [0; BYTES];
        // The kernel writes the contents anew for each read from offset 0.
        let length = file.read_at(&mut buffer, 0).ok()?;
        self.open = Some(file).filter(|_| keep_open);
        // The name of a process may be any bytes.
        let text: Cow<'_, str> = String::from_utf8_lossy(&buffer[..length]);
        parse(&text)
    }
}
