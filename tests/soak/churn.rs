//! Domains that come and go: on a synthetic host by new UUIDs, on a real one with virsh.

use compact_str::format_compact;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use uuid::Uuid;
use vtop::model::{Event, EventDomain, EventKind, HostInfo, HostSample, Lifecycle, LifecycleDetail};
use vtop::sources::synthetic::{SyntheticOptions, SyntheticSource};
use vtop::sources::{Bypass, FailureScope, Monitor, Notice, Notify, Request, Source, SourceError};

/// Number of domains that exist at some time.
const DOMAINS: usize = 48;
/// Domains that always exist, so that their histories get full; two thirds of the others exist at any time.
const STAY: usize = 12;
/// Samples between two changes: one domain goes and one comes each second at 0.2 s.
const TURN: u64 = 5;
/// Samples between two losses of the connection.
const LOSS: u64 = 150;

/// The synthetic host with one domain replaced by a new UUID every second, and the connection lost from time to time.
pub struct Churn {
    inner: SyntheticSource,
    notify: Option<Notify>,
    taken: u64,
}

impl Churn {
    pub fn new() -> Self {
        let options = SyntheticOptions { domains: DOMAINS, ..SyntheticOptions::default() };
        Self { inner: SyntheticSource::new(options), notify: None, taken: 0 }
    }

    fn tell(&self, uuid: Uuid, name: String, step: Lifecycle) {
        let Some(notify) = &self.notify else { return };
        let kind = EventKind::Lifecycle(step, LifecycleDetail(0));
        let at = vtop::time::Clock::now(&vtop::time::SystemClock);
        notify.send(Notice::Event(Event { at, domain: Some(EventDomain { uuid, name }), kind }));
    }
}

impl Source for Churn {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        self.notify = Some(notify.clone());
        self.inner.connect(notify)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        let mut sample = self.inner.sample(request)?;
        self.taken += 1;
        if self.taken.is_multiple_of(LOSS) {
            return Err(SourceError {
                message: "the connection was lost, as the soak wants it".into(),
                advice: None,
                scope: FailureScope::Connection,
            });
        }
        let (turn, moved) = (self.taken / TURN, self.taken.is_multiple_of(TURN));
        let all = std::mem::take(&mut sample.domains);
        let count = (DOMAINS - STAY) as u64;
        for (index, (uuid, mut domain)) in all.into_iter().enumerate() {
            let Some(index) = index.checked_sub(STAY) else {
                sample.domains.insert(uuid, domain);
                continue;
            };
            // Each slot gets a new UUID in every cycle.
            let place = turn + index as u64;
            let (life, phase) = (place / count, place % count);
            let uuid = Uuid::from_u128(uuid.as_u128() ^ (u128::from(life) << 64));
            domain.name = format_compact!("{}-{life}", domain.name);
            domain.run = domain.run.map(|run| run.wrapping_add(life as u32 * 1000));
            let there = phase < count * 2 / 3;
            if moved && (phase == 0 || phase == count * 2 / 3) {
                self.tell(uuid, domain.name.to_string(), if there { Lifecycle::Started } else { Lifecycle::Stopped });
            }
            if there {
                sample.domains.insert(uuid, domain);
            }
        }
        Ok(sample)
    }

    fn sample_degraded(&mut self, request: &Request, _: &Bypass) -> Result<HostSample, SourceError> {
        self.sample(request)
    }

    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError> {
        self.inner.monitor(domain)
    }
}

/// Destroys and starts domains of a real host until dropped; leaves them running.
pub struct Virsh {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

pub fn virsh(uri: String) -> Virsh {
    let domains = std::env::var("VTOP_SOAK_DOMAINS").unwrap_or_else(|_| "vtop-lab-net vtop-lab-mem".into());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || {
        let run = |arguments: &[&str]| {
            let mut virsh = Command::new("virsh");
            virsh.args(["--quiet", "--connect", &uri]).args(arguments).stdout(Stdio::null());
            assert!(virsh.status().expect("virsh").success(), "virsh {arguments:?}");
        };
        while !stopped.load(Ordering::Relaxed) {
            for domain in domains.split_whitespace() {
                run(&["destroy", domain]);
                std::thread::sleep(Duration::from_secs(1));
                run(&["start", domain]);
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    });
    Virsh { stop, thread: Some(thread) }
}

impl Drop for Virsh {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.thread.take().is_none_or(|thread| thread.join().is_ok()), "virsh failed, see above");
    }
}
