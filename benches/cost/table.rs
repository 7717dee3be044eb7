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

    /// A figure of a round, without what is spent when nobody asks.
    fn net(&self, idle: Option<&Row>, round: usize, of: fn(&Cost) -> f64) -> f64 {
        let figure = |row: &Row| row.windows.get(round).map_or(f64::NAN, of);
        figure(self) - idle.map_or(0.0, figure)
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

/// CPU time and the rest, a refresh: without what the daemon and the guests spend when `nobody` asks, and against
/// `base`, each by the window of the same round.
pub fn costs(rows: &[Row], base: &str, nobody: &str) -> String {
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let (base, idle) = (find(base), find(nobody));
    let mut text = String::from(
        "| CPU time a refresh | client | libvirtd | QEMUs | together | of the bare loop | calls | received | written | memory |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let whole = |row: &Row, round: usize| row.net(idle, round, Cost::all);
    for row in rows.iter().filter(|row| row.name != nobody) {
        let rounds = || 0..row.windows.len();
        let net = |of: fn(&Cost) -> f64| median(rounds().map(|round| row.net(idle, round, of)).collect());
        let ratios: Vec<f64> =
            base.map(|base| rounds().map(|round| whole(row, round) / whole(base, round)).collect()).unwrap_or_default();
        let spread = |pick: fn(f64, f64) -> f64| ratios.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        let against = format!("{:.3} ({:.3}–{:.3})", median(ratios.clone()), spread(f64::min), spread(f64::max));
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {:.2} ms | {:.1} ms | {:.1} ms | {:.1} ms | {against} | {:.1} | {:.0} KiB | {:.0} B | {:.1} MiB |",
            row.name,
            net(|cost| cost.client),
            net(|cost| cost.daemon),
            net(|cost| cost.guests),
            net(Cost::all),
            row.median(|cost| cost.calls.values().fold(0.0, |sum, each| sum + each)),
            row.median(|cost| cost.answered_bytes) / 1024.0,
            row.median(|cost| cost.bytes),
            row.median(|cost| cost.resident_kib as f64) / 1024.0,
        );
    }
    let spent = |of: fn(&Cost) -> f64| idle.map_or(0.0, |idle| idle.median(of));
    let _ = writeln!(
        text,
        "\nTaken off, as spent when nobody asks: {:.2} ms by libvirtd and {:.2} ms by the QEMUs.",
        spent(|cost| cost.daemon),
        spent(|cost| cost.guests)
    );
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
