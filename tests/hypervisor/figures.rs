//! The figures of the lab's guests: on the screen, in the JSON lines, and from virsh over the same window.

use crate::desk::{Desk, SIZE, Viewer};
use crate::lab;
use crate::pty::Program;
use crate::screen::{Kind, Row, Screen, number};
use crate::shared::program::{VTOP, without_terminal};
use crate::truth::{Of, truth};
use crate::virsh::{Comparison, Reading, Window};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use vtop::fleet::metric::{DiskMetric, DomainMetric, Metric, NicMetric, VcpuMetric};
use vtop::model::{Groups, HostSample, HostUpdate};
use vtop::outputs::json::Json;
use vtop::outputs::{Encoder, Report, Rows};
use vtop::sources::libvirt::{Calls, LibvirtOptions, LibvirtSource};
use vtop::sources::{Notify, Request, Source};
use vtop::time::{Clock, SystemClock};

pub const GUESTS: [&str; 4] = ["vtop-lab-cpu", "vtop-lab-disk", "vtop-lab-mem", "vtop-lab-net"];

/// Columns of the tables, with their names in the JSON lines.
pub type Columns = &'static [(&'static str, &'static str, Kind)];

pub const OVERVIEW: Columns = &[
    ("CPU%", "cpu_percent", Kind::Percent),
    ("ST%", "steal_percent", Kind::Percent),
    ("RD/s", "disk_read_bytes_per_second", Kind::Bytes),
    ("WR/s", "disk_write_bytes_per_second", Kind::Bytes),
    ("LAT", "disk_worst_latency_nanoseconds", Kind::Time),
    ("RX/s", "net_rx_bytes_per_second", Kind::Bytes),
    ("TX/s", "net_tx_bytes_per_second", Kind::Bytes),
    ("RXPK", "net_rx_packets_per_second", Kind::Count),
    ("TXPK", "net_tx_packets_per_second", Kind::Count),
    ("DROP", "net_drops_per_second", Kind::Count),
    ("SWIN", "swap_in_bytes_per_second", Kind::Bytes),
    ("RSS", "memory_rss_bytes", Kind::Bytes),
];
pub const DISKS: Columns = &[
    ("RD/s", "read_bytes_per_second", Kind::Bytes),
    ("WR/s", "write_bytes_per_second", Kind::Bytes),
    ("RDOPS", "read_requests_per_second", Kind::Count),
    ("WROPS", "write_requests_per_second", Kind::Count),
    ("FLUSH", "flushes_per_second", Kind::Count),
    ("RDLAT", "read_latency_nanoseconds", Kind::Time),
    ("WRLAT", "write_latency_nanoseconds", Kind::Time),
    ("FLLAT", "flush_latency_nanoseconds", Kind::Time),
    ("QUEUE", "in_flight_count", Kind::Count),
];
pub const NICS: Columns = &[
    ("RX/s", "rx_bytes_per_second", Kind::Bytes),
    ("TX/s", "tx_bytes_per_second", Kind::Bytes),
    ("RXPK", "rx_packets_per_second", Kind::Count),
    ("TXPK", "tx_packets_per_second", Kind::Count),
    ("RXDROP", "rx_drops_per_second", Kind::Count),
    ("TXDROP", "tx_drops_per_second", Kind::Count),
    ("RXERR", "rx_errors_per_second", Kind::Count),
    ("TXERR", "tx_errors_per_second", Kind::Count),
];
const VCPUS: Columns = &[
    ("USE%", "use_percent", Kind::Percent),
    ("STEAL%", "steal_percent", Kind::Percent),
    ("WAIT%", "wait_percent", Kind::Percent),
];
/// Lines of the device screens.
pub const DISK_LINES: Columns = &[
    ("read B/s", "read_bytes_per_second", Kind::Bytes),
    ("write B/s", "write_bytes_per_second", Kind::Bytes),
    ("read IOPS", "read_requests_per_second", Kind::Count),
    ("write IOPS", "write_requests_per_second", Kind::Count),
    ("flush IOPS", "flushes_per_second", Kind::Count),
    ("read latency", "read_latency_nanoseconds", Kind::Time),
    ("write latency", "write_latency_nanoseconds", Kind::Time),
    ("flush latency", "flush_latency_nanoseconds", Kind::Time),
    ("in flight", "in_flight_count", Kind::Count),
];
const NIC_LINES: Columns = &[
    ("rx B/s", "rx_bytes_per_second", Kind::Bytes),
    ("tx B/s", "tx_bytes_per_second", Kind::Bytes),
    ("rx packets /s", "rx_packets_per_second", Kind::Count),
    ("tx packets /s", "tx_packets_per_second", Kind::Count),
    ("rx drops /s", "rx_drops_per_second", Kind::Count),
    ("tx drops /s", "tx_drops_per_second", Kind::Count),
];
const VCPU_LINES: Columns = &[("use %", "use_percent", Kind::Percent), ("steal %", "steal_percent", Kind::Percent)];

