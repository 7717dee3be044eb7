//! A line of JSON a sample.
//!
//! Every key is always there; what is not known is `null`, never 0. Units are in the names: derived figures are named
//! by the lists in [`crate::fleet::metric`], raw totals lie under `totals`. CPU use comes in three readings:
//! `cpu_percent` (100 is one core), `cpu_of_host_percent` (100 is all of the host) and `cpu_of_guest_percent` (100 is
//! all vCPUs of the domain). `events` are those since the line before; `events_left_out` says how many more there were
//! than are kept.

use crate::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, HostMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{Disk, Domain, Host, HostCpu, Link, Missing, Nic, Series, Vcpu, When};
use crate::model::{
    BlockSample, Blocked, Call, Counter, Event, Groups, MemorySample, NetSample, NodeMemory, UnsupportedCall,
    VcpuSample, VcpuState,
};
use crate::time::Timestamp;
use crate::units::{Amount, Bytes, Unit};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

/// Of a libvirt that takes a connection and says nothing.
pub const CONNECTING: &str = "libvirt does not answer the attempt to connect";
/// What becomes of it.
pub const WAITING: &str = "it may be frozen or overloaded; vtop goes on when it answers";

/// The lines of one host: which samples get one, and how much time lies between them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    last: Option<Timestamp>,
    /// The number of the first event that no line has told.
    untold: u64,
}

impl Lines {
    /// The line for the host's newest figures. `None` where there are none since the line before, and for the very
    /// first sample, which has no rates yet.
    pub fn sample<'a>(&mut self, host: &'a Host) -> Option<Line<'a>> {
        let at = host.sampled_at.filter(|at| self.last != Some(*at))?;
        let before = self.last.replace(at)?;
        let events = self.events(host);
        Some(Line::sample(host, at, at.since(before), events))
    }

    /// The line for a host that cannot be reached at `now`; `None` where it can.
    pub fn failure<'a>(&mut self, host: &'a Host, now: Timestamp) -> Option<Line<'a>> {
        let error = match &host.link {
            Link::Failing(failure) => ErrorLine {
                message: &failure.message,
                advice: failure.advice.as_deref(),
                retry_in_seconds: failure.retry_in.map(|wait| wait.as_secs_f64()),
            },
            Link::Connecting => ErrorLine { message: CONNECTING, advice: Some(WAITING), retry_in_seconds: None },
            Link::Live => return None,
        };
        let events = self.events(host);
        Some(Line::failure(host, now, error, events))
    }

    fn events<'a>(&mut self, host: &'a Host) -> Events<'a> {
        let (events, left_out) = host.events.since(self.untold);
        self.untold = host.events.next_number();
        Events { events: events.map(EventLine::new).collect(), left_out }
    }
}

/// One line.
#[derive(serde::Serialize)]
pub struct Line<'a> {
    time: String,
    elapsed_seconds: Option<f64>,
    host: HostLine<'a>,
    domains: Option<Vec<DomainLine<'a>>>,
    #[serde(flatten)]
    events: Events<'a>,
    unsupported: Option<Vec<UnsupportedLine<'a>>>,
    error: Option<ErrorLine<'a>>,
}

impl<'a> Line<'a> {
    fn sample(host: &'a Host, at: Timestamp, elapsed: Option<Duration>, events: Events<'a>) -> Self {
        let mut domains: Vec<_> = host.domains.values().collect();
        domains.sort_by(|left, right| left.name.cmp(&right.name).then(left.uuid.cmp(&right.uuid)));
        Self {
            time: rfc3339(at),
            elapsed_seconds: elapsed.map(|elapsed| elapsed.as_secs_f64()),
            host: HostLine::new(host, Some(Figures(&host.series))),
            domains: Some(domains.into_iter().map(|domain| DomainLine::new(domain, host.cpus())).collect()),
            events,
            unsupported: Some(host.unsupported.iter().map(UnsupportedLine::new).collect()),
            error: None,
        }
    }

    fn failure(host: &'a Host, now: Timestamp, error: ErrorLine<'a>, events: Events<'a>) -> Self {
        Self {
            time: rfc3339(now),
            elapsed_seconds: None,
            host: HostLine::new(host, None),
            domains: None,
            events,
            unsupported: None,
            error: Some(error),
        }
    }

