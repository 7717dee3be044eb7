//! The one owner of all state: signals, keys, updates and the frame timer meet in one `select!`. It never blocks.

use super::line::Line;
use super::pace::Pace;
use crate::app::feed::Feed;
use crate::app::frame::FrameKind;
use crate::app::input::{Answer, Input, Inputs};
use crate::app::panic;
use crate::app::signals::Signal;
use crate::app::terminal::Tty;
use crate::app::writer::{Writer, WriterGone};
use crate::fleet::{Fleet, HostId, Link, Unreached, UnreachedHost};
use crate::table::query::Query;
use crate::time::{Interval, timer_now};
use crate::ui::{Action, Effect, UiState, action_for, paste, update};
use crate::view::{self, Appearance};
use crossterm::event::Event;
use rustix::io::Errno;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

/// Most keys that share a frame: while a key is held down, only the last of them is seen.
const MAX_KEYS_PER_FRAME: usize = 64;
/// How long to wait for the process to stop on ^Z. Without a shell that could continue it, the system does not stop it.
const STOP_LIMIT: Duration = Duration::from_millis(200);
/// How long after SIGCONT a signal may arrive that was sent while the process was stopped.
const PENDING_SIGNAL_LIMIT: Duration = Duration::from_millis(50);
/// How long after a failure of the terminal SIGHUP may arrive, which explains the failure.
const HANGUP_LIMIT: Duration = Duration::from_millis(100);
/// How long to wait at the end for answers of the terminal. The shell would take them for typed text.
const LAST_ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Why the loop has ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// The user has quit.
    Quit,
    /// A signal.
    Signal(Signal),
    /// No host was ever reached.
    Unreachable(Vec<UnreachedHost>),
    /// A thread that the loop needs has ended.
    ThreadGone(&'static str),
}

/// All state of the interactive mode.
pub(crate) struct EventLoop<'a, T> {
    tty: &'a mut T,
    writer: Writer,
    appearance: Appearance,
    feed: Feed,
    fleet: Fleet,
    ui: UiState,
    pace: Pace,
    line: Line,
    /// The theme follows the colour of the terminal's ground, which is not known yet.
    awaits_ground: bool,
    /// What the next frame has to write.
    next_frame: FrameKind,
    /// The fleet has changed since the rows of the screen were computed.
    stale: bool,
    unreached: Unreached,
}

impl<'a, T: Tty> EventLoop<'a, T> {
    pub(crate) fn new(tty: &'a mut T, writer: Writer, appearance: Appearance, interval: Interval, feed: Feed) -> Self {
        let mut fleet = Fleet::new(0);
        feed.add_hosts(&mut fleet);
        Self {
            tty,
            writer,
            appearance,
            feed,
            fleet,
            ui: UiState::new(interval),
            pace: Pace::new(timer_now()),
            line: Line::default(),
            awaits_ground: false,
            next_frame: FrameKind::Entered,
            stale: true,
            unreached: Unreached::default(),
        }
    }

    /// The query that filters the lists at the start.
    pub(crate) fn filter(mut self, query: &Query) -> Self {
        self.ui = self.ui.filtered(query);
        self
    }

    /// What the first frame has to write.
    pub(crate) fn first_frame(mut self, kind: FrameKind) -> Self {
        self.next_frame = kind;
        self
    }

    /// What the terminal can be asked.
    pub(crate) fn line(mut self, line: Line) -> Self {
        self.line = line;
        self
    }

    /// The terminal was asked for the colour of its ground, and has not answered yet: GNU screen passes on this question, and
    /// answers the others before.
    pub(crate) fn awaits_ground(mut self, awaits_ground: bool) -> Self {
        self.awaits_ground = awaits_ground;
        self
    }

    /// Runs until the end. The first frame comes before any host has answered.
    pub(crate) async fn run(
        mut self,
        mut inputs: Inputs,
        mut signals: mpsc::UnboundedReceiver<Signal>,
    ) -> io::Result<End> {
        match self.select(&mut inputs, &mut signals).await {
            // If the terminal is gone, reading and writing fail before the signal arrives.
            Err(error) => match timeout(HANGUP_LIMIT, signals.recv()).await {
                Ok(Some(signal)) if signal.ends() => Ok(End::Signal(signal)),
                // Without SIGHUP, if the process is not of the terminal's session.
                _ if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => Ok(End::Signal(Signal::Hangup)),
                _ => Err(error),
            },
            end => {
                self.await_answers(&mut inputs).await;
                end
            }
        }
    }

