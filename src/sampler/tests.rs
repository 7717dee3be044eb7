//! The task against a source that does as it is told, in a time that moves only when nothing else can.

use super::*;
use crate::model::{
    Blocked, BlockedBy, DomainSample, DomainState, Event, EventKind, Failure, HostInfo, HostSample, HostUpdate,
    NodeSample, SampleKind, StateReason,
};
use crate::sources::{Bypass, FailureScope, Monitor, Notice, Notify, Request, Source, SourceError};
use crate::time::Interval;
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};
use uuid::Uuid;

/// The one domain of the fake host.
const GUEST: Uuid = Uuid::from_u128(7);

/// What the next calls of the source shall do; once a list is empty, calls succeed.
#[derive(Default)]
struct Script {
    connects: VecDeque<SourceError>,
    samples: VecDeque<Answer>,
    requests: Vec<Request>,
    notify: Option<Notify>,
    made: usize,
    /// This connection has looked who is there. Every one does so first; it is no part of the script.
    looked: bool,
    /// The one domain's monitor is busy.
    busy: bool,
    /// The next questions for its monitor meet a job of libvirt's own.
    jobs: usize,
    /// How often its monitor was asked for.
    monitors: usize,
    /// What samples went around.
    arounds: Vec<Bypass>,
}

enum Answer {
    Good,
    Fails(FailureScope),
    Panics,
    /// The call hangs until the other end says otherwise.
    Hangs(blocking::Receiver<()>),
}

struct Fake(Arc<Mutex<Script>>);

impl Source for Fake {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        let mut script = self.0.lock().unwrap();
        script.notify = Some(notify);
        script.looked = false;
        script.connects.pop_front().map_or(Ok(HostInfo::default()), Err)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        let (answer, count) = {
            let mut script = self.0.lock().unwrap();
            if std::mem::replace(&mut script.looked, true) || request.kind == SampleKind::Full {
                script.requests.push(request.clone());
                (script.samples.pop_front().unwrap_or(Answer::Good), script.requests.len())
            } else {
                (Answer::Good, script.requests.len())
            }
        };
        match answer {
            Answer::Good => {}
            Answer::Fails(severity) => return Err(error(severity)),
            Answer::Panics => panic!("as the test wants it"),
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
        self.0.lock().unwrap().arounds.push(bypass.clone());
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
        script.monitors += 1;
        if script.jobs > 0 {
            script.jobs -= 1;
            return Ok(Monitor::AtWork);
        }
        Ok(if script.busy { Monitor::Busy(Duration::from_secs(3)) } else { Monitor::Free })
    }
}

fn error(severity: FailureScope) -> SourceError {
    SourceError { message: "it failed".into(), advice: Some("mend it".into()), severity }
}

/// What an update is, as far as these tests look.
#[derive(Debug, PartialEq)]
enum Seen {
    Connecting,
    Connected,
    /// The first reading of a connection, right after the look at who is there.
    First,
    Delta,
    Look,
    Late,
    Failed(Option<u64>),
}

struct Rig {
    script: Arc<Mutex<Script>>,
    updates: mpsc::Receiver<(usize, HostUpdate)>,
    handle: Handle,
    start: Instant,
    /// Who is there was told; the first reading is still to come.
    looked: bool,
    /// Events that came meanwhile.
    events: Vec<Event>,
}

impl Rig {
    fn new(script: Script, settings: Settings) -> Self {
        Self::with_room(script, settings, 64)
    }

    fn with_room(script: Script, settings: Settings, room: usize) -> Self {
        let script = Arc::new(Mutex::new(script));
        let (sender, updates) = mpsc::channel(room);
        let for_make = script.clone();
        let make: MakeSource = Box::new(move || {
            for_make.lock().unwrap().made += 1;
            Box::new(Fake(for_make.clone()))
        });
        Self {
            script,
            updates,
            handle: spawn(7, make, settings, sender),
            start: Instant::now(),
            looked: false,
            events: vec![],
        }
    }