    /// Writes the line, whole and at once, so that a reader never waits for its end.
    pub fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        to.write_all(&line)?;
        to.flush()
    }
}

/// With milliseconds, in UTC.
fn rfc3339(at: Timestamp) -> String {
    format!("{:.3}", at.wall)
}

#[derive(serde::Serialize)]
struct Events<'a> {
    events: Vec<EventLine<'a>>,
    #[serde(rename = "events_left_out")]
    left_out: u64,
}

#[derive(serde::Serialize)]
struct EventLine<'a> {
    time: String,
    /// The domain's; `null` for an event of the connection.
    uuid: Option<String>,
    name: Option<&'a str>,
    event: &'static str,
    why: Option<String>,
    device: Option<&'a str>,
    path: Option<&'a str>,
    severity: &'static str,
}

impl<'a> EventLine<'a> {
    fn new(event: &'a Event) -> Self {
        let domain = event.domain.as_ref();
        Self {
            time: rfc3339(event.at),
            uuid: domain.map(|domain| domain.uuid.to_string()),
            name: domain.map(|domain| domain.name.as_str()),
            event: event.kind.name(),
            why: Some(event.kind.why()).filter(|why| !why.is_empty()),
            device: event.kind.device(),
            path: event.kind.path(),
            severity: event.kind.severity().name(),
        }
    }
}

#[derive(serde::Serialize)]
struct HostLine<'a> {
    hostname: Option<&'a str>,
    uri: Option<&'a str>,
    driver: Option<&'a str>,
    hypervisor_version: Option<&'a str>,
    libvirt_version: Option<&'a str>,
    cpu_model: Option<&'a str>,
    cpus: Option<u32>,
    mhz: Option<u32>,
    synthetic: Option<bool>,
    #[serde(flatten)]
    figures: MaybeFigures<'a, HostMetric>,
    /// Which sums are not of all that run: `disk` of the keys that begin with it, `net` likewise.
    partial_sums: Option<Vec<&'static str>>,
    memory: NodeMemoryLine,
}

impl<'a> HostLine<'a> {
    /// Without figures for a line that has no sample: old ones would pass for new.
    fn new(host: &'a Host, figures: Option<Figures<'a, HostMetric>>) -> Self {
        let info = host.info.as_deref();
        let memory = host.node.memory.filter(|_| figures.is_some());
        let partial = host.partial(When::Latest);
        let sums = [(Groups::BLOCK, "disk"), (Groups::NET, "net")].into_iter();
        let partial = sums.filter(|(group, _)| partial.contains(*group)).map(|(_, name)| name).collect();
        let partial_sums = figures.is_some().then_some(partial);
        Self {
            hostname: info.map(|info| info.hostname.as_str()),
            uri: info.map(|info| info.uri.as_str()),
            driver: info.map(|info| info.driver.as_str()),
            hypervisor_version: info.and_then(|info| info.hypervisor_version.as_deref()),
            libvirt_version: info.and_then(|info| info.libvirt_version.as_deref()),
            cpu_model: info.map(|info| info.cpu_model.as_str()),
            cpus: info.map(|info| info.cpus),
            mhz: info.and_then(|info| info.mhz),
            synthetic: info.map(|info| info.synthetic),
            figures: MaybeFigures(figures),
            partial_sums,
            memory: NodeMemoryLine::new(memory),
        }
    }
}

#[derive(serde::Serialize)]
struct NodeMemoryLine {
    total_bytes: Option<u64>,
    free_bytes: Option<u64>,
    buffers_bytes: Option<u64>,
    cached_bytes: Option<u64>,
}

impl NodeMemoryLine {
    fn new(memory: Option<NodeMemory>) -> Self {
        Self {
            total_bytes: memory.map(|memory| memory.total.0),
            free_bytes: memory.map(|memory| memory.local.0),
            buffers_bytes: memory.map(|memory| memory.buffers.0),
            cached_bytes: memory.map(|memory| memory.cached.0),
        }
    }
}

