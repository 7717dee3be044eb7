//! Rates from two readings: `(now − before) / elapsed`, computed once for all screens and outputs.
//!
//! There is no rate at the first reading, if the counter fell, or if the value is missing in one of the two readings.

use crate::fleet::history::Series;
use crate::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, HostMetric, NicMetric, VcpuMetric};
use crate::model::{BlockSample, Counter, CpuSample, MemorySample, NetSample, NodeSample, VcpuSample};
use crate::units::{Amount, Bytes, Nanoseconds};
use std::time::Duration;

/// Growth per second.
fn rate<Q: Amount>(now: Option<Counter<Q>>, before: Option<Counter<Q>>, elapsed: Duration) -> Option<f64> {
    Some(now?.growth_since(before?)? as f64 / elapsed.as_secs_f64())
}

/// Growth of a CPU time in percent of the elapsed time; 100 is one core.
fn percent(now: Option<Counter<Nanoseconds>>, before: Option<Counter<Nanoseconds>>, elapsed: Duration) -> Option<f64> {
    rate(now, before, elapsed).map(|ns_per_second| ns_per_second / 1e7)
}

/// Mean time of a request in nanoseconds; `None`: no request ended.
fn latency<Q: Amount>(
    time: (Option<Counter<Nanoseconds>>, Option<Counter<Nanoseconds>>),
    requests: (Option<Counter<Q>>, Option<Counter<Q>>),
) -> Option<f64> {
    let count = requests.0?.growth_since(requests.1?)?;
    let time = time.0?.growth_since(time.1?)?;
    (count > 0).then(|| time as f64 / count as f64)
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
    series.set(
        HostMetric::MemoryUsed,
        now.memory.and_then(|memory| {
            let unused = memory.free.0.saturating_add(memory.buffers?.0).saturating_add(memory.cached?.0);
            Some(memory.total.0.saturating_sub(unused) as f64)
        }),
    );
}

pub(crate) fn cpu(series: &mut Series<DomainMetric>, now: &CpuSample, before: &CpuSample, elapsed: Duration) {
    // The counts of two sources differ, so their difference is not the time that passed.
    let none = CpuSample::default();
    let before = if before.source == now.source { before } else { &none };
    series.set(DomainMetric::Cpu, percent(now.time, before.time, elapsed));
    series.set(DomainMetric::User, percent(now.user, before.user, elapsed));
    series.set(DomainMetric::System, percent(now.system, before.system, elapsed));
    if let Some(delay) = now.delay {
        // A sum over another number of vCPUs cannot be compared.
        let before = before.delay.filter(|before| before.vcpus == delay.vcpus);
        let steal = percent(Some(delay.time), before.map(|before| before.time), elapsed);
        series.set(DomainMetric::Steal, steal.map(|steal| steal / f64::from(delay.vcpus.max(1))));
    }
}

pub(crate) fn vcpu(series: &mut Series<VcpuMetric>, now: &VcpuSample, before: &VcpuSample, elapsed: Duration) {
    series.set(VcpuMetric::Use, percent(now.time, before.time, elapsed));
    series.set(VcpuMetric::Steal, percent(now.delay, before.delay, elapsed));
    series.set(VcpuMetric::Wait, percent(now.wait, before.wait, elapsed));
}

pub(crate) fn host_cpu(
    series: &mut Series<HostCpuMetric>,
    now: &Counter<Nanoseconds>,
    before: &Counter<Nanoseconds>,
    elapsed: Duration,
) {
    series.set(HostCpuMetric::Use, percent(Some(*now), Some(*before), elapsed));
}

/// Sets the gauges; they need one reading only.
pub(crate) fn memory_gauges(series: &mut Series<DomainMetric>, now: &MemorySample) {
    series.set(DomainMetric::MemoryUsed, now.used().map(|used| used.0 as f64));
    series.set(DomainMetric::MemoryAvailable, now.available.map(|bytes| bytes.0 as f64));
    series.set(DomainMetric::MemoryCached, now.disk_caches.map(|bytes| bytes.0 as f64));
    series.set(DomainMetric::MemoryGiven, now.current.map(|bytes| bytes.0 as f64));
    series.set(DomainMetric::Rss, now.rss.map(|bytes| bytes.0 as f64));
}

