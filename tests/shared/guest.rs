//! A guest of a test's own.

use crate::shared::lab::Lab;
use crate::shared::run::try_virsh;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gone with the end of the test, whatever became of it.
pub struct Guest<'a> {
    lab: &'a Lab,
    /// What it can be called by, however it is renamed.
    pub uuid: String,
}

impl Lab {
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
