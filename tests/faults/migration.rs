//! A guest that moves to another host while it runs.

use crate::lab::{GUESTS, Lab, timed_virsh};
use crate::lines::{Lines, domain, figure};
use crate::program::Program;
use crate::shared::guest::Guest;
use crate::shared::pty::LIMIT;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use vtop::model::{DomainState, Event, EventKind, Groups};

const DOMAIN: &str = "vtop-lab-moves";
const SOON: Duration = Duration::from_secs(10);
/// Migration bandwidth in MiB/s: slow enough for vtop to sample during the migration.
const SPEED: &str = "8";
const SLOW: Duration = Duration::from_secs(3);
/// Limit: two intervals on the target, on a busy machine.
const FORGOTTEN: Duration = Duration::from_secs(2);
/// Events with their reasons on the source host and on the target host.
const LEAVES: [&str; 2] = ["suspended: migrating", "stopped: migrated away"];
const ARRIVES: [&str; 2] = ["started: migrated here", "resumed: migrated here"];

/// Arguments of `virsh migrate` to another lab, whose guests are in another cgroup.
fn command(guest: &Guest<'_>, from: &Lab, to: &Lab) -> Vec<String> {
    let folder = to.folder();
    let definition = folder.join("xml").join(format!("{DOMAIN}-moved.xml"));
    let [old, new] = [&from.folder(), &folder].map(|folder| partition(folder));
    std::fs::write(&definition, from.virsh(&["dumpxml", "--migratable", &guest.uuid]).replace(&old, &new)).unwrap();
    let way = format!("unix://{}", folder.join("sock/moving").display());
    let definition = definition.display().to_string();
    // Both labs use the same disks, which libvirt cannot know.
    let command = ["migrate", &guest.uuid, "--live", "--p2p", "--unsafe", "--desturi", &to.uri, "--migrateuri", &way];
    command.iter().chain(&["--xml", &definition]).map(|word| (*word).to_owned()).collect()
}

fn partition(folder: &Path) -> String {
    format!("<partition>/{}</partition>", folder.file_name().unwrap().display())
}

/// Reads lines until one matches.
fn lines_until(lines: &Lines, kept: &mut Vec<Value>, what: &str, wanted: impl Fn(&Value) -> bool) {
    let start = Instant::now();
    while !kept.last().is_some_and(&wanted) {
        assert!(start.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        kept.push(lines.next());
    }
}

/// The events of the guest in these lines.
fn story(lines: &[Value]) -> Vec<String> {
    let events = lines.iter().filter_map(|line| line["events"].as_array()).flatten();
    let is_its_own =
        |event: &&Value| !matches!(event["event"].as_str(), Some("monitor_busy" | "locked" | "answers_again"));
    let of_it = events.filter(|event| event["name"] == DOMAIN).filter(is_its_own);
    of_it.map(|event| told(event["event"].as_str().unwrap(), event["reason"].as_str().unwrap_or_default())).collect()
}

fn told(event: &str, why: &str) -> String {
    format!("{event}: {why}")
}

/// Migrates a guest slowly to another host, and back at full speed.
pub fn to_another_host_and_back(lab: &Lab, table: &mut Table) {
    let there = Lab::another();
    let guest = lab.define(DOMAIN, "idle", |xml| xml);
    guest.virsh("start", &[]);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + 1);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let lines = Lines::start(&there.uri, "0.5");
    let mut kept = vec![lines.next()];
    assert!(domain(&kept[0], DOMAIN).is_none());
    watch.measure();
    let first = watch.domain(DOMAIN).unwrap().run;
    let ((took, gone, forgotten), beats) = program.beating(|| {
        let mut words = command(&guest, lab, &there);
        words.extend(["--bandwidth", SPEED].map(str::to_owned));
        let uri = lab.uri.clone();
        let moving =
            std::thread::spawn(move || timed_virsh(&uri, &words.iter().map(String::as_str).collect::<Vec<_>>()));
        let took = watch.beside(moving);
        let has_left = |watch: &Watch| {
            watch
                .domain(DOMAIN)
                .is_some_and(|it| it.run.is_none() && it.reason.describe(it.state) == Some("migrated away"))
        };
        let gone = watch.until("it has left", SOON, has_left);
        program
            .wait("it has left", |text| text.lines().any(|it| it.contains(DOMAIN) && it.contains("(migrated away)")));
        lines_until(&lines, &mut kept, "it has arrived", |line| {
            domain(line, DOMAIN).is_some_and(|it| it["state"] == "running" && it["reason"] == "migrated")
        });
        lines_until(&lines, &mut kept, "it has rates there", |line| figure(line, DOMAIN, "cpu_percent").is_some());

        let back = command(&guest, &there, lab);
        there.virsh(&back.iter().map(String::as_str).collect::<Vec<_>>());
        let left = Instant::now();
        lines_until(&lines, &mut kept, "it is gone there", |line| domain(line, DOMAIN).is_none());
        let forgotten = left.elapsed();
        // The last event may be in the next line.
        kept.push(lines.next());
        watch.until("it is back, and has rates", SOON, |watch| {
            let is_well = |state, readings| state == DomainState::Running && readings >= 3;
            watch.domain(DOMAIN).is_some_and(|it| it.run > first && is_well(it.state, it.readings(Groups::BLOCK)))
        });
        program.wait("it is back", |text| text.contains(&format!("R {DOMAIN}")));
        (took, gone, forgotten)
    });
    let freshness = watch.freshness(Groups::BLOCK, |domain| domain.name != DOMAIN);
    watch.judge_cpu(DOMAIN);
    let most = |name| kept.iter().filter_map(|line| figure(line, DOMAIN, name)).fold(0.0, f64::max);
    let [cpu, read] = ["cpu_percent", "disk_read_bytes_per_second"].map(most);
    // libvirt keeps the domain locked while its QEMU starts, which may last long enough for a block event.
    let is_own = |event: &&Event| !matches!(event.kind, EventKind::Blocked(_) | EventKind::Unblocked(_));
    let is_of_it = |event: &&Event| is_own(event) && event.domain.as_ref().is_some_and(|it| it.name == DOMAIN);
    let events = watch.host().events.iter().map(|(_, event)| event).filter(is_of_it);
    let here: Vec<String> = events.map(|event| told(event.kind.name(), &event.kind.why())).collect();
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "a guest moves to another host, and back".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!(
            "`virsh migrate` took {}; {} later gone on the source; {} after its return gone on the target",
            seconds(took),
            seconds(gone),
            seconds(forgotten)
        ),
    };
    table.add(row.clone());
    assert_eq!(here, [LEAVES, ARRIVES].concat());
    assert_eq!(story(&kept), [ARRIVES, LEAVES].concat());
    assert!(took > SLOW, "{took:?}");
    assert!(forgotten < FORGOTTEN, "{forgotten:?}");
    // A QEMU starts and another ends at each migration, and libvirt keeps the domain locked meanwhile.
    assert!(freshness.longest < Duration::from_secs(3), "{freshness:?}");
    assert!(freshness.missed <= 3, "{freshness:?}");
    assert!(cpu <= 220.0 && read < 64e6, "{cpu} % of a core, {read} bytes a second");
    row.judge();
}
