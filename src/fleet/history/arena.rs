//! One allocation for all history blocks of a host that end at the same tick, because they are freed at the same tick too.
//! An allocation for each would fragment the heap.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// The words of the blocks that end at this tick, while they are written.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    words: Vec<u16>,
    finished: Arc<OnceLock<Box<[u16]>>>,
}

/// Some words of an arena. Empty until the arena is dropped, which finishes it.
#[derive(Clone)]
pub(crate) struct ArenaBlock {
    arena: Arc<OnceLock<Box<[u16]>>>,
    start: u32,
    end: u32,
}

impl Arena {
    /// Lets `write` append words, and returns them as one block.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u16>)) -> ArenaBlock {
        let start = self.words.len() as u32;
        write(&mut self.words);
        ArenaBlock { arena: Arc::clone(&self.finished), start, end: self.words.len() as u32 }
    }
}

/// Finishes the arena: its blocks can be read from now on.
impl Drop for Arena {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            // It is set here only, so this cannot fail.
            let _ = self.finished.set(words.into_boxed_slice());
        }
    }
}

impl Deref for ArenaBlock {
    type Target = [u16];
    fn deref(&self) -> &[u16] {
        self.arena.get().and_then(|words| words.get(self.start as usize..self.end as usize)).unwrap_or_default()
    }
}

/// Equal words, wherever they are.
impl PartialEq for ArenaBlock {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// The words of the block alone.
impl fmt::Debug for ArenaBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_can_be_read_once_the_arena_is_dropped() {
        let mut arena = Arena::default();
        let one = arena.write(|words| words.extend([1, 2]));
        let other = arena.write(|words| words.push(3));
        drop(arena);
        assert_eq!((&*one, &*other), (&[1, 2][..], &[3][..]));
        assert_eq!(format!("{other:?}"), "[3]");
    }
}