/// A figure as it was found on a screen.
pub struct Shown {
    pub screen: &'static str,
    pub domain: String,
    pub of: Of,
    pub figure: &'static str,
    pub value: Option<f64>,
    /// Rounding error of its digits.
    pub step: f64,
}

/// A source used directly, so that virsh can run right before and right after a sample.
pub struct Direct {
    source: LibvirtSource,
    pub desk: Desk,
    report: Report,
    /// The last sample.
    pub sample: Option<HostSample>,
}

impl Direct {
    pub fn connect(uri: &str, calls: Calls) -> Self {
        let mut source = LibvirtSource::new(LibvirtOptions { uri: Some(uri.to_owned()), calls });
        let info = source.connect(Notify::new(|_| ())).unwrap();
        let mut desk = Desk::new(SIZE);
        desk.apply(HostUpdate::Connected(Arc::new(info)));
        let report = Report::new(1, Duration::from_secs(1), SystemClock.now());
        Self { source, desk, report, sample: None }
    }

    pub fn sample(&mut self, focus: Option<Uuid>) {
        let sample = self
            .source
            .sample(&Request { focus: focus.into_iter().collect(), ..Request::of_all(Groups::OVERVIEW) })
            .unwrap();
        self.sample = Some(sample.clone());
        self.desk.apply(HostUpdate::Keyframe(sample));
    }

    /// The JSON line of the figures now.
    pub fn line(&mut self) -> Option<serde_json::Value> {
        let record = self.report.updated(&self.desk.fleet, 0, SystemClock.now()).unwrap()?;
        let mut rows = Rows::default();
        Json.encode(&record, &mut rows).unwrap();
        Some(serde_json::from_slice(rows.bytes()).unwrap())
    }

    /// Two samples with virsh readings before and after each.
    pub fn window(&mut self, length: Duration, focus: Option<Uuid>, reading: impl Fn() -> Reading) -> Window {
        let bypass = |direct: &mut Self| {
            let before = reading();
            direct.sample(focus);
            [before, reading()]
        };
        let start = bypass(self);
        // A line covers the time since the line before.
        self.line();
        std::thread::sleep(length);
        Window::bypass(start, bypass(self))
    }
}

pub fn columns(screen: &'static str, domain: &str, of: &Of, row: &Row<'_>, columns: Columns) -> Vec<Shown> {
    let shown = |&(title, figure, kind)| {
        let value = number(kind, &row.figure(title));
        Shown { screen, domain: domain.to_owned(), of: of.clone(), figure, value, step: digits(kind, value) }
    };
    columns.iter().map(shown).collect()
}

