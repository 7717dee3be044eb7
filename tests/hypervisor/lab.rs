//! One lab for all tests of the process, and turns, because every test looks at the whole of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Says that the tests shall not run on the lab, and that whoever sets it knows.
const CHOICE: &str = "VTOP_LAB";
/// The script that makes labs.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");

/// A private libvirtd with four guests under load. It ends with this process.
pub struct Lab {
    name: String,
    /// Where clients connect.
    pub uri: String,
}

/// The lab, for one test at a time.
pub struct Turn {
    lab: &'static Lab,
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Turn {
    type Target = Lab;
    fn deref(&self) -> &Lab {
        self.lab
    }
}

/// Waits for this test's turn with the lab. `None`: the user said that there shall be none. Where it cannot be had for
/// any other reason the test fails: a test that did not run has shown nothing.
pub fn turn() -> Option<Turn> {
    static TURN: Mutex<()> = Mutex::new(());
    static LAB: OnceLock<Result<Lab, String>> = OnceLock::new();
    if is_unwanted() {
        return None;
    }
    // A test that failed in its turn has left nothing that the next one relies on.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match LAB.get_or_init(Lab::up) {
        Ok(lab) => Some(Turn { lab, _turn: turn }),
        Err(why) => panic!("NOT RUN: {why}\n{CHOICE}=skip leaves the tests on the lab out, knowingly"),
    }
}

/// Whether the user leaves these tests out; says so.
fn is_unwanted() -> bool {
    let unwanted = std::env::var(CHOICE).is_ok_and(|choice| choice == "skip");
    if unwanted {
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        println!("skipped: {name} did not run, as {CHOICE}=skip says");
    }
    unwanted
}

impl Lab {
    fn up() -> Result<Self, String> {
        let process = std::process::id().to_string();
        let name = format!("t{process}");
        let made = script(&["up", "--name", &name, "--guests", "4", "--owner", &process]);
        let uri = text(&made).lines().last().unwrap_or_default().to_owned();
        match made.status.code() {
            Some(0) => Ok(Self { name, uri }),
            Some(77) => Err("the lab needs root".into()),
            Some(3) => Err(format!("the lab is not possible on this machine: {}", error(&made))),
            _ => Err(format!("the lab did not come up:\n{}", error(&made))),
        }
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

    /// Runs virsh on the lab; it has to work.
    pub fn virsh(&self, arguments: &[&str]) -> String {
        virsh(&self.uri, arguments)
    }

    /// The lab's own folder, which goes with it.
    pub fn folder(&self) -> PathBuf {
        Path::new(self.must(&["folder"]).trim()).to_owned()
    }

    /// Defines one more guest of the lab's own kind, changed by `edit`.
    pub fn define(&self, plain_name: &str, load: &str, edit: impl Fn(String) -> String) -> Guest<'_> {
        let uuid = uuid::Uuid::from_u64_pair(u64::from(std::process::id()), fresh_number());
        let xml = edit(self.must(&["xml", plain_name, load]));
        let xml = xml.replacen("<title>", &format!("<uuid>{uuid}</uuid>\n  <title>"), 1);
        let file = self.folder().join("xml").join(format!("{plain_name}.xml"));
        std::fs::write(&file, &xml).unwrap();
        self.virsh(&["define", file.to_str().unwrap()]);
        Guest { lab: self, uuid: uuid.to_string() }
    }
}

/// Another one at every call.
fn fresh_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A guest of a test's own: gone with the end of the test, whatever became of it.
pub struct Guest<'a> {
    lab: &'a Lab,
    /// What it can be called by, however it is renamed.
    pub uuid: String,
}

impl Guest<'_> {
    /// A command of virsh's whose first argument is the domain.
    pub fn virsh(&self, command: &str, arguments: &[&str]) -> String {
        self.lab.virsh(&[&[command, &self.uuid], arguments].concat())
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        for command in ["destroy", "undefine"] {
            // Whatever of it the test did already is an error here, and no matter.
            try_virsh(&self.lab.uri, &[command, &self.uuid]);
        }
    }
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

/// What a program wrote to its standard output.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it wrote to its standard error.
pub fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
