//! vtop itself is stopped for a while, as by SIGSTOP or a suspended host.

use crate::lab::{Lab, idle};
use crate::lines::{Lines, blocked, figure};
use crate::program::Program;
use crate::shared::pty::LIMIT;
use crate::table::{Row, Table, seconds};
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::time::{Duration, Instant};

const STOP: Duration = Duration::from_secs(10);
const BUSY: &str = "vtop-lab-cpu";

/// CPU time of a domain from libvirt, in seconds, and when it was read.
fn cpu_time(lab: &Lab) -> (f64, Instant) {
    let text = lab.virsh(&["domstats", "--cpu-total", BUSY]);
    let time = text.lines().find_map(|line| line.trim().strip_prefix("cpu.time=")?.parse::<f64>().ok());
    (time.unwrap() / 1e9, Instant::now())
}

/// Whether a monitor command of this domain is running.
fn is_occupied(lab: &Lab, domain: &str) -> bool {
    lab.virsh(&["domcontrol", domain]).contains("occupied")
}

/// The time in a line.
fn made(line: &Value) -> Timestamp {
    line["time"].as_str().unwrap().parse().unwrap()
}

/// Stops vtop during a call, so that the answer is as old as the stop is long.
pub fn for_ten_seconds(lab: &Lab, table: &mut Table) {
    let program = Program::steady(&lab.uri, &[]);
    let before = program.holdings();
    let lines = Lines::start(&lab.uri, "0.5");
    let pids = [program.pid(), lines.pid()];
    (0..4).for_each(|_| drop(lines.next()));
    signal(pids[0], Signal::STOP);
    // A call that was running ends.
    (0..3).for_each(|_| drop(lines.next()));

    let hung = lab.stop(&[lab.pid(&idle(8))]);
    let start = Instant::now();
    while !is_occupied(lab, &idle(8)) {
        assert!(start.elapsed() < LIMIT, "no call hangs");
    }
    signal(pids[1], Signal::STOP);
    let stopped = Timestamp::now();
    assert!(is_occupied(lab, &idle(8)), "it is stopped in the middle of a call");
    drop(hung);
    let start = Instant::now();
    let (first, begun) = cpu_time(lab);
    std::thread::sleep(STOP.saturating_sub(start.elapsed()));
    let (last, ended) = cpu_time(lab);
    let length = ended - begun;
    program.keys("?");
    let start = Instant::now();
    pids.iter().for_each(|pid| signal(*pid, Signal::CONT));
    let answered = program.wait("the key of that time", |text| text.contains("this help"));
    program.keys("?");

    // A line from before the stop may still be in the pipe.
    let line = std::iter::repeat_with(|| lines.next()).find(|line| made(line) > stopped).unwrap();
    let came = start.elapsed();
    let elapsed = line["elapsed_seconds"].as_f64().unwrap();
    let cpu = figure(&line, BUSY, "cpu_percent").unwrap();
    let least = 100.0 * (last - first) / elapsed;
    let cpus = line["host"]["cpus"].as_f64().unwrap();
    let most = least + 100.0 * cpus * (elapsed - length.as_secs_f64()) / elapsed;
    println!("{cpu} % of a core over {elapsed} s; between {least} and {most}");
    let then: Vec<f64> = (0..6).filter_map(|_| figure(&lines.next(), BUSY, "cpu_percent")).collect();
    println!("then {then:?}");
    // The stop must not delay the detection of the next hang.
    let hung = lab.stop(&[lab.pid(&idle(8))]);
    let start = Instant::now();
    let seen = std::iter::repeat_with(|| lines.next())
        .find(|line| start.elapsed() > 2 * LIMIT || blocked(line, &idle(8)) == "monitor busy")
        .map(|_| start.elapsed())
        .unwrap();
    drop((hung, lines));
    program.wait("the list", |text| !text.contains("this help"));
    let ((), beats) = program.beating(|| std::thread::sleep(Duration::from_secs(2)));
    let after = program.process().settled(before);
    program.quit();
    let row = Row {
        fault: "vtop itself is stopped for 10 s, in the middle of a call".into(),
        key_to_frame: Some(beats),
        stuck: Some(beats.stuck),
        blocked: Some((before, after)),
        note: format!(
            "a key pressed during the stop was answered {}, a sample came {} after it; CPU over these {elapsed:.1} s {cpu:.0} % \
             (virsh: {least:.0} to {most:.0} %), at most {:.0} % afterwards; a hang soon after is reported after {}",
            seconds(answered),
            seconds(came),
            then.iter().copied().fold(0.0, f64::max),
            seconds(seen)
        ),
        ..Row::default()
    };
    table.add(row.clone());
    assert!(answered < Duration::from_secs(1), "{answered:?}");
    assert!(elapsed > STOP.as_secs_f64(), "the first line covers all of it: {elapsed}");
    assert!((least..=most).contains(&cpu), "{row:?}");
    assert!(seen < Duration::from_secs(5), "{seen:?}");
    assert!(then.len() == 6 && then.iter().all(|cpu| *cpu <= 110.0 * cpus), "{then:?}");
    row.judge();
}

fn signal(pid: Pid, signal: Signal) {
    kill_process(pid, signal).unwrap();
}
