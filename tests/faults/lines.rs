//! The program without a terminal: its lines of JSON, each with the moment at which it came.

use crate::shared::program::{VTOP, without_terminal};
use crate::shared::pty::LIMIT;
use rustix::process::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub struct Lines {
    child: Child,
    lines: Receiver<(Instant, Value)>,
    /// When the last one came that was taken.
    last: Instant,
}

impl Lines {
    pub fn start(uri: &str, interval: &str) -> Self {
        let mut command = without_terminal(VTOP);
        command.args(["--connect", uri, "--json", "--delay", interval]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap();
                if sender.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, last: Instant::now() }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn next(&mut self) -> Value {
        let (at, line) = self.lines.recv_timeout(LIMIT).expect("a line");
        self.last = at;
        line
    }

    /// Waits until no line has come for so long.
    pub fn quiet_for(&mut self, time: Duration) {
        let start = Instant::now();
        while let left = (self.last + time).saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            assert!(start.elapsed() < LIMIT, "lines go on");
            if let Ok((at, _)) = self.lines.recv_timeout(left) {
                self.last = at;
            }
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A figure of a domain in a line.
pub fn figure(line: &Value, domain: &str, figure: &str) -> Option<f64> {
    line["domains"].as_array()?.iter().find(|it| it["name"] == domain)?[figure].as_f64()
}
