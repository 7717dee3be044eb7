//! A source that does what a test says, and the other ends of its sampler.

use crate::model::{
    Blocked, BlockedBy, DomainSample, DomainState, Event, EventKind, Failure, HostInfo, HostSample, HostUpdate,
    NodeSample, SampleKind, StateReason,
};
use crate::sampler::{Handle, MakeSource, Settings, spawn};
use crate::sources::{Bypass, FailureScope, Monitor, Notice, Notify, Request, Source, SourceError};
use crate::time::{Interval, TimerClock, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};
use uuid::Uuid;

/// The number of the host.
const HOST: usize = 7;

/// The one domain of the host.
pub(super) const GUEST: Uuid = Uuid::from_u128(7);

/// What the next calls of the source do, and what they have done. When a list is empty, calls succeed.
#[derive(Default)]
pub(super) struct Script {
    /// Errors of the next attempts to connect.
    pub(super) connects: VecDeque<SourceError>,
    /// The next samples. The first list of each connection is not among them.
    pub(super) samples: VecDeque<Answer>,
    /// How many of the next tasks panic when they make their source.
    pub(super) task_panics: usize,
    /// The domain's monitor is busy.
    pub(super) busy: bool,
    /// How many of the next calls for the state of the monitor find a job of libvirt's own.
    pub(super) jobs: usize,
    /// All requests but that of the first list of each connection.
    pub(super) requests: Vec<Request>,
    pub(super) notify: Option<Notify>,
    pub(super) sources_made: usize,
    /// How often the state of the monitor was read.
    pub(super) monitor_calls: usize,
    pub(super) bypasses: Vec<Bypass>,
    /// This connection has had its first list.
    pub(super) listed: bool,
}

pub(super) enum Answer {
    Good,
    Fails(FailureScope),
    Panics,
    /// The call hangs until a message comes, or until the other end is dropped.
    Hangs(blocking::Receiver<()>),
}

struct ScriptedSource(Arc<Mutex<Script>>);

impl Source for ScriptedSource {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        let mut script = self.0.lock().unwrap();
        script.notify = Some(notify);
        script.listed = false;
        script.connects.pop_front().map_or(Ok(HostInfo::default()), Err)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        let (answer, count) = {
            let mut script = self.0.lock().unwrap();
            if std::mem::replace(&mut script.listed, true) || request.kind == SampleKind::Full {
                script.requests.push(request.clone());
                (script.samples.pop_front().unwrap_or(Answer::Good), script.requests.len())
            } else {
                (Answer::Good, script.requests.len())
            }
        };
        match answer {
            Answer::Good => {}
            Answer::Fails(scope) => return Err(error(scope)),
            Answer::Panics => panic!("requested by the test"),
            Answer::Hangs(until) => drop(until.recv()),
        }
        let mut domain = DomainSample::new("guest", Some(1), DomainState::Running, StateReason(1));
        domain.answered = request.groups | request.extra_of(&GUEST);
        Ok(HostSample {
            at: Timestamp::at(Duration::from_secs(count as u64), jiff::Timestamp::UNIX_EPOCH),
            kind: request.kind,
            requested: request.groups,
            node: NodeSample::default(),
            domains: [(GUEST, domain)].into(),
            unsupported: Arc::default(),
        })
    }

    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError> {
        self.0.lock().unwrap().bypasses.push(bypass.clone());
        let mut sample = self.sample(request)?;
        if self.0.lock().unwrap().busy {
            for (uuid, domain) in &mut sample.domains {
                domain.blocked =
                    bypass.busy.contains(uuid).then_some(Blocked { by: BlockedBy::Monitor, since: sample.at });
            }
        }
        Ok(sample)
    }

    fn monitor(&mut self, _: Uuid) -> Result<Monitor, SourceError> {
        let mut script = self.0.lock().unwrap();
        script.monitor_calls += 1;
        if script.jobs > 0 {
            script.jobs -= 1;
            return Ok(Monitor::AtWork);
        }
        Ok(if script.busy { Monitor::Busy(Duration::from_secs(3)) } else { Monitor::Free })
    }
}

/// The notice that the connection is lost.
pub(super) fn closed(scope: FailureScope) -> Notice {
    Notice::Closed(SourceError { message: "it went away".into(), advice: None, scope })
}

pub(super) fn error(scope: FailureScope) -> SourceError {
    SourceError { message: "it failed".into(), advice: Some("repair it".into()), scope }
}

/// What an update is, as far as these tests compare it.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    Connecting,
    Connected,
    /// The first full sample of a connection, after its first list.
    First,
    Delta,
    StatePoll,
    Missed,
    Late,
    /// The seconds until the next attempt.
    Failed(Option<u64>),
}