#[derive(serde::Serialize)]
struct DomainLine<'a> {
    uuid: String,
    name: &'a str,
    id: Option<u32>,
    state: &'static str,
    reason: Option<&'static str>,
    vcpu_count: Option<u32>,
    cpu_of_host_percent: Option<f64>,
    cpu_of_guest_percent: Option<f64>,
    memory_used_percent: Option<f64>,
    #[serde(flatten)]
    figures: Figures<'a, DomainMetric>,
    totals: DomainTotals,
    read_at: ReadAt,
    memory: MemoryLine,
    vcpus: Vec<VcpuLine<'a>>,
    disks: Vec<DiskLine<'a>>,
    nics: Vec<NicLine<'a>>,
    host_cpus: Option<Vec<HostCpuLine<'a>>>,
    blocked: Option<BlockedLine>,
    unsupported: Vec<UnsupportedLine<'a>>,
}

impl<'a> DomainLine<'a> {
    fn new(domain: &'a Domain, host_cpus: Option<u32>) -> Self {
        let host_cpu_lines = domain.host_cpus.iter().map(HostCpuLine::new).collect::<Vec<_>>();
        Self {
            uuid: domain.uuid.to_string(),
            name: &domain.name,
            id: domain.run,
            state: domain.state.name(),
            reason: domain.reason.describe(domain.state),
            vcpu_count: domain.vcpu_count(),
            cpu_of_host_percent: host_cpus.and_then(|cpus| domain.cpu_of_host(cpus, When::Latest)),
            cpu_of_guest_percent: domain.cpu_of_guest(When::Latest),
            memory_used_percent: domain.memory_used_percent(When::Latest),
            figures: Figures(&domain.series),
            totals: DomainTotals::new(domain),
            read_at: ReadAt::new(domain),
            memory: MemoryLine::new(&domain.memory),
            vcpus: domain.vcpus.iter().filter(|vcpu| vcpu.sample.is_some()).map(VcpuLine::new).collect(),
            disks: domain.disks.iter().map(DiskLine::new).collect(),
            nics: domain.nics.iter().map(NicLine::new).collect(),
            host_cpus: Some(host_cpu_lines).filter(|cpus| !cpus.is_empty()),
            blocked: domain.blocked.map(BlockedLine::new),
            unsupported: UnsupportedLine::of_domain(domain),
        }
    }
}

/// When what stands in a line was read last in this run: totals and gauges may be older than the line.
#[derive(serde::Serialize)]
struct ReadAt {
    cpu: Option<String>,
    memory: Option<String>,
    vcpus: Option<String>,
    disks: Option<String>,
    nics: Option<String>,
}

impl ReadAt {
    fn new(domain: &Domain) -> Self {
        let at = |group| domain.read_at(group).map(rfc3339);
        Self {
            cpu: at(Groups::CPU),
            memory: at(Groups::MEMORY),
            vcpus: at(Groups::VCPU),
            disks: at(Groups::BLOCK),
            nics: at(Groups::NET),
        }
    }
}

/// Why a domain is asked for little: totals of its disks, its memory and its vCPUs are then as old as `since`, or older.
#[derive(serde::Serialize)]
struct BlockedLine {
    by: &'static str,
    reason: String,
    since: String,
}

impl BlockedLine {
    fn new(blocked: Blocked) -> Self {
        Self { by: blocked.by.name(), reason: blocked.by.describe(), since: rfc3339(blocked.since) }
    }
}

#[derive(serde::Serialize)]
struct DomainTotals {
    cpu_time_nanoseconds: Option<u64>,
    cpu_user_nanoseconds: Option<u64>,
    cpu_system_nanoseconds: Option<u64>,
    swap_in_bytes: Option<u64>,
    swap_out_bytes: Option<u64>,
    major_faults: Option<u64>,
    minor_faults: Option<u64>,
}

impl DomainTotals {
    fn new(domain: &Domain) -> Self {
        Self {
            cpu_time_nanoseconds: total(domain.cpu.time),
            cpu_user_nanoseconds: total(domain.cpu.user),
            cpu_system_nanoseconds: total(domain.cpu.system),
            swap_in_bytes: total(domain.memory.swap_in),
            swap_out_bytes: total(domain.memory.swap_out),
            major_faults: total(domain.memory.major_faults),
            minor_faults: total(domain.memory.minor_faults),
        }
    }
}

