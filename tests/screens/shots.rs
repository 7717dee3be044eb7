use crate::rig::{Rig, SIZES};
use std::sync::Arc;
use std::time::Duration;
use vtop::model::{Call, HostUpdate, UnsupportedCall};

/// One screen at every size. The story's 45th second: a noisy neighbour, a disk that gets slow, a newcomer.
fn shots(name: &str, seconds: usize, domains: usize, keys: &str) {
    for size in SIZES {
        let mut rig = Rig::new(domains, seconds, size);
        rig.press(keys);
        shot(name, size, &rig);
    }
}

pub fn shot(name: &str, size: (u16, u16), rig: &Rig) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), rig.text());
    });
}

#[test]
fn table() {
    shots("table", 100, 12, "");
}

#[test]
fn table_of_100_domains_at_its_end() {
    shots("table_100_end", 60, 100, "G");
}

#[test]
fn panes() {
    shots("panes", 100, 12, "2");
}

#[test]
fn panes_of_one_domain() {
    shots("panes_one", 100, 1, "2");
}

#[test]
fn disks() {
    shots("disks", 100, 12, "3");
}

#[test]
fn nics() {
    shots("nics", 170, 12, "4");
}

#[test]
fn vcpus() {
    shots("vcpus", 60, 12, "5");
}

#[test]
fn events() {
    shots("events", 230, 12, "6");
}

#[test]
fn events_the_loudest_first() {
    shots("events_loudest", 230, 12, "6!jj");
}

#[test]
fn events_when_nothing_has_happened() {
    let mut rig = Rig::new(12, 10, (80, 24));
    assert!(rig.press("6").text().contains("no events since vtop started"));
}

#[test]
fn events_that_libvirt_does_not_tell() {
    let reason = || UnsupportedCall { call: Call::Events, reason: "not supported".into() };
    let mut rig = Rig::bent(3, 10, (80, 24), |sample| Arc::make_mut(&mut sample.unsupported).push(reason()));
    assert!(
        rig.press("6").text().contains("libvirt does not deliver events on this connection: not supported"),
        "{}",
        rig.text()
    );
}

#[test]
fn an_interval_that_is_long_enough_is_not_called_too_short() {
    let mut rig = Rig::new(3, 10, (120, 40));
    rig.fleet.apply(0, HostUpdate::Late(Some(Duration::from_millis(1400))));
    assert!(rig.text().contains("sampling takes 1.4 s; press + for a 2 s interval"), "{}", rig.text());
    assert!(!rig.press("+").text().contains("sampling takes"), "{}", rig.text());
}

#[test]
fn one_column_has_the_mark_of_the_order() {
    for key in ["M", "B", "W"] {
        let text = Rig::new(12, 60, (200, 60)).press(key).text();
        let heading = text.lines().find(|line| line.contains("NAME")).expect("the heading");
        let marked = heading.split_whitespace().filter(|word| word.starts_with('▾')).collect::<Vec<_>>();
        // Bytes that are received and sent are sorted as their sum.
        assert_eq!(marked.len(), if key == "B" { 2 } else { 1 }, "{heading}");
    }
}

#[test]
fn an_io_error_that_is_over() {
    shots("io_error_over", 215, 12, "!");
}

#[test]
fn domain_with_events() {
    shots("domain_events", 215, 12, "/mail⏎⏎");
}

#[test]
fn domain() {
    shots("domain", 100, 12, "/db-primary⏎⏎");
}

#[test]
fn domain_without_a_balloon() {
    shots("domain_no_balloon", 100, 12, "/win2022⏎⏎");
}

#[test]
fn domain_that_is_off() {
    shots("domain_off", 100, 12, "/legacy⏎⏎");
}

#[test]
fn device_disk() {
    shots("device_disk", 100, 12, "/db-primary⏎⏎⏎");
}

#[test]
fn device_nic() {
    shots("device_nic", 180, 12, "/proxy⏎⏎⇥⏎");
}

#[test]
fn device_vcpu() {
    shots("device_vcpu", 60, 12, "/ci-runner⏎⏎⇥⇥⏎");
}

#[test]
fn help() {
    shots("help", 10, 12, "?");
}

#[test]
fn an_io_error() {
    shots("io_error", 180, 12, "!");
}

#[test]
fn frozen_in_the_past() {
    shots("frozen", 100, 12, " <<<<<");
}

#[test]
fn a_filter_being_typed() {
    shots("filter", 100, 12, "/web");
}

/// Why, and what to do, has room everywhere.
#[test]
fn no_data() {
    for size in SIZES {
        let mut rig = Rig::new(12, 100, size);
        rig.fail(
            "cannot connect to qemu+unix:///system?socket=/var/run/libvirt/libvirt-sock: the libvirt daemon is not running: \
             Connection refused at /var/run/libvirt/libvirt-sock",
            "systemctl start libvirtd, or virtqemud where the daemons are modular",
        );
        let text = rig.text();
        let words = ["NO DATA", "next try in", "Connection refused", "systemctl", "modular"];
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        shot("no_data", size, &rig);
    }
}

#[test]
fn before_the_first_answer() {
    for size in SIZES {
        let text = Rig::empty(size).text();
        assert!(text.contains("connecting"), "{text}");
        assert!(text.contains("q quit"), "{text}");
    }
}

#[test]
fn too_small() {
    assert_eq!(Rig::new(3, 3, (39, 24)).text().lines().next(), Some("vtop needs 40x10, this is 39x24"));
    assert!(Rig::new(3, 3, (40, 10)).text().contains("NAME"));
}
