//! A domain that libvirt keeps locked while a hook sleeps.

use crate::lab::{GUESTS, Lab, timed_virsh, try_virsh};
use crate::process::Process;
use crate::program::Program;
use crate::shared::run::{error, virsh};
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vtop::fleet::Link;
use vtop::model::Groups;

const DOMAIN: &str = "vtop-lab-hooked";
/// A definition whose guest costs no CPU.
const PAUSED: &[&str] = &["--paused"];
const CONTAINER: &str = "vtop-lab-container";
const HOOK: &str = "#!/bin/sh\n[ \"$1 $2\" = 'vtop-lab-hooked prepare' ] && : >\"$0.sleeps\" && sleep 8\nexit 0\n";
const HOOKED: Duration = Duration::from_secs(8);
/// The message while libvirt cannot list domains.
const SILENT: &str = "libvirt does not answer";
/// For what must happen soon, on a machine that has much to do.
const SOON: Duration = Duration::from_secs(10);

/// The hook and its domain, removed on drop.
struct Hooked<'a> {
    lab: &'a Lab,
    uri: String,
    hook: PathBuf,
}

impl<'a> Hooked<'a> {
    fn new(lab: &'a Lab) -> Self {
        Self::with(lab, &lab.uri, "qemu", &lab.must(&["xml", DOMAIN, "idle", "32"]))
    }

    /// A domain of another driver in the same libvirtd.
    fn with(lab: &'a Lab, uri: &str, driver: &str, xml: &str) -> Self {
        let folder = lab.folder();
        let hook = folder.join("etc/hooks").join(driver);
        let hooked = Self { lab, uri: uri.to_owned(), hook };
        std::fs::write(&hooked.hook, HOOK).unwrap();
        std::fs::set_permissions(&hooked.hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        let definition = folder.join("xml").join(format!("{DOMAIN}.xml"));
        std::fs::write(&definition, xml).unwrap();
        virsh(uri, &["define", definition.to_str().unwrap()]);
        // libvirtd reads hooks at its start.
        lab.must(&["restart-daemon"]);
        hooked
    }

    /// Starts the domain in a thread, which returns the time that it took; returns once the hook sleeps.
    fn start(&self, how: &'static [&'static str]) -> JoinHandle<Duration> {
        let uri = self.uri.clone();
        let started = std::thread::spawn(move || timed_virsh(&uri, &[&["start", DOMAIN], how].concat()));
        let deadline = Instant::now() + SOON;
        while !self.hook.with_extension("sleeps").exists() {
            assert!(Instant::now() < deadline, "the hook was not called");
            std::thread::sleep(Duration::from_millis(5));
        }
        started
    }
}

impl Drop for Hooked<'_> {
    fn drop(&mut self) {
        try_virsh(&self.uri, &[&format!("destroy {DOMAIN}; undefine {DOMAIN}")]);
        for file in [self.hook.clone(), self.hook.with_extension("sleeps")] {
            let _ = std::fs::remove_file(file);
        }
        self.lab.run(&["restart-daemon"]);
    }
}

pub fn a_hook_sleeps(lab: &Lab, table: &mut Table) {
    let hooked = Hooked::new(lab);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + 1);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    watch.measure();
    let (took, beats) = program.beating(|| {
        let started = hooked.start(PAUSED);
        program.wait("how long it is locked", |text| text.contains("locked 3 s"));
        let took = watch.beside(started);
        watch.until("it runs", SOON, |watch| {
            watch.domain(DOMAIN).is_some_and(|domain| domain.run.is_some() && domain.blocked.is_none())
        });
        took
    });
    watch.pass(Duration::from_secs(2));
    let freshness = watch.freshness(Groups::BLOCK, |domain| domain.name != DOMAIN);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "a start hook sleeps for 8 s".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("`virsh start` took {}", seconds(took)),
    };
    table.add(row.clone());
    assert!(took > HOOKED, "the hook did not sleep");
    assert!(freshness.missed <= 4, "{freshness:?}");
    assert!(watch.stuck().max(beats.stuck) <= 3);
    row.judge();
}

/// A driver without the bulk call: vtop reads each domain by itself and leaves out locked ones.
pub fn of_a_container(lab: &Lab, table: &mut Table) {
    let made = lab.run(&["container"]);
    if made.status.code() == Some(3) {
        println!("no container here, so no lock of one: {}", error(&made));
        assert!(error(&made).contains("no container: "), "a reason is told");
        return;
    }
    let uri = lab.must(&["lxc-uri"]).trim().to_owned();
    let xml = std::fs::read_to_string(lab.folder().join("xml").join(format!("{CONTAINER}.xml"))).unwrap();
    let hooked = Hooked::with(lab, &uri, "lxc", &xml.replace(CONTAINER, DOMAIN).replace("c8:01", "c8:02"));
    let mut watch = Watch::steady(&uri, 1.0, 2);
    let started = hooked.start(&[]);
    watch.until("it is told", HOOKED, |watch| watch.says(DOMAIN, "locked"));
    let took = watch.beside(started);
    watch.until("it runs", SOON, |watch| {
        watch.domain(DOMAIN).is_some_and(|domain| domain.run.is_some() && domain.blocked.is_none())
    });
    let freshness = watch.freshness(Groups::NET, |domain| domain.name == CONTAINER);
    let failures = std::mem::take(&mut watch.failures);
    let stuck = watch.stuck();
    drop(watch);
    try_virsh(&uri, &[&format!("destroy {CONTAINER}; undefine {CONTAINER}")]);
    table.add(Row {
        fault: "a start hook of another container sleeps for 8 s".into(),
        freshness: Some(freshness),
        stuck: Some(stuck),
        note: "LXC has no bulk call: domains are read one by one".into(),
        ..Row::default()
    });
    assert!(took > HOOKED, "the hook did not sleep");
    assert_eq!(failures, [""; 0]);
    assert!(freshness.missed <= 4, "{freshness:?}");
    assert!(stuck <= 3);
}

/// vtop starts while libvirt cannot list domains: the screen shows the reason.
pub fn before_the_start(lab: &Lab, table: &mut Table) {
    let hooked = Hooked::new(lab);
    let started = hooked.start(PAUSED);
    let start = Instant::now();
    let mut watch = Watch::start(&lab.uri, 1.0);
    let program = Program::start(&lab.uri, &[]);
    let ((told, rows), beats) = program.beating(|| {
        let is_told = |watch: &Watch| matches!(&watch.host().link, Link::Failing(failure) if failure.message == SILENT);
        watch.until("it is told", SOON, is_told);
        program.wait("it is told", |text| text.contains(SILENT) && text.contains("may keep a domain locked"));
        let told = start.elapsed();
        watch.until("the rows", HOOKED + SOON, |watch| watch.host().domains.len() == GUESTS + 1);
        program.wait("the rows", |text| text.contains("vtop-lab-mem") && !text.contains(SILENT));
        (told, start.elapsed().saturating_sub(HOOKED))
    });
    watch.beside(started);
    watch.until("rates of all", SOON, |watch| {
        watch.host().domains.values().all(|domain| domain.readings(Groups::BLOCK) >= 2)
    });
    watch.until("the threads that hung are gone", SOON, |_| Process::this().callers() == 1);
    program.quit();
    let row = Row {
        fault: "a start hook sleeps for 8 s, and vtop starts during that time".into(),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        note: format!("reported after {}; all rows {} after its end", seconds(told), seconds(rows)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(rows < Duration::from_secs(2), "{rows:?}");
    // The call that lists the domains, which is not repeated.
    assert!(watch.stuck().max(beats.stuck) <= 1, "{row:?}");
    row.judge();
}
