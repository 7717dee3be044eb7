//! vtop --json as a child process.

use crate::shared::program::{VTOP, without_terminal};
use crate::shared::pty::LIMIT;
use rustix::process::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

pub struct Lines {
    child: Child,
    lines: Receiver<Value>,
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
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn next(&self) -> Value {
        self.lines.recv_timeout(LIMIT).expect("a line")
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A figure of a domain in a line.
pub fn figure(line: &Value, name: &str, figure: &str) -> Option<f64> {
    domain(line, name)?[figure].as_f64()
}

/// What blocks a domain according to a line; empty if nothing does.
pub fn blocked<'a>(line: &'a Value, name: &str) -> &'a str {
    domain(line, name).and_then(|domain| domain["blocked"]["by"].as_str()).unwrap_or_default()
}

/// A domain in a line.
pub fn domain<'a>(line: &'a Value, name: &str) -> Option<&'a Value> {
    line["domains"].as_array()?.iter().find(|domain| domain["name"] == name)
}
