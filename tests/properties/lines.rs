//! JSON and CSV: whole rows, the same keys in each, and any text is read back unchanged.

use super::world::{Message, simulate, steps, updates};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use vtop::fleet::Fleet;
use vtop::model::*;
use vtop::outputs::csv::{Csv, Table};
use vtop::outputs::json::Json;
use vtop::outputs::{Encoder, Record, Report, Rows};
use vtop::time::Timestamp;

/// The keys of every object, by its path; the same path has the same keys in all records.
type Shapes = BTreeMap<String, Vec<String>>;

fn shape(value: &Value, place: &str, shapes: &mut Shapes) -> Result<(), TestCaseError> {
    match value {
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().cloned().collect();
            let known = shapes.entry(place.to_owned()).or_insert_with(|| keys.clone());
            prop_assert_eq!(&*known, &keys, "at {}", place);
            object.iter().try_for_each(|(key, value)| shape(value, &format!("{place}.{key}"), shapes))
        }
        Value::Array(values) => values.iter().try_for_each(|value| shape(value, &format!("{place}[]"), shapes)),
        Value::Number(number) => {
            prop_assert!(
                number.as_f64().is_some_and(|number| number.is_finite() && number >= 0.0),
                "{place} is {number}"
            );
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// The object of a record.
fn json(record: &Record<'_>) -> Value {
    let mut rows = Rows::default();
    Json.encode(record, &mut rows).expect("into memory");
    let text = std::str::from_utf8(rows.bytes()).expect("UTF-8");
    assert_eq!(text.find('\n'), Some(text.len() - 1), "one line");
    assert!(!text.trim_end().chars().any(|c| c.is_ascii_control()));
    serde_json::from_str(text).expect("JSON")
}

/// Encoders of all tables, and all that they wrote.
struct Tables(Vec<(Csv, Rows)>);

impl Tables {
    fn new() -> Self {
        Self(Table::ALL.map(|table| (Csv::new(table), Rows::default())).into())
    }

    fn write(&mut self, record: &Record<'_>) {
        self.0.iter_mut().for_each(|(csv, rows)| csv.encode(record, rows).expect("into memory"));
    }

    /// The headings and the rows of a table. A row with too many or too few values is an error of the reader.
    fn read(&self, table: Table) -> (Vec<String>, Vec<Vec<String>>) {
        let index = Table::ALL.iter().position(|other| *other == table).expect("in the list");
        let mut reader = csv::Reader::from_reader(self.0[index].1.bytes());
        let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let headings = fields(reader.headers().expect("headings"));
        let rows = reader.records().map(|record| fields(&record.expect("a whole row"))).collect();
        (headings, rows)
    }
}

proptest! {
    #![proptest_config(crate::cases(128))]

    #[test]
    fn every_line_has_the_same_keys_and_every_row_has_all_values(steps in steps(30)) {
        let messages = simulate(&steps);
        let mut fleet = Fleet::new(1);
        // Without an interval, each failure has a record.
        let mut report = Report::new(1, Duration::ZERO, time_of(&messages, 0));
        let mut shapes = Shapes::new();
        let mut tables = Tables::new();
        let mut records = 0;
        for (index, step) in updates(&messages, true).into_iter().enumerate() {
            fleet.apply(0, step);
            let now = time_of(&messages, index.saturating_sub(1));
            let updated = report.updated(&fleet, 0, now).expect("it was reached");
            for record in updated.into_iter().chain(report.overdue(&fleet, now).expect("it was reached")) {
                shape(&json(&record), "", &mut shapes)?;
                tables.write(&record);
                records += 1;
            }
        }
        if records == 0 {
            return Ok(());
        }
        for table in Table::ALL {
            let (headings, rows) = tables.read(table);
            for row in rows {
                for (heading, value) in headings.iter().zip(row) {
                    let is_number = ["_percent", "_per_second", "_bytes", "_nanoseconds"].iter().any(|end| heading.ends_with(end));
                    let number = || value.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0);
                    prop_assert!(!is_number || value.is_empty() || number(), "{heading} is {value}");
                }
            }
        }
    }

    #[test]
    fn text_comes_back_as_it_was(texts in prop::array::uniform8(any::<String>())) {
        let [name, disk, path, nic, reason, device, host, failure] = texts;
        let at = |second| Timestamp::at(Duration::from_secs(second), jiff::Timestamp::UNIX_EPOCH);
        let sample = |second| {
            let mut domain = DomainSample::new(name.clone(), Some(1), DomainState::Running, StateReason(1));
            domain.answered = Groups::OVERVIEW;
            domain.disks.push(BlockSample { name: disk.as_str().into(), path: Some(path.as_str().into()), ..BlockSample::default() });
            domain.nics.push(NetSample { name: nic.as_str().into(), ..NetSample::default() });
            domain.unsupported.push(UnsupportedCall { call: Call::Vcpus, reason: reason.clone() });
            HostUpdate::Keyframe(HostSample {
                at: at(second),
                kind: SampleKind::Full,
                requested: Groups::OVERVIEW,
                node: NodeSample::default(),
                domains: [(uuid::Uuid::nil(), domain)].into(),
                unsupported: Arc::default(),
            })
        };
        let info = HostInfo { hostname: host.clone(), uri: host.clone(), ..HostInfo::default() };
        let event = Event {
            at: at(1),
            domain: Some(EventDomain { uuid: uuid::Uuid::nil(), name: name.clone() }),
            kind: EventKind::DeviceAdded(device.clone()),
        };
        let failed = Failure { message: failure.clone(), advice: Some(reason.clone()), retry_in: None, at: at(3), is_bug: false };
        let mut fleet = Fleet::new(1);
        let mut report = Report::new(1, Duration::from_secs(1), at(0));
        let mut tables = Tables::new();
        let mut all = Vec::new();
        for update in [
            HostUpdate::Connected(Arc::new(info)),
            sample(1),
            HostUpdate::Event(event),
            sample(2),
            HostUpdate::Failed(failed),
        ] {
            fleet.apply(0, update);
            if let Some(record) = report.updated(&fleet, 0, at(3)).expect("it was reached") {
                all.push(json(&record));
                tables.write(&record);
            }
        }
        prop_assert_eq!(all.len(), 2);
        let domain = &all[0]["domains"][0];
        for (written, given) in [
            (&domain["name"], &name),
            (&domain["disks"][0]["name"], &disk),
            (&domain["disks"][0]["path"], &path),
            (&domain["nics"][0]["name"], &nic),
            (&domain["unsupported"][0]["reason"], &reason),
            (&all[0]["events"][0]["device"], &device),
            (&all[0]["events"][0]["name"], &name),
            (&all[0]["host"]["hostname"], &host),
            (&all[1]["error"]["message"], &failure),
            (&all[1]["error"]["advice"], &reason),
        ] {
            prop_assert_eq!(written.as_str(), Some(given.as_str()));
        }
        for (table, values) in [
            (Table::Domains, &[("host", &host), ("domain", &name)][..]),
            (Table::Disks, &[("domain", &name), ("disk", &disk), ("path", &path)]),
            (Table::Nics, &[("domain", &name), ("nic", &nic)]),
            (Table::Host, &[("host", &host), ("uri", &host)]),
            (Table::Events, &[("domain", &name), ("device", &device)]),
        ] {
            let (headings, rows) = tables.read(table);
            prop_assert_eq!(rows.len(), 1, "{:?}", table);
            for (heading, given) in values {
                let column = headings.iter().position(|other| other == heading).expect("a column");
                prop_assert_eq!(&rows[0][column], *given, "{:?} {}", table, heading);
            }
        }
    }
}

/// When a message was sent.
fn time_of(messages: &[Message], index: usize) -> Timestamp {
    match &messages[index] {
        Message::Sample(sample) => sample.at,
        Message::Failure(failure) => failure.at,
        Message::Event(event) => event.at,
    }
}
