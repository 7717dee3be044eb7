//! The history of one series: a row of codes for each tick.
//!
//! The newest rows are stored as they are. After [`BLOCK_TICKS`] rows they become a block: columns that do not vary are
//! stored once, the others [packed](crate::fleet::history::packed). A block that does not vary and equals the block before it
//! is not stored at all, so the history of an idle domain takes almost no memory.

use crate::fleet::history::arena::{Arena, ArenaBlock};
use crate::fleet::history::packed;
use crate::fleet::history::quantize::{NONE, Quantized};
use crate::fleet::history::timeline::{HISTORY_TICKS, Tick};
use std::collections::VecDeque;
use std::ops::Range;

/// The most columns that a row can have.
pub(crate) const MOST_COLUMNS: usize = u32::BITS as usize;

/// Rows of a block: 30 s at one sample per second.
const BLOCK_TICKS: usize = 30;

/// Rows of codes. All have the same width, which the caller passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// Blocks, the oldest first. A block ends before the first tick of the next block.
    blocks: VecDeque<Block>,
    /// The newest rows, one after another, without repetitions of the last one.
    open: Vec<Quantized>,
    /// How many times the last row of `open` is repeated.
    repeated: u32,
    /// The tick that comes next.
    next: Tick,
}

#[derive(Clone, Debug, PartialEq)]
struct Block {
    first: Tick,
    rows: Rows,
}

#[derive(Clone, Debug, PartialEq)]
enum Rows {
    /// All rows are the same. This can last long, so the row is not in an arena: it would keep all of the arena alive.
    Unchanged(Box<[Quantized]>),
    Varying {
        /// A bit for each column that varies.
        varying: u32,
        /// The columns that do not vary, one word each; then the packed columns.
        words: ArenaBlock,
    },
}

impl History {
    /// True if nothing was appended yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.open.is_empty()
    }

    /// Appends the row of a tick; skipped ticks become gaps. A block ends where tick + `block_offset` is a multiple of
    /// [`BLOCK_TICKS`], so with different offsets blocks do not end for all series at the same tick.
    pub(crate) fn push(&mut self, tick: Tick, block_offset: Tick, row: &[Quantized], arena: &mut Arena) {
        if self.is_empty() || tick.saturating_sub(self.next) >= HISTORY_TICKS as Tick {
            *self = Self { next: tick, ..Self::default() };
        }
        while self.next < tick {
            self.push_next(block_offset, &[NONE; MOST_COLUMNS][..row.len()], arena);
        }
        self.push_next(block_offset, row, arena);
    }

    /// Appends the row of the last tick once more, for `tick`. Returns false, and does nothing, if that row is already in a block, or
    /// if `tick` does not follow the last one.
    pub(crate) fn push_same(&mut self, tick: Tick, block_offset: Tick, width: usize, arena: &mut Arena) -> bool {
        let is_open = !self.open.is_empty() && tick == self.next;
        if is_open {
            self.repeated += 1;
            self.advance(block_offset, width, arena);
        }
        is_open
    }

    /// The column with this number, where every row has `width` columns.
    pub(crate) fn column(&self, column: usize, width: usize) -> Column<'_> {
        Column { history: self, column, width, ticks: 0..0, codes: Codes::Same(NONE) }
    }

    /// The tick of the first of the newest rows.
    fn open_from(&self, width: usize) -> Tick {
        self.next - (self.open.len() / width) as Tick - Tick::from(self.repeated)
    }

    fn push_next(&mut self, block_offset: Tick, row: &[Quantized], arena: &mut Arena) {
        if self.open.ends_with(row) {
            self.repeated += 1;
        } else {
            if self.open.capacity() == 0 {
                self.open.reserve_exact(BLOCK_TICKS * row.len());
            }
            self.write_repeated(row.len());
            self.open.extend_from_slice(row);
        }
        self.advance(block_offset, row.len(), arena);
    }

    fn write_repeated(&mut self, width: usize) {
        for _ in 0..std::mem::take(&mut self.repeated) {
            self.open.extend_from_within(self.open.len() - width..);
        }
    }

    fn advance(&mut self, block_offset: Tick, width: usize, arena: &mut Arena) {
        self.next += 1;
        if self.next.wrapping_add(block_offset).is_multiple_of(BLOCK_TICKS as Tick) {
            self.close(width, arena);
        }
    }

    /// Drops the blocks that are too old, and makes a block of the newest rows.
    fn close(&mut self, width: usize, arena: &mut Arena) {
        let oldest = self.next.saturating_sub(HISTORY_TICKS as Tick);
        while self.blocks.get(1).is_some_and(|second| second.first <= oldest) {
            self.blocks.pop_front();
        }
        let first = self.open_from(width);
        if self.open.len() > width {
            self.write_repeated(width);
        }
        let (head, varying) = (&self.open[..width], varying(width, &self.open));
        let rows = match (varying, self.blocks.back().map(|last| &last.rows)) {
            (0, Some(Rows::Unchanged(row))) if **row == *head => None,
            (0, _) => Some(Rows::Unchanged(head.into())),
            _ => Some(Rows::varying(varying, width, &self.open, arena)),
        };
        self.blocks.extend(rows.map(|rows| Block { first, rows }));
        self.open.clear();
        self.repeated = 0;
    }

    /// Words that are stored in total.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let words = |block: &Block| match &block.rows {
            Rows::Unchanged(row) => row.len(),
            Rows::Varying { words, .. } => words.len(),
        };
        self.open.len() + self.blocks.iter().map(words).sum::<usize>()
    }
}

