//! libvirtd killed, away, frozen, restarted again and again.

use crate::lab::{GUESTS, Lab};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::time::{Duration, Instant};
use vtop::fleet::Link;
use vtop::fleet::metric::DomainMetric;
use vtop::model::EventKind;

/// How soon after libvirtd's return vtop is back.
const BACK_WITHIN: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(40);

pub fn killed(lab: &Lab, table: &mut Table) {
    let row = outage(lab, Duration::from_millis(1200), "libvirtd is killed, and started again".into());
    table.add(row.clone());
    row.judge();
}

pub fn away_for_longer(lab: &Lab, table: &mut Table) {
    let row = outage(lab, Duration::from_secs(8), "libvirtd is killed, and away for 8 s".into());
    table.add(row.clone());
    row.judge();
}

fn is_live(watch: &Watch) -> bool {
    watch.host().link == Link::Live
}

fn outage(lab: &Lab, length: Duration, fault: String) -> Row {
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let cpu = |watch: &Watch| watch.domain("vtop-lab-cpu").unwrap().readings();
    let (readings, ticks) = (cpu(&watch), watch.host().timeline.last());
    let ((told, away, back), beats) = program.beating(|| {
        let start = Instant::now();
        lab.must(&["stop-daemon"]);
        let told = watch.until(
            "a countdown",
            LIMIT,
            |watch| matches!(&watch.host().link, Link::Failing(failure) if failure.retry_in.is_some()),
        );
        program.wait("a countdown", |text| text.contains("next try in"));
        watch.pass(length.saturating_sub(start.elapsed()));
        lab.must(&["start-daemon"]);
        let away = start.elapsed();
        let back = watch.until("samples again", LIMIT, is_live);
        let shown = program.wait("samples again", |text| !text.contains("next try in") && text.contains("running"));
        (told, away, back.max(shown))
    });
    watch.until("rates again", LIMIT, |watch| cpu(watch) > readings + 1);
    let rate = watch.domain("vtop-lab-cpu").unwrap().track.latest(DomainMetric::Cpu);
    assert!(rate.is_some_and(|rate| rate < 250.0), "counters go on: {rate:?}");
    let is_back = |watch: &Watch| watch.host().events.iter().any(|(_, event)| event.kind == EventKind::ConnectionBack);
    watch.until("it is told that it is back", LIMIT, is_back);
    assert_eq!(watch.host().timeline.first(), 0, "the history goes on");
    assert!(watch.host().timeline.last() > ticks);
    let lost = |kind: &EventKind| matches!(kind, EventKind::ConnectionLost(_));
    assert!(watch.host().events.iter().any(|(_, event)| lost(&event.kind)));
    let after = program.process().settled(before);
    program.quit();
    assert!(back < BACK_WITHIN, "back after {back:?}, {BACK_WITHIN:?} are allowed; away for {away:?}");
    Row {
        fault,
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("told after {}; back {} after its return ({} away)", seconds(told), seconds(back), seconds(away)),
        ..Row::default()
    }
}

pub fn frozen(lab: &Lab, table: &mut Table) {
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let daemon = [lab.daemon_pid()];
    watch.measure();
    let ((told, back), beats) = program.beating(|| {
        let start = Instant::now();
        let stopped = lab.stop(&daemon);
        let told = watch.until("it is told", LIMIT, |watch| matches!(watch.host().link, Link::Failing(_)));
        program.wait("it is told", |text| text.contains("libvirt does not answer") || text.contains("next try in"));
        watch.pass(Duration::from_secs(20).saturating_sub(start.elapsed()));
        println!("{:?}\n{}", watch.host().link, program.text());
        drop(stopped);
        let back = watch.until("samples again", LIMIT, is_live);
        let shown = program.wait("samples again", |text| {
            !text.contains("next try in") && !text.contains("does not answer") && text.contains("running")
        });
        (told, back.max(shown))
    });
    watch.pass(Duration::from_secs(2));
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "libvirtd is frozen for 20 s".into(),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("told after {}; back {} after its return", seconds(told), seconds(back)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(back < BACK_WITHIN, "back after {back:?}");
    assert!(row.stuck.unwrap() <= 3, "{row:?}");
    row.judge();
}

pub fn restarted_again_and_again(lab: &Lab, table: &mut Table) {
    let cycles = std::env::var("VTOP_FAULT_CYCLES").ok().and_then(|number| number.parse().ok()).unwrap_or(20);
    let mut watch = Watch::steady(&lab.uri, 1.0, GUESTS);
    let program = Program::steady(&lab.uri, &["-d", "0.2"]);
    let before = program.holdings();
    let mut longest = Duration::ZERO;
    let ((), beats) = program.beating(|| {
        for cycle in 0..cycles {
            let connected = watch.connected.len();
            lab.must(&["restart-daemon"]);
            let back = watch.until("samples again", LIMIT, |watch| watch.connected.len() > connected && is_live(watch));
            let shown = program.wait("samples again", |text| !text.contains("next try in") && text.contains("running"));
            longest = longest.max(back.max(shown));
            if cycle == 0 {
                println!("the first time {back:?}");
            }
        }
    });
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: format!("libvirtd is killed and started {cycles} times"),
        key_to_frame: Some(beats),
        stuck: Some(watch.stuck().max(beats.stuck)),
        held: Some((before, after)),
        note: format!("back {} after its return at the latest", seconds(longest)),
        ..Row::default()
    };
    table.add(row.clone());
    row.judge();
}
