//! A guest that a test defines for itself.

use crate::shared::lab::Lab;
use crate::shared::run::try_virsh;
use std::sync::atomic::{AtomicU64, Ordering};

/// Destroyed and undefined on drop.
pub struct Guest<'a> {
    lab: &'a Lab,
    /// Its UUID, which stays valid after a rename.
    pub uuid: String,
}

impl Lab {
    /// Defines one more guest like those of the lab, changed by `edit`.
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

/// A number that is unique in this process.
fn fresh_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

impl Guest<'_> {
    /// Runs a virsh command whose first argument is the domain.
    pub fn virsh(&self, command: &str, arguments: &[&str]) -> String {
        self.lab.virsh(&[&[command, &self.uuid], arguments].concat())
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        for command in ["destroy", "undefine"] {
            // Errors do not matter: the test may have ended or undefined the domain.
            try_virsh(&self.lab.uri, &[command, &self.uuid]);
        }
    }
}
