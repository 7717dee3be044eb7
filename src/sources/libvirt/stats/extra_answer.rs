//! Groups that were read of single domains, after the groups that were read of all.

use super::bulk_call;
use super::known::Known;
use super::moments::Moments;
use super::record::DomainRecord;
use crate::model::{CpuSample, DomainSample, Groups};
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError, Record};
use crate::time::{Clock, SystemClock, Timestamp};
use uuid::Uuid;

/// What one domain answered to a call for further groups.
pub(crate) struct ExtraAnswer {
    pub(crate) uuid: Uuid,
    /// How many vCPUs are plugged in; `None` if the group was not requested.
    pub(crate) vcpus: Option<u64>,
    sample: DomainSample,
    groups: Groups,
    at: Timestamp,
}

/// Reads the same groups of some domains in one call.
pub(crate) fn read(
    connection: &Connection,
    domains: &[Domain<'_>],
    groups: Groups,
    known: Known<'_>,
) -> Result<Vec<ExtraAnswer>, LibvirtError> {
    let start = SystemClock.now();
    let records = bulk_call::of_some(connection, domains, groups)?;
    let moments = Moments::between(start, SystemClock.now(), records.len());
    let answer = |(record, at): (Record<'_>, Timestamp)| {
        let mut record = DomainRecord::read(&record, groups, known);
        record.check_monitor();
        let vcpus = record.listed.hints.vcpus;
        ExtraAnswer { uuid: record.listed.uuid, vcpus, sample: record.sample, groups, at }
    };
    Ok(records.iter().zip(moments).map(answer).collect())
}

impl ExtraAnswer {
    /// Adds the groups to the sample of the same domain.
    pub(crate) fn add_to(self, sample: &mut DomainSample) {
        let Self { sample: extra, groups, at, .. } = self;
        if extra.run != sample.run {
            // The domain has ended meanwhile, or started again.
            return;
        }
        // CPU time that is there already was read by a cheaper way, together with the other groups of all domains.
        let has_cpu = sample.cpu.time.is_some();
        sample.own_time = Some((if has_cpu { groups - Groups::CPU } else { groups }, at));
        sample.answered |= extra.answered;
        sample.unanswered |= extra.unanswered;
        sample.unsupported.extend(extra.unsupported);
        sample.blocked = extra.blocked.or(sample.blocked);
        if groups.contains(Groups::CPU) && !has_cpu {
            sample.cpu = CpuSample { vcpus: sample.cpu.vcpus, ..extra.cpu };
        }
        if groups.contains(Groups::MEMORY) {
            sample.memory = extra.memory;
        }
        if groups.contains(Groups::VCPU) {
            sample.vcpus = extra.vcpus;
        }
        if groups.contains(Groups::NET) {
            sample.nics = extra.nics;
        }
        if groups.contains(Groups::BLOCK) {
            sample.disks = extra.disks;
        }
    }

    /// Takes the place of an earlier answer to the same request, in which libvirt left groups out.
    pub(crate) fn replace_in(self, sample: &mut DomainSample) {
        if self.sample.run != sample.run {
            return;
        }
        sample.unanswered = Groups::empty();
        sample.blocked = None;
        if self.groups.contains(Groups::CPU) {
            sample.cpu.time = None;
        }
        self.add_to(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BlockSample, Counter, CpuSource, DomainState, StateReason};
    use crate::units::Nanoseconds;
    use std::time::Duration;

    fn domain(run: u32) -> DomainSample {
        DomainSample::new("guest", Some(run), DomainState::Running, StateReason(1))
    }

    fn answer(run: u32, groups: Groups, time: u64) -> ExtraAnswer {
        let mut sample = domain(run);
        sample.answered = groups;
        sample.cpu.time = Some(Counter(Nanoseconds(time)));
        sample.disks = vec![BlockSample::default()];
        let at = Timestamp::at(Duration::from_secs(9), jiff::Timestamp::UNIX_EPOCH);
        ExtraAnswer { uuid: Uuid::nil(), vcpus: None, sample, groups, at }
    }

    #[test]
    fn only_requested_groups_are_added() {
        let mut sample = domain(1);
        answer(1, Groups::CPU, 7).add_to(&mut sample);
        assert_eq!(sample.cpu.time, Some(Counter(Nanoseconds(7))));
        assert_eq!((sample.disks.len(), sample.own_time.unwrap().0), (0, Groups::CPU));
        assert_eq!(sample.answered, Groups::STATE | Groups::CPU);
    }

    #[test]
    fn cpu_time_that_was_read_before_stays() {
        let mut sample = domain(1);
        sample.cpu =
            CpuSample { time: Some(Counter(Nanoseconds(5))), source: CpuSource::Cgroup, ..CpuSample::default() };
        answer(1, Groups::CPU | Groups::BLOCK, 7).add_to(&mut sample);
        assert_eq!((sample.cpu.time, sample.cpu.source), (Some(Counter(Nanoseconds(5))), CpuSource::Cgroup));
        assert_eq!(sample.own_time.unwrap().0, Groups::BLOCK);
    }

    #[test]
    fn an_answer_of_another_run_is_ignored() {
        let mut sample = domain(1);
        answer(2, Groups::BLOCK, 7).add_to(&mut sample);
        assert_eq!(sample, domain(1));
    }

    #[test]
    fn a_second_answer_replaces_the_first() {
        let mut sample = domain(1);
        answer(1, Groups::CPU, 7).add_to(&mut sample);
        sample.unanswered = Groups::BLOCK;
        answer(1, Groups::CPU | Groups::BLOCK, 8).replace_in(&mut sample);
        assert_eq!((sample.cpu.time, sample.disks.len()), (Some(Counter(Nanoseconds(8))), 1));
        assert_eq!(sample.unanswered, Groups::empty());
    }
}