/// Gauges as libvirt gives them, in bytes.
#[derive(serde::Serialize)]
struct MemoryLine {
    current_bytes: Option<u64>,
    maximum_bytes: Option<u64>,
    available_bytes: Option<u64>,
    unused_bytes: Option<u64>,
    usable_bytes: Option<u64>,
    disk_caches_bytes: Option<u64>,
    rss_bytes: Option<u64>,
    /// Seconds since 1970; 0: the guest never spoke.
    last_update_seconds: Option<u64>,
}

impl MemoryLine {
    fn new(memory: &MemorySample) -> Self {
        Self {
            current_bytes: bytes(memory.current),
            maximum_bytes: bytes(memory.maximum),
            available_bytes: bytes(memory.available),
            unused_bytes: bytes(memory.unused),
            usable_bytes: bytes(memory.usable),
            disk_caches_bytes: bytes(memory.disk_caches),
            rss_bytes: bytes(memory.rss),
            last_update_seconds: memory.last_update,
        }
    }
}

#[derive(serde::Serialize)]
struct VcpuLine<'a> {
    number: u32,
    state: Option<&'static str>,
    halted: Option<bool>,
    host_cpu: Option<u32>,
    #[serde(flatten)]
    figures: Figures<'a, VcpuMetric>,
    totals: VcpuTotals,
}

#[derive(serde::Serialize)]
struct VcpuTotals {
    time_nanoseconds: Option<u64>,
    wait_nanoseconds: Option<u64>,
    delay_nanoseconds: Option<u64>,
}

impl<'a> VcpuLine<'a> {
    fn new(vcpu: &'a Vcpu) -> Self {
        let VcpuSample { state, time, wait, delay, halted, host_cpu } = vcpu.sample.unwrap_or_default();
        Self {
            number: vcpu.key,
            state: state.map(|state| match state {
                VcpuState::Offline => "offline",
                VcpuState::Running => "running",
                VcpuState::Blocked => "blocked",
            }),
            halted,
            host_cpu,
            figures: Figures(&vcpu.series),
            totals: VcpuTotals {
                time_nanoseconds: total(time),
                wait_nanoseconds: total(wait),
                delay_nanoseconds: total(delay),
            },
        }
    }
}

#[derive(serde::Serialize)]
struct HostCpuLine<'a> {
    number: u32,
    #[serde(flatten)]
    figures: Figures<'a, HostCpuMetric>,
    time_nanoseconds: Option<u64>,
}

impl<'a> HostCpuLine<'a> {
    fn new(cpu: &'a HostCpu) -> Self {
        Self { number: cpu.key, figures: Figures(&cpu.series), time_nanoseconds: total(cpu.sample) }
    }
}

#[derive(serde::Serialize)]
struct DiskLine<'a> {
    name: &'a str,
    path: Option<&'a str>,
    capacity_bytes: Option<u64>,
    allocation_bytes: Option<u64>,
    physical_bytes: Option<u64>,
    #[serde(flatten)]
    figures: Figures<'a, DiskMetric>,
    totals: DiskTotals,
}

#[derive(serde::Serialize)]
struct DiskTotals {
    read_requests: Option<u64>,
    read_bytes: Option<u64>,
    read_time_nanoseconds: Option<u64>,
    write_requests: Option<u64>,
    write_bytes: Option<u64>,
    write_time_nanoseconds: Option<u64>,
    flush_requests: Option<u64>,
    flush_time_nanoseconds: Option<u64>,
    errors: Option<u64>,
}

impl<'a> DiskLine<'a> {
    fn new(disk: &'a Disk) -> Self {
        let sample = disk.sample.as_ref();
        let size = |of: fn(&BlockSample) -> Option<Bytes>| bytes(sample.and_then(of));
        Self {
            name: &disk.key,
            path: sample.and_then(|sample| sample.path.as_deref()),
            capacity_bytes: size(|sample| sample.capacity),
            allocation_bytes: size(|sample| sample.allocation),
            physical_bytes: size(|sample| sample.physical),
            figures: Figures(&disk.series),
            totals: DiskTotals {
                read_requests: sample.and_then(|sample| total(sample.read_requests)),
                read_bytes: sample.and_then(|sample| total(sample.read_bytes)),
                read_time_nanoseconds: sample.and_then(|sample| total(sample.read_time)),
                write_requests: sample.and_then(|sample| total(sample.write_requests)),
                write_bytes: sample.and_then(|sample| total(sample.write_bytes)),
                write_time_nanoseconds: sample.and_then(|sample| total(sample.write_time)),
                flush_requests: sample.and_then(|sample| total(sample.flush_requests)),
                flush_time_nanoseconds: sample.and_then(|sample| total(sample.flush_time)),
                errors: sample.and_then(|sample| total(sample.errors)),
            },
        }
    }
}

