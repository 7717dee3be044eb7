//! Changes while vtop runs: hot-plugged disks; domains that start, stop, and are renamed, defined and undefined.

use crate::desk::{Desk, SIZE, Viewer};
use crate::lab::{self, Lab};
use crate::pty::Program;
use crate::screen::{Kind, Screen, number};
use crate::watch::Watch;
use std::time::{Duration, Instant};
use vtop::fleet::metric::DiskMetric;
use vtop::model::Groups;
use vtop::sources::libvirt::{LibvirtOptions, LibvirtSource};
use vtop::sources::{Notify, Request, Source};

/// Limit from an event to the screen.
const SOON: Duration = Duration::from_secs(1);
/// Limit for what a guest does by itself, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lowest read rate of the loaded disk, highest of an idle one, in bytes a second.
const BUSY: f64 = 50_000.0;

fn read_rate(desk: &Desk, domain: &str, disk: &str) -> Option<f64> {
    desk.domain(domain)?.disks.get(&disk.into())?.series.latest(DiskMetric::ReadBytes)
}

fn disks(desk: &Desk, domain: &str) -> Vec<String> {
    desk.domain(domain).map(|domain| domain.disks.iter().map(|disk| disk.key.to_string()).collect()).unwrap_or_default()
}

/// Waits for the next rate of a disk, since virsh may hold the QEMU's job in between.
fn goes_on(watch: &mut Watch, domain: &str, disk: &str) {
    let read_at = |desk: &Desk| desk.domain(domain).and_then(|domain| domain.read_at(Groups::BLOCK));
    let before = read_at(&watch.desk);
    watch.until("a reading of the disks", PATIENCE, |desk, _| read_at(desk) != before);
    let rate = read_rate(&watch.desk, domain, disk);
    assert!(rate.is_some_and(|rate| rate > BUSY), "{disk} goes on: {rate:?}");
}

/// libvirt numbers disks by target: a new vdb takes the index of the loaded vdc.
#[test]
fn a_disk_is_plugged_in_before_a_busy_one_and_pulled_out_again() {
    let Some(lab) = lab::turn() else { return };
    let name = "vtop-lab-plug";
    let guest = lab.define(name, "disk", |xml| xml.replace("<target dev='vdb'", "<target dev='vdc'"));
    let mut watch = Watch::start(&lab, 1.0, SIZE);
    guest.virsh("start", &[]);
    let busy = |desk: &Desk| read_rate(desk, name, "vdc").is_some_and(|rate| rate > BUSY);
    watch.until("vdc is busy", PATIENCE, |desk, _| busy(desk));
    watch.ticks(2);
    assert_eq!(disks(&watch.desk, name), ["vda", "vdc"]);

    let image = lab.folder().join("disks/plugged.raw");
    std::fs::File::create(&image).unwrap().set_len(8 << 20).unwrap();
    let image = image.to_str().unwrap().to_owned();
    guest.virsh("attach-disk", &[&image, "vdb", "--subdriver", "raw", "--live"]);
    let took = watch.until("vdb is there", 3 * SOON, |desk, _| disks(desk, name) == ["vda", "vdb", "vdc"]);
    println!("a disk plugged in is there after {took:?}, of an interval of 1 s");
    for _ in 0..4 {
        goes_on(&mut watch, name, "vdc");
    }
    // The rows of the screen with the properties of each disk.
    let screen = watch.desk.open(name);
    let table = screen.table(&["DISK", "RD/s", "SOURCE"]);
    let row = |disk: &str| table.row("DISK", disk).unwrap_or_else(|| panic!("no {disk} on\n{}", screen.text()));
    assert!(row("vdb").text().ends_with("plugged.raw"), "{}", row("vdb").text());
    assert!(row("vdc").text().ends_with("vtop-lab-plug-vdb.raw"), "{}", row("vdc").text());
    let rate = |disk: &str| number(Kind::Bytes, &row(disk).figure("RD/s"));
    assert!(rate("vdc").unwrap() > BUSY && rate("vdb").unwrap() < BUSY, "{}", screen.text());

    guest.virsh("detach-disk", &["vdb", "--live"]);
    watch.until("vdb is gone", PATIENCE, |desk, _| disks(desk, name) == ["vda", "vdc"]);
    for _ in 0..3 {
        goes_on(&mut watch, name, "vdc");
    }
    let screen = watch.desk.screen();
    assert!(screen.table(&["DISK", "RD/s"]).row("DISK", "vdb").is_none(), "{}", screen.text());
    watch.judge();
}

