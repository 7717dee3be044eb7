//! One record of a bulk answer: the values of one domain.

use super::known::Known;
use super::monitor;
use super::params::{self, Figures};
use crate::model::{DomainSample, DomainState, Driver, Groups, StateReason};
use crate::sources::libvirt::definition::{ChangeHints, ListedDomain};
use crate::sources::libvirt::ffi::{Domain, Record};
use compact_str::CompactString;

/// A record as a sample.
pub(crate) struct DomainRecord<'list> {
    pub(crate) listed: ListedDomain<'list>,
    pub(crate) sample: DomainSample,
    /// True if the record has more than the state.
    pub(crate) has_figures: bool,
}

impl<'list> DomainRecord<'list> {
    /// Reads a record of an answer to a call for `requested`.
    pub(crate) fn read(record: &Record<'list>, requested: Groups, known: Known<'_>) -> Self {
        let domain: Domain<'list> = record.domain;
        let uuid = domain.uuid();
        let mut figures = params::read(record.params());
        if known.are_never_counted(&uuid, &figures.disks) {
            figures.answered |= Groups::BLOCK;
        }
        let run = domain.id();
        let hints = ChangeHints { name: domain.name(), run, vcpus: figures.vcpus_current };
        let has_figures = !figures.answered.difference(Groups::STATE).is_empty();
        let sample = to_sample(hints.name.clone(), run, figures, requested, known.driver);
        let is_starting = sample.reason.is_start(sample.state);
        Self { listed: ListedDomain { domain, uuid, hints, is_starting }, sample, has_figures }
    }

    /// If libvirt left out groups because another client holds the domain, finds out whether that client's call hangs in the
    /// monitor.
    pub(crate) fn check_monitor(&mut self) {
        if !self.sample.unanswered.is_empty() {
            self.sample.blocked = monitor::occupied(&self.listed.domain);
        }
    }
}

fn to_sample(
    name: CompactString,
    run: Option<u32>,
    figures: Figures,
    requested: Groups,
    driver: &Driver,
) -> DomainSample {
    let state = DomainState::from_raw(figures.state.unwrap_or(0));
    let mut sample = DomainSample::new(name, run, state, StateReason(figures.reason.unwrap_or(0)));
    if run.is_none() {
        // It has just ended, or is inactive. The values that libvirt returns all the same are not the domain's: "cpu.time" is
        // that of the daemon.
        return sample;
    }
    let mut answered = figures.answered;
    if *driver == Driver::Qemu && figures.memory.rss.is_none() {
        // libvirt returns the size of the balloon even if it left out the group.
        answered -= Groups::MEMORY;
    }
    sample.answered = requested.intersection(answered) | Groups::STATE;
    sample.cpu = figures.cpu;
    sample.memory = figures.memory;
    sample.vcpus = figures.vcpus;
    if answered.contains(Groups::BLOCK) {
        sample.disks = figures.disks;
    }
    sample.nics = figures.nics;
    if *driver == Driver::Qemu {
        sample.unanswered = requested.difference(answered | Groups::HOST_CPU | Groups::STATE);
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MemorySample;
    use crate::units::Bytes;

    #[test]
    fn the_size_of_the_balloon_alone_is_no_answer_of_the_qemu() {
        let read = |rss: Option<u64>, driver: &Driver| {
            let memory = MemorySample { current: Some(Bytes(1)), rss: rss.map(Bytes), ..MemorySample::default() };
            let figures = Figures { answered: Groups::MEMORY, memory, ..Figures::default() };
            to_sample("guest".into(), Some(1), figures, Groups::MEMORY, driver)
        };
        assert!(read(Some(1), &Driver::Qemu).answered.contains(Groups::MEMORY));
        let left_out = read(None, &Driver::Qemu);
        assert!(!left_out.answered.contains(Groups::MEMORY) && left_out.unanswered == Groups::MEMORY);
        assert!(read(None, &Driver::Xen).answered.contains(Groups::MEMORY), "Xen never returns the resident memory");
    }
}
