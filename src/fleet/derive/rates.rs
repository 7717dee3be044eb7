//! Figures from two readings, `(now − before) / elapsed`, computed once for all screens and outputs.
//!
//! The [catalogue](crate::fleet::metric) says how each figure is derived; this file has the arithmetic, and the code of the
//! figures for which there is no general rule. There is no rate at the first reading, if the counter fell, or if the value is
//! missing in one of the two readings.

use crate::fleet::history::Series;
use crate::fleet::metric::{
    Derivation, DiskMetric, DomainMetric, DomainTotal, HostCpuMetric, HostMetric, Metric, NicMetric, VcpuMetric,
};
use crate::model::totals::{CpuTotal, DiskTotal, MemoryTotal, Total};
use crate::model::{BlockSample, Counter, CpuSample, MemorySample, NetSample, NodeMemory, NodeSample, VcpuSample};
use crate::units::{Bytes, Nanoseconds};
use std::sync::LazyLock;
use std::time::Duration;

/// How much a counter grew. `None` where a value is missing or the counter fell.
fn growth(now: Option<u64>, before: Option<u64>) -> Option<u64> {
    now?.checked_sub(before?)
}

/// Growth per second.
fn rate(now: Option<u64>, before: Option<u64>, elapsed: Duration) -> Option<f64> {
    Some(growth(now, before)? as f64 / elapsed.as_secs_f64())
}

/// Growth of a time in nanoseconds as a share of the elapsed time; 100 is one core.
fn share(now: Option<u64>, before: Option<u64>, elapsed: Duration) -> Option<f64> {
    rate(now, before, elapsed).map(|nanoseconds| nanoseconds / 1e7)
}

/// One figure, derived by the rule of the catalogue. `None` if a value is missing, and for [`Derivation::Own`].
fn figure<T: Total>(derivation: Derivation<T>, now: &T::Record, before: &T::Record, elapsed: Duration) -> Option<f64> {
    let [now, before] = [now, before].map(|record| move |total: T| total.of(record));
    match derivation {
        Derivation::Gauge(total) => now(total).map(|value| value as f64),
        Derivation::Rate(total) => rate(now(total), before(total), elapsed),
        Derivation::Share(total) => share(now(total), before(total), elapsed),
        Derivation::MeanTime(time, requests) => {
            let count = growth(now(requests), before(requests)).filter(|count| *count > 0)?;
            Some(growth(now(time), before(time))? as f64 / count as f64)
        }
        Derivation::Own(..) => None,
    }
}

/// Sets all figures of a device that the catalogue has a rule for.
fn figures<M: Metric<Total: Total>>(
    series: &mut Series<M>,
    now: &<M::Total as Total>::Record,
    before: &<M::Total as Total>::Record,
    elapsed: Duration,
) {
    for metric in M::ALL {
        series.set(*metric, figure(metric.derivation(), now, before, elapsed));
    }
}

/// Sets a host's own figures: shares of its CPU time and used memory.
pub(crate) fn node(series: &mut Series<HostMetric>, now: &NodeSample, before: &NodeSample) {
    let shares = now.cpu.zip(before.cpu).and_then(|(now, before)| {
        let idle = now.idle.growth_since(before.idle)? as f64;
        // A system that does not count iowait counts it as idle.
        let iowait = match now.iowait.zip(before.iowait) {
            Some((now, before)) => Some(now.growth_since(before)? as f64),
            None => None,
        };
        let busy = now.user.growth_since(before.user)?.saturating_add(now.kernel.growth_since(before.kernel)?) as f64;
        let total = idle + iowait.unwrap_or(0.0) + busy;
        (total > 0.0).then(|| (100.0 * busy / total, iowait.map(|iowait| 100.0 * iowait / total)))
    });
    series.set(HostMetric::Cpu, shares.map(|(busy, _)| busy));
    series.set(HostMetric::Iowait, shares.and_then(|(_, iowait)| iowait));
    let bytes = |of: fn(&NodeMemory) -> Option<Bytes>| now.memory.as_ref().and_then(of).map(|bytes| bytes.0 as f64);
    series.set(HostMetric::MemoryUsed, bytes(NodeMemory::used));
    series.set(HostMetric::HugepagesUsed, bytes(NodeMemory::hugepages_used));
    series.set(HostMetric::SwapUsed, bytes(NodeMemory::swap_used));
}

/// The figures of a domain that come from one record, each with its rule.
type Derivations<T> = Vec<(DomainMetric, Derivation<T>)>;

static OF_CPU: LazyLock<Derivations<CpuTotal>> = LazyLock::new(|| derivations(Derivation::of_cpu));
static OF_MEMORY: LazyLock<Derivations<MemoryTotal>> = LazyLock::new(|| derivations(Derivation::of_memory));

fn derivations<T>(of: fn(Derivation<DomainTotal>) -> Option<Derivation<T>>) -> Derivations<T> {
    DomainMetric::ALL.iter().filter_map(|metric| Some((*metric, of(metric.derivation())?))).collect()
}