/// Sets the figures that need two readings.
pub(crate) fn memory_rates(
    series: &mut Series<DomainMetric>,
    now: &MemorySample,
    before: &MemorySample,
    elapsed: Duration,
) {
    series.set(DomainMetric::SwapIn, rate(now.swap_in, before.swap_in, elapsed));
    series.set(DomainMetric::SwapOut, rate(now.swap_out, before.swap_out, elapsed));
    series.set(DomainMetric::MajorFaults, rate(now.major_faults, before.major_faults, elapsed));
}

pub(crate) fn disk(series: &mut Series<DiskMetric>, now: &BlockSample, before: &BlockSample, elapsed: Duration) {
    use DiskMetric::*;
    series.set(ReadBytes, rate(now.read_bytes, before.read_bytes, elapsed));
    series.set(WriteBytes, rate(now.write_bytes, before.write_bytes, elapsed));
    series.set(ReadRequests, rate(now.read_requests, before.read_requests, elapsed));
    series.set(WriteRequests, rate(now.write_requests, before.write_requests, elapsed));
    series.set(Flushes, rate(now.flush_requests, before.flush_requests, elapsed));
    series.set(ReadLatency, latency((now.read_time, before.read_time), (now.read_requests, before.read_requests)));
    series.set(WriteLatency, latency((now.write_time, before.write_time), (now.write_requests, before.write_requests)));
    series.set(FlushLatency, latency((now.flush_time, before.flush_time), (now.flush_requests, before.flush_requests)));
    // Requests are counted when they end. If none ended, the disk is idle, or all of its requests hang.
    let ended = [ReadRequests, WriteRequests].into_iter().filter_map(|metric| series.latest(metric)).sum::<f64>();
    let busy = rate(now.read_time, before.read_time, elapsed)
        .zip(rate(now.write_time, before.write_time, elapsed))
        .map(|(read, write)| (read + write) / 1e9);
    series.set(InFlight, busy.filter(|_| ended > 0.0));
    series.set(Errors, rate(now.errors, before.errors, elapsed));
}

pub(crate) fn nic(series: &mut Series<NicMetric>, now: &NetSample, before: &NetSample, elapsed: Duration) {
    use NicMetric::*;
    series.set(RxBytes, rate(now.rx_bytes, before.rx_bytes, elapsed));
    series.set(TxBytes, rate(now.tx_bytes, before.tx_bytes, elapsed));
    series.set(RxPackets, rate(now.rx_packets, before.rx_packets, elapsed));
    series.set(TxPackets, rate(now.tx_packets, before.tx_packets, elapsed));
    series.set(RxDrops, rate(now.rx_drops, before.rx_drops, elapsed));
    series.set(TxDrops, rate(now.tx_drops, before.tx_drops, elapsed));
    series.set(RxErrors, rate(now.rx_errors, before.rx_errors, elapsed));
    series.set(TxErrors, rate(now.tx_errors, before.tx_errors, elapsed));
}

impl MemorySample {
    /// Memory that the guest uses; `None`: the guest does not report it.
    fn used(&self) -> Option<Bytes> {
        let idle = self.usable.or(self.unused)?;
        Some(Bytes(self.available?.0.saturating_sub(idle.0)))
    }
}

/// The sum of the values that are known; `None` if none is: unknown is not 0.
pub(crate) fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CpuSource, CpuTimes, NodeMemory};
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
        assert_eq!(rate(count(30), count(10), Duration::from_millis(500)), Some(40.0));
        assert_eq!(rate(count(10), count(10), SECOND), Some(0.0));
    }

    #[test]
    fn no_rate_where_a_reading_is_missing_or_the_counter_fell() {
        assert_eq!(rate(count(5), count(10), SECOND), None);
        assert_eq!(rate(count(5), None, SECOND), None);
        assert_eq!(rate(None, count(5), SECOND), None);
    }

    #[test]
    fn a_hundred_percent_is_one_core() {
        assert_eq!(percent(nanoseconds(1_500_000_000), nanoseconds(0), SECOND), Some(150.0));
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
            let memory =
                NodeMemory { total: Bytes(100), free: Bytes(20), buffers: Some(Bytes(10)), cached: cached.map(Bytes) };
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
