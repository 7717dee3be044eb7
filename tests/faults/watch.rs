//! vtop's sampler and fleet in this process, and the freshness of each domain's figures.

use crate::process::Process;
use crate::table::Freshness;
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use uuid::Uuid;
use vtop::fleet::metric::DomainMetric;
use vtop::fleet::{Domain, Fleet, Host, Link, TopConsumers};
use vtop::model::{Demand, Groups, HostUpdate};
use vtop::sampler::{self, Settings};
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::time::{Clock, Interval, SystemClock, Timestamp};

/// Time between two counts of the threads.
const LOOK: Duration = Duration::from_millis(20);

pub struct Watch {
    /// Dropping it ends the sampler.
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    fleet: Fleet,
    updates: Receiver<HostUpdate>,
    interval: Duration,
    /// When the figures of each group were read, by domain, since the last call of [`Watch::measure`].
    read: HashMap<(Uuid, Groups), Vec<Timestamp>>,
    since: Timestamp,
    callers: usize,
    /// The messages of all failures.
    pub failures: Vec<String>,
    /// When each connection was made.
    pub connected: Vec<Timestamp>,
    /// The highest CPU use of each domain since [`Watch::measure`], in percent of a core.
    pub most_cpu: BTreeMap<String, f64>,
    /// The highest disk rate of each domain, in bytes a second.
    pub most_disk: BTreeMap<String, f64>,
}

