//! Whether a device does as much as the limits of its definition allow. Its requests wait then because the owner of the domain
//! or of the host limited it, not because the storage is slow.

use crate::fleet::history::Series;
use crate::fleet::metric::{DiskMetric, NicMetric};
use crate::text;
use std::time::Duration;

/// A limit that a device is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtLimit {
    /// libvirt's name of the limit: an element of `iotune` (`total_iops_sec`), or direction and attribute of `bandwidth`
    /// (`inbound average`).
    pub limit: &'static str,
    /// Its value, in libvirt's unit.
    pub value: u64,
}

impl AtLimit {
    /// The limit in words, as `total 20 IOPS`.
    pub fn describe(self) -> String {
        text::limit(self.limit, self.value)
    }

    /// True if requests of this kind wait because of the limit. Flushes are not limited.
    pub(super) fn delays(self, latency: DiskMetric) -> bool {
        match latency {
            DiskMetric::ReadLatency => !self.limit.starts_with("write"),
            DiskMetric::WriteLatency => !self.limit.starts_with("read"),
            _ => false,
        }
    }
}

/// What disks that share their limits did in an interval, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct DiskRates {
    /// Bytes read and written.
    bytes: [f64; 2],
    /// Reads and writes.
    requests: [f64; 2],
}

impl DiskRates {
    /// The sum over the newest figures of these disks.
    pub(super) fn of<'a>(disks: impl Iterator<Item = &'a Series<DiskMetric>>) -> Self {
        disks.fold(Self::default(), |sum, disk| {
            let rate = |metric| disk.latest(metric).unwrap_or(0.0);
            Self {
                bytes: [sum.bytes[0] + rate(DiskMetric::ReadBytes), sum.bytes[1] + rate(DiskMetric::WriteBytes)],
                requests: [
                    sum.requests[0] + rate(DiskMetric::ReadRequests),
                    sum.requests[1] + rate(DiskMetric::WriteRequests),
                ],
            }
        })
    }
}

/// Which of the two directions a limit counts.
const TOTAL: [f64; 2] = [1.0, 1.0];
const READ: [f64; 2] = [1.0, 0.0];
const WRITE: [f64; 2] = [0.0, 1.0];

/// The limits of a disk: name, name of the burst above it, directions, whether it counts requests.
const DISK_LIMITS: [(&str, &str, [f64; 2], bool); 6] = [
    ("total_iops_sec", "total_iops_sec_max", TOTAL, true),
    ("total_bytes_sec", "total_bytes_sec_max", TOTAL, false),
    ("read_iops_sec", "read_iops_sec_max", READ, true),
    ("read_bytes_sec", "read_bytes_sec_max", READ, false),
    ("write_iops_sec", "write_iops_sec_max", WRITE, true),
    ("write_bytes_sec", "write_bytes_sec_max", WRITE, false),
];

/// The limit of `limits` (`iotune`) that disks with these rates are at. `elapsed`: the time that the rates cover.
pub(super) fn of_disk(limits: &[(String, u64)], rates: DiskRates, elapsed: Duration) -> Option<AtLimit> {
    let sum = |values: [f64; 2], directions: [f64; 2]| values[0] * directions[0] + values[1] * directions[1];
    let value = |name| value(limits, name);
    DISK_LIMITS.iter().find_map(|(base, burst, directions, is_requests)| {
        let [bytes, mut requests] = [rates.bytes, rates.requests].map(|values| sum(values, *directions));
        // The interval may end just before the next request.
        let slack = 1.0 / elapsed.as_secs_f64();
        if *is_requests {
            // A large request counts as several.
            requests = value("size_iops_sec").map_or(requests, |size| requests.max(bytes / size as f64));
            at(limits, [*base, *burst], requests, slack)
        } else {
            let mean_size = if requests > 0.0 { bytes / requests } else { 0.0 };
            at(limits, [*base, *burst], bytes, slack * mean_size)
        }
    })
}

/// The limits of a NIC: name, name of the burst above it, figure. libvirt's directions are those of the guest.
const NIC_LIMITS: [(&str, &str, NicMetric); 2] = [
    ("inbound average", "inbound peak", NicMetric::RxBytes),
    ("outbound average", "outbound peak", NicMetric::TxBytes),
];

/// The limit of `limits` (`bandwidth`) that a NIC with these figures is at.
pub(super) fn of_nic(limits: &[(String, u64)], series: &Series<NicMetric>) -> Option<AtLimit> {
    NIC_LIMITS.iter().find_map(|(average, peak, metric)| {
        // libvirt's limits are in kB/s.
        let rate = series.latest(*metric)? / 1000.0;
        at(limits, [*average, *peak], rate, 0.0)
    })
}

