//! A sampler's updates are complete: applying the same updates gives the same fleet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;
use vtop::fleet::{Fleet, TimeCursor};
use vtop::model::*;
use vtop::sampler::{self, Settings};
use vtop::sources::{Bypass, FailureScope, Monitor, Notify, Request, Source, SourceError};
use vtop::time::{Interval, Timestamp};

fn at(second: u64) -> Timestamp {
    Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH)
}

/// A host with one domain. Its full samples are of second 1, 2, 3 …
struct HangingHost {
    second: Arc<AtomicU64>,
}

impl HangingHost {
    fn answer(&self, request: &Request, second: u64) -> HostSample {
        let mut domain = DomainSample::new("db", Some(1), DomainState::Running, StateReason(1));
        domain.answered = request.groups | request.extra_of(&Uuid::nil());
        let is_full = request.kind == SampleKind::Full;
        domain.cpu.time = is_full.then(|| Counter(vtop::units::Nanoseconds(second * 300_000_000)));
        // Its monitor is busy from second 2 to 7, which a sample of the states does not see.
        let hangs = is_full && (4..=7).contains(&second);
        domain.blocked = hangs.then_some(Blocked { by: BlockedBy::Monitor, since: at(2) });
        HostSample {
            at: at(second),
            kind: request.kind,
            requested: request.groups,
            node: NodeSample::default(),
            domains: [(Uuid::nil(), domain)].into(),
            unsupported: Arc::default(),
        }
    }
}

impl Source for HangingHost {
    fn connect(&mut self, _: Notify) -> Result<HostInfo, SourceError> {
        Ok(HostInfo::default())
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        if request.kind == SampleKind::StateOnly {
            return Ok(self.answer(request, self.second.load(Ordering::Relaxed)));
        }
        let second = 1 + self.second.fetch_add(1, Ordering::Relaxed);
        if second == 6 {
            let message = "the connection is lost".to_owned();
            return Err(SourceError { message, advice: None, scope: FailureScope::Connection });
        }
        Ok(self.answer(request, second))
    }

    fn sample_degraded(&mut self, request: &Request, _: &Bypass) -> Result<HostSample, SourceError> {
        self.sample(request)
    }

    fn monitor(&mut self, _: Uuid) -> Result<Monitor, SourceError> {
        Ok(Monitor::Free)
    }
}

/// The words of all findings at each point of the time axis and now.
fn findings(fleet: &Fleet) -> Vec<String> {
    let past = (0..20).map(|second| TimeCursor::At(Duration::from_secs(second)));
    let findings = past.chain([TimeCursor::Live]).flat_map(|cursor| fleet.findings(cursor, |_| None));
    findings.map(|(_, finding)| finding.what()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_recorded_stream_gives_the_same_findings_and_events() {
    let (sender, mut updates) = mpsc::channel(16);
    let second = Arc::new(AtomicU64::new(0));
    let make = {
        let second = Arc::clone(&second);
        move || Box::new(HangingHost { second: Arc::clone(&second) }) as Box<dyn Source>
    };
    let settings = Settings { watchdog: false, ..Settings::output(Interval::default()) };
    let _handle = sampler::spawn(0, Box::new(make), settings, sender);
    let (mut live, mut recorded) = (Fleet::new(1), Vec::new());
    while second.load(Ordering::Relaxed) < 10 {
        let (_, update) = updates.recv().await.expect("the host is sampled");
        recorded.push(update.clone());
        live.apply(0, update);
    }
    let of_stream: Vec<Event> = recorded
        .iter()
        .filter_map(|update| if let HostUpdate::Event(event) = update { Some(event.clone()) } else { None })
        .collect();
    let mut replayed = Fleet::new(1);
    recorded.into_iter().for_each(|update| replayed.apply(0, update));
    assert!(replayed == live);
    let events: Vec<Event> = live.hosts()[0].events.iter().map(|(_, event)| event.clone()).collect();
    assert_eq!(events, of_stream, "the fleet adds no event of its own");
    let hang: Vec<_> = events.iter().map(|event| (event.at.monotonic.as_secs(), event.kind.clone())).collect();
    let in_hang = hang.iter().filter(|(_, kind)| matches!(kind, EventKind::Blocked(_) | EventKind::Unblocked(_)));
    assert_eq!(
        in_hang.cloned().collect::<Vec<_>>(),
        [(4, EventKind::Blocked(BlockedBy::Monitor)), (8, EventKind::Unblocked(Duration::from_secs(6)))],
        "once each, though the connection was lost meanwhile"
    );
    assert!(hang.iter().any(|(_, kind)| matches!(kind, EventKind::ConnectionLost(_))));
    let findings = findings(&live);
    assert!(findings.contains(&"monitor busy 2 s".to_owned()), "{findings:?}");
}
