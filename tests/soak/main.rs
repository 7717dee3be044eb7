//! Ten minutes of domains that come and go, through sampler, fleet and drawing: memory must not grow, threads and sockets
//! must be released.
//!
//! ```sh
//! VTOP_SOAK_SECONDS=600 cargo test --release --test soak
//! VTOP_SOAK_SECONDS=600 VTOP_SOAK_URI=$(tests/lab/lab up --owner $$ | tail -n 1) cargo test --release --test soak
//! ```
//!
//! | variable | |
//! | --- | --- |
//! | `VTOP_SOAK_SECONDS` | how long; without it nothing runs |
//! | `VTOP_SOAK_INTERVAL` | seconds between two samples (0.2) |
//! | `VTOP_SOAK_URI` | a hypervisor whose domains may be destroyed and started, in place of the synthetic host |
//! | `VTOP_SOAK_DOMAINS` | which of its domains come and go, in one word each (`vtop-lab-net vtop-lab-mem`) |
//!
//! History grows until its ring is full ([`HISTORY_TICKS`] samples: 180 s at 0.2 s). That is the warm-up: from there to
//! the end the resident memory may grow by [`MOST_GROWTH_KIB`], threads and open files by nothing. A shorter run says
//! that it could not judge the memory. The figures at an instant depend on whether a connection is being opened just
//! then, so each is the least of a tenth of the run.

#![allow(unreachable_pub)] // A test target has no outside.

mod churn;
mod gauge;

use churn::Churn;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use gauge::Gauge;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use vtop::fleet::{Fleet, HISTORY_TICKS};
use vtop::model::HostUpdate;
use vtop::sampler::{self, MakeSource, Settings};
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::time::{Clock, Interval, SystemClock};
use vtop::ui::{Action, UiState, action_for, update};
use vtop::view::{Appearance, draw};

/// The least resident memory of the last tenth may be so much above that of the first tenth after the warm-up.
const MOST_GROWTH_KIB: u64 = 1024;
/// Rows of the table.
const TENTHS: u32 = 10;
/// Keys, one a sample: every screen, devices, time, filters.
const KEYS: &str = "2jj3jj4jj5jj6jj1jj⏎⏎⎋⎋jj⏎j⎋/web⏎⎋ <<<{ GgrNMt?⎋";

fn main() -> ExitCode {
    let Some(length) = number("VTOP_SOAK_SECONDS").and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) else {
        println!("soak: DID NOT RUN. It takes minutes: VTOP_SOAK_SECONDS=600 cargo test --release --test soak");
        return ExitCode::SUCCESS;
    };
    let seconds = number("VTOP_SOAK_INTERVAL").unwrap_or(0.2);
    let Some(interval) = Interval::from_seconds(seconds) else {
        println!("soak: VTOP_SOAK_INTERVAL is out of range");
        return ExitCode::FAILURE;
    };
    let uri = std::env::var("VTOP_SOAK_URI").ok();
    println!("soak: {} every {seconds} s for {} s", uri.as_deref().unwrap_or("synthetic host"), length.as_secs());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rows = runtime.block_on(soak(length, interval, uri));
    // The source's threads end when their handles are dropped.
    runtime.shutdown_background();
    judge(&rows, interval)
}

fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A tenth of the run.
#[derive(Clone, Copy, Default)]
struct Row {
    until: Duration,
    least: Gauge,
    most: Gauge,
    samples: u64,
    frames: u64,
    failures: u64,
    came: u64,
    went: u64,
    slowest_frame: Duration,
}

