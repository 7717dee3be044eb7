//! Too much at once: a terminal that does not read, domains in crowds, domains that die while they are asked.

use crate::lab::{GUESTS, Lab, idle, try_virsh};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::time::{Duration, Instant};
use vtop::model::Groups;

const LIMIT: Duration = Duration::from_secs(20);

pub fn the_terminal_does_not_read(lab: &Lab, table: &mut Table) {
    let program = Program::sized(&lab.uri, &["-d", "0.1"], (200, 60));
    program.wait("all domains", |text| text.contains(&idle(8)));
    let before = program.holdings();
    program.set_deaf(true);
    // Time for the terminal to fill, and for the program to wait for it.
    std::thread::sleep(Duration::from_secs(5));
    program.keys("?");
    program.set_deaf(false);
    let answered = program.wait("the answer to a key", |text| text.contains("this help"));
    program.keys("?");
    program.wait("the list", |text| !text.contains("this help"));
    let ((), beats) = program.beating(|| std::thread::sleep(Duration::from_secs(2)));
    let after = program.process().settled(before);
    let end = program.quit();
    let row = Row {
        fault: "the terminal does not read for 5 s (interval 0.1 s)".into(),
        key_to_frame: Some(beats),
        stuck: Some(beats.stuck),
        held: Some((before, after)),
        note: format!("its key of that time answered {} after its return", seconds(answered)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(answered < Duration::from_secs(1), "{answered:?}");
    row.judge();
    assert!(end < Duration::from_millis(200), "{end:?}");
}

const CROWD: usize = 100;

/// Takes the domains away again, however the fault ends.
struct Crowd<'a>(&'a Lab);

impl Crowd<'_> {
    fn commands(of: impl Fn(usize) -> String) -> String {
        (1..=CROWD).map(of).collect::<Vec<_>>().join("; ")
    }

    fn undefine(&self) {
        try_virsh(&self.0.uri, &[&Self::commands(|number| format!("undefine vtop-lab-crowd-{number:03}"))]);
    }
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        self.undefine();
    }
}

pub fn a_hundred_domains_appear(lab: &Lab, table: &mut Table) {
    let folder = lab.folder().join("xml");
    let pattern = lab.must(&["xml", "vtop-lab-crowd-000", "idle", "32"]);
    let file = |number: usize| folder.join(format!("vtop-lab-crowd-{number:03}.xml")).display().to_string();
    for number in 1..=CROWD {
        let xml = pattern
            .replace("<name>vtop-lab-crowd-000", &format!("<name>vtop-lab-crowd-{number:03}"))
            .replace("52:54:00:77:", &format!("52:54:01:{number:02x}:"));
        std::fs::write(file(number), xml).unwrap();
    }
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let crowd = Crowd(lab);
    let uri = lab.uri.clone();
    let ((appeared, vanished), beats) = program.beating(|| {
        let start = Instant::now();
        let commands = Crowd::commands(|number| format!("define {}", file(number)));
        let defined = std::thread::spawn(move || {
            try_virsh(&uri, &[&commands]);
            Instant::now()
        });
        watch.until("all of them", LIMIT, |watch| watch.host().domains.len() == GUESTS + CROWD);
        let appeared = start.elapsed();
        let defined = watch.beside(defined);
        println!("defined within {:?}, known after {appeared:?}", defined - start);
        program.keys("G");
        program.wait("all of them", |text| text.contains(&format!("/{} up", GUESTS + CROWD)));
        watch.pass(Duration::from_secs(2));
        crowd.undefine();
        let vanished = watch.until("none of them", LIMIT, |watch| watch.host().domains.len() == GUESTS);
        program.wait("none of them", |text| text.contains(&format!("/{GUESTS} up")));
        (appeared, vanished)
    });
    let freshness = watch.freshness(Groups::CPU, |_| true);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "100 domains appear at once, and vanish".into(),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("all known after {}, none {} after they went", seconds(appeared), seconds(vanished)),
    };
    table.add(row.clone());
    assert!(freshness.missed <= 1, "{freshness:?}");
    row.judge();
}

/// At ten samples a second, every domain that has no load ends and starts again and again; at last one for good.
pub fn domains_die_in_the_middle_of_calls(lab: &Lab, table: &mut Table) {
    let mut watch = Watch::steady(&lab.uri, 0.1, GUESTS);
    let program = Program::steady(&lab.uri, &["-d", "0.1"]);
    let before = program.holdings();
    let failures = watch.failures.len();
    watch.measure();
    let (rounds, beats) = program.beating(|| {
        // Two at a time, as a busy host would.
        let halves = [1..=4, 5..=8].map(|numbers| {
            let uri = lab.uri.clone();
            std::thread::spawn(move || {
                let start = Instant::now();
                let restart = |number| format!("destroy {0}; start {0} --paused", idle(number));
                let commands = numbers.map(restart).collect::<Vec<_>>().join("; ");
                let mut rounds = 0;
                while start.elapsed() < Duration::from_secs(8) {
                    try_virsh(&uri, &[&commands]);
                    rounds += 1;
                }
                rounds
            })
        });
        let rounds = halves.map(|half| watch.beside(half)).into_iter().min();
        lab.virsh(&["destroy", &idle(8)]);
        watch.until("it is off", LIMIT, |watch| watch.domain(&idle(8)).is_some_and(|domain| domain.run.is_none()));
        rounds.unwrap_or_default()
    });
    let freshness = watch.freshness(Groups::CPU, |domain| !domain.name.contains("idle"));
    watch.pass(Duration::from_secs(1));
    let after = program.process().settled(before);
    program.quit();
    println!("{rounds} rounds; failures {:?}", &watch.failures[failures..]);
    let row = Row {
        fault: format!("8 of 12 domains end and start, {rounds} times each (interval 0.1 s)"),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("{} samples failed", watch.failures.len() - failures),
    };
    table.add(row.clone());
    assert_eq!(watch.failures.len(), failures, "{:?}", watch.failures);
    assert!(freshness.longest < Duration::from_secs(3), "{freshness:?}");
    row.judge();
}
