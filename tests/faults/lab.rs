//! The lab of the faults: twelve small guests, and how faults are caused.

use crate::shared::lab::{self, LOADED};
use crate::shared::run::error;
use rustix::process::{Pid, Signal, kill_process};
use std::cell::RefCell;
use std::ops::Deref;

pub use crate::shared::run::{timed_virsh, try_virsh};

/// Number of guests: four under load, the others suspended, which still answer every call.
pub const GUESTS: usize = 12;

/// A private libvirtd with its guests; taken down when this process ends.
pub struct Lab {
    lab: lab::Lab,
    /// Processes stopped by a fault.
    stopped: RefCell<Vec<Pid>>,
}

impl Deref for Lab {
    type Target = lab::Lab;
    fn deref(&self) -> &lab::Lab {
        &self.lab
    }
}

pub fn idle(number: usize) -> String {
    format!("vtop-lab-idle-{number:02}")
}

impl Lab {
    pub fn up() -> Result<Self, String> {
        let lab = Self { lab: lab::Lab::up('f', LOADED.len())?, stopped: RefCell::default() };
        let more = lab.run(&["add", "--idle", &(GUESTS - LOADED.len()).to_string()]);
        if more.status.success() { Ok(lab) } else { Err(format!("the lab has no room: {}", error(&more))) }
    }

    /// A second host without guests.
    pub fn another() -> Self {
        Self { lab: lab::Lab::up('g', 0).unwrap(), stopped: RefCell::default() }
    }

    /// The process of a domain's QEMU.
    pub fn pid(&self, domain: &str) -> Pid {
        pid(&self.must(&["pid", domain]))
    }

    pub fn daemon_pid(&self) -> Pid {
        pid(&self.must(&["libvirtd-pid"]))
    }

    /// Stops processes with SIGSTOP; dropping the guard resumes them.
    pub fn stop(&self, pids: &[Pid]) -> Stopped<'_> {
        for &pid in pids {
            kill_process(pid, Signal::STOP).unwrap();
            self.stopped.borrow_mut().push(pid);
        }
        Stopped(self)
    }

    /// Brings the lab back to its initial state.
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
            // The domain may have been destroyed meanwhile.
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

/// Stopped processes; resumed on drop.
pub struct Stopped<'a>(&'a Lab);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.go_on();
    }
}

fn pid(printed: &str) -> Pid {
    Pid::from_raw(printed.trim().parse().unwrap()).unwrap()
}
