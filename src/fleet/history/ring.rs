//! The past of one thing: a row of [`Quantized`]s a tick.
//!
//! The newest rows are whole. After [`BLOCK_TICKS`] of them they become a block: once what was the same in all of its
//! rows, and the columns that vary [packed](crate::fleet::history::packed). A block in which nothing varies and that says what the one
//! before it says is not kept at all, so that what does nothing costs next to nothing.

use crate::fleet::history::arena::{Arena, ArenaBlock};
use crate::fleet::history::packed;
use crate::fleet::history::quantize::{NONE, Quantized};
use crate::fleet::history::timeline::{HISTORY_TICKS, Tick};
use std::collections::VecDeque;
use std::ops::Range;

/// Figures that a thing can have.
pub(crate) const MOST_COLUMNS: usize = u32::BITS as usize;

/// Rows of a block: half a minute at one a second.
const BLOCK_TICKS: usize = 30;

/// Rows of a width that the caller knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Oldest first. Each reaches to the next one's first tick.
    blocks: VecDeque<Block>,
    /// The newest rows, one after another; those not that only repeat the last of them.
    open: Vec<Quantized>,
    /// How often the last of them is repeated.
    repeated: u32,
    /// The tick that comes next.
    next: Tick,
}

#[derive(Clone, Debug)]
struct Block {
    first: Tick,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    /// All are the same. It may be so for long, so they are in no page, which would be kept for them alone.
    Unchanged(Box<[Quantized]>),
    Moving {
        /// A bit for each column that is not the same in all rows.
        varying: u32,
        /// The columns that are the same, once; then those that vary.
        words: ArenaBlock,
    },
}

impl History {
    /// Writes the row of a tick; ticks that were left out become gaps. Blocks end where a tick and `phase` make a
    /// multiple of their length, so that they do not end for all things at once.
    pub(crate) fn push(&mut self, tick: Tick, phase: Tick, row: &[Quantized], arena: &mut Arena) {
        let nothing = self.blocks.is_empty() && self.open.is_empty();
        if nothing || tick.saturating_sub(self.next) >= HISTORY_TICKS as Tick {
            *self = Self { next: tick, ..Self::default() };
        }
        while self.next < tick {
            self.push_next(phase, &[NONE; MOST_COLUMNS][..row.len()], arena);
        }
        self.push_next(phase, row, arena);
    }

    /// Writes the row of the last tick once more, without a look at it; whether it is at hand.
    pub(crate) fn push_same(&mut self, tick: Tick, phase: Tick, width: usize, arena: &mut Arena) -> bool {
        let at_hand = !self.open.is_empty() && tick == self.next;
        if at_hand {
            self.repeated += 1;
            self.advance(phase, width, arena);
        }
        at_hand
    }

    /// A column, of rows of this width.
    pub(crate) fn column(&self, column: usize, width: usize) -> Column<'_> {
        Column { history: self, column, width, ticks: 0..0, codes: Codes::Same(NONE) }
    }

    /// The tick of the first of the newest rows.
    fn open_from(&self, width: usize) -> Tick {
        self.next - (self.open.len() / width) as Tick - Tick::from(self.repeated)
    }

    fn push_next(&mut self, phase: Tick, row: &[Quantized], arena: &mut Arena) {
        if self.open.ends_with(row) {
            self.repeated += 1;
        } else {
            if self.open.capacity() == 0 {
                self.open.reserve_exact(BLOCK_TICKS * row.len());
            }
            self.write_repeated(row.len());
            self.open.extend_from_slice(row);
        }
        self.advance(phase, row.len(), arena);
    }

    fn write_repeated(&mut self, width: usize) {
        for _ in 0..std::mem::take(&mut self.repeated) {
            self.open.extend_from_within(self.open.len() - width..);
        }
    }

    fn advance(&mut self, phase: Tick, width: usize, arena: &mut Arena) {
        self.next += 1;
        if self.next.wrapping_add(phase).is_multiple_of(BLOCK_TICKS as Tick) {
            self.close(width, arena);
        }
    }

    /// Drops the blocks of which no row counts any more, and makes one of the newest rows.
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
            _ => Some(Rows::moving(varying, width, &self.open, arena)),
        };
        self.blocks.extend(rows.map(|rows| Block { first, rows }));
        self.open.clear();
        self.repeated = 0;
    }

    /// Words that are kept in all.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        let words = |block: &Block| match &block.rows {
            Rows::Unchanged(row) => row.len(),
            Rows::Moving { words, .. } => words.len(),
        };
        self.open.len() + self.blocks.iter().map(words).sum::<usize>()
    }
}

