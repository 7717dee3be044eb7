//! The event loop without a terminal. Time is paused in most tests: it advances when all tasks wait.

use super::line::Line;
use super::run::{End, EventLoop};
use crate::app::feed::{CAPACITY, Controls, Feed};
use crate::app::frame::Frame;
use crate::app::input::{Answer, Input};
use crate::app::signals::Signal;
use crate::app::terminal::Tty;
use crate::app::writer::{Writer, Written};
use crate::fleet::HostId;
use crate::model::Demand;
use crate::model::{
    DomainSample, DomainState, Event, EventKind, Failure, Groups, HostSample, HostUpdate, NodeSample, SampleKind,
    StateReason,
};
use crate::time::{Interval, TimerClock, Timestamp};
use crate::view::Appearance;
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

#[derive(Default)]
struct FakeTty(Vec<&'static str>);

impl Tty for FakeTty {
    fn size(&self) -> io::Result<(u16, u16)> {
        Ok((80, 24))
    }
    fn stderr_lines(&self) -> u64 {
        0
    }
    fn enter(&mut self) -> io::Result<()> {
        self.0.push("enter");
        Ok(())
    }
    fn leave(&mut self) {
        self.0.push("leave");
    }
    fn stop_job(&mut self) -> io::Result<()> {
        self.0.push("stop job");
        Ok(())
    }
    fn stop(&mut self) -> io::Result<()> {
        self.0.push("stop");
        Ok(())
    }
}

/// The other ends of the channels of the event loop.
struct World {
    inputs: mpsc::Sender<io::Result<Input>>,
    updates: mpsc::Sender<(usize, HostUpdate)>,
    signals: mpsc::UnboundedSender<Signal>,
    /// How many frames the terminal was sent.
    frames: watch::Receiver<usize>,
}

impl World {
    fn event(&self, event: TerminalEvent) {
        self.inputs.try_send(Ok(Input::Event(event))).unwrap();
    }
    fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
        self.event(TerminalEvent::Key(KeyEvent::new(code, modifiers)));
    }
    fn char(&self, c: char) {
        self.key(KeyCode::Char(c), KeyModifiers::NONE);
    }
    fn quit(&self) {
        self.key(KeyCode::Char('c'), KeyModifiers::CONTROL);
    }
    async fn update(&self, update: HostUpdate) {
        self.update_of(0, update).await;
    }
    async fn update_of(&self, host: HostId, update: HostUpdate) {
        self.updates.send((host, update)).await.unwrap();
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

/// A terminal behind a line.
#[derive(Clone, Copy, Default)]
struct FakeTerminal {
    /// How long the line takes to accept a frame.
    accepts_in: Duration,
    /// How long a frame is on its way after that, if the terminal answers; then it is asked with every frame.
    shows_in: Option<Duration>,
    /// Answers that are lost.
    loses: usize,
}

impl FakeTerminal {
    fn that_accepts_in(accepts_in: Duration) -> Self {
        Self { accepts_in, ..Self::default() }
    }
}

/// What a terminal was sent.
struct Shown {
    /// When each frame was sent.
    frames: Vec<Duration>,
    screen: vt100::Parser,
}

impl FakeTerminal {
    async fn read(
        self,
        mut frames: mpsc::Receiver<Frame>,
        written: mpsc::Sender<io::Result<Written>>,
        inputs: mpsc::Sender<io::Result<Input>>,
        count: watch::Sender<usize>,
    ) -> Shown {
        let mut all = Shown { frames: Vec::new(), screen: vt100::Parser::default() };
        let start = Instant::now();
        // When the line has passed on all frames.
        let mut free = start;
        while let Some(frame) = frames.recv().await {
            all.frames.push(start.elapsed());
            count.send_replace(all.frames.len());
            all.screen.process(&frame.bytes);
            let asks = frame.bytes.ends_with(b"\x1b[5n");
            sleep(self.accepts_in).await;
            let _ = written.send(Ok(Written { frame, took: self.accepts_in })).await;
            if let Some(shows_in) = self.shows_in.filter(|_| asks) {
                free = free.max(Instant::now()) + shows_in;
                if all.frames.len() > self.loses {
                    let inputs = inputs.clone();
                    tokio::spawn(async move {
                        sleep_until(free).await;
                        let _ = inputs.send(Ok(Input::Answer(Answer::Ready))).await;
                    });
                }
            }
        }
        all
    }
}

/// What there is when the loop has ended.
struct Outcome {
    end: io::Result<End>,
    frames: Vec<Duration>,
    tty: Vec<&'static str>,
    text: String,
    requested: Requested,
}

impl Outcome {
    /// The domain of the first host that is on the screen.
    fn focus(&self) -> Option<Uuid> {
        self.requested.demand[&0].focus.first().copied()
    }
}

/// Runs the loop with one host, on a terminal that reads at once.
async fn run(drive: impl AsyncFnOnce(&World)) -> Outcome {
    run_with(&["host"], FakeTerminal::default(), drive).await
}

/// Runs the loop with hosts of these names.
async fn run_with(hosts: &[&str], terminal: FakeTerminal, drive: impl AsyncFnOnce(&World)) -> Outcome {
    let mut tty = FakeTty::default();
    let (inputs, input_queue) = mpsc::channel(2000);
    let (updates, update_queue) = mpsc::channel(CAPACITY);
    let (signals, signal_queue) = mpsc::unbounded_channel();
    let (frames, frame_queue) = mpsc::channel(1);
    let (written, written_queue) = mpsc::channel(1);
    let controls = FakeControls::default();
    let names = hosts.iter().map(|&name| name.to_owned()).collect();
    let feed = Feed::new(update_queue, watch::channel(names).1, controls.clone(), Arc::new(TimerClock::start()));
    let writer = Writer::new(frames, written_queue);
    let event_loop = EventLoop::new(&mut tty, writer, Appearance::default(), Interval::default(), feed)
        .line(Line::new(terminal.shows_in.map(|_| Duration::ZERO)));
    let (count, frames) = watch::channel(0);
    let world = World { inputs: inputs.clone(), updates, signals, frames };
    let (end, _, written) = tokio::join!(
        event_loop.run(input_queue, signal_queue),
        async move {
            drive(&world).await;
            world
        },
        terminal.read(frame_queue, written, inputs.clone(), count)
    );
    let text = written.screen.screen().contents();
    let requested = controls.0.lock().unwrap().clone();
    Outcome { end, frames: written.frames, tty: tty.0, text, requested }
}

/// A host with one domain.
fn sample(second: u64) -> HostSample {
    sample_of(1, second)
}

fn sample_of(domains: u128, second: u64) -> HostSample {
    let domain = |number| {
        let name = if number == 0 { "only-one".to_owned() } else { format!("guest-{number}") };
        let mut domain = DomainSample::new(name, Some(1), DomainState::Running, StateReason(1));
        domain.answered = Groups::OVERVIEW;
        (Uuid::from_u128(number), domain)
    };
    HostSample {
        at: Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH),
        kind: SampleKind::Full,
        requested: Groups::OVERVIEW,
        node: NodeSample::default(),
        domains: (0..domains).map(domain).collect(),
        unsupported: Arc::default(),
    }
}

fn failed() -> HostUpdate {
    HostUpdate::Failed(Failure {
        message: "no way".into(),
        advice: None,
        retry_in: None,
        at: Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH),
        is_bug: false,
    })
}

