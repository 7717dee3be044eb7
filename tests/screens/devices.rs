//! The rows of the lists of devices.

use crate::rig::{Rig, SIZE};
use vtop::model::{Blocked, BlockedBy, DomainState, Groups, StateReason};

fn row(rig: &Rig, domain: &str, device: &str) -> String {
    let is_it =
        |line: &&str| line.starts_with(domain) && line.split_whitespace().nth(1).is_some_and(|name| name == device);
    let text = rig.text();
    text.lines().find(is_it).unwrap_or_else(|| panic!("no row {domain} {device}:\n{text}")).to_owned()
}

#[test]
fn devices_of_a_domain_that_is_not_read_say_so_and_have_its_sign() {
    let mut rig = Rig::bent(12, 60, SIZE, |sample| {
        let at = sample.at;
        let domain = sample.domains.values_mut().find(|domain| domain.name == "db-primary").unwrap();
        if at.monotonic.as_secs() >= 50 {
            domain.blocked = Some(Blocked { by: BlockedBy::Monitor, since: at });
            domain.answered -= Groups::BLOCK | Groups::VCPU;
            domain.disks.clear();
            domain.vcpus.clear();
        }
    });
    for (keys, device) in [("3", "▲vda"), ("5", "▲0")] {
        rig.press(keys).press("/db-primary⏎");
        let row = row(&rig, "db-primary", device);
        assert!(row.contains("monitor busy, figures ") && row.contains(" s old"), "{row}");
        assert!(!row.contains("running"), "{row}");
        rig.press("⎋");
    }
    rig.press("4/db-primary⏎");
    assert!(!rig.text().lines().skip(4).any(|line| line.contains("monitor busy")), "the kernel counts NICs");
}

#[test]
fn vcpus_of_a_paused_domain_are_paused() {
    let mut rig = Rig::bent(12, 60, SIZE, |sample| {
        let domain = sample.domains.values_mut().find(|domain| domain.name == "db-primary").unwrap();
        (domain.state, domain.reason) = (DomainState::Paused, StateReason(1));
    });
    rig.press("5/db-primary⏎");
    assert!(row(&rig, "db-primary", "0").trim_end_matches('█').trim_end_matches('┃').trim_end().ends_with("paused"));
}

#[test]
fn the_disk_of_an_i_o_error_has_a_sign_while_its_domain_is_paused() {
    let mut rig = Rig::new(12, 175, SIZE);
    rig.press("3/mail⏎");
    assert!(rig.text().contains("mail paused on an I/O error of vdb"), "{}", rig.text());
    row(&rig, "mail", "▲vdb");
    let mut after = Rig::new(12, 205, SIZE);
    after.press("3/mail⏎");
    row(&after, "mail", "vdb");
}
