use super::*;
use crate::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, HostMetric, Metric, NicMetric, VcpuMetric};
use crate::fleet::{EVENTS_KEPT, Fleet};
use crate::model::totals::{CpuTotal, DiskTotal, HostCpuTotal, HostTotal, MemoryTotal, NicTotal, Total, VcpuTotal};
use crate::model::{
    BlockSample, Blocked, BlockedBy, Call, Counter, DiskDefinition, DomainDefinition, DomainSample, DomainState, Event,
    EventDomain, EventKind, Failure, Groups, HostInfo, HostSample, HostUpdate, NetSample, NicDefinition, NodeSample,
    SampleKind, StateReason, UnsupportedCall, VcpuSample,
};
use crate::outputs::{Encoder, Record, Report, Rows};
use crate::time::Timestamp;
use crate::units::{Bytes, Nanoseconds, Unit};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::at(Duration::from_millis(milliseconds), "2026-01-02T03:04:05Z".parse().unwrap())
}

fn sample(at: Timestamp, asked: Groups, cpu_ms: u64) -> HostUpdate {
    let mut domains = std::collections::BTreeMap::new();
    for (number, name) in [(1, "web"), (2, "db"), (3, "db")] {
        let mut domain = DomainSample::new(name, Some(number), DomainState::Running, StateReason(1));
        domain.answered = asked;
        domain.cpu.time = Some(Counter(Nanoseconds(cpu_ms * 1_000_000)));
        domain.memory.current = Some(Bytes::from_kib(1024));
        domain.vcpus.insert(0, VcpuSample::default());
        domain.disks.push(BlockSample {
            name: "vda".into(),
            read_bytes: Some(Counter(Bytes(cpu_ms))),
            ..BlockSample::default()
        });
        domain.nics.push(NetSample { name: "vnet0".into(), ..NetSample::default() });
        domains.insert(Uuid::from_u128(number.into()), domain);
    }
    let unsupported =
        Arc::new(vec![UnsupportedCall { call: Call::BlockStatsFlags, reason: "not supported by test".into() }]);
    let kind = if asked == Groups::STATE { SampleKind::StateOnly } else { SampleKind::Full };
    HostUpdate::Keyframe(HostSample { at, kind, requested: asked, node: NodeSample::default(), domains, unsupported })
}

/// A host with a report of it.
struct Rig {
    fleet: Fleet,
    report: Report,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Self { fleet: Fleet::new(1), report: Report::new(1, Duration::from_secs(1), at(0)) };
        let info = HostInfo { hostname: "node1".into(), cpus: Some(4), ..HostInfo::default() };
        assert_eq!(rig.apply(HostUpdate::Connected(Arc::new(info))), None);
        rig
    }

    /// The line after an update. A failure has the time 3 s.
    fn apply(&mut self, update: HostUpdate) -> Option<Value> {
        self.fleet.apply(0, update);
        self.report.updated(&self.fleet, 0, at(3000)).unwrap().as_ref().map(json)
    }
}

fn json(record: &Record<'_>) -> Value {
    let mut rows = Rows::default();
    Json.encode(record, &mut rows).unwrap();
    let text = rows.bytes();
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert_eq!(text.last(), Some(&b'\n'));
    serde_json::from_slice(text).unwrap()
}

fn failure(message: &str, retry_in: Option<Duration>) -> HostUpdate {
    HostUpdate::Failed(Failure { message: message.into(), advice: None, retry_in, at: at(0), is_bug: false })
}

