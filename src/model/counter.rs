//! Figures that only grow.

use crate::units::Amount;

/// A total since some start (usually the domain's). Only the difference of two readings means something over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<Q>(pub Q);

impl<Q: Amount> Counter<Q> {
    /// The total itself, in the quantity's unit.
    pub fn total(self) -> u64 {
        self.0.value()
    }

    /// How much was added since `before`. `None` when the counter fell: it was reset, and the true growth is unknown.
    pub fn growth_since(self, before: Self) -> Option<u64> {
        self.total().checked_sub(before.total())
    }
}

impl<Q: Amount> Amount for Counter<Q> {
    fn value(self) -> u64 {
        self.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    #[test]
    fn a_fallen_counter_has_no_growth() {
        let (small, large) = (Counter(Bytes(5)), Counter(Bytes(9)));
        assert_eq!(large.growth_since(small), Some(4));
        assert_eq!(small.growth_since(small), Some(0));
        assert_eq!(small.growth_since(large), None);
    }
}