    /// The next update, and its time in milliseconds after the start.
    async fn next(&mut self) -> (u128, Seen) {
        let update = loop {
            let (host, update) = self.updates.recv().await.expect("the task lives");
            assert_eq!(host, 7);
            match update {
                HostUpdate::Event(event) => self.events.push(event),
                HostUpdate::Keyframe(sample) if sample.kind == SampleKind::StateOnly => self.looked = true,
                update => break update,
            }
        };
        let seen = match update {
            HostUpdate::Event(_) | HostUpdate::Keyframe(_) => unreachable!("taken out above"),
            HostUpdate::Late(_) => Seen::Late,
            HostUpdate::Connecting => Seen::Connecting,
            HostUpdate::Connected(_) => Seen::Connected,
            HostUpdate::Delta(delta) if delta.kind == SampleKind::StateOnly => Seen::Look,
            HostUpdate::Delta(_) if std::mem::take(&mut self.looked) => Seen::First,
            HostUpdate::Delta(_) => Seen::Delta,
            HostUpdate::Failed(Failure { retry_in, .. }) => Seen::Failed(retry_in.map(|wait| wait.as_secs())),
        };
        ((Instant::now() - self.start).as_millis(), seen)
    }

    async fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.next().await;
        }
    }

    async fn expect(&mut self, expected: impl IntoIterator<Item = (u128, Seen)>) {
        for expected in expected {
            assert_eq!(self.next().await, expected);
        }
    }

    fn notice(&self, notice: Notice) {
        self.script.lock().unwrap().notify.as_ref().unwrap().send(notice);
    }

    fn requests(&self) -> usize {
        self.script.lock().unwrap().requests.len()
    }

    /// Moves time to a moment after the start (timers round up to a whole millisecond).
    async fn move_to(&self, milliseconds: u64) {
        let moment = self.start + Duration::from_millis(milliseconds + 1);
        advance(moment - Instant::now()).await;
    }

    /// Waits, in real time, until the source's thread has been asked this often.
    async fn asked(&self, count: usize) {
        while self.requests() < count {
            tokio::task::yield_now().await;
        }
    }
}

// With a paused clock a pending timer fires as soon as all wait for a thread: the watchdog's would always.
fn screen() -> Settings {
    Settings { watchdog: false, ..Settings::screen(Interval::default()) }
}

fn output() -> Settings {
    Settings { watchdog: false, ..Settings::output(Interval::default()) }
}

fn samples(answers: impl IntoIterator<Item = Answer>) -> Script {
    Script { samples: answers.into_iter().collect(), ..Script::default() }
}