#[test]
fn a_line_has_the_time_the_figures_and_the_unsupported_calls() {
    let mut rig = Rig::new();
    assert_eq!(rig.apply(sample(at(0), Groups::OVERVIEW, 0)), None);
    let line = rig.apply(sample(at(1250), Groups::OVERVIEW, 500)).unwrap();
    assert_eq!(line["schema_version"], 1);
    assert_eq!(line["time"], "2026-01-02T03:04:06.250Z");
    assert_eq!(line["elapsed_seconds"], 1.25);
    assert_eq!(line["host"]["hostname"], "node1");
    assert_eq!(line["host"]["disk_read_bytes_per_second"], 1200.0);
    assert_eq!(line["host"]["partial_sums"], serde_json::json!([]), "nobody counts the only NIC");
    assert_eq!(line["unsupported"][0]["call"], "virDomainBlockStatsFlags");
    assert_eq!(line["unsupported"][0]["reason"], "not supported by test");
    assert_eq!(line["error"], Value::Null);
    let names: Vec<_> =
        line["domains"].as_array().unwrap().iter().map(|domain| (&domain["name"], &domain["id"])).collect();
    assert_eq!(names, [(&"db".into(), &2.into()), (&"db".into(), &3.into()), (&"web".into(), &1.into())]);
    let domain = &line["domains"][0];
    assert_eq!(domain["cpu_percent"], 40.0);
    assert_eq!(domain["cpu_of_host_percent"], 10.0);
    assert_eq!(domain["cpu_of_guest_percent"], Value::Null, "the times of its vCPUs are not known");
    assert_eq!(domain["totals"]["cpu_time_nanoseconds"], 500_000_000);
    assert_eq!(domain["memory"]["current_bytes"], 1024 * 1024);
    assert_eq!(domain["memory_given_bytes"], 1024 * 1024);
    assert_eq!(domain["disks"][0]["read_bytes_per_second"], 400.0);
    assert_eq!(domain["disks"][0]["totals"]["read_bytes"], 500);
}

#[test]
fn a_disk_at_its_limit_says_which() {
    let mut rig = Rig::new();
    let limits = vec![("read_bytes_sec".to_owned(), 400)];
    let disk = DiskDefinition { target: "vda".into(), limits, ..DiskDefinition::default() };
    let definition = Arc::new(DomainDefinition { disks: vec![disk], ..DomainDefinition::default() });
    let mut line = None;
    for milliseconds in [0, 1000] {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::OVERVIEW, milliseconds * 2 / 5) else {
            unreachable!()
        };
        update.domains.get_mut(&Uuid::from_u128(1)).unwrap().definition = Some(Arc::clone(&definition));
        line = rig.apply(HostUpdate::Keyframe(update));
    }
    let line = line.unwrap();
    let [web, db] = ["web", "db"]
        .map(|name| line["domains"].as_array().unwrap().iter().find(|domain| domain["name"] == name).unwrap());
    assert_eq!(web["disks"][0]["at_limit"], serde_json::json!({"limit": "read_bytes_sec", "value": 400}));
    assert_eq!(db["disks"][0]["at_limit"], Value::Null);
}

#[test]
fn the_version_comes_first() {
    let mut rig = Rig::new();
    rig.fleet.apply(0, failure("gone", None));
    let record = rig.report.updated(&rig.fleet, 0, at(1000)).unwrap().unwrap();
    let mut rows = Rows::default();
    Json.encode(&record, &mut rows).unwrap();
    assert!(rows.bytes().starts_with(br#"{"schema_version":1,"#));
}

#[test]
fn a_blocked_domain_says_so_and_has_no_rates() {
    let mut rig = Rig::new();
    let mut line = None;
    for milliseconds in [0, 1000, 2000] {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::OVERVIEW, milliseconds) else {
            unreachable!()
        };
        let web = update.domains.get_mut(&Uuid::from_u128(1)).unwrap();
        web.nics[0].rx_bytes = Some(Counter(Bytes(milliseconds)));
        if milliseconds == 2000 {
            web.answered = Groups::STATE | Groups::NET;
            web.blocked = Some(Blocked { by: BlockedBy::Monitor, since: at(1200) });
        }
        line = rig.apply(HostUpdate::Keyframe(update));
    }
    let line = line.unwrap();
    let [free, blocked] = ["db", "web"]
        .map(|name| line["domains"].as_array().unwrap().iter().find(|domain| domain["name"] == name).unwrap());
    assert_eq!((&free["blocked"], &free["cpu_percent"]), (&Value::Null, &100.0.into()));
    assert_eq!(blocked["blocked"]["by"], "monitor busy");
    assert_eq!(blocked["blocked"]["since"], "2026-01-02T03:04:06.200Z");
    assert_eq!(blocked["cpu_percent"], Value::Null);
    assert_eq!(blocked["disks"][0]["read_bytes_per_second"], Value::Null);
    assert_eq!(blocked["nics"][0]["rx_bytes_per_second"], 1000.0);
    assert_eq!(blocked["read_at"]["disks"], "2026-01-02T03:04:06.000Z", "its totals are of then");
    assert_eq!((&blocked["read_at"]["nics"], &free["read_at"]["disks"]), (&line["time"], &line["time"]));
    assert_eq!(line["host"]["partial_sums"][0], "disk", "the blocked domain is not in them");
}

#[test]
fn a_domain_that_libvirt_skipped_says_which_groups_are_missing() {
    let mut rig = Rig::new();
    let mut line = None;
    for milliseconds in [0, 1000] {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::OVERVIEW, milliseconds) else {
            unreachable!()
        };
        update.domains.get_mut(&Uuid::from_u128(1)).unwrap().unanswered = Groups::VCPU | Groups::BLOCK;
        line = rig.apply(HostUpdate::Keyframe(update));
    }
    let line = line.unwrap();
    let domains: Vec<_> =
        line["domains"].as_array().unwrap().iter().map(|domain| (&domain["name"], &domain["unanswered"])).collect();
    let [none, groups] = [serde_json::json!([]), serde_json::json!(["vcpus", "disks"])];
    assert_eq!(domains, [(&"db".into(), &none), (&"db".into(), &none), (&"web".into(), &groups)]);
}

