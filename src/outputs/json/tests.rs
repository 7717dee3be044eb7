use super::*;
use crate::fleet::Fleet;
use crate::model::{
    BlockedBy, Call, DomainSample, DomainState, EventDomain, EventKind, Failure, HostInfo, HostSample, HostUpdate,
    NodeSample, SampleKind, StateReason,
};
use crate::units::Nanoseconds;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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

fn fleet() -> Fleet {
    let mut fleet = Fleet::new(1);
    let info = HostInfo { hostname: "node1".into(), cpus: 4, ..HostInfo::default() };
    fleet.apply(0, HostUpdate::Connected(Arc::new(info)));
    fleet
}

fn json(line: Option<Line<'_>>) -> Value {
    let mut text = Vec::new();
    line.expect("a line").write(&mut text).unwrap();
    assert_eq!(text.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert_eq!(text.last(), Some(&b'\n'));
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn the_first_sample_has_no_line_and_a_look_has_none_either() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    assert!(lines.sample(&fleet.hosts()[0]).is_none());
    for (milliseconds, asked, expected) in [
        (0, Groups::OVERVIEW, false),
        (1000, Groups::OVERVIEW, true),
        (1100, Groups::STATE, false),
        (2000, Groups::OVERVIEW, true),
    ] {
        fleet.apply(0, sample(at(milliseconds), asked, milliseconds));
        assert_eq!(lines.sample(&fleet.hosts()[0]).is_some(), expected, "{milliseconds}");
    }
}

#[test]
fn a_line_has_the_time_the_figures_and_the_lacks() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    fleet.apply(0, sample(at(0), Groups::OVERVIEW, 0));
    assert!(lines.sample(&fleet.hosts()[0]).is_none());
    fleet.apply(0, sample(at(1250), Groups::OVERVIEW, 500));
    let line = json(lines.sample(&fleet.hosts()[0]));
    assert_eq!(line["time"], "2026-01-02T03:04:06.250Z");
    assert_eq!(line["elapsed_seconds"], 1.25);
    assert_eq!(line["host"]["hostname"], "node1");
    assert_eq!(line["host"]["disk_read_bytes_per_second"], 1200.0);
    assert_eq!(line["host"]["partial_sums"], serde_json::json!(["net"]), "a NIC has no counters here");
    assert_eq!(line["unsupported"][0]["call"], "virDomainBlockStatsFlags");
    assert_eq!(line["unsupported"][0]["reason"], "not supported by test");
    assert_eq!(line["error"], Value::Null);
    let names: Vec<_> =
        line["domains"].as_array().unwrap().iter().map(|domain| (&domain["name"], &domain["id"])).collect();
    assert_eq!(names, [(&"db".into(), &2.into()), (&"db".into(), &3.into()), (&"web".into(), &1.into())]);
    let domain = &line["domains"][0];
    assert_eq!(domain["cpu_percent"], 40.0);
    assert_eq!(domain["cpu_of_host_percent"], 10.0);
    assert_eq!(domain["cpu_of_guest_percent"], 40.0);
    assert_eq!(domain["totals"]["cpu_time_nanoseconds"], 500_000_000);
    assert_eq!(domain["memory"]["current_bytes"], 1024 * 1024);
    assert_eq!(domain["memory_given_bytes"], 1024 * 1024);
    assert_eq!(domain["disks"][0]["read_bytes_per_second"], 400.0);
    assert_eq!(domain["disks"][0]["totals"]["read_bytes"], 500);
}

#[test]
fn a_held_domain_says_so_and_has_no_rates() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
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
        fleet.apply(0, HostUpdate::Keyframe(update));
        if milliseconds < 2000 {
            let _ = lines.sample(&fleet.hosts()[0]);
        }
    }
    let line = json(lines.sample(&fleet.hosts()[0]));
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
    assert_eq!(line["host"]["partial_sums"][0], "disk", "the held one is not in them");
}

