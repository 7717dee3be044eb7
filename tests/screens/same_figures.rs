//! The screen, JSON and CSV of one fleet have the same figures. Python reads the outputs with its own modules.

use crate::rig::Rig;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use vtop::fleet::Fleet;
use vtop::model::{Event, EventKind, Failure, HostSample, HostUpdate};
use vtop::outputs::csv::{Csv, Table};
use vtop::outputs::json::Json;
use vtop::outputs::{Encoder, Report, Rows};
use vtop::sources::synthetic::{SyntheticOptions, SyntheticSource};
use vtop::time::Timestamp;

/// Room for all columns, and for most vCPUs.
const SIZE: (u16, u16) = (230, 90);
/// Seconds of the synthetic host: from 107 s on, a disk error pauses a domain.
const SECONDS: usize = 125;
/// Names that CSV must quote, that are more than one column wide, or that a spreadsheet would calculate.
const NAMES: [(&str, &str); 6] = [
    ("web-01", "=1+1,\"one\""),
    ("web-02", "two\r\nlines"),
    ("mail", "日本 mail"),
    ("proxy", " pro\"xy"),
    ("batch-report", "tab\there"),
    ("db-replica", "-réplica; 'x'"),
];

fn rename(name: &str) -> &str {
    NAMES.iter().find(|(plain, _)| *plain == name).map_or(name, |(_, hostile)| hostile)
}

fn with_hostile_names(mut sample: HostSample) -> HostSample {
    for domain in sample.domains.values_mut() {
        domain.name = rename(&domain.name).into();
        for disk in domain.disks.iter_mut().filter(|disk| disk.name == "vda") {
            disk.path = disk.path.as_ref().map(|path| format!("{path},\n\"x\"").into());
        }
    }
    sample
}

/// A report in all formats, as files.
struct Outputs<'f> {
    folder: &'f Path,
    report: Report,
    json: Rows,
    tables: BTreeMap<&'static str, (Csv, Rows)>,
}

impl<'f> Outputs<'f> {
    fn new(folder: &'f Path, now: Timestamp) -> Self {
        let tables = Table::ALL.map(|table| (table.name(), (Csv::new(table), Rows::default()))).into();
        Self { folder, report: Report::new(1, Duration::from_secs(1), now), json: Rows::default(), tables }
    }

    fn updated(&mut self, fleet: &Fleet, now: Timestamp) {
        let Some(record) = self.report.updated(fleet, 0, now).expect("it was reached") else { return };
        Json.encode(&record, &mut self.json).expect("into memory");
        self.tables.values_mut().for_each(|(csv, rows)| csv.encode(&record, rows).expect("into memory"));
    }

    fn save(&self) {
        std::fs::write(self.folder.join("lines.jsonl"), self.json.bytes()).expect("a file");
        for (name, (_, rows)) in &self.tables {
            std::fs::write(self.folder.join(format!("{name}.csv")), rows.bytes()).expect("a file");
        }
    }
}

/// Saves the cells of the screen after these keys.
fn save_screen(rig: &mut Rig, keys: &str, path: &Path) {
    let buffer = rig.press(keys).buffer();
    let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<Vec<_>>();
    let lines: Vec<_> = (0..buffer.area.height).map(line).collect();
    std::fs::write(path, serde_json::to_string(&lines).expect("JSON")).expect("a file");
}

#[test]
fn python_reads_the_same_figures_from_csv_json_and_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let options = SyntheticOptions::default();
    let mut events =
        SyntheticSource::simulate_events(&options, Duration::from_secs(SECONDS as u64)).into_iter().peekable();
    let (info, samples) = SyntheticSource::simulate(options, Duration::from_secs(1), SECONDS);
    let mut rig = Rig::empty(SIZE);
    rig.fleet.apply(0, HostUpdate::Connected(info.into()));
    let mut outputs = Outputs::new(folder.path(), samples[0].at);
    let mut last = None;
    for sample in samples {
        while let Some(mut event) = events.next_if(|event| event.at.monotonic <= sample.at.monotonic) {
            if let Some(domain) = &mut event.domain {
                domain.name = rename(&domain.name).to_owned();
            }
            rig.fleet.apply(0, HostUpdate::Event(event));
        }
        let sample = with_hostile_names(sample);
        rig.apply(HostUpdate::Keyframe(sample.clone()), sample.at);
        outputs.updated(&rig.fleet, sample.at);
        last = Some(sample);
    }
    let last = last.unwrap();
    std::fs::write(folder.path().join("drawn"), serde_json::to_string(&format!("{:.3}", last.at.wall)).unwrap())
        .unwrap();
    for (keys, name) in [("1", "domains"), ("3", "disks"), ("4", "nics"), ("5", "vcpus")] {
        save_screen(&mut rig, keys, &folder.path().join(format!("screen-{name}.json")));
    }
    // The host goes and comes back.
    let [lost, back] = [1, 3].map(|seconds| last.at.later(Duration::from_secs(seconds)));
    let reason = "the daemon is gone, \"for now\"".to_owned();
    let failure = Failure { message: reason.clone(), advice: None, retry_in: None, at: lost, is_bug: false };
    for (at, update) in [
        (lost, HostUpdate::Event(Event { at: lost, domain: None, kind: EventKind::ConnectionLost(reason) })),
        (lost, HostUpdate::Failed(failure)),
        (back, HostUpdate::Event(Event { at: back, domain: None, kind: EventKind::ConnectionBack })),
        (back, HostUpdate::Keyframe(HostSample { at: back, ..last })),
    ] {
        rig.fleet.apply(0, update);
        outputs.updated(&rig.fleet, at);
    }
    outputs.save();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/screens/same_figures.py");
    let output = Command::new("python3").arg(script).arg(folder.path()).output().expect("this test needs python3");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let counts: BTreeMap<String, u64> = serde_json::from_slice(&output.stdout).unwrap();
    // Figures of every kind were compared.
    for (what, least) in [
        ("csv domains", 50_000),
        ("csv disks", 50_000),
        ("csv nics", 30_000),
        ("csv vcpus", 50_000),
        ("csv host", 3_000),
        ("csv events", 50),
        ("screen host", 8),
        ("screen domains", 100),
        ("screen domains unknown", 2),
        ("screen disks", 100),
        ("screen nics", 80),
        ("screen vcpus", 100),
    ] {
        let count = counts.get(what).copied().unwrap_or_default();
        assert!(count >= least, "only {count} of {what}: {counts:?}");
    }
}