#[test]
fn what_is_not_known_is_null_and_its_key_is_there() {
    let mut rig = Rig::new();
    for milliseconds in [0, 1000] {
        rig.apply(sample(at(milliseconds), Groups::OVERVIEW, 0));
    }
    let line = rig.apply(sample(at(2000), Groups::OVERVIEW, 0)).unwrap();
    fn check<M: Metric>(thing: &Value) {
        for &metric in M::ALL {
            assert!(thing.as_object().unwrap().contains_key(metric.key()), "{}", metric.key());
        }
    }
    let domain = &line["domains"][0];
    check::<HostMetric>(&line["host"]);
    check::<DomainMetric>(domain);
    check::<VcpuMetric>(&domain["vcpus"][0]);
    check::<DiskMetric>(&domain["disks"][0]);
    check::<NicMetric>(&domain["nics"][0]);
    for null in [
        &domain["host_cpus"],
        &domain["memory_used_bytes"],
        &domain["disks"][0]["totals"]["write_bytes"],
        &domain["nics"][0]["rx_bytes_per_second"],
        &line["host"]["memory"]["total_bytes"],
    ] {
        assert_eq!(null, &Value::Null);
    }
    assert_eq!(domain["disks"][0]["read_bytes_per_second"], 0.0, "known, and nothing moved");
}

#[test]
fn a_failure_has_a_line_with_every_key_and_no_old_figures() {
    let mut rig = Rig::new();
    rig.apply(sample(at(0), Groups::OVERVIEW, 0));
    let good = rig.apply(sample(at(1000), Groups::OVERVIEW, 9)).unwrap();
    let line = rig.apply(failure("gone", Some(Duration::from_secs(2)))).unwrap();
    assert_eq!(line["time"], "2026-01-02T03:04:08.000Z");
    assert_eq!(line["error"], serde_json::json!({"message": "gone", "advice": null, "retry_in_seconds": 2.0}));
    assert_eq!((&line["domains"], &line["host"]["disk_read_bytes_per_second"]), (&Value::Null, &Value::Null));
    assert_eq!(line["host"]["hostname"], "node1");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&line), keys(&good));
    assert_eq!(keys(&line["host"]), keys(&good["host"]));
}

#[test]
fn an_event_has_its_time_domain_reason_and_severity() {
    let mut rig = Rig::new();
    let told = |name: &str, kind| {
        let domain = Some(EventDomain { uuid: Uuid::from_u128(1), name: name.into() });
        HostUpdate::Event(Event { at: at(500), domain, kind })
    };
    for update in [
        told("early", EventKind::Rebooted),
        sample(at(0), Groups::OVERVIEW, 0),
        told("a\"b\n", EventKind::DeviceAdded("net1".into())),
    ] {
        assert_eq!(rig.apply(update), None);
    }
    let line = rig.apply(sample(at(1000), Groups::OVERVIEW, 9)).unwrap();
    assert_eq!(
        line["events"],
        serde_json::json!([
            {
                "time": "2026-01-02T03:04:05.500Z", "uuid": "00000000-0000-0000-0000-000000000001", "name": "early",
                "event": "rebooted", "reason": null, "device": null, "path": null, "severity": "notice",
            },
            {
                "time": "2026-01-02T03:04:05.500Z", "uuid": "00000000-0000-0000-0000-000000000001", "name": "a\"b\n",
                "event": "device_added", "reason": "net1", "device": "net1", "path": null, "severity": "notice",
            },
        ])
    );
    assert_eq!(line["events_left_out"], 0);
    for _ in 0..EVENTS_KEPT + 3 {
        rig.apply(told("storm", EventKind::Rebooted));
    }
    let line = rig.apply(failure("gone", None)).unwrap();
    assert_eq!((line["events"].as_array().unwrap().len(), &line["events_left_out"]), (EVENTS_KEPT, &3.into()));
}