impl Watch {
    pub fn start(uri: &str, seconds: f64) -> Self {
        let options = LibvirtOptions { uri: Some(uri.to_owned()), ..LibvirtOptions::default() };
        let interval = Interval::from_seconds(seconds).unwrap();
        let (sender, updates) = channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (to, mut from) = tokio::sync::mpsc::channel(16);
                let make = move || -> Box<dyn vtop::sources::Source> { Box::new(LibvirtSource::new(options.clone())) };
                let _handle = sampler::spawn(
                    0,
                    Box::new(make),
                    Settings { demand: Demand::everything(), ..Settings::screen(interval) },
                    to,
                );
                let mut stopped = stopped;
                loop {
                    tokio::select! {
                        _ = &mut stopped => break,
                        update = from.recv() => match update {
                            Some((_, update)) => drop(sender.send(update)),
                            None => break,
                        },
                    }
                }
            });
            runtime.shutdown_background();
        });
        Self {
            stop: Some(stop),
            fleet: Fleet::new(1),
            updates,
            interval: interval.duration(),
            read: HashMap::new(),
            since: SystemClock.now(),
            callers: 0,
            failures: Vec::new(),
            connected: Vec::new(),
            most_cpu: BTreeMap::new(),
            most_disk: BTreeMap::new(),
        }
    }

    /// Starts a sampler and waits until all domains have rates.
    pub fn steady(uri: &str, seconds: f64, domains: usize) -> Self {
        let mut watch = Self::start(uri, seconds);
        watch.until("rates of all domains", Duration::from_secs(20), |watch| {
            watch.host().domains.len() >= domains
                && watch
                    .host()
                    .domains
                    .values()
                    .all(|domain| domain.run.is_none() || domain.readings(Groups::BLOCK) >= 4)
        });
        watch.measure();
        watch
    }

    pub fn host(&self) -> &Host {
        &self.fleet.hosts()[0]
    }

    /// Whether the present connection has given a full sample.
    pub fn is_sampled(&self) -> bool {
        let at = self.host().sampled_at.map(|at| at.monotonic);
        self.host().link == Link::Live && at > self.connected.last().map(|at| at.monotonic)
    }

    pub fn domain(&self, name: &str) -> Option<&Domain> {
        self.host().domains.values().find(|domain| domain.name == name)
    }

    /// Whether the domain's row contains these words.
    pub fn says(&self, name: &str, words: &str) -> bool {
        let when = vtop::fleet::When::Latest;
        self.domain(name).is_some_and(|it| {
            it.findings(when, None, &TopConsumers::default()).iter().any(|finding| finding.what().contains(words))
        })
    }

    /// Resets the measurements.
    pub fn measure(&mut self) {
        self.since = SystemClock.now();
        self.callers = Process::this().callers();
        for stamps in self.read.values_mut() {
            stamps.drain(..stamps.len().saturating_sub(1));
        }
        self.most_cpu.clear();
        self.most_disk.clear();
    }

    /// Applies updates until `wanted` holds; returns the time that it took.
    pub fn until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !wanted(self) {
            assert!(start.elapsed() < limit, "not within {limit:?}: {what}; failures: {:?}", self.failures);
            self.step();
        }
        start.elapsed()
    }

    /// Applies updates for a duration.
    pub fn pass(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            self.step();
        }
    }

    /// Applies updates until another thread has ended.
    pub fn beside<T>(&mut self, other: JoinHandle<T>) -> T {
        while !other.is_finished() {
            self.step();
        }
        other.join().unwrap()
    }

    fn step(&mut self) {
        match self.updates.recv_timeout(LOOK) {
            Ok(update) => self.apply(update),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("the sampler has ended"),
        }
        self.callers = self.callers.max(Process::this().callers());
    }

    fn apply(&mut self, update: HostUpdate) {
        match &update {
            HostUpdate::Failed(failure) => self.failures.push(failure.message.clone()),
            HostUpdate::Connected(_) => self.connected.push(SystemClock.now()),
            _ => {}
        }
        self.fleet.apply(0, update);
        for domain in self.fleet.hosts()[0].domains.values() {
            for group in [Groups::BLOCK, Groups::NET] {
                let Some(at) = domain.read_at(group) else { continue };
                let stamps = self.read.entry((domain.uuid, group)).or_default();
                if stamps.last() != Some(&at) {
                    stamps.push(at);
                }
            }
            let most = |highest: &mut BTreeMap<String, f64>, value: Option<f64>| {
                let highest = highest.entry(domain.name.to_string()).or_default();
                *highest = highest.max(value.unwrap_or(0.0));
            };
            most(&mut self.most_cpu, domain.series.latest(DomainMetric::Cpu));
            most(&mut self.most_disk, domain.series.latest(DomainMetric::DiskRead));
        }
    }

    /// Largest number of calls that hung at the same time: all threads but the active one.
    pub fn stuck(&self) -> usize {
        self.callers.saturating_sub(1)
    }

    /// Fails if a CPU rate exceeded what all CPUs can give.
    pub fn judge_cpu(&self, name: &str) {
        let most = 110.0 * f64::from(self.host().cpus().unwrap());
        let cpu = self.most_cpu[name];
        assert!(cpu <= most, "{name} used {cpu} % of a CPU");
    }

    /// Freshness of a group of these domains: the worst of them.
    pub fn freshness(&self, group: Groups, is_healthy: impl Fn(&Domain) -> bool) -> Freshness {
        let mut worst = Freshness { longest: Duration::ZERO, missed: 0, then_missed: 0 };
        let now = SystemClock.now();
        for domain in self.host().domains.values().filter(|domain| domain.run.is_some() && is_healthy(domain)) {
            let stamps = self.read.get(&(domain.uuid, group)).cloned().unwrap_or_default();
            let mut gaps: Vec<Duration> = stamps.windows(2).filter_map(|pair| pair[1].since(pair[0])).collect();
            gaps.extend(stamps.last().and_then(|last| now.since(*last)));
            gaps.sort();
            let missed: Vec<usize> = gaps.iter().rev().map(|gap| self.missed(*gap)).collect();
            let then: usize = missed.iter().skip(1).sum();
            if then > 0 {
                println!("{}: intervals between figures of {group:?}, ms: {:?}", domain.name, in_order(&stamps));
            }
            worst.longest = worst.longest.max(gaps.last().copied().unwrap_or_default());
            worst.missed = worst.missed.max(missed.first().copied().unwrap_or_default());
            worst.then_missed = worst.then_missed.max(then);
        }
        worst
    }

    /// Missed samples in a gap.
    fn missed(&self, gap: Duration) -> usize {
        let intervals = gap.as_secs_f64() / self.interval.as_secs_f64();
        (intervals.round() as usize).saturating_sub(1)
    }
}

/// Times between readings, in ms.
fn in_order(stamps: &[Timestamp]) -> Vec<u128> {
    stamps.windows(2).filter_map(|pair| pair[1].since(pair[0])).map(|gap| gap.as_millis()).collect()
}

impl Drop for Watch {
    /// Waits until no thread of this sampler is left, since its calls would hang in place of the next sampler's.
    fn drop(&mut self) {
        self.stop.take();
        let start = Instant::now();
        while Process::this().callers() > 0 && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(LOOK);
        }
    }
}