pub fn lines(domain: &str, of: &Of, screen: &Screen, lines: Columns) -> Vec<Shown> {
    let table = screen.table(&["figure", "now", "max", "total"]);
    let shown = |&(label, figure, kind)| {
        let row = table.row("figure", label).unwrap_or_else(|| panic!("no {label} on\n{}", screen.text()));
        let value = number(kind, &row.figure("now"));
        let step = digits(kind, value);
        Shown { screen: "device", domain: domain.to_owned(), of: of.clone(), figure, value, step }
    };
    lines.iter().map(shown).collect()
}

/// Half of the last of three digits; percentages, bytes and values below one have fewer digits.
pub fn digits(kind: Kind, value: Option<f64>) -> f64 {
    match kind {
        Kind::Percent => 0.06,
        Kind::Bytes => 0.51f64.max(0.0051 * value.unwrap_or(0.0)),
        Kind::Count | Kind::Time => 0.0051f64.max(0.0051 * value.unwrap_or(0.0)),
    }
}

fn overview(viewer: &mut impl Viewer) -> Vec<Shown> {
    let screen = viewer.overview();
    let table = screen.table(&["NAME", "CPU%", "MEMORY"]);
    let mut all = Vec::new();
    for domain in GUESTS {
        let row = table.row("NAME", domain).unwrap_or_else(|| panic!("no {domain} on\n{}", screen.text()));
        all.extend(columns("overview", domain, &Of::Domain, &row, OVERVIEW));
        let requests = number(Kind::Count, &row.figure("IOPS"));
        let cell = row.figure("MEMORY");
        let (used, given) = cell.split_once('/').unwrap();
        // At least two digits.
        for (figure, kind, value, step) in [
            ("disk_requests_per_second", Kind::Count, requests, 0.0),
            ("memory_used_bytes", Kind::Bytes, number(Kind::Bytes, used), 0.51 * 1_048_576.0),
            ("memory_given_bytes", Kind::Bytes, number(Kind::Bytes, given), 0.51 * 1_048_576.0),
        ] {
            let step = step + digits(kind, value);
            let of = Of::Domain;
            all.push(Shown { screen: "overview", domain: domain.to_owned(), of, figure, value, step });
        }
    }
    all
}

