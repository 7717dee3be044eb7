//! A lab for one measurement, taken down at its end.

use crate::clock;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");

/// Load of the guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// Suspended before their first instruction: no cost of their own, and they answer every call.
    Suspended,
    /// Running, each with some CPU, disk and network load.
    Busy,
}

/// A private libvirtd with guests.
pub struct Lab {
    name: String,
    /// Socket for clients.
    pub socket: PathBuf,
    pub processes: Processes,
}

/// The processes of a lab, to read their CPU time.
#[derive(Clone, Debug)]
pub struct Processes {
    daemon: u32,
    qemus: Vec<u32>,
    what: Guests,
}

impl Processes {
    /// CPU time of libvirtd so far.
    pub fn daemon(&self) -> Duration {
        clock::of(self.daemon)
    }

    /// Whether libvirtd still runs.
    pub fn has_daemon(&self) -> bool {
        Path::new(&format!("/proc/{}", self.daemon)).exists()
    }

    /// CPU time of all QEMUs so far, the guests' own work included.
    pub fn guests_and_their_work(&self) -> Duration {
        self.qemus.iter().map(|&pid| clock::of(pid)).sum()
    }

    /// CPU time of all QEMUs so far; of busy guests without vCPU threads, whose work is not what is measured.
    pub fn guests(&self) -> Duration {
        match self.what {
            Guests::Suspended => self.guests_and_their_work(),
            Guests::Busy => {
                let serves = |name: &str| !name.starts_with("CPU ");
                self.qemus.iter().map(|&pid| clock::of_threads(pid, serves)).sum()
            }
        }
    }
}

impl Lab {
    /// A lab with so many guests, with or without a cgroup for each.
    pub fn up(domains: usize, what: Guests, cgroups: bool) -> Result<Self, String> {
        let process = std::process::id().to_string();
        let name = format!("cost{process}");
        let mut up = vec!["up", "--name", &name, "--guests", "0", "--owner", &process];
        if !cgroups {
            up.push("--no-cgroups");
        }
        let started = script(&up)?;
        let uri = started.lines().last().unwrap_or_default().to_owned();
        let socket = uri.split_once("socket=").map(|(_, path)| PathBuf::from(path)).ok_or("the lab has no socket")?;
        // From here on the lab ends with this process.
        let mut lab = Self { name, socket, processes: Processes { daemon: 0, qemus: Vec::new(), what } };
        match what {
            Guests::Suspended => lab.run(&["add", "--idle", &domains.to_string()]).map(drop)?,
            Guests::Busy => lab.start_busy(domains, &uri)?,
        }
        let daemon = lab.run(&["libvirtd-pid"])?.trim().parse().map_err(|_| "libvirtd has no process")?;
        let qemus = qemus_beside(daemon);
        if qemus.len() != domains {
            return Err(format!("{domains} guests were wanted, {} run", qemus.len()));
        }
        lab.processes = Processes { daemon, qemus, what };
        Ok(lab)
    }

    /// URI of the daemon's own socket.
    pub fn uri(&self) -> String {
        uri(&self.socket)
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        script(&[&[arguments[0], "--name", &self.name], &arguments[1..]].concat())
    }

    /// Starts guests with load, a few at a time, since an emulated guest takes seconds to boot.
    fn start_busy(&self, domains: usize, uri: &str) -> Result<(), String> {
        const AT_ONCE: usize = 4;
        let folder = PathBuf::from(self.run(&["folder"])?.trim());
        let names: Vec<String> = (1..=domains).map(|number| format!("vtop-lab-some-{number:02}")).collect();
        for group in names.chunks(AT_ONCE) {
            for name in group {
                let file = folder.join("xml").join(format!("{name}.xml"));
                fs::write(&file, self.run(&["xml", name, "some"])?).map_err(|error| error.to_string())?;
                let commands = format!("define {}; start {name}", file.display());
                output(Command::new("virsh").args(["--quiet", "--connect", uri, &commands]))?;
            }
            let ready = |name: &String| {
                let console = fs::read_to_string(folder.join("console").join(format!("{name}.log")));
                console.is_ok_and(|text| text.contains("vtop-lab: ready"))
            };
            let start = Instant::now();
            while !group.iter().all(ready) {
                if start.elapsed() > Duration::from_secs(120) {
                    return Err(format!("not all of {group:?} became ready"));
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Err(why) = self.run(&["down"]) {
            eprintln!("the lab was not taken down: {why}");
        }
    }
}

/// URI of a libvirt socket.
pub fn uri(socket: &Path) -> String {
    format!("qemu+unix:///system?socket={}", socket.display())
}

/// Every QEMU in the PID namespace of a daemon; a lab has its own.
fn qemus_beside(daemon: u32) -> Vec<u32> {
    let namespace = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let own = namespace(daemon);
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_qemu = |pid: &u32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.starts_with("qemu-system")) && namespace(*pid) == own
    };
    pids.filter(is_qemu).collect()
}

fn script(arguments: &[&str]) -> Result<String, String> {
    output(Command::new(SCRIPT).args(arguments))
}

/// Runs a command that must succeed; returns its output.
pub fn output(command: &mut Command) -> Result<String, String> {
    let said: Output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    if said.status.success() {
        return Ok(String::from_utf8_lossy(&said.stdout).into_owned());
    }
    Err(format!("{command:?}: {}: {}", said.status, String::from_utf8_lossy(&said.stderr).trim()))
}
