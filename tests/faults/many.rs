//! A host with so many guests that a call is split over several connections.

use crate::hangs::{HANG, SOON, hang_beside, judge_freshness};
use crate::lab::{GUESTS, Lab, try_virsh};
use crate::process::Process;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use vtop::fleet::Domain;
use vtop::fleet::metric::DomainMetric;
use vtop::model::Groups;

/// Suspended guests besides the lab's.
const MORE: usize = 40;
const PREFIX: &str = "vtop-lab-many-";

/// Guests that are removed on drop.
struct Many<'a>(&'a Lab);

impl<'a> Many<'a> {
    fn new(lab: &'a Lab) -> Self {
        let this = Self(lab);
        lab.must(&["add", "--idle", &MORE.to_string(), "--prefix", PREFIX]);
        this
    }
}

impl Drop for Many<'_> {
    fn drop(&mut self) {
        let commands: Vec<String> =
            (1..=MORE).map(|number| format!("destroy {0}; undefine {0}", many(number))).collect();
        try_virsh(&self.0.uri, &[&commands.join("; ")]);
    }
}

fn many(number: usize) -> String {
    format!("{PREFIX}{number:02}")
}

/// Sockets of this process while a sampler runs in it.
fn sockets(_: &Watch) -> usize {
    Process::this().holdings().sockets
}

/// Three QEMUs hang in any part of the split call.
pub fn three_of_fifty_hang(lab: &Lab, table: &mut Table) {
    let few = sockets(&Watch::steady(&lab.uri, 1.0, GUESTS));
    let _many = Many::new(lab);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS + MORE);
    assert!(sockets(&watch) > few, "a call is split up: {few} sockets with {GUESTS} guests");
    let victims = [1, 20, 40].map(many);
    watch.measure();
    let (stopped, told, listed) = hang_beside(lab, &mut watch, &victims);
    assert!(!watch.host().is_degraded(), "three may hang");
    drop(stopped);
    watch.until("all answer", SOON, |watch| {
        let answers = |domain: &Domain| domain.blocked.is_none() && domain.series.latest(DomainMetric::Cpu).is_some();
        watch.host().domains.values().all(answers)
    });
    watch.pass(HANG / 4);
    let freshness = watch.freshness(Groups::BLOCK, |domain| !victims.iter().any(|victim| domain.name == *victim));
    drop(watch);
    assert_eq!(Process::this().callers(), 0, "no thread is left");
    table.add(Row {
        fault: format!("3 of {} QEMUs hang for 10 s, calls in parallel", GUESTS + MORE),
        freshness: Some(freshness),
        note: format!("reported after {}; `virsh list` during the fault: {}", seconds(told), seconds(listed)),
        ..Row::default()
    });
    judge_freshness(freshness);
}
