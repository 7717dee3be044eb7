//! One window: a program is started, warms up, and is watched over a number of its refreshes.

use crate::clock;
use crate::lab::{Lab, Processes, uri};
use crate::program::{Gauges, Program};
use crate::tap::{Begins, Call, Passed, Tap};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Who is measured.
#[derive(Clone, Debug)]
pub struct Contender {
    pub name: String,
    /// The program and its arguments; `URI` in them stands for where to connect. Empty: nobody.
    pub command: Vec<String>,
    /// In a pseudo terminal, or else at a pipe.
    pub in_terminal: bool,
    /// Keys that lead to its screen, and what is on that screen and on no other.
    pub keys: &'static str,
    pub shows: &'static str,
    /// How the tap knows its refreshes; `None`: it goes past the tap, and writes a line for each.
    pub begins: Option<Begins>,
}

/// How long a window is.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    pub interval: f64,
    pub warm_up: usize,
    pub refreshes: usize,
}

impl Length {
    /// Only what goes wrong takes so long.
    fn limit(self) -> Duration {
        Duration::from_secs_f64(30.0 + 3.0 * self.interval * (self.warm_up + self.refreshes) as f64)
    }
}

impl Contender {
    fn command_at(&self, uri: &str) -> Vec<String> {
        self.command.iter().map(|word| word.replace("URI", uri)).collect()
    }
}

/// All clocks and counts at a moment.
#[derive(Clone, Debug)]
pub struct Reading {
    at: Instant,
    client: Duration,
    daemon: Duration,
    guests: Duration,
    /// This measurement, and the guests' own work.
    own: Duration,
    work: Duration,
    machine: Duration,
    passed: Passed,
    bytes: u64,
    frames: u64,
}

/// What one refresh cost, as the mean of a window.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Milliseconds of CPU time.
    pub client: f64,
    pub daemon: f64,
    pub guests: f64,
    pub calls: BTreeMap<Call, f64>,
    /// Domains that the calls named.
    pub named: BTreeMap<Call, f64>,
    pub answered_bytes: f64,
    /// To the terminal, or the pipe.
    pub bytes: f64,
    pub frames: f64,
    pub resident_kib: u64,
    /// CPUs that the guests had for themselves, and everything else on the machine.
    pub work: f64,
    pub others: f64,
    /// From one refresh to the next.
    pub seconds: f64,
}

impl Cost {
    /// All CPU time, the client's and what it makes others spend.
    pub fn all(&self) -> f64 {
        self.client + self.daemon + self.guests
    }
}

/// The lab with a tap before its daemon.
pub struct Bench {
    lab: Lab,
    tap: Tap<Reading>,
    uri: String,
    /// Goes with the bench, and the tap's socket with it.
    _folder: tempfile::TempDir,
}

