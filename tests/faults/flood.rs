//! Floods: a terminal that does not read, hundreds of domains at once, domains that end during calls.

use crate::lab::{GUESTS, Lab, idle, try_virsh};
use crate::program::Program;
use crate::shared::run::run;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::path::PathBuf;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vtop::model::Groups;

const LIMIT: Duration = Duration::from_secs(20);

pub fn the_terminal_does_not_read(lab: &Lab, table: &mut Table) {
    let program = Program::sized(&lab.uri, &["-d", "0.1"], (200, 60));
    program.settle();
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
        blocked: Some((before, after)),
        note: format!("a key pressed during the stop was answered {} after it", seconds(answered)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(answered < Duration::from_secs(1), "{answered:?}");
    row.judge();
    assert!(end < Duration::from_millis(200), "{end:?}");
}

/// Inactive domains, undefined on drop.
struct Crowd<'a> {
    lab: &'a Lab,
    size: usize,
    /// Folder with their definitions.
    folder: PathBuf,
}

impl<'a> Crowd<'a> {
    /// Writes the definitions; defines nothing yet.
    fn new(lab: &'a Lab, size: usize) -> Self {
        let crowd = Self { lab, size, folder: lab.folder().join("xml/crowd") };
        let pattern = lab.must(&["xml", &Self::name(0), "idle", "32"]);
        std::fs::create_dir_all(&crowd.folder).unwrap();
        for number in 1..=size {
            let [high, low] = [number / 256, number % 256];
            let xml = pattern
                .replace(&format!("<name>{}", Self::name(0)), &format!("<name>{}", Self::name(number)))
                .replace("52:54:00:77:", &format!("52:55:{high:02x}:{low:02x}:"));
            std::fs::write(crowd.folder.join(Self::name(number)), xml).unwrap();
        }
        crowd
    }

    fn name(number: usize) -> String {
        format!("vtop-lab-crowd-{number:04}")
    }

    /// Runs a virsh command for each domain over one connection; returns when it has finished.
    fn each(&self, command: &str) -> JoinHandle<Instant> {
        let commands: Vec<_> = (1..=self.size).map(|number| format!("{command} {}", Self::name(number))).collect();
        let mut virsh = Command::new("virsh");
        // A thousand full paths would exceed the length of one argument.
        virsh.current_dir(&self.folder).args(["--quiet", "--connect", &self.lab.uri, &commands.join("; ")]);
        std::thread::spawn(move || {
            run(&mut virsh);
            Instant::now()
        })
    }
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        let _ = self.each("undefine").join();
    }
}

pub fn a_hundred_domains_appear(lab: &Lab, table: &mut Table) {
    appear(lab, table, 100, 1);
}

pub fn a_thousand_domains_appear(lab: &Lab, table: &mut Table) {
    appear(lab, table, 1000, 3);
}

fn appear(lab: &Lab, table: &mut Table, size: usize, may_miss: usize) {
    let crowd = Crowd::new(lab, size);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let ((took, appeared, vanished), beats) = program.beating(|| {
        let start = Instant::now();
        let defined = crowd.each("define");
        watch.until("all of them", LIMIT, |watch| watch.host().domains.len() == GUESTS + size);
        let known = Instant::now();
        let defined = watch.beside(defined);
        program.keys("G");
        program.wait("all of them", |text| text.contains(&format!("/{} up", GUESTS + size)));
        watch.pass(Duration::from_secs(2));
        let undefined = crowd.each("undefine");
        watch.until("none of them", LIMIT, |watch| watch.host().domains.len() == GUESTS);
        let gone = Instant::now();
        program.wait("none of them", |text| text.contains(&format!("/{GUESTS} up")));
        let undefined = watch.beside(undefined);
        (defined - start, known.saturating_duration_since(defined), gone.saturating_duration_since(undefined))
    });
    let freshness = watch.freshness(Groups::BLOCK, |_| true);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: format!("{size} domains appear at once, and vanish"),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!(
            "defined within {}; all on the screen {} later, none {} after they ended",
            seconds(took),
            seconds(appeared),
            seconds(vanished)
        ),
    };
    table.add(row.clone());
    assert!(freshness.missed <= may_miss, "{freshness:?}");
    row.judge();
}

/// Every domain without load ends and starts repeatedly at ten samples a second; one ends for good.
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
    let freshness = watch.freshness(Groups::BLOCK, |domain| !domain.name.contains("idle"));
    watch.pass(Duration::from_secs(1));
    let after = program.process().settled(before);
    program.quit();
    println!("{rounds} rounds; failures {:?}", &watch.failures[failures..]);
    let row = Row {
        fault: format!("8 of 12 domains end and start, {rounds} times each (interval 0.1 s)"),
        freshness: Some(freshness),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("{} samples failed", watch.failures.len() - failures),
    };
    table.add(row.clone());
    assert_eq!(watch.failures.len(), failures, "{:?}", watch.failures);
    assert!(freshness.longest < Duration::from_secs(3), "{freshness:?}");
    row.judge();
}
