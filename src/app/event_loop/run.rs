//! The one owner of all state: input, samples, signals and the frame timer meet in one `select!`, input first.

use crate::app::feed::Feed;
use crate::app::input::Events;
use crate::app::signals::Signal;
use crate::app::terminal::Tty;
use crate::fleet::{Fleet, Link};
use crate::model::Failure;
use crate::time::{Interval, Timestamp};
use crate::ui::{Action, Effect, UiState, action_for, update};
use crate::view::{self, Appearance};
use crossterm::event::Event;
use ratatui::Terminal;
use ratatui::backend::Backend;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Frames for new samples are this far apart at least; one for a key comes at once.
const FRAME: Duration = Duration::from_millis(16);
/// A frame comes this often even where nothing new is known: ages and countdowns on the screen go on.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The same while samples come: a little more, so that at the usual interval a sample's own frame is always first.
const CALM_HEARTBEAT: Duration = Duration::from_millis(1200);
/// Keys that are taken in before a frame, so that a held key does not draw what nobody sees.
const BURST: usize = 64;
/// How long to wait for the process to be stopped. In a job that the shell cannot bring back it never is.
const STOPPED_WITHIN: Duration = Duration::from_millis(200);

/// How long a signal may take that came while the process was stopped.
const GOES_ON_WITHIN: Duration = Duration::from_millis(50);

/// How long after a failure of the terminal a signal may still explain it.
const SIGNALLED_WITHIN: Duration = Duration::from_millis(100);

/// Why the loop has ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// The user wants it.
    Quit,
    /// The system wants it.
    Signal(Signal),
    /// No host was ever reached.
    Unreachable(Failure),
    /// Nobody samples any more.
    NoSamples,
}

/// All state of the interactive mode.
pub(crate) struct EventLoop<'a, B: Backend, T> {
    terminal: &'a mut Terminal<B>,
    tty: &'a mut T,
    appearance: Appearance,
    feed: Feed,
    fleet: Fleet,
    ui: UiState,
    /// Something changed since the last frame.
    dirty: bool,
    drawn: Instant,
}

