//! Names and IDs that another domain takes: a domain's identity is its UUID.

use crate::lab::{GUESTS, Lab};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::time::{Duration, Instant};
use vtop::fleet::Domain;
use vtop::fleet::metric::DomainMetric;
use vtop::model::{DomainState, Groups};

const BUSY: &str = "vtop-lab-taken";
const QUIET: &str = "vtop-lab-quiet";
const RETIRED: &str = "vtop-lab-retired";
const SOON: Duration = Duration::from_secs(10);

/// The highest CPU use in its history, in percent of a core.
fn most_cpu(watch: &Watch, name: &str) -> f64 {
    let domain = watch.domain(name).unwrap();
    let ticks = watch.host().timeline.first()..=watch.host().timeline.last().unwrap();
    ticks.filter_map(|tick| domain.series.at(DomainMetric::Cpu, tick)).fold(0.0, f64::max)
}

/// A busy domain ends. An idle one gets its name and, because libvirtd was restarted meanwhile, its ID too.
pub fn another_domain_takes_name_and_id(lab: &Lab, table: &mut Table) {
    let [busy, quiet] = [BUSY, QUIET].map(|name| lab.define(name, "cpu", |xml| xml));
    // A restarted libvirtd continues from the highest ID in use, so the busy domain and the one after it get the same ID.
    lab.must(&["restart-daemon"]);
    busy.virsh("start", &[]);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + 2);
    let program = Program::sized(&lab.uri, &[], (120, 50));
    program.settle();
    program.wait("both", |text| text.contains(BUSY) && text.contains(QUIET));
    let before = program.holdings();
    // An emulated guest is busy while it boots.
    watch.until("it is busy", 3 * SOON, |watch| {
        watch.domain(BUSY).is_some_and(|domain| domain.readings(Groups::BLOCK) >= 5)
    });
    let usual = most_cpu(&watch, BUSY);
    watch.measure();
    let id = busy.virsh("domid", &[]);
    let (known, beats) = program.beating(|| {
        // Only a restarted libvirtd uses an ID again.
        busy.virsh("destroy", &[]);
        lab.must(&["restart-daemon"]);
        busy.virsh("domrename", &[RETIRED]);
        quiet.virsh("domrename", &[BUSY]);
        quiet.virsh("start", &["--paused"]);
        let start = Instant::now();
        assert_eq!(quiet.virsh("domid", &[]), id, "the same ID");
        let is_known = |watch: &Watch| {
            let taken = watch.domain(BUSY).is_some_and(|domain| domain.run.is_some() && is(domain, &quiet.uuid));
            taken && watch.domain(RETIRED).is_some_and(|domain| domain.run.is_none() && is(domain, &busy.uuid))
        };
        watch.until("who is who", SOON, is_known);
        program.wait("who is who", |text| {
            let shows = |words: &str, more: &str| text.lines().any(|line| line.contains(words) && line.contains(more));
            shows(&format!("P {BUSY}"), "") && shows(RETIRED, "shut off") && !text.contains(QUIET)
        });
        let known = start.elapsed();
        watch
            .until("rates", SOON, |watch| watch.domain(BUSY).is_some_and(|domain| domain.readings(Groups::BLOCK) >= 4));
        known
    });
    let most = most_cpu(&watch, BUSY);
    println!("the busy one used {usual:.0} % of a core, its heir {most:.0} %");
    assert!(most < usual / 2.0, "{most} % of {usual} %: it never ran");
    // The same domain with the same ID in another run.
    quiet.virsh("destroy", &[]);
    lab.must(&["restart-daemon"]);
    quiet.virsh("start", &[]);
    assert_eq!(quiet.virsh("domid", &[]), id, "the same ID");
    watch.until("it works", SOON, |watch| watch.domain(BUSY).is_some_and(|domain| is_at_work(domain, most)));
    watch.judge_cpu(BUSY);
    watch.judge_cpu(RETIRED);
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "another domain takes the name and ID of a busy one".into(),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        blocked: Some((before, after)),
        note: format!("both were told apart {} after the start", seconds(known)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(known < Duration::from_secs(2), "{known:?}");
    row.judge();
}

fn is(domain: &Domain, uuid: &str) -> bool {
    domain.uuid.to_string() == uuid
}

fn is_at_work(domain: &Domain, most: f64) -> bool {
    domain.state == DomainState::Running && domain.series.latest(DomainMetric::Cpu).is_some_and(|cpu| cpu > most)
}
