//! The table of faults and their measurements.

use crate::process::Holdings;
use crate::program::Beats;
use std::fmt::Write;
use std::time::Duration;

/// Path of the table.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/faults.md");

/// Freshness of the figures of healthy domains.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// Longest time without a fresh sample.
    pub longest: Duration,
    /// Intervals missed in that time.
    pub missed: usize,
    /// Intervals missed at any other time.
    pub then_missed: usize,
}

/// One fault; `None` where a column does not apply.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub fault: String,
    pub freshness: Option<Freshness>,
    pub key_to_frame: Option<Beats>,
    pub stuck: Option<usize>,
    pub blocked: Option<(Holdings, Holdings)>,
    pub note: String,
}

impl Row {
    /// Checks what holds for every fault: keys are answered in time; threads, sockets and processes are released.
    pub fn judge(&self) {
        if let Some((before, after)) = self.blocked {
            assert!(after.is_within(before), "{self:?}");
        }
        if let Some(beats) = self.key_to_frame {
            beats.judge();
        }
    }
}

#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    pub fn add(&mut self, row: Row) {
        println!("{row:?}");
        self.0.push(row);
    }

    /// Prints the table; that of a complete run is written to a file.
    pub fn tell(&self, is_whole: bool) {
        let table = self.text();
        println!("\n{table}");
        if is_whole && let Err(error) = std::fs::write(FILE, &table) {
            println!("{FILE} was not written: {error}");
        }
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "| fault | gap | missed | key to frame | stuck | threads | sockets | also |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for row in &self.0 {
            let none = || "–".to_owned();
            let freshness = row.freshness.map_or_else(none, |fresh| seconds(fresh.longest));
            let missed = row.freshness.map_or_else(none, |fresh| format!("{}, {}", fresh.missed, fresh.then_missed));
            let key = row.key_to_frame.map_or_else(none, |beats| {
                let [longest, own] = [beats.longest, beats.own].map(|time| 1e3 * time.as_secs_f64());
                format!("{longest:.0} ms, {own:.0} ms")
            });
            let stuck = row.stuck.map_or_else(none, |stuck| stuck.to_string());
            let pair = |of: fn(&Holdings) -> usize| {
                row.blocked.map_or_else(none, |(before, after)| format!("{}, {}", of(&before), of(&after)))
            };
            let [threads, sockets] = [pair(|blocked| blocked.threads), pair(|blocked| blocked.sockets)];
            let (fault, note) = (&row.fault, &row.note);
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {fault} | {freshness} | {missed} | {key} | {stuck} | {threads} | {sockets} | {note} |"
            );
        }
        text
    }
}

pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