pub(crate) fn cpu(series: &mut Series<DomainMetric>, now: &CpuSample, before: &CpuSample, elapsed: Duration) {
    // The counts of two sources differ, so their difference is not the time that passed.
    let none = CpuSample::default();
    let before = if before.source == now.source { before } else { &none };
    for (metric, derivation) in &*OF_CPU {
        series.set(*metric, figure(*derivation, now, before, elapsed));
    }
    if let Some(vcpus) = now.vcpus {
        // A sum over another number of vCPUs cannot be compared.
        let before = before.vcpus.filter(|before| before.count == vcpus.count);
        let steal = share(Some(vcpus.delay.total()), before.map(|before| before.delay.total()), elapsed);
        series.set(DomainMetric::Steal, steal.map(|steal| steal / f64::from(vcpus.count.max(1))));
        let used = share(Some(vcpus.used.total()), before.map(|before| before.used.total()), elapsed);
        series.set(DomainMetric::Vcpus, used);
    }
}

pub(crate) fn vcpu(series: &mut Series<VcpuMetric>, now: &VcpuSample, before: &VcpuSample, elapsed: Duration) {
    figures(series, now, before, elapsed);
}

pub(crate) fn host_cpu(
    series: &mut Series<HostCpuMetric>,
    now: &Counter<Nanoseconds>,
    before: &Counter<Nanoseconds>,
    elapsed: Duration,
) {
    figures(series, now, before, elapsed);
}

pub(crate) fn memory(series: &mut Series<DomainMetric>, now: &MemorySample, before: &MemorySample, elapsed: Duration) {
    for (metric, derivation) in &*OF_MEMORY {
        series.set(*metric, figure(*derivation, now, before, elapsed));
    }
    series.set(DomainMetric::MemoryUsed, now.used().map(|used| used.0 as f64));
}

pub(crate) fn disk(series: &mut Series<DiskMetric>, now: &BlockSample, before: &BlockSample, elapsed: Duration) {
    figures(series, now, before, elapsed);
    series.set(DiskMetric::InFlight, in_flight(now, before, elapsed));
}

/// Mean number of requests in flight: the sum of the times of the requests that ended, divided by the elapsed time. `None` if
/// none ended: requests are counted when they end, so the disk is idle, or all of its requests hang.
fn in_flight(now: &BlockSample, before: &BlockSample, elapsed: Duration) -> Option<f64> {
    let grown = |total: DiskTotal| growth(total.of(now), total.of(before));
    let ended = [DiskTotal::ReadRequests, DiskTotal::WriteRequests].into_iter().filter_map(grown).any(|n| n > 0);
    let time = grown(DiskTotal::ReadTime)? as f64 + grown(DiskTotal::WriteTime)? as f64;
    ended.then(|| time / elapsed.as_nanos() as f64)
}

pub(crate) fn nic(series: &mut Series<NicMetric>, now: &NetSample, before: &NetSample, elapsed: Duration) {
    figures(series, now, before, elapsed);
}

impl MemorySample {
    /// Memory that the guest uses; `None`: the guest does not report it.
    fn used(&self) -> Option<Bytes> {
        let unused = || Some(Bytes(self.unused?.0.saturating_add(self.disk_caches.unwrap_or(Bytes(0)).0)));
        let idle = self.usable.or_else(unused)?;
        Some(Bytes(self.available?.0.saturating_sub(idle.0)))
    }

    /// Whether [`Self::used`] counts the guest's page cache, which the guest gives back when it needs memory: older guests
    /// report neither `usable` nor `disk_caches`.
    pub(crate) fn used_with_cache(&self) -> bool {
        self.used().is_some() && self.usable.is_none() && self.disk_caches.is_none()
    }
}

