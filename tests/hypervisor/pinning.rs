//! Steal between domains that are pinned to the same host CPU.

use crate::desk::{Desk, SIZE};
use crate::lab;
use crate::watch::Watch;
use std::time::Duration;
use vtop::fleet::TimeCursor;

/// Limit for two guests that boot on one CPU.
const PATIENCE: Duration = Duration::from_secs(120);

fn findings_of(desk: &Desk, name: &str) -> Vec<String> {
    let findings = desk.fleet.findings(TimeCursor::Live, |_| None);
    let of_domain = findings.into_iter().filter(|(id, _)| desk.fleet.domain(*id).is_some_and(|it| it.1.name == name));
    of_domain.map(|(_, finding)| finding.what()).collect()
}

#[test]
fn of_two_guests_on_one_host_cpu_the_first_consumer_is_named() {
    let Some(lab) = lab::turn() else { return };
    let names = ["vtop-lab-pin-a", "vtop-lab-pin-b"];
    // One by its definition, the other while it runs.
    let on_cpu_0 = |xml: String| {
        let (before, rest) = xml.split_once("<vcpu").expect("the definition has vCPUs");
        format!("{before}<vcpu cpuset='0'{rest}")
    };
    let guests = [lab.define(names[0], "cpu", on_cpu_0), lab.define(names[1], "cpu", |xml| xml)];
    guests.iter().for_each(|guest| drop(guest.virsh("start", &[])));
    let vcpus = guests[1].virsh("vcpucount", &["--live", "--active"]).trim().parse::<u32>().unwrap();
    for vcpu in 0..vcpus {
        guests[1].virsh("vcpupin", &[&vcpu.to_string(), "0", "--live"]);
    }
    let mut watch = Watch::start(&lab, 1.0, SIZE);
    let found = |desk: &Desk| {
        let words = |waiting: &str, consumer: &str| {
            findings_of(desk, waiting).iter().any(|what| what.contains(&format!("shares host CPU 0 with {consumer}")))
        };
        words(names[0], names[1]) || words(names[1], names[0])
    };
    watch.until("one waits for CPU 0 and the other is named", PATIENCE, |desk, _| found(desk));
    watch.judge();
}