/// A column of rows that stand one after another.
fn column(index: usize, width: usize, rows: &[Quantized]) -> impl Iterator<Item = Quantized> + Clone {
    rows[index..].iter().step_by(width).copied()
}

/// A bit for each column that is not the same in all rows.
fn varying(width: usize, rows: &[Quantized]) -> u32 {
    let varies = |index: &usize| column(*index, width, rows).any(|code| code != rows[*index]);
    (0..width).filter(varies).fold(0, |bits, index| bits | 1 << index)
}

impl Rows {
    fn moving(varying: u32, width: usize, rows: &[Quantized], arena: &mut Arena) -> Self {
        let varies = |index: &usize| varying & (1 << index) != 0;
        let words = arena.write(|words| {
            words.extend((0..width).filter(|index| !varies(index)).map(|index| rows[index]));
            (0..width).filter(varies).for_each(|index| packed::pack(column(index, width, rows), words));
        });
        Self::Moving { varying, words }
    }

    /// Where the codes of a column are, in a block of so many rows.
    fn column(&self, column: usize, width: usize, rows: usize) -> Codes<'_> {
        let (varying, words) = match self {
            Self::Unchanged(row) => return Codes::Same(row[column]),
            Self::Moving { varying, words } => (*varying, &**words),
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

/// One figure over time. Where it was found for one tick, it is at hand for the ticks around.
#[derive(Clone, Debug)]
pub(crate) struct Column<'a> {
    history: &'a History,
    column: usize,
    width: usize,
    /// The ticks whose codes are at hand.
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
    /// What is kept at the most: each figure in a word, the two words of each packed column, and a block that is not
    /// whole at either end.
    const MOST_WORDS: usize = (HISTORY_TICKS + 2 * BLOCK_TICKS) * WIDTH + 2 * WIDTH * (HISTORY_TICKS / BLOCK_TICKS + 2);

    fn push(history: &mut History, tick: Tick, phase: Tick, row: [Quantized; WIDTH]) {
        history.push(tick, phase, &row, &mut Arena::default());
    }

    fn row(history: &History, tick: Tick) -> [Quantized; WIDTH] {
        [0, 1, 2].map(|column| history.column(column, WIDTH).at(tick))
    }

    #[test]
    fn what_does_nothing_is_one_row_and_what_moves_is_kept_alone() {
        let mut history = History::default();
        let ticks = 10 * BLOCK_TICKS as Tick;
        (0..ticks).for_each(|tick| push(&mut history, tick, 0, [7, 8, 9]));
        assert_eq!(history.len(), WIDTH);
        (ticks..2 * ticks).for_each(|tick| push(&mut history, tick, 0, [7, tick as Quantized, 9]));
        assert!(history.len() < WIDTH + 10 * (2 + 2 + BLOCK_TICKS / 2), "{} words", history.len());
        assert_eq!((row(&history, ticks - 1), row(&history, ticks)), ([7, 8, 9], [7, ticks as Quantized, 9]));
    }

    #[test]
    fn the_oldest_is_forgotten_and_takes_no_room() {
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
        /// Against a plain list of all rows: whatever is left out, moves or stands still.
        #[test]
        fn every_row_comes_back(
            phase in 0u64..100,
            runs in prop::collection::vec((prop_oneof![6 => Just(0u64), 1 => 1..70u64, 1 => 800..1000u64], 1..80u64, 0u32..8), 1..20),
        ) {
            let mut history = History::default();
            let mut rows: Vec<(Tick, [Quantized; WIDTH])> = Vec::new();
            let mut tick = 1000;
            for (left_out, length, moving) in runs {
                tick += left_out;
                for _ in 0..length {
                    let row = [0, 1, 2].map(|column| if moving >> column & 1 == 1 { tick as Quantized } else { 5 });
                    push(&mut history, tick, phase, row);
                    rows.push((tick, row));
                    tick += 1;
                }
            }
            prop_assert!(history.len() <= MOST_WORDS);
            let mut columns = [0, 1, 2].map(|column| history.column(column, WIDTH));
            for asked in 990..tick + 5 {
                let known = rows.binary_search_by_key(&asked, |(tick, _)| *tick).ok().map(|index| rows[index].1);
                let kept = known.filter(|_| tick - asked <= HISTORY_TICKS as Tick);
                prop_assert_eq!(row(&history, asked), kept.unwrap_or([NONE; WIDTH]));
                prop_assert_eq!(columns.each_mut().map(|column| column.at(asked)), row(&history, asked));
            }
        }
    }
}
