//! Packs a column of codes (quantized values of one figure at successive ticks) into few bits.
//!
//! Successive values of one figure have the same order of magnitude, so their codes differ only in the lower bits. A packed column
//! has the smallest code once. For each row it has the distance from that code, in as many bits as the largest distance needs.

use crate::fleet::history::quantize::{LEAST, NONE, Quantized};

/// Words before the distances: the least code, and the bits of a distance.
const HEADER: usize = 2;

/// The distance that is stored for a code, where `least` is the smallest code of the column. Codes below [`LEAST`] (no figure, 0)
/// are stored unchanged.
fn above(code: Quantized, least: Quantized) -> Quantized {
    if code < LEAST { code } else { code - least + LEAST }
}

/// How many words the distances of a column take.
fn words_of(rows: usize, bits: usize) -> usize {
    (rows * bits).div_ceil(Quantized::BITS as usize)
}

/// Appends a packed column to `words`.
pub(crate) fn pack(column: impl Iterator<Item = Quantized> + Clone, words: &mut Vec<u16>) {
    let figures = column.clone().filter(|code| *code >= LEAST);
    let least = figures.min().unwrap_or(LEAST);
    let most = column.clone().map(|code| above(code, least)).max().unwrap_or(NONE);
    let bits = Quantized::BITS - most.leading_zeros();
    words.extend([least, bits as u16]);
    let (mut filled, mut word) = (0, 0u32);
    for code in column {
        word |= u32::from(above(code, least)) << filled;
        filled += bits;
        if filled >= u16::BITS {
            words.push(word as u16);
            word >>= u16::BITS;
            filled -= u16::BITS;
        }
    }
    if filled > 0 {
        words.push(word as u16);
    }
}

/// How many words the column at the start of `words` takes, for this many rows.
pub(crate) fn length(rows: usize, words: &[u16]) -> usize {
    HEADER + words_of(rows, words[1].into())
}

/// The code in a row of the column at the start of `words`.
pub(crate) fn get(row: usize, words: &[u16]) -> Quantized {
    let (least, bits) = (words[0], usize::from(words[1]));
    let (begin, end) = (row * bits, (row + 1) * bits);
    let size = u16::BITS as usize;
    let mut window = 0;
    for (place, word) in words[HEADER..][begin / size..end.div_ceil(size)].iter().enumerate() {
        window |= u32::from(*word) << (place * size);
    }
    let above = (window >> (begin % size)) as Quantized
        & (Quantized::MAX.checked_shr(Quantized::BITS - bits as u32).unwrap_or(0));
    if above < LEAST { above } else { above - LEAST + least }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(column: &[Quantized]) -> Vec<u16> {
        let mut words = vec![9, 9];
        pack(column.iter().copied(), &mut words);
        words.split_off(2)
    }

    fn unpacked(words: &[u16], rows: usize) -> Vec<Quantized> {
        (0..rows).map(|row| get(row, words)).collect()
    }

    #[test]
    fn near_codes_take_few_bits() {
        let column: Vec<Quantized> = (0..30).map(|row| 20_000 + row % 14).collect();
        assert_eq!(packed(&column).len(), HEADER + words_of(30, 4));
        assert_eq!(packed(&[NONE; 30]).len(), HEADER, "no figure takes no bits");
        assert_eq!(packed(&[NONE, 1, NONE, 1]).len(), HEADER + 1);
    }

    proptest! {
        #[test]
        fn every_code_comes_back(
            column in prop::collection::vec(
                prop_oneof![3 => 0u16..4, 6 => 20_000u16..21_000, 1 => any::<u16>()], 0..40,
            ),
            only in 0usize..40,
        ) {
            for column in [&column[..], &column[..only.min(column.len())]] {
                let words = packed(column);
                prop_assert_eq!(length(column.len(), &words), words.len());
                prop_assert!(words.len() <= HEADER + column.len());
                prop_assert_eq!(unpacked(&words, column.len()), column);
            }
        }
    }
}
