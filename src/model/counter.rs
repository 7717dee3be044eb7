//! Counters.

use crate::units::Amount;

/// A total since the start of the domain or of the host, in the unit `Q` ([`crate::units`]). The difference of two readings gives
/// a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<Q>(pub Q);

impl<Q: Amount> Counter<Q> {
    /// The total, in the unit of its type.
    pub fn total(self) -> u64 {
        self.0.value()
    }

    /// How much was added since `before`. `None` if the counter fell: it was reset, and how much was added is not known.
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
    fn a_counter_that_fell_has_no_growth() {
        let (small, large) = (Counter(Bytes(5)), Counter(Bytes(9)));
        assert_eq!(large.growth_since(small), Some(4));
        assert_eq!(small.growth_since(small), Some(0));
        assert_eq!(small.growth_since(large), None);
    }
}
