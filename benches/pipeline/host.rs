//! A host of any size for the benches: four disks and two NICs a domain, and something new of every domain in every sample.

use std::borrow::Cow;
use std::time::Duration;
use vtop::model::{Counter, DomainSample, Event, Groups, HostInfo, HostSample};
use vtop::sources::libvirt::fuzzing::Value;
use vtop::sources::synthetic::{Clock, SyntheticOptions, SyntheticSource};
use vtop::sources::{Notify, Request, Source};
use vtop::units::Nanoseconds;

/// How large the hosts are.
pub const SIZES: [usize; 3] = [10, 100, 1_000];

/// A made-up host that is sampled once a second.
pub struct Host {
    source: SyntheticSource,
    info: HostInfo,
    /// What it tells in its first two minutes.
    pub events: Vec<Event>,
    taken: u64,
}

impl Host {
    pub fn new(domains: usize) -> Self {
        let options = SyntheticOptions {
            domains,
            disks_per_domain: Some(4),
            nics_per_domain: Some(2),
            clock: Clock::Simulated { step: Duration::from_secs(1) },
            ..SyntheticOptions::default()
        };
        let events = SyntheticSource::simulate_events(&options, Duration::from_secs(120));
        let mut source = SyntheticSource::new(options);
        let info = source.connect(Notify::new(|_| {})).expect("a made-up host is always there");
        Self { source, info, events, taken: 0 }
    }

    pub fn info(&self) -> HostInfo {
        self.info.clone()
    }

    /// The next sample. On a real host no domain stands still: to be asked alone takes CPU time. Most of the made-up ones
    /// do, so each gets a little.
    pub fn sample(&mut self) -> HostSample {
        let request = Request::of_all(Groups::OVERVIEW);
        let mut sample = self.source.sample(&request).expect("it answers");
        self.taken += 1;
        for domain in sample.domains.values_mut() {
            if let Some(Counter(time)) = &mut domain.cpu.time {
                *time = Nanoseconds(time.0 + 3_000_000 * self.taken);
            }
        }
        sample
    }
}

/// A domain's figures as typed parameters, under libvirt's names and in its order.
pub fn parameters(domain: &DomainSample) -> Vec<(String, Value<'static>)> {
    let mut all: Vec<(String, Value<'static>)> =
        vec![("state.state".into(), Value::Signed(1)), ("state.reason".into(), Value::Signed(domain.reason.0))];
    let mut count = |key: String, number: Option<u64>| {
        if let Some(number) = number {
            all.push((key, Value::Unsigned(number)));
        }
    };
    let nanoseconds = |counter: Option<Counter<Nanoseconds>>| counter.map(|counter| counter.0.0);
    count("cpu.time".into(), nanoseconds(domain.cpu.time));
    count("cpu.user".into(), nanoseconds(domain.cpu.user));
    count("cpu.system".into(), nanoseconds(domain.cpu.system));
    let memory = &domain.memory;
    for (name, bytes) in [
        ("current", memory.current),
        ("maximum", memory.maximum),
        ("usable", memory.usable),
        ("available", memory.available),
        ("unused", memory.unused),
        ("disk_caches", memory.disk_caches),
        ("rss", memory.rss),
    ] {
        count(format!("balloon.{name}"), bytes.map(|bytes| bytes.0 / 1024));
    }
    count("balloon.swap_in".into(), memory.swap_in.map(|counter| counter.0.0 / 1024));
    count("balloon.swap_out".into(), memory.swap_out.map(|counter| counter.0.0 / 1024));
    count("balloon.major_fault".into(), memory.major_faults.map(|counter| counter.0.0));
    count("balloon.minor_fault".into(), memory.minor_faults.map(|counter| counter.0.0));
    count("balloon.last-update".into(), memory.last_update);
    count("vcpu.current".into(), Some(domain.vcpus.len() as u64));
    count("vcpu.maximum".into(), Some(domain.vcpus.len() as u64));
    for (number, vcpu) in &domain.vcpus {
        count(format!("vcpu.{number}.state"), Some(1));
        count(format!("vcpu.{number}.time"), nanoseconds(vcpu.time));
        count(format!("vcpu.{number}.wait"), nanoseconds(vcpu.wait));
        count(format!("vcpu.{number}.delay"), nanoseconds(vcpu.delay));
    }
    count("net.count".into(), Some(domain.nics.len() as u64));
    for (number, nic) in domain.nics.iter().enumerate() {
        for (name, value) in [
            ("rx.bytes", nic.rx_bytes.map(|counter| counter.0.0)),
            ("rx.pkts", nic.rx_packets.map(|counter| counter.0.0)),
            ("rx.errs", nic.rx_errors.map(|counter| counter.0.0)),
            ("rx.drop", nic.rx_drops.map(|counter| counter.0.0)),
            ("tx.bytes", nic.tx_bytes.map(|counter| counter.0.0)),
            ("tx.pkts", nic.tx_packets.map(|counter| counter.0.0)),
            ("tx.errs", nic.tx_errors.map(|counter| counter.0.0)),
            ("tx.drop", nic.tx_drops.map(|counter| counter.0.0)),
        ] {
            count(format!("net.{number}.{name}"), value);
        }
    }
    count("block.count".into(), Some(domain.disks.len() as u64));
    for (number, disk) in domain.disks.iter().enumerate() {
        for (name, value) in [
            ("rd.reqs", disk.read_requests.map(|counter| counter.0.0)),
            ("rd.bytes", disk.read_bytes.map(|counter| counter.0.0)),
            ("rd.times", nanoseconds(disk.read_time)),
            ("wr.reqs", disk.write_requests.map(|counter| counter.0.0)),
            ("wr.bytes", disk.write_bytes.map(|counter| counter.0.0)),
            ("wr.times", nanoseconds(disk.write_time)),
            ("fl.reqs", disk.flush_requests.map(|counter| counter.0.0)),
            ("fl.times", nanoseconds(disk.flush_time)),
            ("allocation", disk.allocation.map(|bytes| bytes.0)),
            ("capacity", disk.capacity.map(|bytes| bytes.0)),
            ("physical", disk.physical.map(|bytes| bytes.0)),
        ] {
            count(format!("block.{number}.{name}"), value);
        }
    }
    let text = |text: &str| Value::Text(Cow::Owned(text.to_owned()));
    for (number, nic) in domain.nics.iter().enumerate() {
        put_before(&mut all, &format!("net.{number}."), "name", text(&nic.name));
    }
    for (number, disk) in domain.disks.iter().enumerate() {
        put_before(&mut all, &format!("block.{number}."), "path", text(disk.path.as_deref().unwrap_or("/srv/image")));
        put_before(&mut all, &format!("block.{number}."), "name", text(&disk.name));
    }
    all
}

/// Puts a parameter before the first of its device.
fn put_before(all: &mut Vec<(String, Value<'static>)>, device: &str, name: &str, value: Value<'static>) {
    let place = all.iter().position(|(key, _)| key.starts_with(device)).unwrap_or(all.len());
    all.insert(place, (format!("{device}{name}"), value));
}

/// The same parameters as libvirt hands them over: text is borrowed.
pub fn borrowed<'a>(all: &'a [(String, Value<'static>)]) -> impl Iterator<Item = (&'a str, Value<'a>)> {
    all.iter().map(|(key, value)| {
        let value = match value {
            Value::Text(text) => Value::Text(Cow::Borrowed(text.as_ref())),
            other => other.clone(),
        };
        (key.as_str(), value)
    })
}
