//! Faults of libvirtd, QEMU and connections on the lab, and how vtop behaves. The measured figures of all faults are
//! printed as one table at the end and kept in `target/faults.md`.
//!
//! Needs root; see `tests/lab/README.md`. Where the lab cannot be had it fails, unless `VTOP_LAB=skip` says that this is
//! known. Words among the arguments choose faults by their names. `VTOP_FAULT_CYCLES` is the number of restarts.
//!
//! A target without a harness: the faults share one lab, come one after another, and end with a table.

#![allow(unreachable_pub)] // A test target has no outside.
#![allow(clippy::unwrap_used)] // Nor has it anybody to tell an error to.

mod daemon;
mod flood;
mod hangs;
mod lab;
mod lines;
mod locks;
mod many;
mod migration;
mod names;
mod outage;
mod process;
mod program;
mod relay;
mod remote;
mod saves;
#[path = "../shared/mod.rs"]
mod shared;
mod stopped;
mod storage;
mod table;
mod two_hosts;
mod watch;

use lab::Lab;
use shared::lab::{CHOICE, is_unwanted};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;
use table::Table;

type Fault = fn(&Lab, &mut Table);

const FAULTS: &[(&str, Fault)] = &[
    ("one_of_twelve_hangs", hangs::one_of_twelve),
    ("three_of_twelve_hang", hangs::three_of_twelve),
    ("three_of_fifty_hang", many::three_of_fifty_hang),
    ("the_one_that_hangs_is_destroyed", hangs::the_one_that_hangs_is_destroyed),
    ("five_of_twelve_hang", hangs::five_of_twelve),
    ("a_hang_before_the_start", hangs::before_the_start),
    ("a_hang_in_which_another_client_hangs_too", hangs::another_client_hangs_too),
    ("a_lock_is_held", locks::a_hook_sleeps),
    ("a_lock_before_the_start", locks::before_the_start),
    ("a_lock_of_a_container", locks::of_a_container),
    ("a_disk_has_no_room", storage::a_disk_has_no_room),
    ("another_domain_takes_name_and_id", names::another_domain_takes_name_and_id),
    ("a_guest_is_saved_and_restored", saves::a_guest_is_saved_and_restored),
    ("a_guest_moves_to_another_host", migration::to_another_host_and_back),
    ("the_daemon_is_killed", daemon::killed),
    ("the_daemon_is_away_for_longer", daemon::away_for_longer),
    ("the_daemon_comes_back_badly", daemon::comes_back_badly),
    ("the_daemon_freezes", daemon::frozen),
    ("the_daemon_restarts_again_and_again", daemon::restarted_again_and_again),
    ("one_of_two_hosts_fails", two_hosts::one_fails),
    ("a_tcp_connection_is_cut", remote::tcp_is_cut),
    ("a_tcp_connection_is_silent", remote::tcp_is_silent),
    ("a_tls_connection_is_cut", remote::tls_is_cut),
    ("an_ssh_connection_is_cut", remote::ssh_is_cut),
    ("vtop_is_stopped", stopped::for_ten_seconds),
    ("the_terminal_does_not_read", flood::the_terminal_does_not_read),
    ("a_hundred_domains_appear", flood::a_hundred_domains_appear),
    ("a_thousand_domains_appear", flood::a_thousand_domains_appear),
    ("domains_die_in_the_middle_of_calls", flood::domains_die_in_the_middle_of_calls),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        FAULTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    let wanted: Vec<_> = FAULTS.iter().filter(|(name, _)| is_wanted(name)).collect();
    if wanted.is_empty() {
        return ExitCode::SUCCESS;
    }
    if is_unwanted() {
        println!("skipped: the fault suite did not run, as {}=skip says", CHOICE);
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let lab = match Lab::up() {
        Ok(lab) => lab,
        Err(why) => {
            println!("NOT RUN: {why}\n{}=skip leaves the fault suite out, knowingly", CHOICE);
            return ExitCode::FAILURE;
        }
    };
    println!("the lab is up after {:.0?}", start.elapsed());
    let mut table = Table::default();
    let mut failed = Vec::new();
    for (name, fault) in wanted {
        let mut attempt = || {
            let begun = Instant::now();
            println!("\n=== {name}");
            let outcome = catch_unwind(AssertUnwindSafe(|| fault(&lab, &mut table)));
            let words = outcome.as_ref().err().and_then(|panic| panic.downcast_ref::<String>());
            let late = words.is_some_and(|words| words.starts_with(program::LATE));
            let passed = outcome.is_ok();
            println!("=== {name}: {} after {:.1?}", if passed { "ok" } else { "FAILED" }, begun.elapsed());
            // The next fault begins with a healthy lab, also after a failure.
            lab.heal();
            (passed, late)
        };
        // A key may be late because the machine was busy for a moment. Only then the fault is measured once more, against
        // the same limit, and both measurements are printed.
        let passed = match attempt() {
            (false, true) => attempt().0,
            (passed, _) => passed,
        };
        if !passed {
            failed.push(*name);
        }
    }
    drop(lab);
    table.tell(words.is_empty());
    println!("{} faults failed {failed:?}; {:.0?} in all", failed.len(), start.elapsed());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