impl Bench {
    pub fn new(lab: Lab) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let socket: PathBuf = folder.path().join("tap");
        let tap = Tap::open(&socket, &lab.socket).map_err(|error| format!("no tap: {error}"))?;
        let uri = uri(&socket);
        Ok(Self { lab, tap, uri, _folder: folder })
    }

    /// Measures one window.
    pub fn measure(&self, contender: &Contender, length: Length) -> Result<Cost, String> {
        if contender.command.is_empty() {
            return Ok(self.measure_nobody(length));
        }
        let Some(begins) = contender.begins else { return self.measure_past_the_tap(contender, length) };
        let command = contender.command_at(&self.uri);
        let limit = length.limit();
        // The client is known only once it runs: until then its clock stands.
        let client: Arc<OnceLock<Gauges>> = Arc::default();
        let (known, lab) = (Arc::clone(&client), self.lab.processes.clone());
        let read = move |passed: &Passed| reading(&lab, known.get(), passed);
        let apart = Duration::from_secs_f64(length.interval / 2.0);
        self.tap.start(begins, apart, Box::new(read));
        let start = if contender.in_terminal { Program::in_terminal } else { Program::at_a_pipe };
        let program = start(&command)?;
        let _ = client.set(program.gauges());
        let late = |what: &str| {
            let daemon = if self.lab.processes.has_daemon() { "runs" } else { "is gone" };
            format!("{}: {what}; libvirtd {daemon}; on the screen:\n{}", contender.name, program.written().text())
        };

        // Rates need two samples, and a row has to be there before it can be entered.
        self.tap.wait(2, limit).ok_or_else(|| late("no refresh came"))?;
        for key in contender.keys.chars() {
            std::thread::sleep(Duration::from_millis(400));
            program.press(&key.to_string());
        }
        if !program.wait(limit, |written| written.text().contains(contender.shows)) {
            return Err(late(&format!("{:?} never came", contender.shows)));
        }
        let begun = self.tap.wait(2, limit).map_or(0, |readings| readings.len());
        let first = begun + length.warm_up;
        let last = first + length.refreshes;
        let readings = self.tap.wait(last + 1, limit).ok_or_else(|| late("refreshes stopped"))?;
        let mut cost = between(&readings[first], &readings[last], length.refreshes);
        cost.resident_kib = program.resident_kib().unwrap_or(0);
        Ok(cost)
    }

    /// The same by the lines that the program writes, to see what the tap itself costs. A window is from one answer to
    /// another here, in place of from one question to another.
    fn measure_past_the_tap(&self, contender: &Contender, length: Length) -> Result<Cost, String> {
        let program = Program::at_a_pipe(&contender.command_at(&self.lab.uri()))?;
        let read_after = |lines: usize| {
            let came = program.wait(length.limit(), |written| written.lines >= lines);
            let reading = reading(&self.lab.processes, Some(&program.gauges()), &Passed::default());
            came.then_some(reading).ok_or_else(|| format!("{}: its lines stopped", contender.name))
        };
        let before = read_after(length.warm_up)?;
        let after = read_after(length.warm_up + length.refreshes)?;
        Ok(Cost { resident_kib: program.resident_kib().unwrap_or(0), ..between(&before, &after, length.refreshes) })
    }

    /// Waits for a second in which the rest of the machine has no more than so many CPUs.
    pub fn wait_for_quiet(&self, cpus: f64, patience: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            let before = reading(&self.lab.processes, None, &Passed::default());
            std::thread::sleep(Duration::from_secs(1));
            let after = reading(&self.lab.processes, None, &Passed::default());
            if between(&before, &after, 1).others <= cpus {
                return;
            }
        }
    }

    /// What the daemon and the guests spend by themselves.
    fn measure_nobody(&self, length: Length) -> Cost {
        let read = || reading(&self.lab.processes, None, &Passed::default());
        // A daemon goes on for a moment after its client has left.
        std::thread::sleep(Duration::from_secs(1));
        let before = read();
        std::thread::sleep(Duration::from_secs_f64(length.interval * length.refreshes as f64));
        between(&before, &read(), length.refreshes)
    }
}

fn reading(lab: &Processes, client: Option<&Gauges>, passed: &Passed) -> Reading {
    let (bytes, frames) = client.map_or((0, 0), Gauges::written);
    Reading {
        client: client.map_or(Duration::ZERO, Gauges::clock),
        daemon: lab.daemon(),
        guests: lab.guests(),
        own: clock::of(std::process::id()),
        work: lab.guests_and_their_work(),
        machine: clock::of_machine(),
        passed: passed.clone(),
        bytes,
        frames,
        at: Instant::now(),
    }
}

fn between(before: &Reading, after: &Reading, refreshes: usize) -> Cost {
    let count = refreshes as f64;
    let milliseconds = |of: fn(&Reading) -> Duration| 1e3 * of(after).saturating_sub(of(before)).as_secs_f64() / count;
    let each = |of: fn(&Reading) -> u64| of(after).saturating_sub(of(before)) as f64 / count;
    let seconds = (after.at - before.at).as_secs_f64() / count;
    let [client, daemon, guests] = [milliseconds(|r| r.client), milliseconds(|r| r.daemon), milliseconds(|r| r.guests)];
    let counted = client + daemon + milliseconds(|r| r.work) + milliseconds(|r| r.own);
    let calls = |of: fn(&Passed) -> &BTreeMap<Call, u64>| {
        let grown = of(&after.passed).iter().map(|(call, now)| {
            let then = of(&before.passed).get(call).copied().unwrap_or(0);
            (*call, (now - then) as f64 / count)
        });
        grown.filter(|(_, each)| *each > 0.0).collect()
    };
    Cost {
        client,
        daemon,
        guests,
        calls: calls(|passed| &passed.calls),
        named: calls(|passed| &passed.named),
        answered_bytes: each(|r| r.passed.answered_bytes),
        bytes: each(|r| r.bytes),
        frames: each(|r| r.frames),
        resident_kib: 0,
        work: (milliseconds(|r| r.work) - guests).max(0.0) / (1e3 * seconds),
        others: (milliseconds(|r| r.machine) - counted).max(0.0) / (1e3 * seconds),
        seconds,
    }
}
