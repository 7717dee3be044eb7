//! Calls that hang and whose answers are not used any more.

use uuid::Uuid;

/// Calls that hang, abandoned together with their thread.
#[derive(Clone, Debug)]
pub(in crate::sampler) struct AbandonedCalls {
    /// The domains in which they hang.
    pub(in crate::sampler) domains: Vec<Uuid>,
    /// How many there are.
    pub(in crate::sampler) calls: usize,
}

impl AbandonedCalls {
    /// The calls of a sample that hangs in `domains` and made `most` calls in parallel at most. In the domains for which
    /// `is_known` returns true a call of another client hung before, so none of the sample's calls waits there: they were
    /// made with `NOWAIT`.
    pub(in crate::sampler) fn of_sample(domains: Vec<Uuid>, is_known: impl Fn(&Uuid) -> bool, most: usize) -> Self {
        let calls = domains.iter().filter(|uuid| !is_known(uuid)).count().clamp(1, most);
        Self { domains, calls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_that_hangs_counts_as_many_calls_as_it_can_have_made() {
        let domains: Vec<Uuid> = (0..9).map(Uuid::from_u128).collect();
        let calls =
            |known: u128, most| AbandonedCalls::of_sample(domains.clone(), |uuid| uuid.as_u128() < known, most).calls;
        assert_eq!((calls(0, 1), calls(0, 3)), (1, 3));
        assert_eq!((calls(7, 3), calls(8, 3)), (2, 1), "calls of others hang in the rest");
        assert_eq!(calls(9, 3), 1, "it hangs somewhere");
    }
}
