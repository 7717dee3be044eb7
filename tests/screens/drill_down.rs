//! From a list into a domain, into a device, and back.

use crate::rig::{Rig, SIZE};
use vtop::ui::{DeviceKey, List, Screen};

#[test]
fn in_and_out_again() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/db-pri⏎");
    rig.press("⏎");
    let focus = rig.ui.demands(&rig.fleet)[0].focus.first().copied();
    assert_eq!(
        focus,
        rig.ui.selected_row().and_then(|row| row.domain()).map(|id| id.uuid),
        "everything of it is asked"
    );
    assert!(matches!(rig.ui.screen(), Screen::Domain(_)));
    rig.press("⏎");
    assert!(matches!(rig.ui.screen(), Screen::Device(..)));
    rig.press("⎋");
    assert!(matches!(rig.ui.screen(), Screen::Domain(_)));
    rig.press("⎋");
    assert!(rig.ui.demands(&rig.fleet)[0].focus.is_empty());
    assert_eq!(rig.ui.screen(), Screen::List(List::Table));
    assert_eq!(rig.ui.rows.len(), 1, "the filter is still there");
    rig.press("⎋");
    assert_eq!(rig.ui.rows.len(), 12, "and goes with Esc");
}

#[test]
fn tab_goes_round_the_kinds_of_devices() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/proxy⏎⏎");
    let kinds: Vec<String> = (0..4)
        .map(|_| {
            let text = rig.press("⏎").text();
            rig.press("⎋⇥");
            ["disk vd", "NIC vnet", "vCPU 0"].iter().find(|kind| text.contains(**kind)).unwrap_or(&"?").to_string()
        })
        .collect();
    assert_eq!(kinds, ["disk vd", "NIC vnet", "vCPU 0", "disk vd"]);
}

#[test]
fn the_selected_device_is_in_sight_at_every_height() {
    for height in 14..30 {
        let mut rig = Rig::new(12, 60, (80, height));
        rig.press("/proxy⏎⏎");
        for _ in 0..7 {
            let selected = rig.ui.domain.as_ref().unwrap().selected.clone();
            let name = match selected {
                Some(DeviceKey::Disk(name) | DeviceKey::Nic(name)) => name.to_string(),
                Some(DeviceKey::Vcpu(number)) => number.to_string(),
                None => "vda".to_owned(),
            };
            let text = rig.text();
            let rows =
                text.lines().skip(5).filter_map(|line| line.trim_start_matches(['▲', '△', ' ']).split(' ').next());
            assert!(rows.collect::<Vec<_>>().contains(&name.as_str()), "{name} at {height}:\n{text}");
            rig.press("j");
        }
    }
}

#[test]
fn the_reason_above_the_first_device_can_be_reached_again() {
    let mut rig = Rig::bent(12, 60, SIZE, |sample| {
        for domain in sample.domains.values_mut() {
            domain.disks.clear();
            domain.definition = None;
        }
    });
    rig.press("/ci-runner-03⏎⏎");
    assert!(rig.text().contains("no disks: it has no such device"));
    rig.press("G");
    assert!(!rig.text().contains("no disks: it has no such device"));
    rig.press("g");
    assert!(rig.text().contains("no disks: it has no such device"), "{}", rig.text());
}

#[test]
fn a_heading_stands_over_every_device_in_sight() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/ci-runner-03⏎⏎");
    let first = |rig: &Rig| {
        let areas = vtop::ui::domain_areas(SIZE, rig.fleet.domain(rig.ui.domain.as_ref().unwrap().id).unwrap().1);
        rig.text().lines().nth(usize::from(areas.devices.y)).unwrap().to_owned()
    };
    assert!(first(&rig).contains("DISK"));
    rig.press("G");
    assert!(first(&rig).contains("vCPU") && first(&rig).contains("STEAL%"), "{}", rig.text());
    for _ in 0..30 {
        rig.press("k");
        assert!(["DISK", "NIC", "vCPU"].iter().any(|kind| first(&rig).contains(kind)), "{}", rig.text());
    }
}

#[test]
fn a_domain_that_vanishes_under_the_eye_is_said_to_be_gone() {
    let mut rig = Rig::new(12, 20, SIZE);
    rig.press("/mail⏎⏎");
    let smaller = Rig::new(2, 20, SIZE);
    rig.fleet = smaller.fleet;
    rig.ui.refresh(&rig.fleet);
    assert!(rig.text().contains("this domain is gone"));
    rig.press("⎋⎋");
    assert_eq!(rig.ui.rows.len(), 2);
}
