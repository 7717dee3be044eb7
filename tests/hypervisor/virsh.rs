//! Counters read by virsh, to compare vtop's figures with.

use crate::lab;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Counters and gauges of one domain, by name; devices by their names (`block.vdb.rd.bytes`, `net.vnet2.rx.pkts`).
pub type Values = BTreeMap<String, f64>;

/// One `virsh domstats` of all domains.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Before the call.
    pub began: Instant,
    /// After the call.
    pub ended: Instant,
    /// Domains by name.
    pub domains: BTreeMap<String, Values>,
}

impl Reading {
    /// A complete reading: virsh waits for the job of each QEMU.
    pub fn take(uri: &str) -> Self {
        Self::with(uri, &["domstats", "--list-active"]).expect("virsh domstats works")
    }

    /// A reading with --nowait, which may have gaps; `None` if virsh fails.
    pub fn attempt(uri: &str) -> Option<Self> {
        Self::with(uri, &["domstats", "--list-active", "--nowait"])
    }

    fn with(uri: &str, arguments: &[&str]) -> Option<Self> {
        let began = Instant::now();
        let output = lab::try_virsh(uri, arguments);
        let ended = Instant::now();
        output.status.success().then(|| Self { began, ended, domains: parse(&lab::text(&output)) })
    }

    pub fn value(&self, domain: &str, key: &str) -> f64 {
        let values = self.domains.get(domain).unwrap_or_else(|| panic!("virsh knows no {domain}"));
        *values.get(key).unwrap_or_else(|| panic!("virsh says no {key} of {domain}"))
    }

    fn middle(&self) -> Instant {
        self.began + (self.ended - self.began) / 2
    }
}

fn parse(text: &str) -> BTreeMap<String, Values> {
    let mut domains = BTreeMap::new();
    for part in text.split("Domain: '").skip(1) {
        let (name, lines) = part.split_once("'\n").unwrap_or((part, ""));
        let pairs: Vec<(&str, &str)> = lines.lines().filter_map(|line| line.trim().split_once('=')).collect();
        let named = |key: &str| -> Option<String> {
            let (group, rest) = key.split_once('.')?;
            let (index, field) = rest.split_once('.')?;
            if !matches!(group, "block" | "net") {
                return None;
            }
            let name = format!("{group}.{index}.name");
            let (_, name) = pairs.iter().find(|(key, _)| *key == name)?;
            Some(format!("{group}.{name}.{field}"))
        };
        let values = pairs
            .iter()
            .filter_map(|(key, value)| Some((named(key).unwrap_or_else(|| (*key).to_owned()), value.parse().ok()?)));
        domains.insert(name.to_owned(), values.collect());
    }
    domains
}

/// virsh's readings around the time between two samples of vtop.
pub struct Window {
    start: [Reading; 2],
    end: [Reading; 2],
    bypass: bool,
}

impl Window {
    /// From readings right before and right after each sample; vtop's value is taken as their mean.
    pub fn bypass(start: [Reading; 2], end: [Reading; 2]) -> Self {
        Self { start, end, bypass: true }
    }

    /// From two readings after each sample: the first counts, the second shows the effect of a delay.
    pub fn after(start: [Reading; 2], end: [Reading; 2]) -> Self {
        Self { start, end, bypass: false }
    }

    /// Length of a window in which the delay of a reading on this machine, bursts, and steps of 10 ms are negligible.
    pub fn length(uri: &str) -> Duration {
        let start = Instant::now();
        (0..3).for_each(|_| drop(Reading::take(uri)));
        (start.elapsed() / 3 * 30).clamp(Duration::from_secs(6), Duration::from_secs(30))
    }

    fn counting<'a>(&self, readings: &'a [Reading; 2]) -> &'a [Reading] {
        if self.bypass { readings } else { &readings[..1] }
    }

    /// The readings at the end, in their order.
    pub fn at_end(&self) -> &[Reading; 2] {
        &self.end
    }

    pub fn elapsed(&self) -> Duration {
        middle(self.counting(&self.end)) - middle(self.counting(&self.start))
    }

    /// Growth of a counter a second.
    pub fn rate(&self, domain: &str, key: &str) -> f64 {
        self.growth(domain, key) / self.elapsed().as_secs_f64()
    }

    pub fn growth(&self, domain: &str, key: &str) -> f64 {
        mean(self.counting(&self.end), domain, key) - mean(self.counting(&self.start), domain, key)
    }

    /// A gauge at the window's end.
    pub fn gauge(&self, domain: &str, key: &str) -> f64 {
        mean(self.counting(&self.end), domain, key)
    }

    /// Uncertainty of a growth, since the time of vtop's reading between the two readings is unknown.
    pub fn doubt(&self, domain: &str, key: &str) -> f64 {
        (spread(&self.start, domain, key) + spread(&self.end, domain, key)) / 2.0
    }

    /// Uncertainty of a gauge.
    pub fn gauge_doubt(&self, domain: &str, key: &str) -> f64 {
        spread(&self.end, domain, key)
    }

    pub fn keys(&self, domain: &str) -> impl Iterator<Item = &str> {
        self.end[0].domains[domain].keys().map(String::as_str)
    }
}

fn middle(readings: &[Reading]) -> Instant {
    let first = readings[0].middle();
    let sum: Duration = readings.iter().map(|reading| reading.middle() - first).sum();
    first + sum / readings.len() as u32
}

fn mean(readings: &[Reading], domain: &str, key: &str) -> f64 {
    readings.iter().map(|reading| reading.value(domain, key)).sum::<f64>() / readings.len() as f64
}

fn spread(readings: &[Reading], domain: &str, key: &str) -> f64 {
    let values = || readings.iter().map(|reading| reading.value(domain, key));
    values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min)
}

/// Comparisons; all are made before the test fails, so that the output shows all of them.
#[derive(Default)]
pub struct Comparison {
    lines: Vec<String>,
    wrong: usize,
    worst: f64,
    title: String,
    tolerance: f64,
}

impl Comparison {
    /// A comparison with virsh: tolerance 10 %.
    pub fn new(title: &str) -> Self {
        Self::within(0.10, title)
    }

    pub fn within(tolerance: f64, title: &str) -> Self {
        Self { title: title.to_owned(), tolerance, ..Self::default() }
    }

    /// Compares a figure with the expected value; `step` is added to the tolerance: the effect of one counter step.
    pub fn add(&mut self, what: &str, shown: Option<f64>, truth: f64, step: f64) {
        let Some(shown) = shown else {
            self.wrong += 1;
            self.lines.push(format!("WRONG {what}: nothing shown instead of {truth:.4}"));
            return;
        };
        let apart = (shown - truth).abs();
        let is_right = apart <= self.tolerance * truth.abs() + step;
        // A relative tolerance is meaningless below a few counter steps.
        let share = if truth.abs() > 20.0 * step && truth != 0.0 { apart / truth.abs() } else { 0.0 };
        self.worst = self.worst.max(share);
        self.wrong += usize::from(!is_right);
        let sign = if is_right { "  " } else { "WRONG" };
        self.lines.push(format!("{sign} {what}: {shown:.4} for {truth:.4}, {:.2} %", 100.0 * share));
    }

    /// Prints all comparisons and fails if one was wrong.
    pub fn judge(self) {
        println!("{}\n{}", self.title, self.lines.join("\n"));
        println!("{}: {} figures, at most {:.2} % apart\n", self.title, self.lines.len(), 100.0 * self.worst);
        assert!(self.wrong == 0, "{}: {} of {} figures are wrong", self.title, self.wrong, self.lines.len());
    }
}
