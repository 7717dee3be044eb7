//! A guest is saved and restored, slowly.

use crate::lab::{GUESTS, Lab, timed_virsh, try_virsh};
use crate::program::Program;
use crate::shared::guest::Guest;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use vtop::model::{DomainState, Groups};

const DOMAIN: &str = "vtop-lab-saved";
const SOON: Duration = Duration::from_secs(10);
/// Save bandwidth, as on slow storage.
const SPEED: &str = "migrate_set_parameter max-bandwidth 16m";
/// Shortest duration of a slow save: much longer than one at full speed.
const SLOW: Duration = Duration::from_secs(3);

fn is_off(watch: &Watch) -> bool {
    watch.domain(DOMAIN).is_some_and(|domain| domain.run.is_none())
}

/// Whether the domain runs and has rates of this run.
fn is_well(watch: &Watch) -> bool {
    watch
        .domain(DOMAIN)
        .is_some_and(|domain| domain.state == DomainState::Running && domain.readings(Groups::BLOCK) >= 3)
}

fn run(watch: &Watch) -> Option<u32> {
    watch.domain(DOMAIN).and_then(|domain| domain.run)
}

/// Saves the domain slowly; returns the time that it took.
fn save_slowly(watch: &mut Watch, program: &Program, lab: &Lab, guest: &Guest<'_>, to: &str) -> Duration {
    // libvirt removes the limit when a save begins, so it is set repeatedly until it takes effect.
    let (uri, uuid, begun) = (lab.uri.clone(), guest.uuid.clone(), Arc::new(AtomicBool::new(false)));
    let limiting = std::thread::spawn({
        let (uri, begun) = (uri.clone(), Arc::clone(&begun));
        let command = vec![format!("qemu-monitor-command {uuid} --hmp '{SPEED}'"); 20].join("; ");
        move || {
            // The last command may come after the end of the save and fail.
            while !begun.load(Ordering::Relaxed) {
                try_virsh(&uri, &[&command]);
            }
        }
    });
    let (uuid, to) = (guest.uuid.clone(), to.to_owned());
    let saving = std::thread::spawn(move || timed_virsh(&uri, &["save", &uuid, &to]));
    let is_paused = |watch: &Watch| watch.domain(DOMAIN).is_some_and(|domain| domain.state == DomainState::Paused);
    watch.until("it is being saved", SOON, is_paused);
    begun.store(true, Ordering::Relaxed);
    watch.beside(limiting);
    program.wait("it is being saved", |text| text.contains(&format!("P {DOMAIN}")));
    watch.beside(saving)
}

/// Managed save at full speed, start, slow save to a file, restore.
pub fn a_guest_is_saved_and_restored(lab: &Lab, table: &mut Table) {
    let guest = lab.define(DOMAIN, "idle", |xml| xml);
    let file = lab.folder().join("disks").join(DOMAIN).display().to_string();
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + 1);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    guest.virsh("start", &[]);
    watch.until("it runs", SOON, is_well);
    watch.measure();
    let (took, beats) = program.beating(|| {
        let first = run(&watch);
        guest.virsh("managedsave", &[]);
        watch.until("it is off", SOON, is_off);
        guest.virsh("start", &[]);
        watch.until("it runs again", SOON, is_well);
        let second = run(&watch);
        assert!(second > first, "another run: {first:?}, {second:?}");
        // A save that ended before it was slowed down does not count.
        let mut save = || {
            let took = save_slowly(&mut watch, &program, lab, &guest, &file);
            watch.until("it is off", SOON, is_off);
            lab.virsh(&["restore", &file]);
            watch.until("it runs again", SOON, is_well);
            took
        };
        let took = (0..5).map(|_| save()).find(|took| *took > SLOW).unwrap_or_default();
        assert!(run(&watch) > second, "another run");
        took
    });
    let freshness = watch.freshness(Groups::BLOCK, |domain| domain.name != DOMAIN);
    watch.judge_cpu(DOMAIN);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "a guest is saved, slowly, and restored".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("`virsh save` took {}", seconds(took)),
    };
    table.add(row.clone());
    assert!(took > SLOW, "{took:?}");
    // Each of the four commands may cost one interval.
    assert!(freshness.longest < Duration::from_secs(3), "{freshness:?}");
    assert!(freshness.missed + freshness.then_missed <= 4, "{freshness:?}");
    row.judge();
}