/// A line with every object that a line can have, and one of a failure.
fn full_lines() -> [Value; 2] {
    let mut rig = Rig::new();
    let full = |milliseconds| {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::all(), milliseconds) else {
            unreachable!()
        };
        // One disk and one NIC are at a limit.
        let disk = DiskDefinition {
            target: "vda".into(),
            limits: vec![("read_bytes_sec".into(), 1000)],
            ..DiskDefinition::default()
        };
        let limits = vec![("inbound average".into(), 1000)];
        let nic = NicDefinition { target: Some("vnet0".into()), limits, ..NicDefinition::default() };
        let definition = DomainDefinition { disks: vec![disk], nics: vec![nic], ..DomainDefinition::default() };
        let web = update.domains.get_mut(&Uuid::from_u128(1)).unwrap();
        web.definition = Some(Arc::new(definition));
        web.nics[0].rx_bytes = Some(Counter(Bytes(milliseconds * 1000)));
        for domain in update.domains.values_mut() {
            domain.host_cpus.push(Counter(Nanoseconds(milliseconds)));
            domain.unsupported.push(UnsupportedCall { call: Call::BlockInfo, reason: "no such file".into() });
            domain.blocked = Some(Blocked { by: BlockedBy::Lock, since: at(0) });
        }
        HostUpdate::Keyframe(update)
    };
    let domain = Some(EventDomain { uuid: Uuid::from_u128(1), name: "web".into() });
    rig.apply(full(0));
    rig.apply(HostUpdate::Event(Event { at: at(500), domain, kind: EventKind::DeviceAdded("net1".into()) }));
    let good = rig.apply(full(1000)).unwrap();
    [good, rig.apply(failure("gone", None)).unwrap()]
}

/// Where a key stands, as `domains[].totals`, and the key.
type Place = (String, String);

/// Every key of a value with all that stands under it.
fn keys(value: &Value, path: &str, found: &mut BTreeMap<Place, Vec<Value>>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found.entry((path.to_owned(), key.clone())).or_default().push(value.clone());
                keys(value, format!("{path}.{key}").trim_start_matches('.'), found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| keys(value, &format!("{path}[]"), found)),
        _ => {}
    }
}

fn in_backticks(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Every key in the tables of docs/json.md, with its type. A heading names the objects of its table; the object of a line
/// has no name.
fn schema(manual: &str) -> BTreeMap<Place, String> {
    let section = manual.split_once("\n## Every key\n").expect("the section").1;
    let section = section.split("\n## ").next().expect("a part");
    let mut objects: Vec<&str> = Vec::new();
    let mut found = BTreeMap::new();
    for line in section.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            objects = in_backticks(heading).collect();
            if objects.is_empty() {
                objects.push("");
            }
        }
        if !line.starts_with("| `") {
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, first, kind, _, _, _] = cells[..] else { panic!("not four cells: {line}") };
        for (object, key) in objects.iter().flat_map(|object| in_backticks(first).map(move |key| (object, key))) {
            let twice = found.insert((object.to_string(), key.to_owned()), kind.to_owned());
            assert_eq!(twice, None, "{object} {key} stands there twice");
        }
    }
    found
}

