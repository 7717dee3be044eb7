//! What the consumers of a host's samples need.

use super::Groups;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::BitOrAssign;
use std::sync::Arc;
use uuid::Uuid;

/// What a consumer (a screen, an output) needs of a host. Groups that no consumer needs are read too, but less often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// All groups of all domains, at every interval: for outputs, which write every figure.
    pub everything: bool,
    /// What the screen shows of each domain, apart from those in `focus`.
    pub shown: Arc<BTreeMap<Uuid, ShownGroups>>,
    /// Domains whose own screen, or that of one of their devices, is open: all their groups are read at every interval,
    /// [`Groups::HOST_CPU`] too.
    pub focus: BTreeSet<Uuid>,
}

/// Groups of a domain that are on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShownGroups {
    /// All of them. Those of a domain that does little are read less often.
    pub groups: Groups,
    /// The group that a list of devices consists of: it is read at every interval.
    pub of_devices: Groups,
}

impl BitOrAssign for ShownGroups {
    fn bitor_assign(&mut self, other: Self) {
        self.groups |= other.groups;
        self.of_devices |= other.of_devices;
    }
}

impl From<Groups> for ShownGroups {
    /// Groups of a list of domains.
    fn from(groups: Groups) -> Self {
        Self { groups, of_devices: Groups::empty() }
    }
}

impl Demand {
    /// All groups of all domains, at every interval.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// The demand of two consumers together.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            everything: self.everything || other.everything,
            shown: union_of_shown(&self.shown, &other.shown),
            focus: self.focus.union(&other.focus).copied().collect(),
        }
    }
}

/// The groups of both maps. Makes no copy if one is empty or both are the same allocation.
fn union_of_shown(
    left: &Arc<BTreeMap<Uuid, ShownGroups>>,
    right: &Arc<BTreeMap<Uuid, ShownGroups>>,
) -> Arc<BTreeMap<Uuid, ShownGroups>> {
    if right.is_empty() || Arc::ptr_eq(left, right) {
        return Arc::clone(left);
    }
    if left.is_empty() {
        return Arc::clone(right);
    }
    let mut union = BTreeMap::clone(left);
    for (uuid, groups) in right.iter() {
        *union.entry(*uuid).or_default() |= *groups;
    }
    Arc::new(union)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uuid(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn demand(shown: &[(u128, Groups)], focus: &[u128]) -> Demand {
        Demand {
            everything: false,
            shown: Arc::new(shown.iter().map(|(number, groups)| (uuid(*number), (*groups).into())).collect()),
            focus: focus.iter().copied().map(uuid).collect(),
        }
    }

    #[test]
    fn two_consumers_get_the_groups_of_both() {
        let table = demand(&[(1, Groups::CPU), (2, Groups::CPU | Groups::NET)], &[]);
        let domain = demand(&[(2, Groups::BLOCK), (3, Groups::MEMORY)], &[2]);
        let both = table.union(&domain);
        let shown = [(1, Groups::CPU), (2, Groups::CPU | Groups::NET | Groups::BLOCK), (3, Groups::MEMORY)];
        assert_eq!(both, demand(&shown, &[2]));
    }

    #[test]
    fn two_screens_each_keep_their_focus() {
        assert_eq!(demand(&[], &[1]).union(&demand(&[], &[2])), demand(&[], &[1, 2]));
    }

    #[test]
    fn an_output_beside_a_screen_gets_everything_and_the_screen_its_focus() {
        let both = Demand::everything().union(&demand(&[(1, Groups::CPU)], &[1]));
        assert!(both.everything);
        assert_eq!(both.focus, [uuid(1)].into());
    }

    #[test]
    fn the_union_with_nothing_shares_the_map() {
        let table = demand(&[(1, Groups::CPU)], &[]);
        assert!(Arc::ptr_eq(&table.union(&Demand::default()).shown, &table.shown));
        assert!(Arc::ptr_eq(&Demand::default().union(&table).shown, &table.shown));
    }

    prop_compose! {
        fn any_demand()(
            everything in prop::bool::ANY,
            shown in prop::collection::btree_map(0u128..4, (0u32..128, 0u32..128), 0..4),
            focus in prop::collection::btree_set(0u128..4, 0..3),
        ) -> Demand {
            let groups = Groups::from_bits_truncate;
            let shown = shown.into_iter().map(|(number, (all, of_devices))| {
                (uuid(number), ShownGroups { groups: groups(all), of_devices: groups(of_devices) })
            });
            Demand { everything, shown: Arc::new(shown.collect()), focus: focus.into_iter().map(uuid).collect() }
        }
    }

    proptest! {
        #[test]
        fn the_order_of_the_consumers_does_not_matter(a in any_demand(), b in any_demand(), c in any_demand()) {
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
            prop_assert_eq!(a.union(&a), a.clone());
        }
    }
}
