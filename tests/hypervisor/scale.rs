//! A hundred domains: all can be scrolled to and are sampled.

use crate::desk::Viewer;
use crate::figures::Direct;
use crate::lab::{self, Lab};
use crate::pty::Program;
use crate::screen::Screen;
use crate::watch::Watch;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use vtop::model::Groups;
use vtop::sources::libvirt::Calls;

const DOMAINS: usize = 100;
const SIZE: (u16, u16) = (80, 24);

/// Removes the guests on drop.
struct Crowd<'a>(&'a Lab);

impl Crowd<'_> {
    fn names() -> impl Iterator<Item = String> {
        (1..=DOMAINS - 4).map(|number| format!("vtop-lab-crowd-{number:02}"))
    }
}

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        let commands: Vec<String> = Self::names().map(|name| format!("destroy {name}; undefine {name}")).collect();
        lab::try_virsh(&self.0.uri, &[&commands.join("; ")]);
    }
}

/// The visible names in a table of 80 columns.
fn names(screen: &Screen) -> Vec<String> {
    let name = |line: &str| line.chars().skip(3).take_while(|c| !c.is_whitespace()).collect::<String>();
    screen.text().lines().map(name).filter(|name| name.starts_with("vtop-")).collect()
}

#[test]
fn a_hundred_domains_are_within_reach_and_sampled() {
    let Some(lab) = lab::turn() else { return };
    let start = Instant::now();
    let _crowd = Crowd(&lab);
    lab.must(&["add", "--idle", &(DOMAINS - 4).to_string(), "--prefix", "vtop-lab-crowd-"]);
    println!("{} guests more after {:?}", DOMAINS - 4, start.elapsed());
    let mut watch = Watch::start(&lab, 2.0, SIZE);
    watch.until("all domains", Duration::from_secs(60), |desk, _| desk.host().domains.len() == DOMAINS);
    watch.until("rates and definitions of all", Duration::from_secs(120), |desk, _| {
        desk.host().domains.values().all(|domain| domain.readings(Groups::BLOCK) >= 2 && domain.definition.is_some())
    });

    // Every domain, page by page; busy ones are at the top.
    watch.desk.press("N");
    let mut seen: BTreeSet<String> = names(&watch.desk.overview()).into_iter().collect();
    let page = seen.len();
    assert!(page > 10, "{}", watch.desk.screen().text());
    for _ in 0..DOMAINS {
        watch.desk.press("j");
        seen.extend(names(&watch.desk.screen()));
    }
    assert_eq!(seen.len(), DOMAINS, "{seen:?}");
    watch.desk.press("G⏎");
    let last = watch.desk.screen();
    assert!(last.contains("vtop-lab-net  running"), "{}", last.text());
    watch.judge();

    let mut direct = Direct::connect(&lab.uri, Calls::Auto);
    let mut times: Vec<Duration> = (0..5)
        .map(|_| {
            let start = Instant::now();
            direct.sample(None);
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("a sample of {DOMAINS} domains takes {:?} (median of 5), {:?} at most", times[2], times[4]);

    let mut program = Program::start(&["--connect", &lab.uri], SIZE);
    program.wait("domains", |screen| (!names(screen).is_empty()).then_some(()));
    program.keys("NG");
    program.wait("the last by name", |screen| names(screen).iter().any(|name| name.ends_with("net")).then_some(()));
    program.keys("g");
    program.wait("the first by name", |screen| names(screen).iter().any(|name| name.ends_with("cpu")).then_some(()));
    assert_eq!(program.quit(), 0);
}
