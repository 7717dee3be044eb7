//! Full storage: the guest is paused on an I/O error until there is room.

use crate::lab::{GUESTS, Lab};
use crate::program::Program;
use crate::shared::guest::Guest;
use crate::shared::run::virsh;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vtop::fleet::metric::DomainMetric;
use vtop::model::{EventKind, Groups};

const DOMAIN: &str = "vtop-lab-full";
/// A file system in the lab's mount namespace; it ends with the lab at the latest.
const MOUNT: &str = "/run/vtop-lab-full";
/// Limit for the guest to boot and fill its disk.
const BOOT: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(5);
const PAUSED: &str = "paused on an I/O error";
const RUNNING_AGAIN: &str = "; running again";

/// A guest whose second disk is larger than its storage.
struct Full<'a> {
    lab: &'a Lab,
    guest: Guest<'a>,
}

impl<'a> Full<'a> {
    fn new(lab: &'a Lab) -> Self {
        let image = format!("{MOUNT}/vdb.raw");
        let make = format!("mkdir {MOUNT} && mount -t tmpfs -o size=8m tmpfs {MOUNT} && truncate -s 64M {image}");
        lab.must(&["exec", "sh", "-c", &make]);
        let own = lab.folder().join(format!("disks/{DOMAIN}-vdb.raw")).display().to_string();
        let guest = lab.define(DOMAIN, "disk", |xml| {
            // O_DIRECT does not work on every tmpfs.
            let driver = "cache='writeback' error_policy='stop' iothread='1'";
            let xml = ["none", "writeback"]
                .iter()
                .fold(xml, |xml, mode| xml.replace(&format!("cache='{mode}' iothread='1'"), driver));
            xml.replace(&own, &image)
        });
        Self { lab, guest }
    }

    /// Time of the next I/O error event of libvirt.
    fn next_error(&self) -> JoinHandle<Instant> {
        let (uri, uuid) = (self.lab.uri.clone(), self.guest.uuid.clone());
        std::thread::spawn(move || {
            virsh(&uri, &["event", "--domain", &uuid, "--event", "io-error", "--timeout", "90"]);
            Instant::now()
        })
    }

    fn make_room(&self) {
        self.lab.must(&["exec", "mount", "-o", "remount,size=100m", MOUNT]);
    }
}

impl Drop for Full<'_> {
    fn drop(&mut self) {
        // A lazy unmount: the guest still has the image open.
        self.lab.run(&["exec", "sh", "-c", &format!("umount --lazy {MOUNT}; rmdir {MOUNT}")]);
    }
}

fn is_of_full(kind: &EventKind) -> bool {
    matches!(kind, EventKind::IoError { path, reason, .. } if path.starts_with(MOUNT) && reason == "enospc")
}

pub fn a_disk_has_no_room(lab: &Lab, table: &mut Table) {
    let full = Full::new(lab);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    // A wide screen: on a busy machine steal of other guests comes first.
    let program = Program::sized(&lab.uri, &[], (250, 40));
    program.settle();
    let before = program.holdings();
    let witness = full.next_error();
    full.guest.virsh("start", &[]);
    let writes = |watch: &Watch| {
        let rate = watch.domain(DOMAIN).and_then(|domain| domain.series.latest(DomainMetric::DiskWrite));
        rate.is_some_and(|rate| rate > 0.0) || watch.says(DOMAIN, PAUSED)
    };
    watch.until("it writes", BOOT, writes);
    watch.measure();
    let (told, beats) = program.beating(|| {
        watch.until("the row says it", BOOT, |watch| watch.says(DOMAIN, PAUSED));
        let told = Instant::now();
        program.wait("the line says it", |text| text.contains(&format!("{DOMAIN} {PAUSED}")));
        let paused = watch.beside(witness);
        watch.until("the event", SOON, |watch| watch.host().events.iter().any(|(_, event)| is_of_full(&event.kind)));
        full.make_room();
        full.guest.virsh("resume", &[]);
        watch.until("it goes on", SOON, |watch| watch.says(DOMAIN, RUNNING_AGAIN) && !watch.says(DOMAIN, PAUSED));
        program.wait("it goes on", |text| text.contains(DOMAIN) && text.contains(RUNNING_AGAIN));
        watch.pass(Duration::from_secs(3));
        program.wait("it is not forgotten", |text| text.contains(DOMAIN) && text.contains(RUNNING_AGAIN));
        told.saturating_duration_since(paused)
    });
    // Seen events are not shown as new.
    program.keys("6");
    program.wait("the device in the list of events", |text| text.contains("no space left, /run/vtop-lab-full/vdb.raw"));
    program.keys("1");
    program.wait("the mark is gone", |text| text.contains(DOMAIN) && !text.contains(RUNNING_AGAIN));
    let freshness = watch.freshness(Groups::BLOCK, |domain| domain.name != DOMAIN);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "a disk is full, and its guest is paused".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("reported {} after libvirt's event; marked until it was seen", seconds(told)),
    };
    table.add(row.clone());
    assert!(told < Duration::from_secs(1), "{told:?}");
    assert!(freshness.missed <= 1 && freshness.then_missed == 0, "{freshness:?}");
    row.judge();
}