/// The sum of the values that are known; `None` if none is: unknown is not 0.
pub(crate) fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CpuSource, CpuTimes};
    use crate::units::{Events, Operations};

    const SECOND: Duration = Duration::from_secs(1);

    fn count(value: u64) -> Option<Counter<Operations>> {
        Some(Counter(Operations(value)))
    }
    fn nanoseconds(value: u64) -> Option<Counter<Nanoseconds>> {
        Some(Counter(Nanoseconds(value)))
    }

    #[test]
    fn a_rate_is_growth_divided_by_the_elapsed_time() {
        assert_eq!(rate(Some(30), Some(10), Duration::from_millis(500)), Some(40.0));
        assert_eq!(rate(Some(10), Some(10), SECOND), Some(0.0));
    }

    #[test]
    fn no_rate_where_a_reading_is_missing_or_the_counter_fell() {
        assert_eq!(rate(Some(5), Some(10), SECOND), None);
        assert_eq!(rate(Some(5), None, SECOND), None);
        assert_eq!(rate(None, Some(5), SECOND), None);
    }

    #[test]
    fn a_hundred_percent_is_one_core() {
        assert_eq!(share(Some(1_500_000_000), Some(0), SECOND), Some(150.0));
    }

    #[test]
    fn cpu_times_of_two_sources_give_no_rate() {
        let mut series = Series::<DomainMetric>::default();
        let sample = |ms: u64, source| CpuSample { time: nanoseconds(ms * 1_000_000), source, ..CpuSample::default() };
        let before = sample(100, CpuSource::Process);
        cpu(&mut series, &sample(99_000, CpuSource::Cgroup), &before, SECOND);
        assert_eq!(series.latest(DomainMetric::Cpu), None);
        cpu(&mut series, &sample(300, CpuSource::Process), &before, SECOND);
        assert_eq!(series.latest(DomainMetric::Cpu), Some(20.0));
    }

    #[test]
    fn missing_values_of_the_node_are_not_zero() {
        let sample = |seconds: u64, iowait: Option<u64>, cached: Option<u64>| {
            let time = |seconds| Counter(Nanoseconds(seconds * 1_000_000_000));
            let iowait = iowait.map(time);
            let cpu = CpuTimes { kernel: time(seconds), user: time(seconds), idle: time(2 * seconds), iowait };
            let memory = NodeMemory {
                total: Bytes(100),
                free: Bytes(20),
                buffers: Some(Bytes(10)),
                cached: cached.map(Bytes),
                ..NodeMemory::default()
            };
            NodeSample { cpu: Some(cpu), memory: Some(memory) }
        };
        let figures = |before: &NodeSample, now: &NodeSample| {
            let mut series = Series::<HostMetric>::default();
            node(&mut series, now, before);
            [HostMetric::Cpu, HostMetric::Iowait, HostMetric::MemoryUsed].map(|metric| series.latest(metric))
        };
        let all = figures(&sample(0, Some(0), Some(30)), &sample(1, Some(4), Some(30)));
        assert_eq!(all, [Some(25.0), Some(50.0), Some(40.0)]);
        let missing = figures(&sample(0, None, None), &sample(1, None, None));
        assert_eq!(missing, [Some(50.0), None, None]);
    }

    #[test]
    fn a_sum_of_counters_saturates() {
        let sample = |time: u64| {
            let counter = |value| Counter(Nanoseconds(value));
            let cpu = CpuTimes { kernel: counter(time), user: counter(time), idle: counter(0), iowait: None };
            NodeSample { cpu: Some(cpu), memory: None }
        };
        let mut series = Series::<HostMetric>::default();
        node(&mut series, &sample(u64::MAX), &sample(0));
        assert_eq!(series.latest(HostMetric::Cpu), Some(100.0));
    }

    #[test]
    fn latency_is_the_mean_time_of_a_request_and_missing_without_requests() {
        let mut series = Series::<DiskMetric>::default();
        let before = BlockSample {
            read_requests: count(10),
            read_time: nanoseconds(1_000),
            write_requests: count(7),
            write_time: nanoseconds(5),
            ..BlockSample::default()
        };
        let now = BlockSample { read_requests: count(14), read_time: nanoseconds(9_000), ..before.clone() };
        disk(&mut series, &now, &before, SECOND);
        assert_eq!(series.latest(DiskMetric::ReadLatency), Some(2_000.0));
        assert_eq!(series.latest(DiskMetric::WriteLatency), None);
        assert_eq!(series.latest(DiskMetric::WriteRequests), Some(0.0));
        assert_eq!(series.latest(DiskMetric::Flushes), None);
        assert_eq!(series.latest(DiskMetric::InFlight), Some(0.000_008));
    }

    #[test]
    fn used_memory_prefers_usable_and_needs_the_guest() {
        let sample = |usable, unused| MemorySample {
            available: Some(Bytes(100)),
            usable,
            unused,
            current: Some(Bytes(128)),
            ..MemorySample::default()
        };
        assert_eq!(sample(Some(Bytes(60)), Some(Bytes(20))).used(), Some(Bytes(40)));
        assert_eq!(sample(None, Some(Bytes(20))).used(), Some(Bytes(80)));
        assert_eq!(sample(None, None).used(), None);
        let with_caches = MemorySample { disk_caches: Some(Bytes(50)), ..sample(None, Some(Bytes(20))) };
        assert_eq!(with_caches.used(), Some(Bytes(30)));
        let caches =
            [sample(Some(Bytes(60)), Some(Bytes(20))), sample(None, Some(Bytes(20))), sample(None, None), with_caches];
        assert_eq!(caches.map(|sample| sample.used_with_cache()), [false, true, false, false]);
    }

    #[test]
    fn a_sum_of_unknown_values_is_unknown() {
        assert_eq!(sum([None, None].into_iter()), None);
        assert_eq!(sum([None, Some(0.0)].into_iter()), Some(0.0));
        assert_eq!(sum([Some(1.0), None, Some(2.0)].into_iter()), Some(3.0));
    }

    #[test]
    fn errors_are_a_rate() {
        let mut series = Series::<DiskMetric>::default();
        let with = |errors| BlockSample { errors: Some(Counter(Events(errors))), ..BlockSample::default() };
        disk(&mut series, &with(6), &with(4), Duration::from_secs(2));
        assert_eq!(series.latest(DiskMetric::Errors), Some(1.0));
    }
}