fn domain_screen(viewer: &mut impl Viewer, domain: &str, nic: &str) -> Vec<Shown> {
    let screen = viewer.open(domain);
    let mut all = Vec::new();
    let disks = screen.table(&["DISK", "RD/s", "FLLAT"]);
    for disk in ["vda", "vdb"] {
        let row = disks.row("DISK", disk).unwrap_or_else(|| panic!("no {disk} on\n{}", screen.text()));
        all.extend(columns("domain", domain, &Of::Disk(disk.to_owned()), &row, DISKS));
    }
    let row = screen.table(&["NIC", "RX/s"]);
    let row = row.row("NIC", nic).unwrap_or_else(|| panic!("no {nic} on\n{}", screen.text()));
    all.extend(columns("domain", domain, &Of::Nic(nic.to_owned()), &row, NICS));
    let vcpus = screen.table(&["vCPU", "USE%"]);
    for number in 0..if domain == "vtop-lab-cpu" { 2 } else { 1 } {
        let row = vcpus.row("vCPU", &number.to_string()).unwrap();
        all.extend(columns("domain", domain, &Of::Vcpu(number), &row, VCPUS));
    }
    let title = screen.after("CPU, ").unwrap();
    let words = |kind, words: Option<String>| number(kind, &words.unwrap_or_default());
    for (figure, kind, value) in [
        ("cpu_percent", Kind::Percent, words(Kind::Percent, screen.chart("CPU, ", "CPU"))),
        ("cpu_of_guest_percent", Kind::Percent, number(Kind::Percent, &title)),
        ("steal_percent", Kind::Percent, words(Kind::Percent, screen.chart("CPU, ", "steal"))),
        ("memory_used_bytes", Kind::Bytes, words(Kind::Bytes, screen.after("│used "))),
        ("memory_given_bytes", Kind::Bytes, words(Kind::Bytes, screen.after("│given "))),
        ("memory_available_bytes", Kind::Bytes, words(Kind::Bytes, screen.after("guest sees "))),
        ("memory_cached_bytes", Kind::Bytes, words(Kind::Bytes, screen.after("│cache "))),
        ("memory_rss_bytes", Kind::Bytes, words(Kind::Bytes, screen.after("host RSS "))),
        ("swap_in_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.after("swap in "))),
        ("swap_out_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.after("  out "))),
        ("major_faults_per_second", Kind::Count, words(Kind::Count, screen.after("major faults "))),
        ("disk_read_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.chart("all disks", "read"))),
        ("disk_write_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.chart("all disks", "write"))),
        ("net_rx_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.chart("all NICs", "rx"))),
        ("net_tx_bytes_per_second", Kind::Bytes, words(Kind::Bytes, screen.chart("all NICs", "tx"))),
    ] {
        let step = digits(kind, value);
        all.push(Shown { screen: "domain", domain: domain.to_owned(), of: Of::Domain, figure, value, step });
    }
    all
}

fn device_screens(viewer: &mut impl Viewer, nic: &str) -> Vec<Shown> {
    let mut all = Vec::new();
    viewer.open("vtop-lab-disk");
    viewer.go("⏎", &["disk vda  ", "max"]);
    let screen = viewer.go("l", &["disk vdb  ", "max"]);
    all.extend(lines("vtop-lab-disk", &Of::Disk("vdb".into()), &screen, DISK_LINES));
    viewer.open("vtop-lab-net");
    let screen = viewer.go("⇥⏎", &[&format!("NIC {nic}  "), "max"]);
    all.extend(lines("vtop-lab-net", &Of::Nic(nic.to_owned()), &screen, NIC_LINES));
    viewer.open("vtop-lab-cpu");
    let screen = viewer.go("⇥⇥⏎", &["vCPU 0  ", "max"]);
    all.extend(lines("vtop-lab-cpu", &Of::Vcpu(0), &screen, VCPU_LINES));
    let screen = viewer.go("l", &["vCPU 1  ", "max"]);
    all.extend(lines("vtop-lab-cpu", &Of::Vcpu(1), &screen, VCPU_LINES));
    all
}

/// Every figure of the four guests on all screens.
fn all_screens(viewer: &mut impl Viewer, window: &Window) -> Vec<Shown> {
    let mut shown = overview(viewer);
    for domain in GUESTS {
        shown.extend(domain_screen(viewer, domain, &nic_of(window, domain)));
    }
    shown.extend(device_screens(viewer, &nic_of(window, "vtop-lab-net")));
    shown
}

/// The host's device of a guest's NIC.
fn nic_of(window: &Window, domain: &str) -> String {
    let found =
        window.keys(domain).find_map(|key| key.strip_prefix("net.")?.split_once('.').filter(|(_, f)| *f == "rx.bytes"));
    found.unwrap().0.to_owned()
}

/// A figure in a JSON line.
fn in_line(line: &serde_json::Value, domain: &str, of: &Of, figure: &str) -> Option<f64> {
    let find = |list: &serde_json::Value, key: &str, value: &serde_json::Value| {
        list.as_array().unwrap().iter().find(|item| item[key] == *value).cloned()
    };
    let domain = find(&line["domains"], "name", &domain.into())?;
    let thing = match of {
        Of::Domain => Some(domain),
        Of::Disk(name) => find(&domain["disks"], "name", &name.as_str().into()),
        Of::Nic(name) => find(&domain["nics"], "name", &name.as_str().into()),
        Of::Vcpu(number) => find(&domain["vcpus"], "number", &(*number).into()),
    }?;
    if figure == "disk_requests_per_second" {
        let part = |key: &str| thing[key].as_f64();
        return Some(part("disk_read_requests_per_second")? + part("disk_write_requests_per_second")?);
    }
    assert!(thing.get(figure).is_some(), "no {figure} in {thing}");
    thing[figure].as_f64()
}

fn compare_with_virsh(title: &str, window: &Window, shown: &[Shown]) {
    let mut comparison = Comparison::new(title);
    for Shown { screen, domain, of, figure, value, step } in shown {
        let Some(truth) = truth(window, domain, of, figure) else { continue };
        comparison.add(&format!("{screen} {domain} {of:?} {figure}"), *value, truth.value, truth.step + step);
    }
    comparison.judge();
}

/// Agreement means little for idle guests.
fn the_guests_are_loaded(window: &Window) {
    for (domain, of, figure, least) in [
        ("vtop-lab-cpu", Of::Domain, "cpu_percent", 10.0),
        ("vtop-lab-disk", Of::Disk("vdb".into()), "read_bytes_per_second", 1e5),
        ("vtop-lab-disk", Of::Disk("vdb".into()), "write_bytes_per_second", 5e4),
        ("vtop-lab-disk", Of::Disk("vdb".into()), "flushes_per_second", 0.1),
        ("vtop-lab-net", Of::Domain, "net_rx_packets_per_second", 10.0),
        ("vtop-lab-net", Of::Domain, "net_tx_packets_per_second", 15.0),
        ("vtop-lab-mem", Of::Domain, "memory_used_bytes", 2e7),
    ] {
        let truth = truth(window, domain, &of, figure).unwrap();
        assert!(truth.value >= least, "{domain} is idle: {figure} is {}", truth.value);
    }
}

#[test]
fn the_screens_agree_with_virsh_and_with_the_lines() {
    let Some(lab) = lab::turn() else { return };
    let mut direct = Direct::connect(&lab.uri, Calls::Auto);
    let window = direct.window(Window::length(&lab.uri), None, || Reading::take(&lab.uri));
    let line = direct.line().expect("the second sample has a line");
    let shown = all_screens(&mut direct.desk, &window);

    the_guests_are_loaded(&window);
    compare_with_virsh("screens and virsh", &window, &shown);
    let mut comparison = Comparison::within(0.0, "screens and JSON lines");
    for Shown { screen, domain, of, figure, value, step } in &shown {
        match in_line(&line, domain, of, figure) {
            Some(truth) => comparison.add(&format!("{screen} {domain} {of:?} {figure}"), *value, truth, *step),
            None => assert_eq!(*value, None, "{screen} {domain} {of:?} {figure} is null in the line"),
        }
    }
    comparison.judge();
}

/// Whether a figure moves steadily, so that virsh may read it a moment later than vtop. Not so: the load in bursts, memory
/// that changes once a second, and latencies of a few requests.
fn is_steady(domain: &str, of: &Of, figure: &str) -> bool {
    if figure.ends_with("latency_nanoseconds") || figure == "in_flight_count" {
        return false;
    }
    let steady = ["memory_given_bytes", "memory_available_bytes", "memory_rss_bytes"];
    domain != "vtop-lab-mem" || matches!(of, Of::Nic(_)) || steady.contains(&figure) || figure.starts_with("net_")
}

/// All figures of a kind of thing, by their names in a line.
fn names<M: Metric>() -> Vec<&'static str> {
    M::ALL.iter().map(|metric| metric.key()).collect()
}

/// The lines of vtop --json, and virsh's window around the second line.
fn lines_of_the_program(uri: &str) -> (Window, Vec<Shown>) {
    let seconds = Window::length(uri).as_secs().to_string();
    let mut command = without_terminal(VTOP);
    command.args(["--connect", uri, "--json", "--iterations", "2", "--delay", &seconds]);
    let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut next = || -> (serde_json::Value, [Reading; 2]) {
        let line = output.next().unwrap().unwrap();
        // Right after the line, as near to vtop's own reading as possible from outside.
        let readings = [Reading::take(uri), Reading::take(uri)];
        (serde_json::from_str(&line).unwrap(), readings)
    };
    let (_, start) = next();
    let (line, end) = next();
    let window = Window::after(start, end);
    assert!(output.next().is_none(), "two lines were ordered");
    assert!(program.wait().unwrap().success());
    assert_eq!((&line["unsupported"], &line["error"]), (&serde_json::json!([]), &serde_json::Value::Null));

    let mut shown = Vec::new();
    for domain in GUESTS {
        let nic = nic_of(&window, domain);
        let vcpus = if domain == "vtop-lab-cpu" { 2 } else { 1 };
        let mut things = vec![(Of::Domain, names::<DomainMetric>()), (Of::Nic(nic), names::<NicMetric>())];
        things.extend(["vda", "vdb"].map(|disk| (Of::Disk(disk.to_owned()), names::<DiskMetric>())));
        things.extend((0..vcpus).map(|number| (Of::Vcpu(number), names::<VcpuMetric>())));
        for (of, figures) in things {
            for figure in figures {
                if is_steady(domain, &of, figure) {
                    let (value, domain, of) = (in_line(&line, domain, &of, figure), domain.to_owned(), of.clone());
                    shown.push(Shown { screen: "line", domain, of, figure, value, step: 0.0 });
                }
            }
        }
    }
    (window, shown)
}

/// While virsh has the job of a QEMU vtop shows no figure of it, and never a wrong one.
fn has_gap(window: &Window, shown: &[Shown]) -> bool {
    let gap = shown
        .iter()
        .find(|shown| shown.value.is_none() && truth(window, &shown.domain, &shown.of, shown.figure).is_some());
    if let Some(Shown { domain, of, figure, .. }) = gap {
        println!("vtop and virsh met at {domain} ({of:?} {figure}); once more");
    }
    gap.is_some()
}

/// Attempts for a window without gaps in vtop's and virsh's readings.
const ATTEMPTS: usize = 4;

#[test]
fn the_lines_of_the_program_agree_with_virsh() {
    let Some(lab) = lab::turn() else { return };
    for attempt in 1..=ATTEMPTS {
        let (window, shown) = lines_of_the_program(&lab.uri);
        if attempt == ATTEMPTS || !has_gap(&window, &shown) {
            return compare_with_virsh("lines of the program and virsh", &window, &shown);
        }
    }
}

#[test]
fn the_screens_of_the_program_agree_with_virsh() {
    let Some(lab) = lab::turn() else { return };
    for attempt in 1..=ATTEMPTS {
        let (window, shown) = screens_of_the_program(&lab.uri);
        if attempt == ATTEMPTS || !has_gap(&window, &shown) {
            return compare_with_virsh("screens of the program and virsh", &window, &shown);
        }
    }
}

/// The screens of vtop in a terminal, and virsh's window of its last sample.
fn screens_of_the_program(uri: &str) -> (Window, Vec<Shown>) {
    let seconds = Window::length(uri).as_secs().to_string();
    let mut program = Program::start(&["--connect", uri, "--delay", &seconds], SIZE);
    let cpu = |screen: &Screen| {
        let table = screen.contains("MEMORY").then(|| screen.table(&["NAME", "CPU%", "MEMORY"]))?;
        let row = table.row("NAME", "vtop-lab-cpu")?;
        number(Kind::Percent, &row.figure("CPU%")).map(|_| row.text())
    };
    let first = program.wait("rates", cpu);
    let start = [Reading::take(uri), Reading::take(uri)];
    program.wait("rates of the next sample", |screen| cpu(screen).filter(|row| *row != first));
    // The other screens are read while vtop is frozen.
    program.keys(" ");
    let end = [Reading::take(uri), Reading::take(uri)];
    let window = Window::after(start, end);
    program.wait("FROZEN", |screen| screen.contains("FROZEN").then_some(()));
    let mut shown = all_screens(&mut program, &window);
    shown.retain(|shown| is_steady(&shown.domain, &shown.of, shown.figure));
    assert_eq!(program.quit(), 0);
    (window, shown)
}
