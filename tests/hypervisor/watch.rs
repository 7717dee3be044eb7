//! vtop's own sampler at its own pace, with virsh as a witness that reads all the time.

use crate::desk::Desk;
use crate::lab::Lab;
use crate::screen::Screen;
use crate::virsh::Reading;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use uuid::Uuid;
use vtop::fleet::Domain;
use vtop::fleet::metric::{DiskMetric, DomainMetric, NicMetric, VcpuMetric};
use vtop::model::{Demand, Groups, HostInfo, HostSample, HostUpdate};
use vtop::sampler::{self, Settings};
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::sources::{Bypass, Monitor, Notify, Request, Source, SourceError};
use vtop::time::{Interval, Timestamp};

/// Between two readings of the witness, at least.
const PAUSE: Duration = Duration::from_millis(150);

/// A growth that vtop has made a rate of.
#[derive(Debug)]
struct Seen {
    domain: String,
    /// virsh's name of the counter.
    key: String,
    growth: f64,
    /// The calls that read it before and now: its value is of some moment within.
    before: Call,
    now: Call,
}

/// When a call of vtop's was made, and when it was answered.
#[derive(Clone, Copy, Debug)]
struct Call {
    began: Instant,
    ended: Instant,
}

/// Every sample's call, by its time stamp.
type Calls = Arc<Mutex<HashMap<Duration, Call>>>;

/// A source whose calls are noted.
struct Noted {
    source: LibvirtSource,
    calls: Calls,
}

impl Source for Noted {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        self.source.connect(notify)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        self.noted(|source| source.sample(request))
    }

    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError> {
        self.noted(|source| source.sample_degraded(request, bypass))
    }

    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError> {
        self.source.monitor(domain)
    }
}

impl Noted {
    fn noted(
        &mut self,
        sample: impl FnOnce(&mut LibvirtSource) -> Result<HostSample, SourceError>,
    ) -> Result<HostSample, SourceError> {
        let began = Instant::now();
        let sample = sample(&mut self.source)?;
        let call = Call { began, ended: Instant::now() };
        self.calls.lock().unwrap().insert(sample.at.monotonic, call);
        Ok(sample)
    }
}

pub struct Watch {
    pub desk: Desk,
    updates: Receiver<HostUpdate>,
    witness: Witness,
    seen: Vec<Seen>,
    /// When the sample before was taken.
    before: Option<Timestamp>,
    /// When a domain's figures were read before. That is not always at the sample before: while virsh has its turn with
    /// a QEMU, vtop does not wait for it.
    read: HashMap<(Uuid, Groups), Timestamp>,
    calls: Calls,
    /// Samples with figures, so far.
    pub ticks: usize,
}

impl Watch {
    pub fn start(lab: &Lab, seconds: f64, size: (u16, u16)) -> Self {
        let uri = lab.uri.clone();
        let (sender, updates) = channel();
        let calls = Calls::default();
        let noted = Arc::clone(&calls);
        let settings =
            Settings { demand: Demand::everything(), ..Settings::screen(Interval::from_seconds(seconds).unwrap()) };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let options = LibvirtOptions { uri: Some(uri), ..LibvirtOptions::default() };
                let make = move || -> Box<dyn Source> {
                    Box::new(Noted { source: LibvirtSource::new(options.clone()), calls: Arc::clone(&noted) })
                };
                let (to, mut from) = tokio::sync::mpsc::channel(16);
                let _handle = sampler::spawn(0, Box::new(make), settings, to);
                while let Some((_, update)) = from.recv().await {
                    if sender.send(update).is_err() {
                        break;
                    }
                }
            });
            runtime.shutdown_background();
        });
        Self {
            desk: Desk::new(size),
            updates,
            witness: Witness::start(lab.uri.clone()),
            seen: Vec::new(),
            before: None,
            read: HashMap::new(),
            calls,
            ticks: 0,
        }
    }

    /// Goes on until the state or the screen is as wanted; how long that took.
    pub fn until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Desk, &Screen) -> bool) -> Duration {
        let start = Instant::now();
        loop {
            if wanted(&self.desk, &self.desk.screen()) {
                return start.elapsed();
            }
            let left = limit.saturating_sub(start.elapsed());
            match self.updates.recv_timeout(left) {
                Ok(update) => self.apply(update),
                Err(_) => panic!("not within {limit:?}: {what}; but\n{}", self.desk.screen().text()),
            }
        }
    }

    /// Goes on for some more samples with figures.
    pub fn ticks(&mut self, count: usize) {
        for _ in 0..count {
            let now = self.ticks;
            while self.ticks == now {
                let update = self.updates.recv_timeout(Duration::from_secs(30)).expect("a sample");
                self.apply(update);
            }
        }
    }

    fn apply(&mut self, update: HostUpdate) {
        if let HostUpdate::Failed(failure) = &update {
            panic!("sampling failed: {failure:?}");
        }
        self.desk.apply(update);
        let at = self.desk.host().sampled_at;
        if at == self.before {
            return;
        }
        self.ticks += 1;
        self.before = at;
        let Some(at) = at else { return };
        for domain in self.desk.host().domains.values() {
            for group in [Groups::CPU, Groups::VCPU, Groups::BLOCK, Groups::NET] {
                if domain.read_at(group) != Some(at) {
                    continue;
                }
                if let Some(from) = self.read.insert((domain.uuid, group), at) {
                    let [before, now] = [from, at].map(|at| self.calls.lock().unwrap()[&at.monotonic]);
                    let seconds = at.since(from).unwrap_or_default().as_secs_f64();
                    self.seen.extend(rates(domain, group).into_iter().map(|(key, rate)| Seen {
                        domain: domain.name.to_string(),
                        key,
                        growth: rate * seconds,
                        before,
                        now,
                    }));
                }
            }
        }
    }

    /// Ends the watch and checks that every rate lies within what the device's counters can have grown by according to virsh.
    /// A spike, a figure of another device, or a restarted counter would lie outside.
    pub fn judge(self) {
        let readings = self.witness.end();
        let (mut checked, mut wrong) = (0, Vec::new());
        for seen in &self.seen {
            let Some((least, most)) = bounds(&readings, seen) else { continue };
            checked += 1;
            // Plus rounding.
            if seen.growth > most * 1.001 + 1.0 || seen.growth < least * 0.999 - 1.0 {
                wrong.push(format!("{seen:?} is not in {least}..={most}"));
            }
        }
        println!("{} rates, {checked} of them checked against {} readings of virsh", self.seen.len(), readings.len());
        assert!(wrong.is_empty(), "{} wrong rates:\n{}", wrong.len(), wrong.join("\n"));
        assert!(checked * 2 > self.seen.len(), "most of the rates were checked");
    }
}