/// The keys of the figures, with their types. docs/figures.md, which is written from the same catalogues, has these places.
fn figures() -> BTreeMap<Place, String> {
    fn derived<M: Metric>(object: &str, found: &mut BTreeMap<Place, String>) {
        for metric in M::ALL {
            let kind = if metric.info().unit == Unit::Bytes { "integer?" } else { "number?" };
            found.insert((object.to_owned(), metric.key().to_owned()), kind.to_owned());
        }
    }
    fn raw<T: Total>([gauges, counters]: [&str; 2], found: &mut BTreeMap<Place, String>) {
        for total in T::ALL {
            let object = if total.is_counter() { counters } else { gauges };
            found.insert((object.to_owned(), total.key().to_owned()), "integer?".to_owned());
        }
    }
    let mut found = BTreeMap::new();
    derived::<HostMetric>("host", &mut found);
    raw::<HostTotal>(["host.memory", "host.totals"], &mut found);
    derived::<DomainMetric>("domains[]", &mut found);
    raw::<CpuTotal>(["domains[]", "domains[].totals"], &mut found);
    raw::<MemoryTotal>(["domains[].memory", "domains[].totals"], &mut found);
    derived::<HostCpuMetric>("domains[].host_cpus[]", &mut found);
    raw::<HostCpuTotal>(["domains[].host_cpus[]"; 2], &mut found);
    derived::<VcpuMetric>("domains[].vcpus[]", &mut found);
    raw::<VcpuTotal>(["domains[].vcpus[]", "domains[].vcpus[].totals"], &mut found);
    derived::<DiskMetric>("domains[].disks[]", &mut found);
    raw::<DiskTotal>(["domains[].disks[]", "domains[].disks[].totals"], &mut found);
    derived::<NicMetric>("domains[].nics[]", &mut found);
    raw::<NicTotal>(["domains[].nics[]", "domains[].nics[].totals"], &mut found);
    found
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    if value.is_null() {
        return kind.ends_with('?');
    }
    match kind.trim_end_matches('?') {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other} in docs/json.md"),
    }
}

#[test]
fn the_manual_lists_every_key_with_its_type() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    let mut real = BTreeMap::new();
    full_lines().iter().for_each(|line| keys(line, "", &mut real));
    for optional in
        ["domains[].host_cpus[]", "domains[].blocked", "domains[].unsupported[]", "events[]", "unsupported[]", "error"]
    {
        assert!(real.keys().any(|(path, _)| path == optional), "the lines of this test have no {optional}");
    }
    let mut documented = schema(&manual);
    documented.extend(figures());
    let [real_keys, documented_keys] = [real.keys().collect::<BTreeSet<_>>(), documented.keys().collect()];
    let missing: Vec<_> = real_keys.difference(&documented_keys).collect();
    let extra: Vec<_> = documented_keys.difference(&real_keys).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "docs/json.md does not list {missing:?}, and lists {extra:?}, which no line has"
    );
    for (place, values) in &real {
        let kind = &documented[place];
        assert!(values.iter().all(|value| is_of_type(value, kind)), "{place:?} is no {kind}: {values:?}");
    }
}

#[test]
fn a_device_that_nobody_counts_has_what_it_is_and_the_reason() {
    let mut rig = Rig::new();
    let sample = |milliseconds| {
        let disk = DiskDefinition {
            target: "vda".into(),
            kind: "vhostuser".into(),
            source: Some("/run/blk.sock".into()),
            ..DiskDefinition::default()
        };
        let nic = |number| NicDefinition {
            kind: "user".into(),
            mac: Some(format!("52:54:00:00:00:0{number}")),
            ..NicDefinition::default()
        };
        let definition =
            DomainDefinition { disks: vec![disk], nics: vec![nic(1), nic(2)], ..DomainDefinition::default() };
        let HostUpdate::Keyframe(mut sample) = sample(at(milliseconds), Groups::OVERVIEW, 0) else { unreachable!() };
        for domain in sample.domains.values_mut() {
            domain.disks = vec![BlockSample { name: "vda".into(), ..BlockSample::default() }];
            domain.nics.clear();
            domain.definition = Some(Arc::new(definition.clone()));
        }
        HostUpdate::Keyframe(sample)
    };
    rig.apply(sample(0));
    let line = rig.apply(sample(1000)).unwrap();
    assert_eq!(line["host"]["partial_sums"], serde_json::json!([]));
    let domain = &line["domains"][0];
    let text = |device: &Value, keys: &[&str]| -> Vec<String> {
        keys.iter().map(|key| device[*key].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(domain["disks"].as_array().unwrap().len(), 1);
    assert_eq!(
        text(&domain["disks"][0], &["name", "kind", "source", "reason"]),
        ["vda", "vhostuser", "/run/blk.sock", "vhost-user disks have no statistics"]
    );
    let nics: Vec<_> =
        domain["nics"].as_array().unwrap().iter().map(|nic| text(nic, &["mac", "kind", "reason"])).collect();
    let reason = "user-mode NICs have no statistics";
    assert_eq!(nics, [["52:54:00:00:00:01", "user", reason], ["52:54:00:00:00:02", "user", reason]]);
}
