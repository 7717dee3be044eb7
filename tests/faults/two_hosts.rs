//! Two hosts in one process: one fails, and the other stays fresh.

use crate::lab::{GUESTS, Lab};
use crate::process::Process;
use crate::shared::lab::Lab as Script;
use crate::table::{Freshness, Row, Table, seconds};
use std::cell::RefCell;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use vtop::app::feed::Feed;
use vtop::app::live::{self, LiveHost};
use vtop::fleet::{Fleet, HostId, Link};
use vtop::model::Demand;
use vtop::sampler::Settings;
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::time::{Clock, Interval, SystemClock, Timestamp};

const INTERVAL: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(40);
/// How long the one host is away, or frozen.
const LENGTH: Duration = Duration::from_secs(10);
/// Time between two looks at what runs beside the feed.
const LOOK: Duration = Duration::from_millis(20);

/// The host that fails.
const A: HostId = 0;
/// The host that must stay fresh.
const B: HostId = 1;

/// Two hosts, sampled by one feed into one fleet.
struct Hosts {
    runtime: Runtime,
    feed: Option<Feed>,
    fleet: Fleet,
    /// When each sample was taken, by host, since the last call of [`Hosts::measure`].
    sampled: [Vec<Timestamp>; 2],
}

impl Hosts {
    fn start(uris: [&str; 2]) -> Self {
        let hosts = uris.map(|uri| {
            let options = LibvirtOptions { uri: Some(uri.to_owned()), ..LibvirtOptions::default() };
            let make = Box::new(move || Box::new(LibvirtSource::new(options.clone())) as _);
            LiveHost { name: uri.to_owned(), make }
        });
        let interval = Interval::new(INTERVAL).unwrap();
        let settings = Settings { demand: Demand::everything(), ..Settings::screen(interval) };
        let feed = live::start(hosts.into(), &settings).unwrap();
        let mut fleet = Fleet::new(0);
        feed.add_hosts(&mut fleet);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { runtime, feed: Some(feed), fleet, sampled: [Vec::new(), Vec::new()] }
    }

    /// Applies updates until it is as wanted; how long that took.
    fn until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !wanted(self) {
            assert!(start.elapsed() < limit, "not within {limit:?}: {what}; {:?}", self.links());
            self.step();
        }
        start.elapsed()
    }

    /// Applies updates while something else runs.
    fn beside<T: Send>(&mut self, other: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let other = scope.spawn(other);
            while !other.is_finished() {
                self.step();
            }
            other.join().unwrap()
        })
    }

    fn pass(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            self.step();
        }
    }

    fn step(&mut self) {
        let feed = self.feed.as_mut().unwrap();
        let applied = self.runtime.block_on(async { timeout(LOOK, feed.apply_next(&mut self.fleet)).await });
        assert_ne!(applied, Ok(None), "the samplers have ended");
        for (host, sampled) in self.fleet.hosts().iter().zip(&mut self.sampled) {
            if let Some(at) = host.sampled_at.filter(|at| sampled.last() != Some(at)) {
                sampled.push(at);
            }
        }
    }

    fn links(&self) -> Vec<&Link> {
        self.fleet.hosts().iter().map(|host| &host.link).collect()
    }

    fn is_failing(&self, host: HostId) -> bool {
        matches!(self.links()[host], Link::Failing(_))
    }

    /// Forgets all samples but the last ones.
    fn measure(&mut self) {
        self.sampled.iter_mut().for_each(|sampled| drop(sampled.drain(..sampled.len().saturating_sub(1))));
    }

    /// How fresh the host B was since [`Hosts::measure`].
    fn freshness(&self) -> Freshness {
        let sampled = &self.sampled[B];
        let gaps = sampled.windows(2).filter_map(|pair| pair[1].since(pair[0]));
        let mut gaps: Vec<Duration> =
            gaps.chain(sampled.last().and_then(|last| SystemClock.now().since(*last))).collect();
        gaps.sort();
        println!("intervals between the samples of the host that is well: {gaps:?}");
        let missed = |gap: &Duration| (gap.as_secs_f64() / INTERVAL.as_secs_f64()).round().max(1.0) as usize - 1;
        let (longest, others) = gaps.split_last().unwrap();
        Freshness { longest: *longest, missed: missed(longest), then_missed: others.iter().map(missed).sum() }
    }
}

impl Drop for Hosts {
    /// Waits until no thread of the samplers is left: the next fault counts threads.
    fn drop(&mut self) {
        self.feed.take();
        let start = Instant::now();
        while Process::this().callers() > 0 && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(LOOK);
        }
    }
}

pub fn one_fails(lab: &Lab, table: &mut Table) {
    let other = Lab::another();
    other.must(&["add", "--idle", "2"]);
    let script: &Script = &other;
    let mut hosts = Hosts::start([&other.uri, &lab.uri]);
    hosts.until("rates of both", LIMIT, |hosts| {
        let counts = hosts.fleet.hosts().iter().map(|host| host.domains.len());
        counts.eq([2, GUESTS]) && hosts.sampled.iter().all(|sampled| sampled.len() > 3)
    });

    let kill = |hosts: &mut Hosts| drop(hosts.beside(|| script.must(&["stop-daemon"])));
    let start = |hosts: &mut Hosts| drop(hosts.beside(|| script.must(&["start-daemon"])));
    let row = fault(&mut hosts, "1 of 2 hosts: libvirtd is killed, and away for 10 s", kill, start);
    table.add(row.clone());
    judge(&row);

    let daemon = [other.daemon_pid()];
    let stopped = RefCell::new(None);
    let freeze = |_: &mut Hosts| *stopped.borrow_mut() = Some(other.stop(&daemon));
    let resume = |_: &mut Hosts| drop(stopped.take());
    let row = fault(&mut hosts, "1 of 2 hosts: libvirtd is frozen for 10 s", freeze, resume);
    table.add(row.clone());
    judge(&row);
}

/// The host A fails from `begin` to `end`, and is sampled again.
fn fault(hosts: &mut Hosts, name: &str, begin: impl Fn(&mut Hosts), end: impl Fn(&mut Hosts)) -> Row {
    hosts.measure();
    let start = Instant::now();
    begin(hosts);
    let told = hosts.until("a failure of the one host", LIMIT, |hosts| hosts.is_failing(A));
    hosts.pass(LENGTH.saturating_sub(start.elapsed()));
    assert_eq!(hosts.links()[B], &Link::Live, "{name}");
    let samples = hosts.sampled[A].len();
    end(hosts);
    let back = hosts
        .until("samples of both", LIMIT, |hosts| hosts.links() == [&Link::Live; 2] && hosts.sampled[A].len() > samples);
    let note = format!("reported after {}; back {} after its return", seconds(told), seconds(back));
    Row { fault: name.to_owned(), freshness: Some(hosts.freshness()), note, ..Row::default() }
}

/// The host that is well has missed no sample.
fn judge(row: &Row) {
    let fresh = row.freshness.unwrap();
    assert_eq!((fresh.missed, fresh.then_missed), (0, 0), "{row:?}");
    row.judge();
}
