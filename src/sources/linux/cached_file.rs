//! One file of the kernel's.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// What is needed of any of these files is within this.
const ROOM: usize = 1024;

/// A file that is read again and again.
pub(crate) struct CachedFile {
    path: PathBuf,
    open: Option<File>,
}

impl CachedFile {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Takes something from its first lines. `keep`: the file stays open.
    pub(crate) fn read<T>(&mut self, keep: bool, take: impl Fn(&str) -> Option<T>) -> Option<T> {
        let file = match self.open.take() {
            Some(file) => file,
            None => File::open(&self.path).ok()?,
        };
        let mut room = [0; ROOM];
        // Such files are made at every reading from their start, so this is what they say now.
        let length = file.read_at(&mut room, 0).ok()?;
        self.open = Some(file).filter(|_| keep);
        take(std::str::from_utf8(&room[..length]).ok()?)
    }
}
