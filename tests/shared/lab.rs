//! The lab: a private libvirtd with real guests, see `tests/lab/README.md`.

use crate::shared::run::{error, run, text, virsh};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Environment variable that leaves the tests on the lab out.
pub const CHOICE: &str = "VTOP_LAB";
/// The script that manages labs.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/lab");
/// The guests under load, which `up` starts.
pub const LOADED: [&str; 4] = ["vtop-lab-cpu", "vtop-lab-disk", "vtop-lab-net", "vtop-lab-mem"];

/// A private libvirtd with guests; taken down when this process ends.
pub struct Lab {
    name: String,
    /// Where clients connect.
    pub uri: String,
}

/// Whether the user left these tests out.
pub fn is_unwanted() -> bool {
    std::env::var(CHOICE).is_ok_and(|choice| choice == "skip")
}

impl Lab {
    /// Starts a lab named after kind and process, with `guests` guests: first those under load.
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

    /// Runs a command of the lab script.
    pub fn run(&self, arguments: &[&str]) -> Output {
        script(&[&[arguments[0], "--name", &self.name], &arguments[1..]].concat())
    }

    /// Runs a command of the lab script that must succeed; returns its output.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "lab {arguments:?}: {}", error(&output));
        text(&output)
    }

    /// Runs a virsh command that must succeed on the lab.
    pub fn virsh(&self, arguments: &[&str]) -> String {
        virsh(&self.uri, arguments)
    }

    /// The lab's folder, removed with the lab.
    pub fn folder(&self) -> PathBuf {
        Path::new(self.must(&["folder"]).trim()).to_owned()
    }
}

fn script(arguments: &[&str]) -> Output {
    run(Command::new(SCRIPT).args(arguments))
}
