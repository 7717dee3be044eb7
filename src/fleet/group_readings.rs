//! When each group of a domain was last read, and how many times.

use crate::model::Groups;
use crate::time::Timestamp;
use std::time::Duration;

const GROUPS: usize = Groups::all().bits().count_ones() as usize;

/// When each group was last read in this run, and how many times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct GroupReadings([(Option<Timestamp>, u32); GROUPS]);

impl GroupReadings {
    /// The last reading of a group; `None`: not read in this run.
    pub(super) fn last(&self, group: Groups) -> Option<Timestamp> {
        self.0[index(group)].0
    }

    /// How many times a group was read in this run.
    pub(super) fn count(&self, group: Groups) -> u32 {
        self.0[index(group)].1
    }

    /// The time from the last reading of a group to this one; `None`: this is the first, or no time passed.
    pub(super) fn elapsed(&self, group: Groups, times: ReadTimes) -> Option<Duration> {
        times.of(group).since(self.last(group)?)
    }

    /// Notes that these groups were read.
    pub(super) fn note(&mut self, groups: Groups, times: ReadTimes) {
        for group in groups.iter() {
            let (last, count) = &mut self.0[index(group)];
            (*last, *count) = (Some(times.of(group)), count.saturating_add(1));
        }
    }
}

fn index(group: Groups) -> usize {
    group.bits().trailing_zeros() as usize
}

/// When the groups of one sample were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadTimes {
    /// When the sample was taken.
    pub(super) at: Timestamp,
    /// Groups that were read at another time, and that time.
    pub(super) own: Option<(Groups, Timestamp)>,
}

impl ReadTimes {
    fn of(self, group: Groups) -> Timestamp {
        self.own.filter(|(groups, _)| groups.contains(group)).map_or(self.at, |(_, at)| at)
    }
}
