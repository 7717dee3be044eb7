//! Several hosts on the screen.

use crate::rig::{Rig, SIZES};
use crate::shots::shot;
use std::sync::Arc;
use std::time::Duration;
use vtop::fleet::Fleet;
use vtop::model::{Failure, HostUpdate};
use vtop::sources::synthetic::{SyntheticOptions, SyntheticSource};

/// Synthetic hosts of these names, after a minute.
fn rig(hosts: &[&str], size: (u16, u16)) -> Rig {
    let mut rig = Rig::empty(size);
    rig.fleet = Fleet::new(0);
    for (name, seed) in hosts.iter().zip(1..) {
        let host = rig.fleet.add_host(name);
        let options = SyntheticOptions { seed, domains: 5, ..SyntheticOptions::default() };
        let (info, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), 61);
        rig.fleet.apply(host, HostUpdate::Connected(Arc::new(info)));
        for sample in samples {
            rig.set_time(sample.at);
            rig.fleet.apply(host, HostUpdate::Keyframe(sample));
        }
    }
    rig.ui.refresh(&rig.fleet);
    rig
}

fn fail(rig: &mut Rig, host: usize) {
    let (message, advice) = ("connection refused".to_owned(), Some("the daemon is not running".to_owned()));
    let failure = Failure { message, advice, retry_in: Some(Duration::from_secs(8)), at: rig.time(), is_bug: false };
    rig.fleet.apply(host, HostUpdate::Failed(failure));
    rig.ui.refresh(&rig.fleet);
}

fn line(rig: &Rig, begin: &str) -> String {
    let text = rig.text();
    let line = text.lines().find(|line| line.starts_with(begin));
    line.unwrap_or_else(|| panic!("no line begins with {begin}:\n{text}")).to_owned()
}

#[test]
fn three_hosts_one_without_data() {
    for size in SIZES {
        let mut rig = rig(&["alpha", "beta-with-a-long-name", "qemu+ssh://root@gamma.example/system"], size);
        fail(&mut rig, 1);
        shot("hosts", size, &rig);
    }
}

#[test]
fn each_host_has_a_line_in_columns() {
    for size in SIZES {
        let rig = rig(&["alpha", "beta-with-a-long-name"], size);
        assert!(line(&rig, "vtop").contains("2 hosts") && line(&rig, "vtop").contains("2/2 live"), "{}", rig.text());
        let [alpha, beta] = ["alpha", "beta"].map(|name| line(&rig, name));
        for part in ["live", "CPU", "MEM"] {
            let column = |line: &str| line.split_once(part).map(|(before, _)| before.chars().count());
            assert!(column(&alpha).is_some() && column(&alpha) == column(&beta), "{part}:\n{}", rig.text());
        }
        assert!(alpha.trim_end().ends_with("5/5 up") || alpha.contains("5 domains"), "{}", rig.text());
    }
}

#[test]
fn a_host_without_data_says_why_and_hides_no_other() {
    for size in SIZES {
        let mut rig = rig(&["alpha", "beta"], size);
        fail(&mut rig, 0);
        assert!(line(&rig, "vtop").contains("1 without data"), "{}", rig.text());
        let alpha = line(&rig, "alpha");
        assert!(alpha.contains("NO DATA") && alpha.contains("next try in 8 s: connection"), "{}", rig.text());
        assert!(line(&rig, "beta").contains("live"), "{}", rig.text());
        assert!(rig.text().contains("alpha: no data"), "the line of what is wrong:\n{}", rig.text());
        assert!(!rig.text().contains(" no data ─"), "no frame over the list:\n{}", rig.text());
    }
}

#[test]
fn a_domain_has_the_lines_of_its_host() {
    let mut rig = rig(&["alpha", "beta"], (120, 40));
    rig.press("⏎");
    assert!(!rig.text().contains("2 hosts"), "{}", rig.text());
    assert_eq!(rig.ui.host_lines(), 2);
    let host = rig.ui.domain.as_ref().unwrap().id.host;
    fail(&mut rig, host);
    assert!(rig.text().contains("connection refused; the daemon is not running"), "{}", rig.text());
}

#[test]
fn hosts_that_do_not_fit_are_counted() {
    let names = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
    let mut rig = rig(&names, (80, 24));
    fail(&mut rig, 6);
    assert_eq!(rig.ui.host_lines(), 6);
    assert!(rig.text().contains("a4 ") && !rig.text().contains("\na5 "), "{}", rig.text());
    assert_eq!(line(&rig, "+").trim_end(), "+3 more hosts, 1 without data");
}

/// The second host has no samples, the third one none before the last second.
#[test]
fn time_goes_back_by_the_samples_of_a_host_that_has_some() {
    let mut rig = rig(&["alpha"], (120, 40));
    rig.fleet.add_host("beta");
    let late = rig.fleet.add_host("gamma");
    let (_, samples) = SyntheticSource::simulate(SyntheticOptions::default(), Duration::from_secs(1), 61);
    rig.fleet.apply(late, HostUpdate::Keyframe(samples.last().unwrap().clone()));
    rig.ui.refresh(&rig.fleet);
    rig.press("<<");
    assert!(line(&rig, "vtop").contains("FROZEN at 09:00:58, -2.0 s"), "{}", rig.text());
}
