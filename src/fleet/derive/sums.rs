//! Figures of a domain that are derived from its devices: sums, means and the worst value.

use super::rates;
use crate::fleet::domain::Domain;
use crate::fleet::history::When;
use crate::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};
use crate::model::{BlockSample, Groups, NetSample};

impl Domain {
    /// Sets the figures that are derived from its devices, for the groups that the last sample answered.
    pub(super) fn sum_devices(&mut self) {
        let are_local = self.cpu.vcpus.is_some();
        if self.answered.contains(Groups::VCPU) && !are_local {
            self.sum_vcpus();
        }
        // Two readings of different times say nothing about each other.
        if self.answered.contains(Groups::CPU) && (are_local || self.answered.contains(Groups::VCPU)) {
            self.subtract_vcpus();
        }
        if self.answered.contains(Groups::BLOCK) {
            self.sum_disks();
        }
        if self.answered.contains(Groups::NET) {
            self.sum_nics();
        }
    }

    fn sum_vcpus(&mut self) {
        let used = rates::sum(self.vcpus.iter().map(|vcpu| vcpu.series.latest(VcpuMetric::Use)));
        self.series.set(DomainMetric::Vcpus, used);
        let steal = || self.vcpus.iter().map(|vcpu| vcpu.series.latest(VcpuMetric::Steal));
        let known = steal().flatten().count();
        let total = rates::sum(steal());
        self.series.set(DomainMetric::Steal, total.map(|total| total / known as f64));
    }

    fn subtract_vcpus(&mut self) {
        let all = self.series.latest(DomainMetric::Cpu).zip(self.series.latest(DomainMetric::Vcpus));
        self.series.set(DomainMetric::OtherThreads, all.map(|(all, vcpus)| (all - vcpus).max(0.0)));
    }

    fn sum_disks(&mut self) {
        let disks = &self.disks;
        let total = |metric| rates::sum(disks.iter().map(|disk| disk.series.latest(metric)));
        let figures = [
            (DomainMetric::DiskRead, total(DiskMetric::ReadBytes)),
            (DomainMetric::DiskWrite, total(DiskMetric::WriteBytes)),
            (DomainMetric::ReadRequests, total(DiskMetric::ReadRequests)),
            (DomainMetric::WriteRequests, total(DiskMetric::WriteRequests)),
            (DomainMetric::WorstLatency, self.worst_latency(When::Latest).map(|(_, _, latency)| latency)),
        ];
        for (metric, value) in figures {
            self.series.set(metric, value);
        }
    }

    fn sum_nics(&mut self) {
        let nics = &self.nics;
        let total = |metric| rates::sum(nics.iter().map(|nic| nic.series.latest(metric)));
        let both = |rx, tx| rates::sum([total(rx), total(tx)].into_iter());
        let figures = [
            (DomainMetric::NetRx, total(NicMetric::RxBytes)),
            (DomainMetric::NetTx, total(NicMetric::TxBytes)),
            (DomainMetric::RxPackets, total(NicMetric::RxPackets)),
            (DomainMetric::TxPackets, total(NicMetric::TxPackets)),
            (DomainMetric::NetDrops, both(NicMetric::RxDrops, NicMetric::TxDrops)),
            (DomainMetric::NetErrors, both(NicMetric::RxErrors, NicMetric::TxErrors)),
        ];
        for (metric, value) in figures {
            self.series.set(metric, value);
        }
    }

    /// Groups of its devices that have no rates now although it may have devices that are counted: not read twice yet, or blocked.
    pub(super) fn groups_without_rates(&self) -> Groups {
        if !self.state.is_active() {
            return Groups::empty();
        }
        let known = |group, metric, has_counters: bool| {
            self.series.latest(metric).is_some() || (!has_counters && self.readings(group) > 0)
        };
        let disks = self.disks.iter().filter_map(|disk| disk.sample.as_ref()).any(BlockSample::has_counters);
        let nics = self.nics.iter().filter_map(|nic| nic.sample.as_ref()).any(NetSample::has_counters);
        let mut groups = Groups::empty();
        groups.set(Groups::BLOCK, !known(Groups::BLOCK, DomainMetric::DiskRead, disks));
        groups.set(Groups::NET, !known(Groups::NET, DomainMetric::NetRx, nics));
        groups
    }
}
