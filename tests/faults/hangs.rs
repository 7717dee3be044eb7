//! QEMUs that do not answer for ten seconds.

use crate::lab::{GUESTS, Lab, Stopped, idle, timed_virsh, try_virsh};
use crate::process::Process;
use crate::program::Program;
use crate::table::{Freshness, Row, Table, seconds};
use crate::watch::Watch;
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use vtop::fleet::Domain;
use vtop::model::{BlockedBy, Groups};

/// Duration of the hang.
pub const HANG: Duration = Duration::from_secs(10);
/// The text in the row of a domain that hangs.
const BUSY: &str = "monitor busy";
/// Intervals that healthy domains may miss, once.
const MAY_MISS: usize = 3;
/// Limit for what must happen soon, on a busy machine.
pub const SOON: Duration = Duration::from_secs(10);
const EXIT_LIMIT: Duration = Duration::from_millis(200);

pub fn one_of_twelve(lab: &Lab, table: &mut Table) {
    let victims = ["vtop-lab-cpu".to_owned()];
    let row = hang(lab, &victims);
    table.add(Row { fault: "1 of 12 QEMUs hangs for 10 s".into(), ..row.clone() });
    judge(&row, victims.len());
}

pub fn three_of_twelve(lab: &Lab, table: &mut Table) {
    let victims = ["vtop-lab-cpu".to_owned(), "vtop-lab-disk".to_owned(), idle(8)];
    let row = hang(lab, &victims);
    table.add(Row { fault: "3 of 12 QEMUs hang for 10 s".into(), ..row.clone() });
    judge(&row, victims.len());
}

pub fn judge_freshness(fresh: Freshness) {
    assert!(fresh.missed <= MAY_MISS, "{fresh:?}");
    assert_eq!(fresh.then_missed, 0, "{fresh:?}");
}

fn judge(row: &Row, most_stuck: usize) {
    judge_freshness(row.freshness.unwrap());
    assert!(row.stuck.unwrap() <= most_stuck, "{row:?}");
    row.judge();
}

fn pids(lab: &Lab, victims: &[String]) -> Vec<Pid> {
    victims.iter().map(|victim| lab.pid(victim)).collect()
}

/// Stops the QEMUs for the duration. Returns the guard's thread, the time until all rows showed it, and the time of
/// `virsh list` meanwhile.
pub fn hang_beside<'a>(lab: &'a Lab, watch: &mut Watch, victims: &[String]) -> (Stopped<'a>, Duration, Duration) {
    let stopped = lab.stop(&pids(lab, victims));
    let start = Instant::now();
    let told = watch.until("the rows say it", SOON, |watch| victims.iter().all(|victim| watch.says(victim, BUSY)));
    let uri = lab.uri.clone();
    let listed = watch.beside(std::thread::spawn(move || timed_virsh(&uri, &["list"])));
    watch.pass(HANG.saturating_sub(start.elapsed()));
    (stopped, told, listed)
}

