//! Whether a figure of a device is a problem.

use super::limits::{disk_limits, nic_limits, vcpu_limits};
use crate::fleet::metric::{DiskMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Disk, Domain, Nic, Vcpu, When};
use crate::model::{Groups, Severity};

impl Domain {
    /// Whether rates of this group can be problems: the vCPUs ran in all of the time that the rates cover. While they do not
    /// run, the guest takes no packets and waits for no request.
    pub(super) fn ran(&self, group: Groups, when: When) -> bool {
        self.condition(when).is_some_and(|it| it.state.vcpus_run() && !it.covers_pause.contains(group))
    }

    /// The severity of a figure of one of its disks; `None`: there is nothing wrong.
    pub fn disk_severity(&self, disk: &Disk, metric: DiskMetric, when: When) -> Option<Severity> {
        let severity = disk_limits(metric)?.severity(disk.series.value(metric, when)?)?;
        // Requests that wait for a limit of the disk are not slow.
        let severity = if disk.delays(metric, when) { Severity::Warning } else { severity };
        self.ran(metric.group(), when).then_some(severity)
    }

    /// The severity of a figure of one of its NICs; `None`: there is nothing wrong.
    pub fn nic_severity(&self, nic: &Nic, metric: NicMetric, when: When) -> Option<Severity> {
        let severity = nic_limits(metric)?.severity(nic.series.value(metric, when)?)?;
        let is_loss = !is_drop(metric) || nic.standing(when).took_packets;
        (is_loss && self.ran(metric.group(), when)).then_some(severity)
    }

    /// The severity of a figure of one of its vCPUs; `None`: there is nothing wrong.
    pub fn vcpu_severity(&self, vcpu: &Vcpu, metric: VcpuMetric, when: When) -> Option<Severity> {
        let severity = vcpu_limits(metric)?.severity(vcpu.series.value(metric, when)?)?;
        self.ran(metric.group(), when).then_some(severity)
    }

    /// Dropped packets per second of the NICs through which the guest took packets; `None`: none is known.
    pub(super) fn lost_packets(&self, when: When) -> Option<f64> {
        let nics = self.nics.iter().filter(|nic| nic.standing(when).took_packets);
        let drops = nics.flat_map(|nic| {
            [NicMetric::RxDrops, NicMetric::TxDrops].into_iter().filter_map(|metric| nic.series.value(metric, when))
        });
        drops.reduce(|all, next| all + next)
    }
}

fn is_drop(metric: NicMetric) -> bool {
    matches!(metric, NicMetric::RxDrops | NicMetric::TxDrops)
}
