//! libvirtd is killed, stopped for a while, frozen, and restarted repeatedly.

use crate::lab::{GUESTS, Lab};
use crate::outage::{Outage, is_shown_live};
use crate::program::Program;
use crate::table::{Row, Table, seconds};
use crate::watch::Watch;
use std::cell::RefCell;
use std::time::Duration;

/// Limit from the return of libvirtd to the next sample.
const BACK_WITHIN: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(40);

pub fn killed(lab: &Lab, table: &mut Table) {
    away(lab, table, "libvirtd is killed, and started again", Duration::from_millis(1200));
}

pub fn away_for_longer(lab: &Lab, table: &mut Table) {
    away(lab, table, "libvirtd is killed, and away for 8 s", Duration::from_secs(8));
}

fn away(lab: &Lab, table: &mut Table, fault: &str, length: Duration) {
    let begin = || drop(lab.must(&["stop-daemon"]));
    let end = || drop(lab.must(&["start-daemon"]));
    let outage = Outage { fault, uri: &lab.uri, begin: &begin, end: &end, length, back_within: BACK_WITHIN };
    let row = outage.of_the_connection();
    table.add(row.clone());
    row.judge();
}

pub fn frozen(lab: &Lab, table: &mut Table) {
    let daemon = [lab.daemon_pid()];
    let stopped = RefCell::new(None);
    let outage = Outage {
        fault: "libvirtd is frozen for 20 s",
        uri: &lab.uri,
        begin: &|| *stopped.borrow_mut() = Some(lab.stop(&daemon)),
        end: &|| drop(stopped.take()),
        length: Duration::from_secs(20),
        back_within: BACK_WITHIN,
    };
    let row = outage.of_answers();
    table.add(row.clone());
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
            let back =
                watch.until("samples again", LIMIT, |watch| watch.connected.len() > connected && watch.is_sampled());
            let shown = program.wait("samples again", is_shown_live);
            if back.max(shown) > BACK_WITHIN {
                println!("cycle {cycle}: back {back:?}, shown {shown:?}");
            }
            longest = longest.max(back.max(shown));
            // vtop backs off from a daemon that ends before it has given figures. Five times as often as here
            // the program asks for them.
            let ticks = watch.host().timeline.last();
            watch.until("another sample", LIMIT, |watch| watch.host().timeline.last() > ticks);
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
        blocked: Some((before, after)),
        note: format!("back {} after its return at the latest", seconds(longest)),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(longest < BACK_WITHIN, "{longest:?}");
    row.judge();
}