/// The rates of a group, in steps of virsh's counters a second.
fn rates(domain: &Domain, group: Groups) -> Vec<(String, f64)> {
    let mut rates = Vec::new();
    let mut add = |key: String, rate: Option<f64>| rates.extend(rate.map(|rate| (key, rate)));
    // 1 % of a core is 10 ms a second.
    let nanoseconds = |percent: Option<f64>| percent.map(|percent| percent * 1e7);
    match group {
        Groups::CPU => add("cpu.time".into(), nanoseconds(domain.series.latest(DomainMetric::Cpu))),
        Groups::VCPU => {
            for vcpu in domain.vcpus.iter() {
                add(format!("vcpu.{}.time", vcpu.key), nanoseconds(vcpu.series.latest(VcpuMetric::Use)));
            }
        }
        Groups::BLOCK => {
            for disk in domain.disks.iter() {
                add(format!("block.{}.rd.bytes", disk.key), disk.series.latest(DiskMetric::ReadBytes));
                add(format!("block.{}.wr.bytes", disk.key), disk.series.latest(DiskMetric::WriteBytes));
                add(format!("block.{}.rd.reqs", disk.key), disk.series.latest(DiskMetric::ReadRequests));
                add(format!("block.{}.wr.reqs", disk.key), disk.series.latest(DiskMetric::WriteRequests));
                add(format!("block.{}.fl.reqs", disk.key), disk.series.latest(DiskMetric::Flushes));
            }
        }
        _ => {
            for nic in domain.nics.iter() {
                add(format!("net.{}.rx.bytes", nic.key), nic.series.latest(NicMetric::RxBytes));
                add(format!("net.{}.tx.bytes", nic.key), nic.series.latest(NicMetric::TxBytes));
                add(format!("net.{}.rx.pkts", nic.key), nic.series.latest(NicMetric::RxPackets));
                add(format!("net.{}.tx.pkts", nic.key), nic.series.latest(NicMetric::TxPackets));
            }
        }
    }
    rates
}

/// Smallest and largest growth of a counter in the time that vtop's rate covers. `None` without virsh readings.
fn bounds(readings: &[Reading], seen: &Seen) -> Option<(f64, f64)> {
    let value = |reading: &Reading| reading.domains.get(&seen.domain)?.get(&seen.key).copied();
    // A reading may miss the value, since virsh does not wait for vtop's job either.
    let known: Vec<(usize, f64)> =
        readings.iter().enumerate().filter_map(|(index, reading)| Some((index, value(reading)?))).collect();
    let (last, most) = known.iter().find(|(index, _)| readings[*index].began >= seen.now.ended).copied()?;
    let first = known.iter().rfind(|(index, _)| readings[*index].ended <= seen.before.began).copied();
    let from = first.map_or(0, |(index, _)| index);
    let within = known.iter().filter(|(index, _)| (from..=last).contains(index));
    let values: Vec<f64> = within.map(|(_, value)| *value).collect();
    match values.windows(2).rposition(|pair| pair[1] < pair[0]) {
        // The reading after vtop's belongs to the next run.
        Some(fall) if fall + 2 == values.len() => return None,
        // The run began in that time, with counters at 0.
        Some(_) => return Some((0.0, most)),
        None => {}
    }
    // The device appeared in that time, or virsh had no reading yet.
    let Some((_, least)) = first else { return Some((0.0, most)) };
    let inside = |(index, _): &&(usize, f64)| {
        readings[*index].began >= seen.before.ended && readings[*index].ended <= seen.now.began
    };
    let inside: Vec<f64> = known.iter().filter(inside).map(|(_, value)| *value).collect();
    let sure = inside.last().zip(inside.first()).map_or(0.0, |(last, first)| last - first);
    Some((sure, most - least))
}

/// Repeated virsh readings in a thread.
struct Witness {
    stop: Arc<AtomicBool>,
    readings: Arc<Mutex<Vec<Reading>>>,
    thread: JoinHandle<()>,
}

impl Witness {
    fn start(uri: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let readings = Arc::new(Mutex::new(Vec::new()));
        let (stopped, kept) = (Arc::clone(&stop), Arc::clone(&readings));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                // virsh fails if a domain ends meanwhile: no reading then.
                let start = Instant::now();
                kept.lock().unwrap().extend(Reading::attempt(&uri));
                // virsh takes at most half of the time.
                std::thread::sleep(start.elapsed().max(PAUSE));
            }
            kept.lock().unwrap().extend(Reading::attempt(&uri));
        });
        Self { stop, readings, thread }
    }

    fn end(self) -> Vec<Reading> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        std::mem::take(&mut self.readings.lock().unwrap())
    }
}
