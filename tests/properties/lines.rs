//! Lines of JSON: always whole, always the same keys, and others' text comes back as it was.

use super::world::{Said, play, steps, updates};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use vtop::fleet::Fleet;
use vtop::model::*;
use vtop::outputs::json::Lines;
use vtop::time::Timestamp;

/// The keys of every object by where it stands; one place has one set of keys.
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

proptest! {
    #![proptest_config(crate::cases(128))]

    #[test]
    fn every_line_is_json_with_the_same_keys(steps in steps(30)) {
        let said = play(&steps);
        let mut fleet = Fleet::new(1);
        let mut lines = Lines::default();
        let mut shapes = Shapes::new();
        for (index, step) in updates(&said, true).into_iter().enumerate() {
            fleet.apply(0, step);
            let host = &fleet.hosts()[0];
            let line = match index.checked_sub(1).map(|index| &said[index]) {
                Some(Said::Failure(failure)) => lines.failure(host, failure.at),
                _ => lines.sample(host),
            };
            let Some(line) = line else { continue };
            let mut written = Vec::new();
            line.write(&mut written).expect("into memory");
            prop_assert_eq!(written.iter().filter(|byte| **byte == b'\n').count(), 1);
            let text = String::from_utf8(written).expect("UTF-8");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            shape(&value, "", &mut shapes)?;
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
        let mut fleet = Fleet::new(1);
        let mut lines = Lines::default();
        let info = HostInfo { hostname: host.clone(), uri: host.clone(), ..HostInfo::default() };
        fleet.apply(0, HostUpdate::Connected(Arc::new(info)));
        fleet.apply(0, sample(1));
        prop_assert!(lines.sample(&fleet.hosts()[0]).is_none());
        let told = EventDomain { uuid: uuid::Uuid::nil(), name: name.clone() };
        let kind = EventKind::DeviceAdded(device.clone());
        fleet.apply(0, HostUpdate::Event(Event { at: at(1), domain: Some(told), kind }));
        fleet.apply(0, sample(2));
        let mut written = Vec::new();
        lines.sample(&fleet.hosts()[0]).expect("a line").write(&mut written).expect("into memory");
        let advice = Some(reason.clone());
        fleet.apply(0, HostUpdate::Failed(Failure { message: failure.clone(), advice, retry_in: None, at: at(3) }));
        lines.failure(&fleet.hosts()[0], at(3)).expect("a line").write(&mut written).expect("into memory");
        let text = String::from_utf8(written).expect("UTF-8");
        prop_assert!(!text.chars().any(|c| c.is_ascii_control() && c != '\n'));
        let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        prop_assert_eq!(all.len(), 2, "a line break in a name is no end of a line");
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
    }
}