async fn pass(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_comes_before_the_first_update() {
    let outcome = run(async |world| world.signals.send(Signal::Terminate).unwrap()).await;
    assert_eq!(outcome.end.unwrap(), End::Signal(Signal::Terminate));
    assert_eq!(outcome.frames.len(), 1);
    assert!(outcome.text.contains("connecting"), "{}", outcome.text);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_drawn_at_once() {
    let outcome = run(async |world| {
        pass(5).await;
        world.char('?');
        pass(1).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
    assert_eq!(outcome.frames.len(), 2);
    assert!(outcome.text.contains("help"), "{}", outcome.text);
}

#[tokio::test(start_paused = true)]
async fn keys_that_wait_share_a_frame() {
    let outcome = run(async |world| {
        // A filter: each frame shows another text.
        world.char('/');
        (0..1000_u32).for_each(|number| world.char(char::from(b'a' + (number % 26) as u8)));
        world.quit();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
    assert!((2..40).contains(&outcome.frames.len()), "{}", outcome.frames.len());
}

#[tokio::test(start_paused = true)]
async fn samples_share_frames_and_the_last_one_is_shown() {
    let outcome = run(async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        for second in 0..200 {
            // A frame that shows the same would not be sent.
            world.update(HostUpdate::Keyframe(sample_of(1 + u128::from(second % 5), second))).await;
            pass(5).await;
        }
        pass(20).await;
        world.signals.send(Signal::Hangup).unwrap();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Signal(Signal::Hangup));
    assert!((40..=65).contains(&outcome.frames.len()), "{}", outcome.frames.len());
    assert!(outcome.text.contains("only-one"), "{}", outcome.text);
}

/// While a terminal reads nothing for ten seconds, all samples of that time are applied, and then the newest is shown.
#[tokio::test(start_paused = true)]
async fn a_terminal_that_does_not_read_holds_up_no_update() {
    let terminal = FakeTerminal::that_accepts_in(Duration::from_secs(10));
    let outcome = run_with(&["host"], terminal, async |world| {
        let start = Instant::now();
        world.update(HostUpdate::Connected(Arc::default())).await;
        for second in 0..100 {
            world.update(HostUpdate::Keyframe(sample(second))).await;
            pass(50).await;
        }
        assert_eq!(start.elapsed(), Duration::from_secs(5), "no update has waited");
        pass(6_000).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
    assert_eq!(outcome.frames.len(), 2);
    assert_eq!(outcome.frames[1], Duration::from_secs(10));
    assert!(outcome.text.contains("only-one"), "{}", outcome.text);
}

#[tokio::test(start_paused = true)]
async fn keys_end_it_while_the_terminal_does_not_read() {
    let terminal = FakeTerminal::that_accepts_in(Duration::from_secs(3600));
    let start = Instant::now();
    let outcome = run_with(&["host"], terminal, async |world| {
        world.char('?');
        pass(100).await;
        world.quit();
        world.inputs.closed().await;
        assert_eq!(start.elapsed(), Duration::from_millis(100));
    })
    .await;
    assert_eq!((outcome.end.unwrap(), outcome.frames.len()), (End::Quit, 1));
}

#[tokio::test(start_paused = true)]
async fn the_frame_of_a_key_comes_before_that_of_figures() {
    let terminal = FakeTerminal::that_accepts_in(Duration::from_millis(100));
    let outcome = run_with(&["host"], terminal, async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(HostUpdate::Keyframe(sample(0))).await;
        pass(130).await;
        world.char('4');
        pass(50).await;
        world.char('?');
        pass(100).await;
        world.quit();
    })
    .await;
    // Figures would come at 200 ms: twice as long after the first frame as the terminal took to read it.
    let sent: Vec<_> = outcome.frames.iter().map(Duration::as_millis).collect();
    // The second key waits for the frame of the first one.
    assert_eq!(sent, [0, 130, 230]);
    assert!(outcome.text.contains("this help"), "{}", outcome.text);
}

/// The kernel accepts frames at once, and they reach the screen after a second each.
#[tokio::test(start_paused = true)]
async fn on_a_slow_line_the_frame_of_a_key_follows_one_other_at_most() {
    let terminal = FakeTerminal { shows_in: Some(Duration::from_secs(1)), ..FakeTerminal::default() };
    let outcome = run_with(&["host"], terminal, async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        for second in 0..65 {
            world.update(HostUpdate::Keyframe(sample(second))).await;
            pass(100).await;
            match second {
                // The first frame is on its way: this one follows it at once, and the next one waits for it.
                5 => world.char('?'),
                7 => world.char('?'),
                _ => {}
            }
        }
        world.quit();
    })
    .await;
    let sent: Vec<_> = outcome.frames.iter().map(Duration::as_millis).collect();
    // At 1000 and 2000 the first two are shown, at 3000 the third. From then on figures leave as much time as a frame takes.
    assert_eq!(sent[..4], [0, 600, 1000, 5000], "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_lost_hold_up_frames_for_a_while_only() {
    let terminal = FakeTerminal { shows_in: Some(Duration::from_millis(10)), loses: 2, ..FakeTerminal::default() };
    let outcome = run_with(&["host"], terminal, async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        pass(100).await;
        world.char('?');
        pass(100).await;
        world.char('?');
        pass(20_000).await;
        world.quit();
    })
    .await;
    let sent: Vec<_> = outcome.frames.iter().map(Duration::as_millis).collect();
    // The third one waits for the first, the fourth for the third, and the answers to the others come.
    assert_eq!(sent, [0, 100, 5000, 15_000, 16_000, 17_000, 18_000, 19_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_the_answer_to_the_last_frame() {
    for (shows_in, end) in [(1500, 1500), (60_000, 2100)] {
        let shows_in = Some(Duration::from_millis(shows_in));
        let start = Instant::now();
        let outcome = run_with(&["host"], FakeTerminal { shows_in, ..FakeTerminal::default() }, async |world| {
            pass(100).await;
            world.quit();
            world.inputs.closed().await;
        })
        .await;
        assert_eq!((outcome.end.unwrap(), start.elapsed().as_millis()), (End::Quit, end));
    }
}

/// In real time, from another thread: a channel that is never empty.
#[tokio::test]
async fn a_flood_of_events_holds_up_no_frame() {
    const FRAMES: usize = 10;
    let event = |number: u64| {
        let at = Timestamp::at(Duration::from_millis(number), jiff::Timestamp::UNIX_EPOCH);
        HostUpdate::Event(Event { at, domain: None, kind: EventKind::Rebooted })
    };
    let terminal = FakeTerminal::default();
    let outcome = run_with(&["host"], terminal, async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(HostUpdate::Keyframe(sample_of(1000, 0))).await;
        let updates = world.updates.clone();
        let flood = std::thread::spawn(move || {
            for number in 0.. {
                if updates.blocking_send((0, event(number))).is_err() {
                    break;
                }
            }
        });
        // A frame every 16 ms, or as fast as this machine draws.
        let mut frames = world.frames.clone();
        let drawn = timeout(Duration::from_secs(20), frames.wait_for(|frames| *frames >= FRAMES)).await.is_ok();
        assert!(drawn, "{} frames", *world.frames.borrow());
        world.quit();
        world.inputs.closed().await;
        flood.join().unwrap();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
}

#[tokio::test(start_paused = true)]
async fn without_updates_there_is_a_frame_a_second() {
    let outcome = run(async |world| {
        pass(10_500).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.frames.len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_never_reached_ends_it_and_a_later_failure_does_not() {
    let outcome = run(async |world| {
        world.update(HostUpdate::Connecting).await;
        world.update(failed()).await;
    })
    .await;
    assert!(matches!(&outcome.end.unwrap(), End::Unreachable(hosts) if hosts[0].failure.message == "no way"));
    let outcome = run(async |world| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(failed()).await;
        pass(100).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
    assert!(outcome.text.contains("no way"), "{}", outcome.text);
}

#[tokio::test(start_paused = true)]
async fn of_two_hosts_one_that_cannot_be_reached_has_a_line_and_both_end_it() {
    let at_once = FakeTerminal::default();
    let outcome = run_with(&["alpha", "beta"], at_once, async |world| {
        world.update_of(0, HostUpdate::Connecting).await;
        world.update_of(0, failed()).await;
        world.update_of(1, HostUpdate::Connected(Arc::default())).await;
        world.update_of(1, HostUpdate::Keyframe(sample(0))).await;
        pass(100).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Quit);
    let line = |name: &str| outcome.text.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap();
    assert!(line("alpha").contains("NO DATA") && line("alpha").contains("no way"), "{}", outcome.text);
    assert!(line("beta").contains("live") && line("beta").contains("1/1 up"), "{}", outcome.text);
    let outcome = run_with(&["alpha", "beta"], at_once, async |world| {
        world.update_of(0, failed()).await;
        // The first one is tried again when the second one fails.
        world.update_of(0, HostUpdate::Connecting).await;
        world.update_of(1, failed()).await;
        world.inputs.closed().await;
    })
    .await;
    let End::Unreachable(hosts) = outcome.end.unwrap() else { panic!("it has another end") };
    assert_eq!(hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["alpha", "beta"]);
}

#[tokio::test(start_paused = true)]
async fn each_host_has_a_demand_of_its_own() {
    let at_once = FakeTerminal::default();
    let outcome = run_with(&["alpha", "beta"], at_once, async |world| {
        world.update_of(1, HostUpdate::Connected(Arc::default())).await;
        world.update_of(1, HostUpdate::Keyframe(sample(0))).await;
        pass(100).await;
        world.quit();
    })
    .await;
    let shown = |host: HostId| outcome.requested.demand[&host].shown.keys().copied().collect::<Vec<_>>();
    assert_eq!((shown(0), shown(1)), (vec![], vec![Uuid::nil()]));
}

#[tokio::test(start_paused = true)]
async fn interval_and_demand_reach_the_producers() {
    let show = async |world: &World| {
        world.update(HostUpdate::Connected(Arc::default())).await;
        world.update(HostUpdate::Keyframe(sample(1))).await;
        pass(100).await;
        world.key(KeyCode::Enter, KeyModifiers::NONE);
        world.char('-');
    };
    let outcome = run(async |world| {
        show(world).await;
        world.quit();
    })
    .await;
    assert_eq!((outcome.requested.interval, outcome.focus()), (Some(Interval::default().shorter()), Some(Uuid::nil())));
    let outcome = run(async |world| {
        show(world).await;
        world.key(KeyCode::Esc, KeyModifiers::NONE);
        world.quit();
    })
    .await;
    assert_eq!((outcome.requested.interval, outcome.focus()), (Some(Interval::default().shorter()), None));
}

#[tokio::test(start_paused = true)]
async fn a_paste_is_never_keys() {
    let outcome = run(async |world| {
        let paste = |text: &str| world.event(TerminalEvent::Paste(text.to_owned()));
        paste("web-01\rq--?");
        pass(10).await;
        world.char('/');
        paste("web-01\rq");
        pass(10).await;
        world.quit();
    })
    .await;
    assert_eq!((outcome.end.unwrap(), outcome.requested.interval), (End::Quit, None));
    assert!(outcome.text.contains("filter: web-01 q"), "{}", outcome.text);
}

#[tokio::test(start_paused = true)]
async fn suspending_leaves_the_terminal_and_enters_it_again() {
    let control_z = |world: &World| world.key(KeyCode::Char('z'), KeyModifiers::CONTROL);
    let outcome = run(async |world| {
        control_z(world);
        pass(10).await;
        world.signals.send(Signal::Stop).unwrap();
        pass(100).await;
        world.signals.send(Signal::Continue).unwrap();
        pass(10).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.tty, ["leave", "stop job", "stop", "enter"]);
    assert_eq!(outcome.end.unwrap(), End::Quit);
    let outcome = run(async |world| {
        control_z(world);
        pass(250).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.tty, ["leave", "stop job", "enter"], "if no shell stops it, it continues");
    let outcome = run(async |world| {
        control_z(world);
        pass(100).await;
        world.signals.send(Signal::Terminate).unwrap();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Signal(Signal::Terminate));
    assert_eq!(outcome.tty, ["leave", "stop job"]);
}

#[tokio::test(start_paused = true)]
async fn sigtstp_from_outside_stops_only_this_process_after_leaving_the_terminal() {
    let outcome = run(async |world| {
        world.signals.send(Signal::Stop).unwrap();
        pass(100).await;
        world.signals.send(Signal::Continue).unwrap();
        pass(100).await;
        world.quit();
    })
    .await;
    assert_eq!(outcome.tty, ["leave", "stop", "enter"]);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_is_gone_without_a_signal_is_a_hangup() {
    let outcome = run(async |world| world.inputs.try_send(Err(rustix::io::Errno::IO.into())).unwrap()).await;
    assert_eq!(outcome.end.unwrap(), End::Signal(Signal::Hangup));
}

#[tokio::test(start_paused = true)]
async fn after_a_stop_from_outside_the_terminal_is_entered_again() {
    let outcome = run(async |world| {
        world.signals.send(Signal::Continue).unwrap();
        pass(10).await;
        world.quit();
    })
    .await;
    assert_eq!((outcome.tty, outcome.frames.len()), (vec!["enter"], 2));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_fails_ends_it() {
    let outcome = run(async |world| world.inputs.try_send(Err(io::Error::other("gone"))).unwrap()).await;
    assert_eq!(outcome.end.unwrap_err().to_string(), "gone");
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_fails_because_it_is_gone_is_a_hangup() {
    let outcome = run(async |world| {
        world.inputs.try_send(Err(io::Error::other("gone"))).unwrap();
        pass(20).await;
        world.signals.send(Signal::Hangup).unwrap();
    })
    .await;
    assert_eq!(outcome.end.unwrap(), End::Signal(Signal::Hangup));
}