/// The value of a limit; `None`: there is none.
fn value(limits: &[(String, u64)], name: &str) -> Option<u64> {
    limits.iter().find(|(known, _)| known == name).map(|(_, value)| *value).filter(|value| *value > 0)
}

/// The first of a limit and of the burst above it that a rate is at. Between them the burst goes on, and nothing waits.
fn at(limits: &[(String, u64)], [base, burst]: [&'static str; 2], rate: f64, slack: f64) -> Option<AtLimit> {
    let [low, high] = [base, burst].map(|name| value(limits, name));
    let reaches = |limit: u64| rate > 0.0 && rate + slack >= 0.95 * limit as f64 && rate >= 0.5 * limit as f64;
    let is_over = |limit: u64| rate - slack > 1.1 * limit as f64;
    if let Some(value) = high.filter(|value| low.is_none_or(|low| *value > low) && reaches(*value)) {
        return Some(AtLimit { limit: burst, value });
    }
    let value = low.filter(|value| reaches(*value))?;
    (high.is_none() || !is_over(value)).then_some(AtLimit { limit: base, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(limits: &[(&str, u64)]) -> Vec<(String, u64)> {
        limits.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    fn at_limit(all: &[(&str, u64)], bytes: [f64; 2], requests: [f64; 2], milliseconds: u64) -> Option<&'static str> {
        let rates = DiskRates { bytes, requests };
        of_disk(&limits(all), rates, Duration::from_millis(milliseconds)).map(|at| at.limit)
    }

    #[test]
    fn a_disk_is_at_a_limit_of_its_direction() {
        let all = [("total_iops_sec", 20), ("read_bytes_sec", 1_000_000), ("write_iops_sec", 10)];
        let of = |bytes, requests| at_limit(&all, bytes, requests, 10_000);
        assert_eq!(of([0.0, 0.0], [8.0, 8.0]), None);
        assert_eq!(of([0.0, 0.0], [15.0, 5.0]), Some("total_iops_sec"));
        assert_eq!(of([990_000.0, 0.0], [5.0, 0.0]), Some("read_bytes_sec"));
        assert_eq!(of([0.0, 990_000.0], [0.0, 5.0]), None, "the limit is for reads");
        assert_eq!(of([0.0, 0.0], [0.0, 10.0]), Some("write_iops_sec"));
        assert_eq!(at_limit(&[("total_iops_sec", 0)], [0.0, 0.0], [5.0, 0.0], 1000), None, "0 is no limit");
    }

    #[test]
    fn a_short_interval_may_miss_one_request() {
        let limit = [("total_iops_sec", 20)];
        assert_eq!(at_limit(&limit, [0.0, 0.0], [15.0, 0.0], 200), Some("total_iops_sec"), "3 of 4 requests");
        assert_eq!(at_limit(&limit, [0.0, 0.0], [15.0, 0.0], 1000), None);
        let slow = [("total_iops_sec", 1)];
        assert_eq!(at_limit(&slow, [0.0, 0.0], [0.0, 0.0], 1000), None, "an idle disk is at no limit");
        assert_eq!(at_limit(&slow, [0.0, 0.0], [0.2, 0.0], 1000), None);
    }

    #[test]
    fn a_burst_has_a_limit_of_its_own() {
        let burst = [("total_iops_sec", 100), ("total_iops_sec_max", 1000)];
        let of = |requests: f64| at_limit(&burst, [0.0, 0.0], [requests, 0.0], 1000);
        assert_eq!([50.0, 100.0, 500.0].map(of), [None, Some("total_iops_sec"), None]);
        assert_eq!(of(1000.0), Some("total_iops_sec_max"));
    }

    #[test]
    fn a_large_request_counts_as_several() {
        let limit = [("total_iops_sec", 100), ("size_iops_sec", 4096)];
        assert_eq!(at_limit(&limit, [409_600.0, 0.0], [10.0, 0.0], 1000), Some("total_iops_sec"));
        assert_eq!(at_limit(&limit, [204_800.0, 0.0], [10.0, 0.0], 1000), None);
    }

    #[test]
    fn flushes_and_the_other_direction_do_not_wait_for_a_limit() {
        let delayed = |limit| {
            let at = AtLimit { limit, value: 1 };
            [DiskMetric::ReadLatency, DiskMetric::WriteLatency, DiskMetric::FlushLatency]
                .map(|metric| at.delays(metric))
        };
        assert_eq!(delayed("total_iops_sec"), [true, true, false]);
        assert_eq!(delayed("read_bytes_sec_max"), [true, false, false]);
        assert_eq!(delayed("write_iops_sec"), [false, true, false]);
    }
}