#[derive(serde::Serialize)]
struct NicLine<'a> {
    name: &'a str,
    #[serde(flatten)]
    figures: Figures<'a, NicMetric>,
    totals: NicTotals,
}

#[derive(serde::Serialize)]
struct NicTotals {
    rx_bytes: Option<u64>,
    rx_packets: Option<u64>,
    rx_errors: Option<u64>,
    rx_drops: Option<u64>,
    tx_bytes: Option<u64>,
    tx_packets: Option<u64>,
    tx_errors: Option<u64>,
    tx_drops: Option<u64>,
}

impl<'a> NicLine<'a> {
    fn new(nic: &'a Nic) -> Self {
        let NetSample { name: _, rx_bytes, rx_packets, rx_errors, rx_drops, tx_bytes, tx_packets, tx_errors, tx_drops } =
            nic.sample.clone().unwrap_or_default();
        Self {
            name: &nic.key,
            figures: Figures(&nic.series),
            totals: NicTotals {
                rx_bytes: total(rx_bytes),
                rx_packets: total(rx_packets),
                rx_errors: total(rx_errors),
                rx_drops: total(rx_drops),
                tx_bytes: total(tx_bytes),
                tx_packets: total(tx_packets),
                tx_errors: total(tx_errors),
                tx_drops: total(tx_drops),
            },
        }
    }
}

#[derive(serde::Serialize)]
struct UnsupportedLine<'a> {
    call: &'static str,
    reason: Cow<'a, str>,
}

impl<'a> UnsupportedLine<'a> {
    fn new(unsupported: &'a UnsupportedCall) -> Self {
        Self { call: unsupported.call.name(), reason: Cow::from(&unsupported.reason) }
    }

    /// The calls that failed for a domain, and the bulk call where it left groups of this domain out.
    fn of_domain(domain: &'a Domain) -> Vec<Self> {
        let skipped = Some(domain.unanswered).filter(|groups| !groups.is_empty()).map(|groups| Self {
            call: Call::BulkStats.name(),
            reason: Cow::from(Missing::Unanswered(groups).describe(domain)),
        });
        domain.unsupported.iter().map(Self::new).chain(skipped).collect()
    }
}

#[derive(serde::Serialize)]
struct ErrorLine<'a> {
    message: &'a str,
    advice: Option<&'a str>,
    retry_in_seconds: Option<f64>,
}

/// All derived figures of one thing, each under its name and unit.
struct Figures<'a, M>(&'a Series<M>);

impl<M: Metric> Serialize for Figures<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        figures(serializer, |metric| self.0.latest(metric))
    }
}

/// The same names, all `null` where there is no sample.
struct MaybeFigures<'a, M>(Option<Figures<'a, M>>);

impl<M: Metric> Serialize for MaybeFigures<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        figures(serializer, |metric: M| self.0.as_ref().and_then(|figures| figures.0.latest(metric)))
    }
}

fn figures<M: Metric, S: Serializer>(serializer: S, value: impl Fn(M) -> Option<f64>) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(M::ALL.len()))?;
    for &metric in M::ALL {
        match metric.info().unit {
            // What is held is a whole number of bytes.
            Unit::Bytes => map.serialize_entry(metric.key(), &value(metric).map(|bytes| bytes.round() as u64))?,
            _ => map.serialize_entry(metric.key(), &value(metric))?,
        }
    }
    map.end()
}

fn total<Q: Amount>(counter: Option<Counter<Q>>) -> Option<u64> {
    counter.map(Counter::total)
}

fn bytes(bytes: Option<Bytes>) -> Option<u64> {
    bytes.map(|bytes| bytes.0)
}

#[cfg(test)]
mod tests;