    async fn select(&mut self, inputs: &mut Inputs, signals: &mut mpsc::UnboundedReceiver<Signal>) -> io::Result<End> {
        self.draw_if_ready()?;
        loop {
            if let Err(WriterGone) = self.writer.poll()? {
                return Ok(End::ThreadGone("writer"));
            }
            let calm = self.fleet.hosts().iter().all(|host| host.link == Link::Live);
            let due = self.pace.due(calm, self.writer.took().max(self.line.took()));
            self.line.give_up(timer_now());
            let due = self.line.free_at(self.pace.is_urgent()).map_or(due, |free| free.max(due));
            // A frame that is due waits for the one before it. Until then the loop does not wait for the writer: that would wake this
            // thread once more for each frame.
            let waits_for_writer = !self.writer.is_ready() && due <= timer_now();
            let effect = tokio::select! {
                biased;
                signal = signals.recv() => match signal {
                    Some(Signal::Continue) => {
                        self.enter_again()?;
                        None
                    }
                    Some(Signal::Resize) => {
                        self.pace.key_pressed();
                        self.draw_if_ready()?;
                        None
                    }
                    Some(Signal::Stop) => {
                        if let Some(signal) = self.suspend(inputs, signals, false).await? {
                            return Ok(End::Signal(signal));
                        }
                        None
                    }
                    Some(signal) => return Ok(End::Signal(signal)),
                    None => return Ok(End::ThreadGone("signals")),
                },
                // When the next frame is due depends on how long this one took: the next turn of the loop says so.
                written = self.writer.ready(), if waits_for_writer => match written? {
                    Ok(()) => None,
                    Err(WriterGone) => return Ok(End::ThreadGone("writer")),
                },
                input = inputs.recv() => match input {
                    Some(input) => self.inputs(input?, inputs)?,
                    None => return Ok(End::ThreadGone("input")),
                },
                // Before updates: however many there are, a frame comes when it is due.
                () = sleep_until(due), if !waits_for_writer => {
                    self.draw_if_ready()?;
                    None
                }
                host = self.feed.apply_next(&mut self.fleet) => match host {
                    Some(host) => {
                        if let Some(end) = self.updated(host) {
                            return Ok(end);
                        }
                        None
                    }
                    None => return Ok(End::ThreadGone("sampler")),
                },
            };
            match effect {
                Some(Effect::Quit) => return Ok(End::Quit),
                Some(Effect::Suspend) => {
                    if let Some(signal) = self.suspend(inputs, signals, true).await? {
                        return Ok(End::Signal(signal));
                    }
                }
                Some(Effect::Redraw) => {
                    self.next_frame = FrameKind::Whole;
                    self.draw_if_ready()?;
                }
                Some(Effect::SetInterval(interval)) => self.feed.set_interval(interval),
                None => {}
            }
        }
    }

    /// Applies an input, and those that wait behind it up to the first with an effect, and draws.
    fn inputs(&mut self, first: Input, inputs: &mut Inputs) -> io::Result<Option<Effect>> {
        let mut effect = self.input(first);
        for _ in 1..MAX_KEYS_PER_FRAME {
            match effect.is_none().then(|| inputs.try_recv()) {
                Some(Ok(input)) => effect = self.input(input?),
                _ => break,
            }
        }
        if self.pace.is_urgent() && !matches!(effect, Some(Effect::Quit | Effect::Redraw)) {
            self.draw_if_ready()?;
        }
        Ok(effect)
    }

    fn input(&mut self, input: Input) -> Option<Effect> {
        let action = match input {
            Input::Event(Event::Key(key)) => action_for(key, &self.ui)?,
            Input::Event(Event::Resize(width, height)) => Action::Resize { width, height },
            Input::Event(Event::Paste(text)) => {
                self.change(|ui, fleet| paste(ui, fleet, &text));
                return None;
            }
            Input::Answer(Answer::Ready) => {
                self.line.answered(timer_now());
                return None;
            }
            Input::Answer(Answer::Ground(colour)) if self.awaits_ground && self.ui.theme == 0 => {
                self.awaits_ground = false;
                self.appearance = self.appearance.on_ground(colour);
                self.pace.key_pressed();
                return None;
            }
            // An answer that comes too late.
            Input::Event(_) | Input::Answer(_) => return None,
        };
        self.act(action)
    }