#[test]
fn a_domain_that_libvirt_skipped_says_which_groups_are_missing() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    for milliseconds in [0, 1000] {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::OVERVIEW, milliseconds) else {
            unreachable!()
        };
        let web = update.domains.get_mut(&Uuid::from_u128(1)).unwrap();
        web.unanswered = Groups::VCPU | Groups::BLOCK;
        fleet.apply(0, HostUpdate::Keyframe(update));
        if milliseconds == 0 {
            let _ = lines.sample(&fleet.hosts()[0]);
        }
    }
    let line = json(lines.sample(&fleet.hosts()[0]));
    let domains = line["domains"].as_array().unwrap();
    let unsupported =
        |name: &str| &domains.iter().find(|domain| domain["name"] == name).expect("it is there")["unsupported"];
    assert_eq!(unsupported("db").as_array().map(Vec::len), Some(0));
    assert_eq!(unsupported("web")[0]["call"], "virConnectGetAllDomainStats");
    assert_eq!(
        unsupported("web")[0]["reason"],
        "no answer on vCPUs, disks now: another job holds the domain, or its QEMU does not answer"
    );
}

#[test]
fn what_is_not_known_is_null_and_its_key_is_there() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    for milliseconds in [0, 1000] {
        fleet.apply(0, sample(at(milliseconds), Groups::OVERVIEW, 0));
        let _ = lines.sample(&fleet.hosts()[0]);
    }
    fleet.apply(0, sample(at(2000), Groups::OVERVIEW, 0));
    let line = json(lines.sample(&fleet.hosts()[0]));
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
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    for milliseconds in [0, 1000] {
        fleet.apply(0, sample(at(milliseconds), Groups::OVERVIEW, milliseconds));
    }
    let good = json({
        lines.sample(&fleet.hosts()[0]);
        fleet.apply(0, sample(at(2000), Groups::OVERVIEW, 9));
        lines.sample(&fleet.hosts()[0])
    });
    assert!(lines.failure(&fleet.hosts()[0], at(0)).is_none());
    let failure = Failure { message: "gone".into(), advice: None, retry_in: Some(Duration::from_secs(2)), at: at(0) };
    fleet.apply(0, HostUpdate::Failed(failure));
    let line = json(lines.failure(&fleet.hosts()[0], at(3000)));
    assert_eq!(line["error"], serde_json::json!({"message": "gone", "advice": null, "retry_in_seconds": 2.0}));
    assert_eq!((&line["domains"], &line["host"]["disk_read_bytes_per_second"]), (&Value::Null, &Value::Null));
    assert_eq!(line["host"]["hostname"], "node1");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&line), keys(&good));
    assert_eq!(keys(&line["host"]), keys(&good["host"]));
}

#[test]
fn events_are_told_once_in_the_next_line() {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    let told = |name: &str, kind| {
        let domain = Some(EventDomain { uuid: Uuid::from_u128(1), name: name.into() });
        HostUpdate::Event(Event { at: at(500), domain, kind })
    };
    let events = |line: &Value| line["events"].as_array().unwrap().clone();
    fleet.apply(0, told("early", EventKind::Rebooted));
    fleet.apply(0, sample(at(0), Groups::OVERVIEW, 0));
    assert!(lines.sample(&fleet.hosts()[0]).is_none());
    fleet.apply(0, told("a\"b\n", EventKind::DeviceAdded("net1".into())));
    assert!(lines.sample(&fleet.hosts()[0]).is_none(), "an event makes no line");
    fleet.apply(0, sample(at(1000), Groups::OVERVIEW, 9));
    let line = json(lines.sample(&fleet.hosts()[0]));
    assert_eq!(
        events(&line)[1],
        serde_json::json!({
            "time": "2026-01-02T03:04:05.500Z", "uuid": Uuid::from_u128(1).to_string(), "name": "a\"b\n",
            "event": "device_added", "why": "net1", "device": "net1", "path": null, "severity": "notice",
        })
    );
    assert_eq!((&events(&line)[0]["name"], &events(&line)[0]["why"]), (&"early".into(), &Value::Null));
    fleet.apply(0, sample(at(2000), Groups::OVERVIEW, 9));
    let line = json(lines.sample(&fleet.hosts()[0]));
    assert_eq!((events(&line), &line["events_left_out"]), (vec![], &0.into()));
    for _ in 0..crate::fleet::EVENTS_KEPT + 3 {
        fleet.apply(0, told("storm", EventKind::Rebooted));
    }
    fleet.apply(0, HostUpdate::Failed(Failure { message: "gone".into(), advice: None, retry_in: None, at: at(0) }));
    let line = json(lines.failure(&fleet.hosts()[0], at(3000)));
    assert_eq!((events(&line).len(), &line["events_left_out"]), (crate::fleet::EVENTS_KEPT, &3.into()));
}