#[tokio::test(start_paused = true)]
async fn the_second_sample_comes_soon_and_then_the_cadence_is_fixed() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.expect([(0, Seen::Connecting), (0, Seen::Connected), (0, Seen::First)]).await;
    rig.expect([(300, Seen::Delta), (1300, Seen::Delta), (2300, Seen::Delta), (3300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_output_has_whole_intervals_only() {
    let mut rig = Rig::new(Script::default(), output());
    rig.skip(2).await;
    rig.expect([(0, Seen::First), (1000, Seen::Delta), (2000, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn the_wait_between_attempts_doubles_and_a_good_sample_resets_it() {
    let fails = |count| std::iter::repeat_n(error(FailureScope::Connection), count);
    let mut rig = Rig::new(Script { connects: fails(6).collect(), ..Script::default() }, screen());
    for (at, wait) in [(0, 1), (1000, 2), (3000, 4), (7000, 8), (15_000, 16), (31_000, 30)] {
        rig.expect([(at, Seen::Connecting), (at, Seen::Failed(Some(wait)))]).await;
    }
    rig.expect([(61_000, Seen::Connecting), (61_000, Seen::Connected), (61_000, Seen::First)]).await;
    rig.notice(Notice::Closed("it went away".into()));
    rig.expect([(61_000, Seen::Failed(Some(1))), (62_000, Seen::Connecting)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_good_sample_does_not_reset_the_wait() {
    let lost = || Answer::Fails(FailureScope::Connection);
    let mut rig = Rig::new(samples([lost(), lost()]), screen());
    for (at, wait) in [(0, 1), (1000, 2)] {
        rig.expect([(at, Seen::Connecting), (at, Seen::Connected), (at, Seen::Failed(Some(wait)))]).await;
    }
    rig.skip(2).await;
    rig.expect([(3000, Seen::First)]).await;
}

#[tokio::test(start_paused = true)]
async fn what_can_not_work_is_tried_seldom() {
    let mut rig = Rig::new(Script { connects: [error(FailureScope::Permanent)].into(), ..Script::default() }, screen());
    rig.expect([(0, Seen::Connecting), (0, Seen::Failed(Some(30))), (30_000, Seen::Connecting)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_sample_costs_a_tick_and_the_next_is_a_difference_again() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Fails(FailureScope::Sample)]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(None)), (1300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_made_again_and_begins_with_a_keyframe() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Fails(FailureScope::Connection)]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(Some(1))), (1300, Seen::Connecting), (1300, Seen::Connected)]).await;
    rig.expect([(1300, Seen::First), (1600, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_source_costs_its_thread_only() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Panics]), screen());
    rig.skip(3).await;
    rig.expect([(300, Seen::Failed(Some(1))), (1300, Seen::Connecting), (1300, Seen::Connected)]).await;
    rig.expect([(1300, Seen::First)]).await;
    assert_eq!(rig.script.lock().unwrap().made, 2);
}

#[tokio::test(start_paused = true)]
async fn an_event_brings_a_cheap_look_and_a_storm_brings_few() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    for _ in 0..1000 {
        rig.notice(Notice::DomainsChanged);
    }
    rig.expect([(350, Seen::Look)]).await;
    rig.notice(Notice::DomainsChanged);
    rig.expect([(700, Seen::Look), (1300, Seen::Delta), (2300, Seen::Delta)]).await;
    let requests = rig.script.lock().unwrap().requests.clone();
    assert_eq!(requests[2], Request::state_only());
    assert_eq!(requests.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_tick_sees_what_happened_before_it_so_no_look_follows() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    advance(Duration::from_millis(980)).await;
    rig.notice(Notice::DomainsChanged);
    rig.expect([(1300, Seen::Delta), (2300, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn another_interval_holds_at_once() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(4).await;
    rig.handle.set_interval(Interval::from_seconds(10.0).unwrap());
    rig.expect([(10_300, Seen::Delta)]).await;
    advance(Duration::from_millis(700)).await;
    rig.handle.set_interval(Interval::from_seconds(0.5).unwrap());
    rig.expect([(11_000, Seen::Delta), (11_500, Seen::Delta)]).await;
}

#[tokio::test(start_paused = true)]
async fn the_focus_reaches_the_next_tick() {
    let mut rig = Rig::new(Script::default(), screen());
    rig.skip(3).await;
    rig.handle.set_demand(Demand { focus: Some(Uuid::max()), ..Demand::default() });
    rig.skip(1).await;
    let focus: Vec<_> = rig.script.lock().unwrap().requests.iter().map(|request| request.focus).collect();
    assert_eq!(focus, [None, Some(Uuid::max())]);
}

#[tokio::test(start_paused = true)]
async fn pressure_costs_ticks_and_no_difference_is_lost() {
    let mut rig = Rig::with_room(Script::default(), output(), 1);
    rig.skip(3).await;
    // Nobody reads: one update waits in the channel and one sample in the task's hand.
    rig.move_to(1000).await;
    while rig.updates.is_empty() {
        tokio::task::yield_now().await;
    }
    rig.move_to(2000).await;
    rig.asked(3).await;
    advance(Duration::from_secs(60)).await;
    assert_eq!(rig.requests(), 3);
    let mut stamps = Vec::new();
    for _ in 0..4 {
        let Some((_, HostUpdate::Delta(delta))) = rig.updates.recv().await else { panic!("a delta") };
        stamps.push((delta.at.monotonic.as_secs(), (Instant::now() - rig.start).as_secs()));
    }
    assert_eq!(stamps[..2].iter().map(|stamp| stamp.0).collect::<Vec<_>>(), [2, 3], "samples 2 and 3 waited");
    assert_eq!(stamps[2].0, 4, "no sample was left out");
    assert_eq!(stamps[3].1, stamps[2].1 + 1, "ticks that were missed are not made up for");
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_not_overtaken_and_does_not_deafen_the_task() {
    let (release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), output());
    rig.skip(3).await;
    rig.move_to(1000).await;
    rig.asked(2).await;
    advance(Duration::from_millis(4200)).await;
    assert_eq!(rig.requests(), 2, "one call in flight");
    rig.handle.set_interval(Interval::from_seconds(2.0).unwrap());
    release.send(()).unwrap();
    let at = rig.next().await.0;
    let next = rig.next().await.0;
    assert!(at >= 5000, "{at}");
    assert!(next > at && next % 2000 == 1000, "the grid of the last tick holds: {next}");
}

#[tokio::test(start_paused = true)]
async fn a_close_during_a_call_is_told_before_the_call_ends() {
    let (release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), screen());
    rig.skip(3).await;
    rig.move_to(300).await;
    rig.asked(2).await;
    rig.notice(Notice::Closed("it went away".into()));
    assert_eq!(rig.next().await.1, Seen::Failed(Some(1)));
    release.send(()).unwrap();
    assert_eq!(rig.next().await.1, Seen::Connecting);
}

#[tokio::test(start_paused = true)]
async fn without_its_handle_the_task_ends_even_in_a_call() {
    let (_release, until) = blocking::channel();
    let mut rig = Rig::new(samples([Answer::Hangs(until)]), screen());
    rig.skip(2).await;
    rig.asked(1).await;
    drop(rig.handle);
    while let Some((_, update)) = rig.updates.recv().await {
        assert!(
            matches!(update, HostUpdate::Keyframe(look) if look.kind == SampleKind::StateOnly),
            "no more than was on its way"
        );
    }
}

fn rebooted(second: u64) -> Event {
    let at = Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH);
    Event { at, domain: None, kind: EventKind::Rebooted }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_events_arrives_whole_and_in_order_and_delays_no_sample() {
    let mut rig = Rig::with_room(Script::default(), screen(), 4);
    rig.skip(4).await;
    for number in 0..1000 {
        rig.notice(Notice::Event(rebooted(number)));
        rig.notice(Notice::DomainsChanged);
    }
    rig.expect([(350, Seen::Look), (1300, Seen::Delta), (2300, Seen::Delta)]).await;
    assert_eq!(rig.events, (0..1000).map(rebooted).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn events_wait_for_a_reader_and_what_is_too_much_is_counted() {
    let mut rig = Rig::with_room(Script::default(), screen(), 1);
    rig.skip(4).await;
    let storm = 11_000;
    for number in 0..storm {
        rig.notice(Notice::Event(rebooted(number)));
    }
    // Nobody reads for a while.
    rig.move_to(900).await;
    for _ in 0..storm {
        tokio::task::yield_now().await;
    }
    rig.skip(5).await;
    rig.notice(Notice::Event(rebooted(storm)));
    rig.skip(2).await;
    let kept = rig.events.iter().filter(|event| event.kind == EventKind::Rebooted).count() as u64;
    let left_out = rig.events.iter().find_map(|event| match event.kind {
        EventKind::LeftOut(count) => Some(count),
        _ => None,
    });
    assert!(kept >= 10_000, "{kept}");
    assert_eq!(kept + left_out.expect("it is told"), storm + 1);
    assert_eq!(rig.events.last(), Some(&rebooted(storm)));
}

#[tokio::test(start_paused = true)]
async fn the_loss_and_the_return_of_a_connection_are_events() {
    let mut rig = Rig::new(samples([Answer::Good, Answer::Good]), screen());
    rig.skip(4).await;
    rig.move_to(800).await;
    rig.notice(Notice::Event(rebooted(2)));
    rig.notice(Notice::Closed("it went away".into()));
    rig.skip(5).await;
    let told: Vec<_> = rig.events.iter().map(|event| (event.at.monotonic.as_millis(), event.kind.clone())).collect();
    // The fake's second sample is of second 2, and came 500 ms before the loss; its third one is of second 3.
    let lost = EventKind::ConnectionLost("it went away".into());
    assert_eq!(told, [(2000, EventKind::Rebooted), (2501, lost), (3000, EventKind::ConnectionBack)]);
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_is_away_from_its_socket_is_asked_at_a_short_and_steady_pace() {
    let away = std::iter::repeat_n(error(FailureScope::Away), 6).collect();
    let mut rig = Rig::new(Script { connects: away, ..Script::default() }, screen());
    let mut tries = Vec::new();
    while tries.len() < 6 {
        if let (at, Seen::Connecting) = rig.next().await {
            tries.push(at);
        }
    }
    assert!(tries.windows(2).all(|pair| pair[1] - pair[0] < 1300), "{tries:?}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_was_not_lost() {
    let fails = std::iter::repeat_n(error(FailureScope::Connection), 3).collect();
    let mut rig = Rig::new(Script { connects: fails, ..Script::default() }, screen());
    rig.skip(10).await;
    assert_eq!(rig.events, []);
}

/// The next update with domains in it, in real time: the watchdog waits for threads, and a paused clock would not.
async fn next_held(updates: &mut mpsc::Receiver<(usize, HostUpdate)>) -> Option<Blocked> {
    loop {
        let update = tokio::time::timeout(Duration::from_secs(60), updates.recv()).await;
        if let HostUpdate::Delta(delta) = update.expect("an update within a minute").expect("the task lives").1 {
            return delta.changed.first().and_then(|(_, domain)| domain.blocked);
        }
    }
}

#[tokio::test]
async fn a_call_that_hangs_in_a_domain_is_gone_around_until_the_domain_answers() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { busy: true, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_held(&mut rig.updates).await.is_none() {}
    {
        let script = rig.script.lock().unwrap();
        assert_eq!(script.made, 2, "the connection that found out took over");
        assert_eq!(script.arounds[0].busy, [GUEST].into());
    }
    rig.script.lock().unwrap().busy = false;
    release.send(()).unwrap();
    while next_held(&mut rig.updates).await.is_some() {}
    assert_eq!(rig.script.lock().unwrap().made, 2, "and it goes on");
}

#[tokio::test]
async fn a_hang_outlives_its_connection_until_its_end_is_seen() {
    let (_release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let answers = [Answer::Good, Answer::Hangs(until), Answer::Good, Answer::Fails(FailureScope::Connection)];
    let script = Script { busy: true, ..samples(answers) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_held(&mut rig.updates).await.is_none() {}
    rig.script.lock().unwrap().busy = false;
    let keyframe = loop {
        let update = tokio::time::timeout(Duration::from_secs(60), rig.updates.recv()).await;
        if let HostUpdate::Keyframe(sample) = update.expect("an update within a minute").expect("the task lives").1 {
            break sample;
        }
    };
    let blocked =
        keyframe.domains[&GUEST].blocked.expect("the first look of a connection does not ask what could hang");
    assert_eq!(blocked.by, BlockedBy::Monitor);
    assert_eq!(next_held(&mut rig.updates).await, None);
}

#[tokio::test]
async fn a_domain_at_work_hangs_where_it_still_is_a_moment_later() {
    let (_release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { busy: true, jobs: 2, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    while next_held(&mut rig.updates).await.is_none() {}
    assert_eq!(rig.script.lock().unwrap().monitors, 2);
}

#[tokio::test]
async fn a_domain_at_work_that_is_free_a_moment_later_does_not_hang() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let script = Script { jobs: 1, ..samples([Answer::Good, Answer::Hangs(until)]) };
    let mut rig = Rig::new(script, Settings::screen(interval));
    assert_eq!(next_held(&mut rig.updates).await, None);
    while rig.script.lock().unwrap().monitors < 3 {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert_eq!(next_held(&mut rig.updates).await, None);
    assert_eq!(rig.script.lock().unwrap().arounds, []);
}

#[tokio::test]
async fn a_call_that_is_slow_for_no_domain_is_waited_for_and_asked_again() {
    let (release, until) = blocking::channel();
    let interval = Interval::from_seconds(0.1).unwrap();
    let mut rig = Rig::new(samples([Answer::Good, Answer::Hangs(until)]), Settings::screen(interval));
    assert_eq!(next_held(&mut rig.updates).await, None);
    // A second source looks for the reason, finds none, and is let go.
    while rig.script.lock().unwrap().made < 2 {
        tokio::task::yield_now().await;
    }
    let asked = rig.requests();
    release.send(()).unwrap();
    assert_eq!(next_held(&mut rig.updates).await, None);
    assert!(rig.requests() > asked, "what was held up is not shown: it is asked anew");
    assert_eq!(rig.script.lock().unwrap().arounds, []);
}