async fn soak(length: Duration, interval: Interval, uri: Option<String>) -> Vec<Row> {
    let make: MakeSource = match uri.clone() {
        None => Box::new(|| Box::new(Churn::new())),
        Some(uri) => Box::new(move || {
            Box::new(LibvirtSource::new(LibvirtOptions { uri: Some(uri.clone()), ..LibvirtOptions::default() }))
        }),
    };
    let churning = uri.map(churn::virsh);
    let (sender, mut updates) = mpsc::channel(16);
    let handle = sampler::spawn(0, make, Settings::screen(interval), sender);
    let mut fleet = Fleet::new(1);
    let mut ui = UiState::new(interval);
    let size = (160, 50);
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
    let options = TerminalOptions { viewport };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(io::sink()), options).expect("a terminal");
    update(&mut ui, &fleet, Action::Resize { width: size.0, height: size.1 });

    let start = Instant::now();
    let mut keys = KEYS.chars().cycle();
    let mut rows = vec![];
    Row::print_heading();
    for tenth in 1..=TENTHS {
        let end = length * tenth / TENTHS;
        let mut row = Row { until: end, least: Gauge::MOST, ..Row::default() };
        while let Some(left) = end.checked_sub(start.elapsed()) {
            let Ok(Some((host, step))) = tokio::time::timeout(left, updates.recv()).await else { break };
            row.count(&step);
            fleet.apply(host, step);
            ui.refresh(&fleet);
            let key = match keys.next() {
                Some('⏎') => KeyCode::Enter,
                Some('⎋') => KeyCode::Esc,
                other => KeyCode::Char(other.unwrap_or('1')),
            };
            let action = action_for(KeyEvent::new(key, KeyModifiers::NONE), &ui);
            action.and_then(|action| update(&mut ui, &fleet, action));
            handle.set_demand(ui.demands(&fleet).swap_remove(0));
            let began = Instant::now();
            terminal
                .draw(|frame| draw(frame.buffer_mut(), &fleet, &ui, &Appearance::default(), SystemClock.now()))
                .expect("drawn");
            row.slowest_frame = row.slowest_frame.max(began.elapsed());
            row.frames += 1;
            row.gauge(Gauge::now());
        }
        row.print();
        rows.push(row);
    }
    drop(churning);
    rows
}

impl Row {
    fn count(&mut self, step: &HostUpdate) {
        match step {
            HostUpdate::Keyframe(_) => self.samples += 1,
            HostUpdate::Delta(delta) => {
                self.samples += 1;
                self.came += delta.appeared.len() as u64;
                self.went += delta.vanished.len() as u64;
            }
            HostUpdate::Failed(_) => self.failures += 1,
            HostUpdate::Connecting
            | HostUpdate::Connected(_)
            | HostUpdate::Event(_)
            | HostUpdate::Missed
            | HostUpdate::Late(_) => {}
        }
    }

    fn gauge(&mut self, now: Gauge) {
        self.least = self.least.least(now);
        self.most = self.most.most(now);
    }

    fn print_heading() {
        println!(
            "{:>6} {:>9} {:>9} {:>9} {:>9} {:>8} {:>7} {:>7} {:>6} {:>6} {:>12}",
            "s", "RSS KiB", "(most)", "threads", "files", "samples", "frames", "failed", "came", "went", "slowest ms"
        );
    }

    fn print(&self) {
        println!(
            "{:>6} {:>9} {:>9} {:>9} {:>9} {:>8} {:>7} {:>7} {:>6} {:>6} {:>12.1}",
            self.until.as_secs(),
            self.least.resident_kib,
            self.most.resident_kib,
            format!("{}-{}", self.least.threads, self.most.threads),
            format!("{}-{}", self.least.files, self.most.files),
            self.samples,
            self.frames,
            self.failures,
            self.came,
            self.went,
            self.slowest_frame.as_secs_f64() * 1e3,
        );
    }
}

/// Prints what leaked and returns the exit code.
fn judge(rows: &[Row], interval: Interval) -> ExitCode {
    let warm_up = interval.duration() * HISTORY_TICKS as u32;
    // The row that begins after the warm-up.
    let warm = rows.windows(2).find(|pair| pair[0].until >= warm_up).map(|pair| pair[1].least);
    let (first, last) = (rows[1].least, rows[rows.len() - 1].least);
    let mut bad = false;
    match warm {
        Some(warm) => {
            let growth = last.resident_kib.saturating_sub(warm.resident_kib);
            println!("memory after the warm-up grew by {growth} KiB, allowed are {MOST_GROWTH_KIB} KiB");
            bad |= growth > MOST_GROWTH_KIB;
        }
        None => println!("memory: not judged, history was still growing (it needs more than {} s)", warm_up.as_secs()),
    }
    println!("threads {} -> {}, open files {} -> {}", first.threads, last.threads, first.files, last.files);
    bad |= last.threads > first.threads || last.files > first.files;
    bad |= rows.iter().any(|row| row.samples == 0);
    println!("soak: {}", if bad { "FAILED" } else { "passed" });
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