impl<'a, B, T> EventLoop<'a, B, T>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
    T: Tty,
{
    pub(crate) fn new(
        terminal: &'a mut Terminal<B>,
        tty: &'a mut T,
        appearance: Appearance,
        interval: Interval,
        feed: Feed,
    ) -> Self {
        let mut fleet = Fleet::new(0);
        feed.add_hosts(&mut fleet);
        let ui = UiState::new(interval);
        Self { terminal, tty, appearance, feed, fleet, ui, dirty: true, drawn: Instant::now() }
    }

    /// Until the end. The first frame comes before any host has answered.
    pub(crate) async fn run(mut self, events: Events, mut signals: mpsc::UnboundedReceiver<Signal>) -> io::Result<End> {
        match self.live(events, &mut signals).await {
            // A terminal that is gone fails, and the signal that says so is on its way.
            Err(error) => match timeout(SIGNALLED_WITHIN, signals.recv()).await {
                Ok(Some(signal)) if signal != Signal::Continue => Ok(End::Signal(signal)),
                _ => Err(error),
            },
            end => end,
        }
    }

    async fn live(&mut self, mut events: Events, signals: &mut mpsc::UnboundedReceiver<Signal>) -> io::Result<End> {
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.act(Action::Resize { width: size.width, height: size.height });
        self.draw()?;
        loop {
            let frame = self.drawn + if self.dirty { FRAME } else { self.heartbeat() };
            let effect = tokio::select! {
                biased;
                event = events.recv() => self.input(event.unwrap_or_else(|| Err(no_input()))?, &mut events)?,
                signal = signals.recv() => match signal {
                    Some(Signal::Continue) => {
                        self.go_on()?;
                        None
                    }
                    Some(signal) => return Ok(End::Signal(signal)),
                    None => return Ok(End::Signal(Signal::Hangup)),
                },
                host = self.feed.apply_next(&mut self.fleet) => match host {
                    Some(_) => {
                        if let Some(end) = self.sampled() {
                            return Ok(end);
                        }
                        None
                    }
                    None => return Ok(End::NoSamples),
                },
                () = sleep_until(frame) => {
                    self.draw()?;
                    None
                }
            };
            match effect {
                Some(Effect::Quit) => return Ok(End::Quit),
                Some(Effect::Suspend) => {
                    if let Some(signal) = self.suspend(signals).await? {
                        return Ok(End::Signal(signal));
                    }
                }
                Some(Effect::Redraw) => self.draw_all()?,
                Some(Effect::SetInterval(interval)) => {
                    self.feed.set_interval(interval);
                }
                None => {}
            }
        }
    }

    fn heartbeat(&self) -> Duration {
        let calm = self.fleet.hosts().iter().all(|host| host.link == Link::Live);
        if calm { CALM_HEARTBEAT } else { HEARTBEAT }
    }

    /// Takes an event, and those that wait behind it, then draws. Stops at the first that concerns the world outside.
    fn input(&mut self, first: Event, events: &mut Events) -> io::Result<Option<Effect>> {
        let mut effect = self.event(first);
        for _ in 1..BURST {
            match effect.is_none().then(|| events.try_recv()) {
                Some(Ok(event)) => effect = self.event(event?),
                _ => break,
            }
        }
        if self.dirty && effect != Some(Effect::Quit) {
            self.draw()?;
        }
        Ok(effect)
    }

    fn event(&mut self, event: Event) -> Option<Effect> {
        let action = match event {
            Event::Key(key) => action_for(key, &self.ui)?,
            Event::Resize(width, height) => Action::Resize { width, height },
            _ => return None,
        };
        self.act(action)
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        self.dirty = true;
        let effect = update(&mut self.ui, &self.fleet, action);
        self.ui.limit_help(|ui| view::help_end(&self.fleet, ui, &self.appearance, Timestamp::now()));
        self.send_demand();
        effect
    }

    /// Lets the samplers know what is on the screen.
    fn send_demand(&self) {
        for host in 0..self.fleet.hosts().len() {
            self.feed.set_demand(host, self.ui.demand(&self.fleet, host));
        }
    }

    /// Takes what came from a host; the end, where none was ever reached.
    fn sampled(&mut self) -> Option<End> {
        self.ui.refresh(&self.fleet);
        self.send_demand();
        self.dirty = true;
        crate::app::panic::on_demand("screen");
        let mut failures = self.fleet.hosts().iter().map(|host| match (&host.link, &host.info) {
            (Link::Failing(failure), None) => Some(failure),
            _ => None,
        });
        let first = failures.next().flatten()?.clone();
        failures.all(|failure| failure.is_some()).then_some(End::Unreachable(first))
    }

    /// Stops the process as a shell's ^Z does, and goes on when the shell brings it back. A signal that ends the
    /// program may come instead.
    async fn suspend(&mut self, signals: &mut mpsc::UnboundedReceiver<Signal>) -> io::Result<Option<Signal>> {
        self.tty.give_back();
        self.tty.stop()?;
        let signal = tokio::select! {
            biased;
            signal = signals.recv() => signal,
            () = sleep(STOPPED_WITHIN) => None,
        };
        // Who is killed while stopped goes on first, and hears of its end a moment later.
        let signal = match signal {
            Some(Signal::Continue) | None => timeout(GOES_ON_WITHIN, signals.recv()).await.ok().flatten().or(signal),
            signal => signal,
        };
        match signal {
            None | Some(Signal::Continue) => self.go_on().map(|()| None),
            signal => Ok(signal),
        }
    }

    /// Takes the terminal again, whatever was done to it meanwhile.
    fn go_on(&mut self) -> io::Result<()> {
        self.tty.take()?;
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.act(Action::Resize { width: size.width, height: size.height });
        self.draw_all()
    }

    fn draw(&mut self) -> io::Result<()> {
        let now = Timestamp::now();
        let Self { terminal, fleet, ui, appearance, .. } = self;
        terminal.draw(|frame| view::draw(frame, fleet, ui, appearance, now)).map_err(io::Error::other)?;
        self.dirty = false;
        self.drawn = Instant::now();
        Ok(())
    }

    /// Draws every cell, for a terminal that may show anything.
    fn draw_all(&mut self) -> io::Result<()> {
        // Terminal::clear would ask the terminal for its cursor's place, and wait for an answer among the keys.
        let size = self.terminal.size().map_err(io::Error::other)?;
        self.terminal.resize(size.into()).map_err(io::Error::other)?;
        self.draw()
    }
}

/// The thread that reads the terminal is gone, and has not said why.
fn no_input() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "nobody reads the keys any more")
}
