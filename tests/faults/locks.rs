//! A domain that libvirt keeps locked, for as long as a hook sleeps.

use crate::lab::{GUESTS, Lab, timed_virsh, try_virsh};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use vtop::model::Groups;

const DOMAIN: &str = "vtop-lab-hooked";
const HOOK: &str = "#!/bin/sh\n[ \"$1 $2\" = 'vtop-lab-hooked prepare' ] && sleep 8\nexit 0\n";

/// The hook and its domain, gone with the end of the fault.
struct Hooked<'a> {
    lab: &'a Lab,
    hook: PathBuf,
}

impl<'a> Hooked<'a> {
    fn new(lab: &'a Lab) -> Self {
        let folder = lab.folder();
        let hook = folder.join("etc/hooks/qemu");
        let hooked = Self { lab, hook };
        std::fs::write(&hooked.hook, HOOK).unwrap();
        std::fs::set_permissions(&hooked.hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let definition = folder.join("xml").join(format!("{DOMAIN}.xml"));
        std::fs::write(&definition, lab.must(&["xml", DOMAIN, "idle", "32"])).unwrap();
        lab.virsh(&["define", definition.to_str().unwrap()]);
        // libvirtd looks for hooks when it starts.
        lab.must(&["restart-daemon"]);
        hooked
    }
}

impl Drop for Hooked<'_> {
    fn drop(&mut self) {
        try_virsh(&self.lab.uri, &[&format!("destroy {DOMAIN}; undefine {DOMAIN}")]);
        let _ = std::fs::remove_file(&self.hook);
        self.lab.run(&["restart-daemon"]);
    }
}

pub fn a_hook_sleeps(lab: &Lab, table: &mut Table) {
    let _hooked = Hooked::new(lab);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + 1);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    watch.measure();
    let (took, beats) = program.beating(|| {
        let uri = lab.uri.clone();
        let took = watch.beside(std::thread::spawn(move || timed_virsh(&uri, &["start", DOMAIN, "--paused"])));
        watch.until("it runs", Duration::from_secs(10), |watch| {
            watch.domain(DOMAIN).is_some_and(|domain| domain.run.is_some() && domain.held.is_none())
        });
        took
    });
    watch.pass(Duration::from_secs(2));
    let freshness = watch.freshness(Groups::CPU, |domain| domain.name != DOMAIN);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "a start hook sleeps for 8 s".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("`virsh start` took {}", seconds(took)),
    };
    table.add(row.clone());
    assert!(took > Duration::from_secs(8), "the hook did not sleep");
    assert!(freshness.missed <= 4, "{freshness:?}");
    assert!(watch.stuck().max(beats.stuck) <= 3);
    row.judge();
}
