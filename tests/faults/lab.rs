//! The lab: twelve small guests, and the ways to hurt them.

use rustix::process::{Pid, Signal, kill_process};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Says that the suite shall not run, and that whoever sets it knows.
pub const CHOICE: &str = "VTOP_LAB";
/// The script that makes labs.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
/// The guests: four under load, the others suspended, which still answer every call.
pub const GUESTS: usize = 12;
pub const LOADED: [&str; 4] = ["vtop-lab-cpu", "vtop-lab-disk", "vtop-lab-net", "vtop-lab-mem"];

/// A private libvirtd with its guests. It ends with this process.
pub struct Lab {
    name: String,
    /// Where clients connect.
    pub uri: String,
    /// Processes that a fault has stopped.
    stopped: RefCell<Vec<Pid>>,
}

pub fn is_unwanted() -> bool {
    std::env::var(CHOICE).is_ok_and(|choice| choice == "skip")
}

pub fn idle(number: usize) -> String {
    format!("vtop-lab-idle-{number:02}")
}

impl Lab {
    pub fn up() -> Result<Self, String> {
        let process = std::process::id().to_string();
        let name = format!("f{process}");
        let made = script(&["up", "--name", &name, "--guests", &LOADED.len().to_string(), "--owner", &process]);
        let uri = text(&made).lines().last().unwrap_or_default().to_owned();
        match made.status.code() {
            Some(0) => {}
            Some(77) => return Err("the lab needs root".into()),
            Some(3) => return Err(format!("the lab is not possible on this machine: {}", error(&made))),
            _ => return Err(format!("the lab did not come up:\n{}", error(&made))),
        }
        let lab = Self { name, uri, stopped: RefCell::default() };
        let more = lab.run(&["add", "--idle", &(GUESTS - LOADED.len()).to_string()]);
        if more.status.success() { Ok(lab) } else { Err(format!("the lab has no room: {}", error(&more))) }
    }

    /// Runs a command of the lab's script.
    pub fn run(&self, arguments: &[&str]) -> Output {
        script(&[&[arguments[0], "--name", &self.name], &arguments[1..]].concat())
    }

    /// The same where it has to work; what it printed.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "lab {arguments:?}: {}", error(&output));
        text(&output)
    }

    /// Runs virsh; it has to work.
    pub fn virsh(&self, arguments: &[&str]) -> String {
        virsh(&self.uri, arguments)
    }

    /// The lab's own folder, which goes with it.
    pub fn folder(&self) -> PathBuf {
        Path::new(self.must(&["folder"]).trim()).to_owned()
    }

    /// Which process a domain's QEMU is.
    pub fn pid(&self, domain: &str) -> Pid {
        pid(&self.must(&["pid", domain]))
    }

    pub fn daemon_pid(&self) -> Pid {
        pid(&self.must(&["libvirtd-pid"]))
    }

    /// Stops these processes: they hang. With the guard's end they go on.
    pub fn stop(&self, pids: &[Pid]) -> Stopped<'_> {
        for &pid in pids {
            kill_process(pid, Signal::STOP).unwrap();
            self.stopped.borrow_mut().push(pid);
        }
        Stopped(self)
    }

    /// Everything that runs and answers, as at the beginning.
    pub fn heal(&self) {
        self.go_on();
        let daemon = self.run(&["libvirtd-pid"]);
        if !daemon.status.success() {
            self.run(&["start-daemon"]);
        }
        for number in 1..=GUESTS - LOADED.len() {
            if self.run(&["pid", &idle(number)]).status.success() {
                continue;
            }
            try_virsh(&self.uri, &["start", &idle(number), "--paused"]);
        }
    }

    fn go_on(&self) {
        for pid in self.stopped.borrow_mut().drain(..) {
            // It may have been destroyed meanwhile.
            let _ = kill_process(pid, Signal::CONT);
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.go_on();
        self.run(&["down"]);
    }
}

/// Processes that are stopped.
pub struct Stopped<'a>(&'a Lab);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.go_on();
    }
}

fn pid(printed: &str) -> Pid {
    Pid::from_raw(printed.trim().parse().unwrap()).unwrap()
}

/// Runs virsh on a connection.
pub fn try_virsh(uri: &str, arguments: &[&str]) -> Output {
    run(Command::new("virsh").args(["--quiet", "--connect", uri]).args(arguments))
}

/// Runs virsh on a connection; it has to work.
pub fn virsh(uri: &str, arguments: &[&str]) -> String {
    let output = try_virsh(uri, arguments);
    assert!(output.status.success(), "virsh {arguments:?}: {}", error(&output));
    text(&output)
}

/// Runs virsh, which has to work; how long it took.
pub fn timed_virsh(uri: &str, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    virsh(uri, arguments);
    start.elapsed()
}

fn script(arguments: &[&str]) -> Output {
    run(Command::new(SCRIPT).args(arguments))
}

fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