/// A column of rows that follow each other in `rows`.
fn column(index: usize, width: usize, rows: &[Quantized]) -> impl Iterator<Item = Quantized> + Clone {
    rows[index..].iter().step_by(width).copied()
}

/// A bit for each column that is not the same in all rows.
fn varying(width: usize, rows: &[Quantized]) -> u32 {
    let varies = |index: &usize| column(*index, width, rows).any(|code| code != rows[*index]);
    (0..width).filter(varies).fold(0, |bits, index| bits | 1 << index)
}

impl Rows {
    fn varying(varying: u32, width: usize, rows: &[Quantized], arena: &mut Arena) -> Self {
        let varies = |index: &usize| varying & (1 << index) != 0;
        let words = arena.write(|words| {
            words.extend((0..width).filter(|index| !varies(index)).map(|index| rows[index]));
            (0..width).filter(varies).for_each(|index| packed::pack(column(index, width, rows), words));
        });
        Self::Varying { varying, words }
    }

    /// The codes of a column, in a block of this many rows.
    fn column(&self, column: usize, width: usize, rows: usize) -> Codes<'_> {
        let (varying, words) = match self {
            Self::Unchanged(row) => return Codes::Same(row[column]),
            Self::Varying { varying, words } => (*varying, &**words),
        };
        let before = (varying & ((1 << column) - 1)).count_ones() as usize;
        if varying & (1 << column) == 0 {
            return Codes::Same(words[column - before]);
        }
        let mut packed = &words[width - varying.count_ones() as usize..];
        for _ in 0..before {
            packed = &packed[packed::length(rows, packed)..];
        }
        Codes::Packed(packed)
    }
}

/// One column over time. Remembers the block of the last tick that was read, so reading neighbouring ticks is fast.
#[derive(Clone, Debug)]
pub(crate) struct Column<'a> {
    history: &'a History,
    column: usize,
    width: usize,
    /// The ticks whose codes are in `codes`.
    ticks: Range<Tick>,
    codes: Codes<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Codes<'a> {
    Same(Quantized),
    Packed(&'a [u16]),
    Open,
}