    /// Waits for the answers to the last frames, unless the terminal does not read.
    async fn await_answers(&mut self, inputs: &mut Inputs) {
        let is_written = matches!(self.writer.poll(), Ok(Ok(()))) && self.writer.is_ready();
        let answers = async {
            while self.line.is_awaited() {
                match inputs.recv().await {
                    Some(Ok(Input::Answer(Answer::Ready))) => self.line.answered(timer_now()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                }
            }
        };
        if is_written {
            let _ = timeout(LAST_ANSWER_LIMIT, answers).await;
        }
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        self.change(|ui, fleet| update(ui, fleet, action))
    }

    /// Applies what the user does.
    fn change<R>(&mut self, apply: impl FnOnce(&mut UiState, &Fleet) -> R) -> R {
        self.pace.key_pressed();
        let result = apply(&mut self.ui, &self.fleet);
        self.stale = false;
        self.ui.limit_help(|ui| view::help_end(&self.fleet, ui, &self.appearance, self.feed.now()));
        self.send_demand();
        result
    }

    /// Tells the producers what is on the screen.
    fn send_demand(&self) {
        let demands = self.ui.demands(&self.fleet);
        demands.into_iter().enumerate().for_each(|(host, demand)| self.feed.set_demand(host, demand));
    }

    /// An update of a host was applied. Returns the end if no host was ever reached.
    fn updated(&mut self, host: HostId) -> Option<End> {
        self.stale = true;
        self.pace.figures_changed();
        let Link::Failing(failure) = &self.fleet.host(host)?.link else { return None };
        self.unreached.add(&self.fleet, host, failure.clone()).map(End::Unreachable)
    }

    /// Leaves the terminal, stops the process, and enters the terminal again when the process continues. `job`: the other
    /// processes of the job stop too, as on a shell's ^Z; otherwise SIGTSTP came from outside. Returns a signal that ends the
    /// program instead.
    async fn suspend(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut mpsc::UnboundedReceiver<Signal>,
        job: bool,
    ) -> io::Result<Option<Signal>> {
        self.await_answers(inputs).await;
        self.tty.leave();
        if job {
            // This process gets SIGTSTP too: as a signal below.
            self.tty.stop_job()?;
        } else {
            self.tty.stop()?;
        }
        let mut limit = STOP_LIMIT;
        loop {
            match timeout(limit, signals.recv()).await.ok().flatten() {
                Some(signal) if signal.ends() => return Ok(Some(signal)),
                Some(Signal::Stop) => self.tty.stop()?,
                // A signal that was sent while the process was stopped comes after SIGCONT.
                Some(Signal::Continue) => limit = PENDING_SIGNAL_LIMIT,
                Some(_) => {}
                None if limit == PENDING_SIGNAL_LIMIT => break,
                None => limit = PENDING_SIGNAL_LIMIT,
            }
        }
        self.enter_again().map(|()| None)
    }

    /// Enters the terminal again, whatever other programs did to it.
    fn enter_again(&mut self) -> io::Result<()> {
        self.tty.enter()?;
        self.next_frame = FrameKind::Entered;
        self.line.restart();
        self.pace.key_pressed();
        self.draw_if_ready()
    }

    /// Draws a frame and sends it, unless others are on their way: then the next one follows them.
    fn draw_if_ready(&mut self) -> io::Result<()> {
        let has_room = self.line.free_at(self.pace.is_urgent()).is_none_or(|free| free <= timer_now());
        if !self.writer.is_ready() || !has_room {
            return Ok(());
        }
        let size = self.tty.size()?;
        if size != self.ui.size {
            self.act(Action::Resize { width: size.0, height: size.1 });
        }
        if std::mem::take(&mut self.stale) {
            self.ui.refresh(&self.fleet);
            self.send_demand();
        }
        self.ui.stderr_lines = self.tty.stderr_lines();
        let now = self.feed.now();
        let Self { writer, fleet, ui, appearance, .. } = self;
        let kind = std::mem::replace(&mut self.next_frame, FrameKind::Difference);
        if kind == FrameKind::Difference {
            panic::on_demand("screen");
        }
        let asks = self.line.asks_next(writer.unasked());
        writer.send(kind, asks, size, |buffer| view::draw(buffer, fleet, ui, appearance, now))?;
        let sent = timer_now();
        self.pace.sent(sent);
        if asks {
            self.line.sent(sent);
        }
        Ok(())
    }
}
