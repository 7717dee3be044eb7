//! Memory for what is written at one tick and forgotten at another: one piece for all things of a host. A piece for each
//! of them would leave the heap full of holes, and everything that is in it far apart.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Words that are being written.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    words: Vec<u16>,
    whole: Arc<OnceLock<Box<[u16]>>>,
}

/// Some words of a page. They can be read once the page is finished.
#[derive(Clone)]
pub(crate) struct ArenaBlock {
    arena: Arc<OnceLock<Box<[u16]>>>,
    start: u32,
    end: u32,
}

impl Arena {
    /// Lets `write` append words, and gives them back as one part.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u16>)) -> ArenaBlock {
        let start = self.words.len() as u32;
        write(&mut self.words);
        ArenaBlock { arena: Arc::clone(&self.whole), start, end: self.words.len() as u32 }
    }
}

/// A page is finished when nobody writes to it any more.
impl Drop for Arena {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            // Nobody else sets it.
            let _ = self.whole.set(words.into_boxed_slice());
        }
    }
}

impl Deref for ArenaBlock {
    type Target = [u16];
    fn deref(&self) -> &[u16] {
        self.arena.get().and_then(|words| words.get(self.start as usize..self.end as usize)).unwrap_or_default()
    }
}

/// As its own words, without those of its neighbours.
impl fmt::Debug for ArenaBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_page_are_read_once_it_is_whole() {
        let mut arena = Arena::default();
        let one = arena.write(|words| words.extend([1, 2]));
        let other = arena.write(|words| words.push(3));
        drop(arena);
        assert_eq!((&*one, &*other), (&[1, 2][..], &[3][..]));
        assert_eq!(format!("{other:?}"), "[3]");
    }
}