#[test]
fn names_say_their_units_once() {
    fn names<M: Metric>() -> Vec<String> {
        M::ALL.iter().map(|metric| metric.key().to_owned()).collect()
    }
    let all = [
        names::<HostMetric>(),
        names::<DomainMetric>(),
        names::<VcpuMetric>(),
        names::<HostCpuMetric>(),
        names::<DiskMetric>(),
        names::<NicMetric>(),
    ];
    insta::assert_snapshot!(all.map(|names| names.join("\n")).join("\n\n"), @r"
    cpu_percent
    iowait_percent
    memory_used_bytes
    disk_read_bytes_per_second
    disk_write_bytes_per_second
    disk_requests_per_second
    net_rx_bytes_per_second
    net_tx_bytes_per_second

    cpu_percent
    cpu_user_percent
    cpu_system_percent
    steal_percent
    memory_used_bytes
    memory_available_bytes
    memory_given_bytes
    memory_rss_bytes
    memory_cached_bytes
    swap_in_bytes_per_second
    swap_out_bytes_per_second
    major_faults_per_second
    disk_read_bytes_per_second
    disk_write_bytes_per_second
    disk_read_requests_per_second
    disk_write_requests_per_second
    disk_worst_latency_nanoseconds
    net_rx_bytes_per_second
    net_tx_bytes_per_second
    net_rx_packets_per_second
    net_tx_packets_per_second
    net_drops_per_second
    net_errors_per_second

    use_percent
    steal_percent
    wait_percent

    use_percent

    read_bytes_per_second
    write_bytes_per_second
    read_requests_per_second
    write_requests_per_second
    flushes_per_second
    read_latency_nanoseconds
    write_latency_nanoseconds
    flush_latency_nanoseconds
    in_flight_count
    errors_per_second

    rx_bytes_per_second
    tx_bytes_per_second
    rx_packets_per_second
    tx_packets_per_second
    rx_drops_per_second
    tx_drops_per_second
    rx_errors_per_second
    tx_errors_per_second
    ");
}

/// A line with every object that a line can have, and one of a failure.
fn full_lines() -> [Value; 2] {
    let (mut fleet, mut lines) = (fleet(), Lines::default());
    let full = |milliseconds| {
        let HostUpdate::Keyframe(mut update) = sample(at(milliseconds), Groups::all(), milliseconds) else {
            unreachable!()
        };
        for domain in update.domains.values_mut() {
            domain.host_cpus.push(Counter(Nanoseconds(milliseconds)));
            domain.unsupported.push(UnsupportedCall { call: Call::BlockInfo, reason: "no such file".into() });
            domain.blocked = Some(Blocked { by: BlockedBy::Lock, since: at(0) });
        }
        HostUpdate::Keyframe(update)
    };
    fleet.apply(0, full(0));
    assert!(lines.sample(&fleet.hosts()[0]).is_none());
    let domain = Some(EventDomain { uuid: Uuid::from_u128(1), name: "web".into() });
    fleet.apply(0, HostUpdate::Event(Event { at: at(500), domain, kind: EventKind::DeviceAdded("net1".into()) }));
    fleet.apply(0, full(1000));
    let good = json(lines.sample(&fleet.hosts()[0]));
    let failure = Failure { message: "gone".into(), advice: None, retry_in: None, at: at(1000) };
    fleet.apply(0, HostUpdate::Failed(failure));
    [good, json(lines.failure(&fleet.hosts()[0], at(2000)))]
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
    let documented = schema(&manual);
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