/// At an interval of 5 s only events can bring these rows in time.
#[test]
fn a_life_is_followed_by_its_events() {
    let Some(lab) = lab::turn() else { return };
    let mut watch = Watch::start(&lab, 5.0, SIZE);
    watch.until("the lab's guests", PATIENCE, |desk, _| desk.domain("vtop-lab-net").is_some());
    watch.ticks(1);
    let state = |screen: &Screen, name: &str| -> Option<String> {
        let table = screen.table(&["NAME", "CPU%", "MEMORY"]);
        table.row("NAME", name).map(|row| row.text())
    };
    let mut worst = Duration::ZERO;
    let mut soon = |watch: &mut Watch, what: &str, wanted: &dyn Fn(&Screen) -> bool| {
        let took = watch.until(what, SOON, |_, screen| wanted(screen));
        println!("{what}: on the screen after {took:?}");
        worst = worst.max(took);
    };

    let name = "vtop-lab-life";
    let guest = lab.define(name, "cpu", |xml| xml);
    soon(&mut watch, "defined", &|screen| state(screen, name).is_some_and(|row| row.contains("shut off")));
    guest.virsh("start", &[]);
    soon(&mut watch, "started", &|screen| {
        state(screen, name).is_some_and(|row| row.starts_with('R') && !row.contains("shut off"))
    });
    // Only the state is known yet.
    let screen = watch.desk.screen();
    let table = screen.table(&["NAME", "CPU%", "MEMORY"]);
    assert_eq!(table.row("NAME", name).unwrap().figure("CPU%"), "–");
    guest.virsh("suspend", &[]);
    soon(&mut watch, "suspended", &|screen| state(screen, name).is_some_and(|row| row.starts_with('P')));
    guest.virsh("resume", &[]);
    soon(&mut watch, "resumed", &|screen| state(screen, name).is_some_and(|row| row.starts_with('R')));
    // Rates after two samples; then a new run, whose counters start at 0.
    watch.ticks(2);
    assert!(
        number(Kind::Percent, &{
            let screen = watch.desk.screen();
            screen.table(&["NAME", "CPU%", "MEMORY"]).row("NAME", name).unwrap().figure("CPU%")
        })
        .is_some()
    );
    guest.virsh("destroy", &[]);
    soon(&mut watch, "destroyed", &|screen| {
        state(screen, name).is_some_and(|row| row.contains("shut off (destroyed)"))
    });
    guest.virsh("start", &[]);
    soon(&mut watch, "started again", &|screen| state(screen, name).is_some_and(|row| row.starts_with('R')));
    let screen = watch.desk.screen();
    let table = screen.table(&["NAME", "CPU%", "MEMORY"]);
    assert_eq!(table.row("NAME", name).unwrap().figure("CPU%"), "–", "no rate over two runs");
    watch.ticks(2);
    guest.virsh("destroy", &[]);
    let renamed = "vtop-lab-afterlife";
    guest.virsh("domrename", &[renamed]);
    soon(&mut watch, "renamed", &|screen| state(screen, name).is_none() && state(screen, renamed).is_some());
    guest.virsh("undefine", &[]);
    soon(&mut watch, "undefined", &|screen| state(screen, renamed).is_none());
    println!("the slowest change was on the screen after {worst:?}");
    watch.judge();
}

/// A name with all that libvirt allows: wide and combining letters, quotes, characters with a meaning for shells and
/// terminals (U+009B is CSI), and a mark that changes the writing direction.
#[test]
fn a_hostile_name_is_only_a_name() {
    let Some(lab) = lab::turn() else { return };
    let name = "vtop-lab-böse 日本 e\u{301} $(reboot) \\e[31m \u{9b}31m \u{202e}'\"%s";
    let shown = "vtop-lab-böse 日本 ";
    let escaped = name.replace('\'', "&apos;").replace('"', "&quot;");
    let guest = lab.define("vtop-lab-hostile", "idle", |xml| {
        xml.replace("<name>vtop-lab-hostile</name>", &format!("<name>{escaped}</name>"))
    });
    guest.virsh("start", &["--paused"]);
    let mut watch = Watch::start(&lab, 1.0, SIZE);
    watch.until("the name", PATIENCE, |desk, _| desk.domain(name).is_some());
    watch.ticks(2);
    let overview = watch.desk.screen();
    let harmless = |screen: &Screen| {
        let odd = screen.text().chars().find(|c| c.is_control() && *c != '\n' || ('\u{202a}'..='\u{202e}').contains(c));
        assert_eq!(odd, None, "{}", screen.text());
    };
    assert!(overview.contains("vtop-lab-böse"), "{}", overview.text());
    harmless(&overview);
    // Columns are aligned with those of the other rows.
    let row = overview.text().lines().find(|line| line.contains("vtop-lab-böse")).unwrap().to_owned();
    assert!(row.contains("%s") && row.contains('\u{fffd}') && row.contains("128M"), "{row}");
    watch.desk.press("/böse⏎⏎");
    let domain = watch.desk.screen();
    assert!(domain.contains("DISK") && domain.contains("paused"), "{}", domain.text());
    harmless(&domain);

    // The same in a terminal.
    let mut program = Program::start(&["--connect", &lab.uri], SIZE);
    let whole = |screen: &Screen| {
        // A wide letter takes two cells, of which the second is empty.
        let text = screen.text().replace("日 ", "日").replace("本 ", "本");
        (text.contains(shown.trim_end()) && text.contains("128M")).then(|| screen.clone())
    };
    let screen = program.wait("the name", whole);
    harmless(&screen);
    program.keys("/reboot\r\r");
    program
        .wait("its own screen", |screen| (screen.contains("Enter device") && screen.contains("paused")).then_some(()));
    assert_eq!(program.quit(), 0);
    watch.judge();
}

/// The last domain of a host is undefined: the empty list is shown.
#[test]
fn a_host_s_last_domain_goes() {
    let Some(_turn) = lab::turn() else { return };
    let lab = Lab::up('e', 0).unwrap();
    let mut source = LibvirtSource::new(LibvirtOptions { uri: Some(lab.uri.clone()), ..LibvirtOptions::default() });
    source.connect(Notify::new(|_| ())).unwrap();
    let mut names = || -> Vec<String> {
        let sample = source.sample(&Request::of_all(Groups::OVERVIEW)).unwrap();
        sample.domains.values().map(|domain| domain.name.to_string()).collect()
    };
    let guest = lab.define("vtop-lab-last", "idle", |xml| xml);
    let mut wait_for = |wanted: &[&str]| {
        let start = Instant::now();
        while names() != wanted {
            assert!(start.elapsed() < PATIENCE, "{:?} after {PATIENCE:?}, not {wanted:?}", names());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for(&["vtop-lab-last"]);
    guest.virsh("undefine", &[]);
    wait_for(&[]);
}