/// Stops the QEMUs twice, once with the sampler alone and once with the program alone, since only one of two clients
/// would hang.
fn hang(lab: &Lab, victims: &[String]) -> Row {
    let is_victim = |domain: &Domain| victims.iter().any(|victim| domain.name == *victim);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    watch.pass(Duration::from_secs(2));
    let usual_disk = watch.most_disk.clone();
    watch.measure();
    let processes = pids(lab, victims);
    let (stopped, told, listed) = hang_beside(lab, &mut watch, victims);
    for victim in victims {
        let blocked = watch.domain(victim).and_then(|domain| domain.blocked).expect("still busy");
        let age = watch.domain(victim).and_then(|domain| domain.read_at(Groups::STATE)?.since(blocked.since)).unwrap();
        assert!(age > HANG - Duration::from_secs(4), "{victim} hangs for {age:?}");
    }
    drop(stopped);
    let again = watch.until("all answer", SOON, |watch| {
        let since_then = |domain: &Domain| domain.blocked.is_none() && domain.series.latest(CPU).is_some();
        watch.host().domains.values().all(since_then)
    });
    watch.pass(Duration::from_secs(3));
    let freshness = watch.freshness(Groups::BLOCK, |domain| !is_victim(domain));
    watch.until("the thread that hung is gone", SOON, |_| Process::this().callers() == 1);
    println!("told after {told:?}, virsh list {listed:?}, answers after {again:?}, {freshness:?}, {}", watch.stuck());
    no_spikes(&watch, victims, &usual_disk);
    let stuck = watch.stuck();
    drop(watch);

    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let ((), beats) = program.beating(|| {
        let start = Instant::now();
        let stopped = lab.stop(&processes);
        program.wait("the rows say it", |text| text.contains(BUSY));
        std::thread::sleep(HANG.saturating_sub(start.elapsed()));
        drop(stopped);
        program.wait("all answer", |text| !text.contains(BUSY));
    });
    let after = program.process().settled(before);
    program.quit();
    Row {
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(stuck.max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("reported after {}; `virsh list` during the fault: {}", seconds(told), seconds(listed)),
        ..Row::default()
    }
}

const CPU: vtop::fleet::metric::DomainMetric = vtop::fleet::metric::DomainMetric::Cpu;

/// No rate across the gap exceeds what the domain can have done.
fn no_spikes(watch: &Watch, victims: &[String], usual_disk: &BTreeMap<String, f64>) {
    for victim in victims {
        watch.judge_cpu(victim);
        let [disk, usual] = [&watch.most_disk, usual_disk].map(|most| most[victim]);
        assert!(disk <= 4.0 * usual + 1_048_576.0, "{victim} read {disk} B/s, and {usual} before");
    }
}

/// A domain that hangs is destroyed. libvirt waits ten seconds for its end and keeps it locked meanwhile.
pub fn the_one_that_hangs_is_destroyed(lab: &Lab, table: &mut Table) {
    let victim = idle(8);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let stopped = lab.stop(&[lab.pid(&victim)]);
    watch.until("the row says it", SOON, |watch| watch.says(&victim, BUSY));
    watch.pass(Duration::from_secs(2));
    watch.measure();
    let (uri, name) = (lab.uri.clone(), victim.clone());
    let destroyed = watch.beside(std::thread::spawn(move || timed_virsh(&uri, &["destroy", &name])));
    watch.until("it is off", SOON, |watch| {
        watch.domain(&victim).is_some_and(|domain| domain.run.is_none() && domain.blocked.is_none())
    });
    watch.pass(Duration::from_secs(3));
    let (freshness, stuck) = (watch.freshness(Groups::BLOCK, |_| true), watch.stuck());
    drop(stopped);
    lab.virsh(&["start", &victim, "--paused"]);
    watch.until("it is back", SOON, |watch| watch.domain(&victim).is_some_and(|domain| domain.run.is_some()));
    watch.until("the threads that hung are gone", SOON, |_| Process::this().callers() == 1);
    table.add(Row {
        fault: "1 of 12 QEMUs hangs and is destroyed".into(),
        freshness: Some(freshness),
        stuck: Some(stuck),
        note: format!("`virsh destroy` took {}", seconds(destroyed)),
        ..Row::default()
    });
    assert!(freshness.missed <= MAY_MISS + 1, "{freshness:?}");
    assert!(stuck <= 3, "{stuck}");
}

/// With too many hangs vtop reads only what cannot hang, and says so.
pub fn five_of_twelve(lab: &Lab, table: &mut Table) {
    let victims = ["vtop-lab-cpu".to_owned(), "vtop-lab-disk".to_owned(), "vtop-lab-net".to_owned(), idle(1), idle(2)];
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    watch.measure();
    let processes = pids(lab, &victims);
    let stopped = lab.stop(&processes);
    let start = Instant::now();
    let is_degraded = |domain: &Domain| domain.blocked.is_some_and(|blocked| blocked.by == BlockedBy::Host);
    let degraded = watch.until("too many hang", SOON, |watch| watch.domain("vtop-lab-mem").is_some_and(is_degraded));
    watch.pass(HANG.saturating_sub(start.elapsed()));
    let stuck = watch.stuck();
    let cheap = watch.freshness(Groups::NET, |domain| !victims.iter().any(|victim| domain.name == *victim));
    drop(stopped);
    let again = watch.until("all answer", 2 * SOON, |watch| {
        watch.host().domains.values().all(|domain| domain.blocked.is_none() && domain.series.latest(CPU).is_some())
    });
    watch.until("the threads that hung are gone", SOON, |_| Process::this().callers() == 1);
    drop(watch);

    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let ((), beats) = program.beating(|| {
        let stopped = lab.stop(&processes);
        let start = Instant::now();
        program.wait("the host says it", |text| text.contains("too many domains are blocked"));
        std::thread::sleep(HANG.saturating_sub(start.elapsed()));
        println!("{}", program.text());
        drop(stopped);
        program.wait("all answer", |text| !text.contains(BUSY) && !text.contains("too many domains are blocked"));
    });
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "5 of 12 QEMUs hang for 10 s (figures: state and NICs)".into(),
        freshness: Some(cheap),
        key_to_frame: Some(beats),
        stuck: Some(stuck.max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!(
            "only states and NICs after {}; everything again {} after the end",
            seconds(degraded),
            seconds(again)
        ),
    };
    table.add(row.clone());
    // Three calls, and the one that shows that there are more than three.
    assert!(row.stuck.unwrap() <= 4, "{row:?}");
    // Four hangs are found one after another.
    assert!(cheap.missed <= 4 * (MAY_MISS - 1) && cheap.then_missed <= 1, "{cheap:?}");
    row.judge();
}

/// The first call hangs. Rows appear and `q` ends the program all the same.
pub fn before_the_start(lab: &Lab, table: &mut Table) {
    let victim = "vtop-lab-disk";
    let process = [lab.pid(victim)];
    let stopped = lab.stop(&process);
    let mut watch = Watch::start(&lab.uri, 1.0);
    let rows = watch.until("the rows", SOON, |watch| watch.host().domains.len() >= GUESTS);
    let told = watch.until("the row says it", SOON, |watch| watch.says(victim, BUSY));
    watch.until("rates of all others", SOON, |watch| {
        watch.host().domains.values().all(|domain| domain.name == victim || domain.series.latest(CPU).is_some())
    });
    watch.measure();
    watch.pass(Duration::from_secs(4));
    let freshness = watch.freshness(Groups::BLOCK, |domain| domain.name != victim);
    drop(stopped);
    watch.until("it answers", SOON, |watch| watch.domain(victim).is_some_and(|domain| domain.blocked.is_none()));
    drop(watch);

    let stopped = lab.stop(&process);
    let start = Instant::now();
    let program = Program::start(&lab.uri, &[]);
    program.wait("the rows", |text| text.contains("vtop-lab-mem") && text.contains(&idle(8)));
    let shown = start.elapsed();
    let (_, beats) = program.beating(|| program.wait("the row says it", |text| text.contains(BUSY)));
    assert!(program.process().callers() > 1, "a call hangs");
    let end = program.quit();
    drop(stopped);
    let row = Row {
        fault: "1 of 12 QEMUs hangs before the start, and still at `q`".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(beats.stuck),
        blocked: None,
        note: format!(
            "rows after {}, on the screen after {}, reported {} later; ends {:.0} ms after `q`",
            seconds(rows),
            seconds(shown),
            seconds(told),
            1e3 * end.as_secs_f64()
        ),
    };
    table.add(row.clone());
    assert!(freshness.missed <= 1 && freshness.then_missed == 0, "{freshness:?}");
    row.judge();
    assert!(end < EXIT_LIMIT, "it took {end:?} to end");
}

/// Another client's call hangs already. vtop's own call does not: libvirt answers it without the figures of that domain.
pub fn another_client_hangs_too(lab: &Lab, table: &mut Table) {
    let victim = "vtop-lab-cpu";
    let process = [lab.pid(victim)];
    let mut watch = Watch::steady(&lab.uri, 3.0, GUESTS);
    let last = watch.host().sampled_at;
    watch.until("a sample", SOON, |watch| watch.host().sampled_at != last);
    watch.measure();
    let stopped = lab.stop(&process);
    let uri = lab.uri.clone();
    let other = std::thread::spawn(move || try_virsh(&uri, &["domstats"]));
    let told = watch.until("the row says it", SOON, |watch| watch.says(victim, BUSY));
    watch.pass(Duration::from_secs(4));
    assert!(watch.says(victim, BUSY), "still");
    let (freshness, stuck) = (watch.freshness(Groups::BLOCK, |domain| domain.name != victim), watch.stuck());
    drop(stopped);
    watch.until("it answers", SOON, |watch| !watch.says(victim, BUSY));
    watch.beside(other);
    table.add(Row {
        fault: "1 of 12 QEMUs hangs, and another client's call hangs in it (interval 3 s)".into(),
        freshness: Some(freshness),
        stuck: Some(stuck),
        note: format!("reported after {}", seconds(told)),
        ..Row::default()
    });
    assert!(freshness.missed <= 1 && freshness.then_missed == 0, "{freshness:?}");
}
