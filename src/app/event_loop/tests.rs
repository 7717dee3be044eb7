//! The loop without a terminal, in a time that moves only when nothing else can.

use super::run::{End, EventLoop};
use crate::app::feed::{CAPACITY, Controls, Feed};
use crate::app::signals::Signal;
use crate::app::terminal::Tty;
use crate::fleet::HostId;
use crate::model::{
    DomainSample, DomainState, Failure, Groups, HostSample, HostUpdate, NodeSample, SampleKind, StateReason,
};
use crate::sampler::Demand;
use crate::time::{Interval, Timestamp};
use crate::view::Appearance;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use uuid::Uuid;

#[derive(Default)]
struct FakeTty(Vec<&'static str>);

impl Tty for FakeTty {
    fn take(&mut self) -> io::Result<()> {
        self.0.push("take");
        Ok(())
    }
    fn give_back(&mut self) {
        self.0.push("give back");
    }
    fn stop(&mut self) -> io::Result<()> {
        self.0.push("stop");
        Ok(())
    }
}

/// The other ends of everything that the loop listens to.
struct World {
    events: mpsc::Sender<io::Result<Event>>,
    updates: mpsc::Sender<(usize, HostUpdate)>,
    signals: mpsc::UnboundedSender<Signal>,
}

impl World {
    fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
        self.events.try_send(Ok(Event::Key(KeyEvent::new(code, modifiers)))).unwrap();
    }
    fn char(&self, c: char) {
        self.key(KeyCode::Char(c), KeyModifiers::NONE);
    }
    fn quit(&self) {
        self.char('q');
    }
    async fn update(&self, update: HostUpdate) {
        self.updates.send((0, update)).await.unwrap();
    }
}

/// What a consumer asked of its producers last.
#[derive(Clone, Debug, Default)]
struct Requested {
    interval: Option<Interval>,
    demand: BTreeMap<HostId, Demand>,
}

#[derive(Clone, Default)]
struct FakeControls(Arc<Mutex<Requested>>);

impl Controls for FakeControls {
    fn set_interval(&self, interval: Interval) {
        self.0.lock().unwrap().interval = Some(interval);
    }

    fn set_demand(&self, host: HostId, demand: Demand) {
        self.0.lock().unwrap().demand.insert(host, demand);
    }
}

/// What there is when the loop has ended.
struct Outcome {
    end: io::Result<End>,
    frames: usize,
    tty: Vec<&'static str>,
    text: String,
    requested: Requested,
}

impl Outcome {
    /// The domain that is looked at, of the first host.
    fn focus(&self) -> Option<Uuid> {
        self.requested.demand[&0].focus
    }
}

/// Runs the loop with one host.
async fn run(drive: impl AsyncFnOnce(&World)) -> Outcome {
    run_with(&["host"], drive).await
}

/// Runs the loop with hosts of these names.
async fn run_with(hosts: &[&str], drive: impl AsyncFnOnce(&World)) -> Outcome {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let mut tty = FakeTty::default();
    let (events, event_queue) = mpsc::channel(2000);
    let (updates, update_queue) = mpsc::channel(CAPACITY);
    let (signals, signal_queue) = mpsc::unbounded_channel();
    let controls = FakeControls::default();
    let names = hosts.iter().map(|&name| name.to_owned()).collect();
    let feed = Feed::new(update_queue, watch::channel(names).1, controls.clone());
    let looped = EventLoop::new(&mut terminal, &mut tty, Appearance::default(), Interval::default(), feed);
    let world = World { events, updates, signals };
    let (end, world) = tokio::join!(looped.run(event_queue, signal_queue), async move {
        drive(&world).await;
        world
    });
    drop(world);
    let frames = terminal.get_frame().count();
    let buffer = terminal.backend().buffer();
    let text = buffer.content.chunks(80).map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n");
    let text = text.collect();
    let requested = controls.0.lock().unwrap().clone();
    Outcome { end, frames, tty: tty.0, text, requested }
}

/// A host with one domain.
fn sample(second: u64) -> HostSample {
    let mut domain = DomainSample::new("only-one", Some(1), DomainState::Running, StateReason(1));
    domain.answered = Groups::OVERVIEW;
    HostSample {
        at: Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH),
        kind: SampleKind::Full,
        requested: Groups::OVERVIEW,
        node: NodeSample::default(),
        domains: [(Uuid::nil(), domain)].into(),
        unsupported: Arc::default(),
    }
}

fn failed() -> HostUpdate {
    HostUpdate::Failed(Failure { message: "no way".into(), advice: None, retry_in: None, at: Timestamp::now() })
}

