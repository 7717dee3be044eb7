//! What was measured, as a table in Markdown.

use crate::window::Cost;
use std::fmt::Write;

/// A contender's windows, one a round.
pub struct Row {
    pub name: String,
    pub windows: Vec<Cost>,
}

impl Row {
    /// The middle one of the windows' figures: one window that others disturbed changes nothing.
    fn median(&self, of: impl Fn(&Cost) -> f64) -> f64 {
        median(self.windows.iter().map(of).collect())
    }

    fn extreme(&self, pick: fn(f64, f64) -> f64, of: impl Fn(&Cost) -> f64) -> f64 {
        self.windows.iter().map(of).reduce(pick).unwrap_or(f64::NAN)
    }
}

/// The figure that a share of them does not exceed.
pub fn nth(mut figures: Vec<f64>, share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (share * figures.len() as f64).ceil() as usize;
    figures.get(place.max(1) - 1).copied().unwrap_or(f64::NAN)
}

/// The middle one, or the mean of the two in the middle.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => f64::NAN,
        count if count % 2 == 0 => (figures[count / 2 - 1] + figures[count / 2]) / 2.0,
        count => figures[count / 2],
    }
}

/// CPU time and the rest, a refresh: without what the daemon and the guests spend when `nobody` asks, and against the
/// window of `base` in the same round.
pub fn costs(rows: &[Row], base: &str, nobody: &str) -> String {
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let idle = |of: fn(&Cost) -> f64| find(nobody).map_or(0.0, |row| row.median(of));
    let [idle_daemon, idle_guests] = [idle(|cost| cost.daemon), idle(|cost| cost.guests)];
    let whole = move |cost: &Cost| cost.all() - idle_daemon - idle_guests;
    let base = find(base);
    let mut text = String::from(
        "| CPU time a refresh | client | libvirtd | QEMUs | together | to the bare loop | calls | received | written | memory |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows.iter().filter(|row| row.name != nobody) {
        let against = |of: &dyn Fn(&Cost) -> f64| {
            let pairs = base.into_iter().flat_map(|base| row.windows.iter().zip(&base.windows));
            median(pairs.map(|(cost, base)| of(cost) / of(base)).collect())
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {:.2} ms | {:.1} ms | {:.1} ms | {:.1} ms | {:.2} | {:.1} | {:.0} KiB | {:.0} B | {:.1} MiB |",
            row.name,
            row.median(|cost| cost.client),
            row.median(|cost| cost.daemon - idle_daemon),
            row.median(|cost| cost.guests - idle_guests),
            row.median(whole),
            against(&whole),
            row.median(|cost| cost.calls.values().sum()),
            row.median(|cost| cost.answered_bytes) / 1024.0,
            row.median(|cost| cost.bytes),
            row.median(|cost| cost.resident_kib as f64) / 1024.0,
        );
    }
    let _ = writeln!(text, "\nTaken off, as spent when nobody asks: {idle_daemon:.2} ms and {idle_guests:.2} ms.");
    text
}

/// What each did, and how much its windows differ.
pub fn details(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let range = |of: fn(&Cost) -> f64| (row.extreme(f64::min, of), row.extreme(f64::max, of));
        let (least, most) = range(Cost::all);
        let (calm, loud) = range(|cost| cost.others);
        let calls = row.windows.last().into_iter().flat_map(|cost| {
            cost.calls.iter().map(|(call, each)| match cost.named.get(call) {
                Some(named) => format!("{each:.2} × {} ({:.1})", call.name(), named / each),
                None => format!("{each:.2} × {}", call.name()),
            })
        });
        let calls: Vec<String> = calls.collect();
        let _ = writeln!(
            text,
            "- {}: {least:.1} to {most:.1} ms with {calm:.2} to {loud:.2} CPUs elsewhere ({:.2} in guests); a refresh each \
             {:.3} s, {:.2} frames; {}",
            row.name,
            row.median(|cost| cost.work),
            row.median(|cost| cost.seconds),
            row.median(|cost| cost.frames),
            if calls.is_empty() { "no calls".to_owned() } else { calls.join(", ") },
        );
    }
    text
}