impl Column<'_> {
    /// The code at a tick.
    pub(crate) fn at(&mut self, tick: Tick) -> Quantized {
        let History { open, next, .. } = self.history;
        if tick >= *next || next - tick > HISTORY_TICKS as Tick {
            return NONE;
        }
        if !self.ticks.contains(&tick) {
            self.find(tick);
        }
        let row = (tick - self.ticks.start) as usize;
        match self.codes {
            Codes::Same(code) => code,
            Codes::Packed(words) => packed::get(row, words),
            Codes::Open => open[row.min(open.len() / self.width - 1) * self.width + self.column],
        }
    }

    fn find(&mut self, tick: Tick) {
        let History { blocks, next, .. } = self.history;
        let open = self.history.open_from(self.width);
        let after = blocks.partition_point(|block| block.first <= tick);
        (self.ticks, self.codes) = match after.checked_sub(1).and_then(|index| blocks.get(index)) {
            _ if tick >= open => (open..*next, Codes::Open),
            Some(block) => {
                let end = blocks.get(after).map_or(open, |next| next.first);
                (block.first..end, block.rows.column(self.column, self.width, (end - block.first) as usize))
            }
            None => (tick..tick + 1, Codes::Same(NONE)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDTH: usize = 3;
    /// The most words that are stored: a word for each code, two more for each packed column, and a partial block at each
    /// end.
    const MOST_WORDS: usize = (HISTORY_TICKS + 2 * BLOCK_TICKS) * WIDTH + 2 * WIDTH * (HISTORY_TICKS / BLOCK_TICKS + 2);

    fn push(history: &mut History, tick: Tick, block_offset: Tick, row: [Quantized; WIDTH]) {
        history.push(tick, block_offset, &row, &mut Arena::default());
    }

    fn row(history: &History, tick: Tick) -> [Quantized; WIDTH] {
        [0, 1, 2].map(|column| history.column(column, WIDTH).at(tick))
    }

    #[test]
    fn an_idle_series_is_one_row_and_only_columns_that_vary_take_room() {
        let mut history = History::default();
        let ticks = 10 * BLOCK_TICKS as Tick;
        (0..ticks).for_each(|tick| push(&mut history, tick, 0, [7, 8, 9]));
        assert_eq!(history.len(), WIDTH);
        (ticks..2 * ticks).for_each(|tick| push(&mut history, tick, 0, [7, tick as Quantized, 9]));
        assert!(history.len() < WIDTH + 10 * (2 + 2 + BLOCK_TICKS / 2), "{} words", history.len());
        assert_eq!((row(&history, ticks - 1), row(&history, ticks)), ([7, 8, 9], [7, ticks as Quantized, 9]));
    }

    #[test]
    fn old_rows_are_dropped_and_take_no_room() {
        let mut history = History::default();
        let ticks = 5 * HISTORY_TICKS as Tick;
        for tick in 0..ticks {
            push(&mut history, tick, 4, [tick as Quantized + 1; WIDTH]);
            assert!(history.len() <= MOST_WORDS);
        }
        let oldest = ticks - HISTORY_TICKS as Tick;
        assert_eq!((row(&history, oldest - 1), row(&history, ticks)), ([NONE; WIDTH], [NONE; WIDTH]));
        assert!((oldest..ticks).all(|tick| row(&history, tick) == [tick as Quantized + 1; WIDTH]));
    }

    proptest! {
        /// Compared with a plain list of all rows, whatever is skipped, varies or repeats.
        #[test]
        fn every_row_comes_back(
            block_offset in 0u64..100,
            runs in prop::collection::vec((prop_oneof![6 => Just(0u64), 1 => 1..70u64, 1 => 800..1000u64], 1..80u64, 0u32..8), 1..20),
        ) {
            let mut history = History::default();
            let mut rows: Vec<(Tick, [Quantized; WIDTH])> = Vec::new();
            let mut tick = 1000;
            for (skipped, length, varying) in runs {
                tick += skipped;
                for _ in 0..length {
                    let row = [0, 1, 2].map(|column| if varying >> column & 1 == 1 { tick as Quantized } else { 5 });
                    push(&mut history, tick, block_offset, row);
                    rows.push((tick, row));
                    tick += 1;
                }
            }
            prop_assert!(history.len() <= MOST_WORDS);
            let mut columns = [0, 1, 2].map(|column| history.column(column, WIDTH));
            for wanted in 990..tick + 5 {
                let known = rows.binary_search_by_key(&wanted, |(tick, _)| *tick).ok().map(|index| rows[index].1);
                let kept = known.filter(|_| tick - wanted <= HISTORY_TICKS as Tick);
                prop_assert_eq!(row(&history, wanted), kept.unwrap_or([NONE; WIDTH]));
                prop_assert_eq!(columns.each_mut().map(|column| column.at(wanted)), row(&history, wanted));
            }
        }
    }
}