async fn pass(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_waits_for_nobody() {
    let left = run(async |world| world.signals.send(Signal::Terminate).unwrap()).await;
    assert_eq!(left.end.unwrap(), End::Signal(Signal::Terminate));
    assert_eq!(left.frames, 1);
    assert!(left.text.contains("connecting"), "{}", left.text);
}

#[tokio::test(start_paused = true)]
async fn a_key_has_its_frame_at_once() {
    let left = run(async |world| {
        pass(5).await;
        world.char('?');
        pass(1).await;
        world.quit();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Quit);
    assert_eq!(left.frames, 2);
    assert!(left.text.contains("help"), "{}", left.text);
}

#[tokio::test(start_paused = true)]
async fn keys_that_wait_share_a_frame() {
    let left = run(async |world| {
        (0..1000).for_each(|_| world.char('j'));
        world.quit();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Quit);
    assert!((2..40).contains(&left.frames), "{}", left.frames);
}

#[tokio::test(start_paused = true)]
async fn samples_share_frames_and_the_last_one_is_shown() {
    let left = run(async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        for second in 0..200 {
            world.update(HostUpdate::Keyframe(sample(second))).await;
            pass(5).await;
        }
        pass(20).await;
        world.signals.send(Signal::Hangup).unwrap();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Signal(Signal::Hangup));
    assert!((40..=65).contains(&left.frames), "{}", left.frames);
    assert!(left.text.contains("only-one"), "{}", left.text);
}

#[tokio::test(start_paused = true)]
async fn without_news_there_is_a_frame_a_second() {
    let left = run(async |world| {
        pass(10_500).await;
        world.quit();
    })
    .await;
    assert_eq!(left.frames, 11);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_ends_it_and_one_that_was_does_not() {
    let left = run(async |world| {
        world.update(HostUpdate::Connecting).await;
        world.update(failed()).await;
    })
    .await;
    assert!(matches!(left.end.unwrap(), End::Unreachable(failure) if failure.message == "no way"));
    let left = run(async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(failed()).await;
        pass(100).await;
        world.quit();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Quit);
    assert!(left.text.contains("no way"), "{}", left.text);
}

#[tokio::test(start_paused = true)]
async fn what_the_user_wants_reaches_the_sampler() {
    let show = async |world: &World| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(HostUpdate::Keyframe(sample(1))).await;
        pass(100).await;
        world.key(KeyCode::Enter, KeyModifiers::NONE);
        world.char('-');
    };
    let left = run(async |world| {
        show(world).await;
        world.quit();
    })
    .await;
    assert_eq!((left.requested.interval, left.focus()), (Some(Interval::default().shorter()), Some(Uuid::nil())));
    let left = run(async |world| {
        show(world).await;
        world.key(KeyCode::Esc, KeyModifiers::NONE);
        world.quit();
    })
    .await;
    assert_eq!((left.requested.interval, left.focus()), (Some(Interval::default().shorter()), None));
}

#[tokio::test(start_paused = true)]
async fn suspending_gives_the_terminal_back_and_takes_it_again() {
    let control_z = |world: &World| world.key(KeyCode::Char('z'), KeyModifiers::CONTROL);
    let left = run(async |world| {
        control_z(world);
        pass(100).await;
        world.signals.send(Signal::Continue).unwrap();
        pass(10).await;
        world.quit();
    })
    .await;
    assert_eq!(left.tty, ["give back", "stop", "take"]);
    assert_eq!(left.end.unwrap(), End::Quit);
    let left = run(async |world| {
        control_z(world);
        pass(250).await;
        world.quit();
    })
    .await;
    assert_eq!(left.tty, ["give back", "stop", "take"], "where nothing stops it, it goes on by itself");
    let left = run(async |world| {
        control_z(world);
        pass(100).await;
        world.signals.send(Signal::Terminate).unwrap();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Signal(Signal::Terminate));
    assert_eq!(left.tty, ["give back", "stop"]);
}

#[tokio::test(start_paused = true)]
async fn going_on_after_a_stop_from_outside_takes_the_terminal_again() {
    let left = run(async |world| {
        world.signals.send(Signal::Continue).unwrap();
        pass(10).await;
        world.quit();
    })
    .await;
    assert_eq!((left.tty, left.frames), (vec!["take"], 2));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_fails_ends_it() {
    let left = run(async |world| world.events.try_send(Err(io::Error::other("gone"))).unwrap()).await;
    assert_eq!(left.end.unwrap_err().to_string(), "gone");
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_fails_because_it_is_gone_is_a_hangup() {
    let left = run(async |world| {
        world.events.try_send(Err(io::Error::other("gone"))).unwrap();
        pass(20).await;
        world.signals.send(Signal::Hangup).unwrap();
    })
    .await;
    assert_eq!(left.end.unwrap(), End::Signal(Signal::Hangup));
}
