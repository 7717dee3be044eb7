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
        let mut figures: Vec<f64> = self.windows.iter().map(of).collect();
        figures.sort_by(f64::total_cmp);
        match figures.len() {
            0 => f64::NAN,
            count if count % 2 == 0 => (figures[count / 2 - 1] + figures[count / 2]) / 2.0,
            count => figures[count / 2],
        }
    }

    fn extreme(&self, pick: fn(f64, f64) -> f64, of: impl Fn(&Cost) -> f64) -> f64 {
        self.windows.iter().map(of).reduce(pick).unwrap_or(f64::NAN)
    }
}

/// The costs a refresh; ratios are against `base`, without what the daemon and the guests spend when `nobody` asks.
pub fn costs(rows: &[Row], base: &str, nobody: &str) -> String {
    let find = |name: &str| rows.iter().find(|row| row.name == name);
    let idle = |of: fn(&Cost) -> f64| find(nobody).map_or(0.0, |row| row.median(of));
    let [idle_daemon, idle_guests] = [idle(|cost| cost.daemon), idle(|cost| cost.guests)];
    let whole = move |cost: &Cost| cost.all() - idle_daemon - idle_guests;
    let base_row = find(base);
    let mut text = String::from(
        "| a refresh | client | libvirtd | QEMUs | together | from, to | of the bare loop | libvirt calls | answers | written | \
         frames | resident | each |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let ms = |value: f64| format!("{value:.2} ms");
        let cpu = [
            ms(row.median(|cost| cost.client)),
            ms(row.median(|cost| cost.daemon - idle_daemon)),
            ms(row.median(|cost| cost.guests - idle_guests)),
            ms(row.median(whole)),
            format!("{:.1}, {:.1}", row.extreme(f64::min, whole), row.extreme(f64::max, whole)),
        ];
        let against = |of: &dyn Fn(&Cost) -> f64| base_row.map_or(f64::NAN, |base| row.median(of) / base.median(of));
        let ratio = format!("{:.2}", against(&whole));
        let calls = row.median(|cost| cost.calls.values().sum());
        let kib = row.median(|cost| cost.answered_bytes) / 1024.0;
        let resident = row.median(|cost| cost.resident_kib as f64) / 1024.0;
        let rest = [
            ratio,
            format!("{calls:.2}"),
            format!("{kib:.0} KiB"),
            format!("{:.0} B", row.median(|cost| cost.bytes)),
            format!("{:.2}", row.median(|cost| cost.frames)),
            format!("{resident:.1} MiB"),
            format!("{:.3} s", row.median(|cost| cost.seconds)),
        ];
        let name = if row.name == nobody {
            format!("{nobody} (taken off below: {:.2} + {:.2} ms)", idle_daemon, idle_guests)
        } else {
            row.name.clone()
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {name} | {} | {} |", cpu.join(" | "), rest.join(" | "));
    }
    text
}

/// Which calls each makes, a refresh.
pub fn calls(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.windows.iter().any(|cost| !cost.calls.is_empty())) {
        let last = row.windows.last();
        let calls = last.iter().flat_map(|cost| &cost.calls);
        let calls: Vec<String> = calls.map(|(call, each)| format!("{each:.2} {}", call.name())).collect();
        let _ = writeln!(text, "- {}: {}", row.name, calls.join(", "));
    }
    text
}

/// CPUs that the rest of the machine had, at most.
pub fn others(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.extreme(f64::max, |cost| cost.others)).fold(0.0, f64::max)
}
