//! The lab: a private libvirtd with real guests, see `tests/lab/README.md`.

use crate::shared::run::{error, run, text, virsh};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Says that the tests shall not run on the lab, and that whoever sets it knows.
pub const CHOICE: &str = "VTOP_LAB";
/// The script that makes labs.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
/// The guests under load, with which it comes up.
pub const LOADED: [&str; 4] = ["vtop-lab-cpu", "vtop-lab-disk", "vtop-lab-net", "vtop-lab-mem"];

/// A private libvirtd with guests. It ends with this process.
pub struct Lab {
    name: String,
    /// Where clients connect.
    pub uri: String,
}

/// Whether the user leaves these tests out.
pub fn is_unwanted() -> bool {
    std::env::var(CHOICE).is_ok_and(|choice| choice == "skip")
}

impl Lab {
    /// One with a name of this kind and process, and with so many guests: the first are those under load.
    pub fn up(kind: char, guests: usize) -> Result<Self, String> {
        let process = std::process::id().to_string();
        let name = format!("{kind}{process}");
        let made = script(&["up", "--name", &name, "--guests", &guests.to_string(), "--owner", &process]);
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
}

fn script(arguments: &[&str]) -> Output {
    run(Command::new(SCRIPT).args(arguments))
}