/// The ends of a sampler.
pub(super) struct Rig {
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) updates: mpsc::Receiver<(usize, HostUpdate)>,
    pub(super) handle: Handle,
    pub(super) start: Instant,
    /// Events that came between the other updates.
    pub(super) events: Vec<Event>,
    /// The first list came, and the first full sample has not.
    listed: bool,
}

/// Makes sources that do what `script` says.
pub(super) fn make_source(script: &Arc<Mutex<Script>>) -> MakeSource {
    let script = Arc::clone(script);
    Box::new(move || {
        {
            let mut script = script.lock().unwrap();
            script.sources_made += 1;
            if script.task_panics > 0 {
                script.task_panics -= 1;
                drop(script);
                panic!("requested by the test");
            }
        }
        Box::new(ScriptedSource(Arc::clone(&script)))
    })
}

impl Rig {
    pub(super) fn new(script: Script, settings: Settings) -> Self {
        Self::with_capacity(script, settings, 64)
    }

    pub(super) fn with_capacity(script: Script, settings: Settings, capacity: usize) -> Self {
        let (sender, updates) = mpsc::channel(capacity);
        let (script, start) = (Arc::new(Mutex::new(script)), Instant::now());
        let settings = Settings { clock: Arc::new(TimerClock::start()), ..settings };
        let handle = spawn(HOST, make_source(&script), settings, sender);
        Self { script, updates, handle, start, listed: false, events: vec![] }
    }

    /// The next update, and its time in milliseconds after the start.
    pub(super) async fn next(&mut self) -> (u128, Seen) {
        let update = loop {
            let (host, update) = self.updates.recv().await.expect("the task lives");
            assert_eq!(host, HOST);
            match update {
                HostUpdate::Event(event) => self.events.push(event),
                HostUpdate::Keyframe(sample) if sample.kind == SampleKind::StateOnly => self.listed = true,
                update => break update,
            }
        };
        let seen = match update {
            HostUpdate::Event(_) | HostUpdate::Keyframe(_) => unreachable!("taken out above"),
            HostUpdate::Missed => Seen::Missed,
            HostUpdate::Late(_) => Seen::Late,
            HostUpdate::Connecting => Seen::Connecting,
            HostUpdate::Connected(_) => Seen::Connected,
            HostUpdate::Delta(delta) if delta.kind == SampleKind::StateOnly => Seen::StatePoll,
            HostUpdate::Delta(_) if std::mem::take(&mut self.listed) => Seen::First,
            HostUpdate::Delta(_) => Seen::Delta,
            HostUpdate::Failed(Failure { retry_in, .. }) => Seen::Failed(retry_in.map(|wait| wait.as_secs())),
        };
        ((Instant::now() - self.start).as_millis(), seen)
    }

    /// Skips this number of updates.
    pub(super) async fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next().await;
        }
    }

    /// Compares the next updates.
    pub(super) async fn expect(&mut self, expected: impl IntoIterator<Item = (u128, Seen)>) {
        for expected in expected {
            assert_eq!(self.next().await, expected);
        }
    }

    /// Sends a notice of the source.
    pub(super) fn notice(&self, notice: Notice) {
        self.script.lock().unwrap().notify.as_ref().unwrap().send(notice);
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> usize {
        self.script.lock().unwrap().requests.len()
    }

    /// Moves the time to this moment after the start. (Timers round up to a whole millisecond.)
    pub(super) async fn move_to(&self, milliseconds: u64) {
        let moment = self.start + Duration::from_millis(milliseconds + 1);
        advance(moment - Instant::now()).await;
    }

    /// Reads nothing for a minute, with room for one update: one waits in the channel, and the task with the next sample.
    pub(super) async fn fill_channel(&self) {
        self.move_to(1000).await;
        while self.updates.is_empty() {
            tokio::task::yield_now().await;
        }
        self.move_to(2000).await;
        self.wait_for_requests(3).await;
        advance(Duration::from_secs(60)).await;
    }

    /// Waits, in real time, for this number of requests.
    pub(super) async fn wait_for_requests(&self, count: usize) {
        while self.requests() < count {
            tokio::task::yield_now().await;
        }
    }
}

// With a paused time a timer fires as soon as all tasks wait for a thread: the watchdog's timer would always fire.
pub(super) fn screen() -> Settings {
    Settings { watchdog: false, ..Settings::screen(Interval::default()) }
}

pub(super) fn output() -> Settings {
    Settings { watchdog: false, ..Settings::output(Interval::default()) }
}

/// A script of samples.
pub(super) fn samples(answers: impl IntoIterator<Item = Answer>) -> Script {
    Script { samples: answers.into_iter().collect(), ..Script::default() }
}

/// An event of the host.
pub(super) fn rebooted(second: u64) -> Event {
    let at = Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH);
    Event { at, domain: None, kind: EventKind::Rebooted }
}
