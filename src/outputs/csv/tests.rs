use super::*;
use crate::fleet::Fleet;
use crate::model::{
    BlockSample, Blocked, BlockedBy, Counter, DomainSample, DomainState, Event, EventDomain, EventKind, Failure,
    Groups, HostInfo, HostSample, HostUpdate, NetSample, NodeSample, SampleKind, StateReason, VcpuSample, VcpuState,
};
use crate::outputs::{Encoder, Report, Rows};
use crate::time::Timestamp;
use crate::units::{Bytes, Nanoseconds};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::at(Duration::from_millis(milliseconds), "2026-01-02T03:04:05Z".parse().unwrap())
}

/// The hosts `node0`, `node1` … with a report of one table.
struct Rig {
    fleet: Fleet,
    report: Report,
    csv: Csv,
}

impl Rig {
    fn new(table: Table, hosts: usize) -> Self {
        let report = Report::new(hosts, Duration::from_secs(1), at(0));
        let mut rig = Self { fleet: Fleet::new(hosts), report, csv: Csv::new(table) };
        for host in 0..hosts {
            let info = HostInfo { hostname: format!("node{host}"), cpus: Some(4), ..HostInfo::default() };
            assert_eq!(rig.apply(host, HostUpdate::Connected(Arc::new(info))), "");
        }
        rig
    }

    /// What is written after an update. A failure has the time 3 s.
    fn apply(&mut self, host: usize, update: HostUpdate) -> String {
        self.fleet.apply(host, update);
        let mut rows = Rows::default();
        if let Some(record) = self.report.updated(&self.fleet, host, at(3000)).unwrap() {
            self.csv.encode(&record, &mut rows).unwrap();
        }
        String::from_utf8(rows.bytes().to_vec()).unwrap()
    }

    /// What is written after two samples, 1 s apart.
    fn two_samples(&mut self, change: impl Fn(&mut DomainSample)) -> Vec<Vec<String>> {
        assert_eq!(self.apply(0, sample(0, &change)), "");
        table(&self.apply(0, sample(1000, &change)))
    }
}

/// A domain with one device of each kind, all of whose counters grow by 1000 in a second.
fn sample(milliseconds: u64, change: impl Fn(&mut DomainSample)) -> HostUpdate {
    let mut domain = DomainSample::new("web", Some(7), DomainState::Running, StateReason(1));
    domain.answered = Groups::OVERVIEW;
    domain.cpu.time = Some(Counter(Nanoseconds(milliseconds * 250_000)));
    domain.memory.current = Some(Bytes(4096));
    let vcpu = VcpuSample { state: Some(VcpuState::Running), halted: Some(false), ..VcpuSample::default() };
    domain.vcpus.insert(3, vcpu);
    let read_bytes = Some(Counter(Bytes(milliseconds)));
    domain.disks.push(BlockSample { name: "vda".into(), read_bytes, ..BlockSample::default() });
    domain.nics.push(NetSample { name: "vnet0".into(), rx_bytes: read_bytes, ..NetSample::default() });
    change(&mut domain);
    HostUpdate::Keyframe(HostSample {
        at: at(milliseconds),
        kind: SampleKind::Full,
        requested: Groups::OVERVIEW,
        node: NodeSample::default(),
        domains: [(Uuid::from_u128(1), domain)].into(),
        unsupported: Arc::default(),
    })
}

/// The fields of each row of CSV without quotes.
fn table(text: &str) -> Vec<Vec<String>> {
    let rows = text.strip_suffix("\r\n").expect("the last row is whole").split("\r\n");
    rows.map(|row| row.split(',').map(str::to_owned).collect()).collect()
}

/// The value under a heading.
fn value<'t>(table: &'t [Vec<String>], row: usize, heading: &str) -> &'t str {
    let column = table[0].iter().position(|other| other == heading).unwrap_or_else(|| panic!("no {heading}"));
    &table[row][column]
}

fn failure() -> HostUpdate {
    HostUpdate::Failed(Failure { message: "gone".into(), advice: None, retry_in: None, at: at(3000), is_bug: false })
}

fn event(milliseconds: u64, domain: Option<&str>, kind: EventKind) -> HostUpdate {
    let domain = domain.map(|name| EventDomain { uuid: Uuid::from_u128(1), name: name.into() });
    HostUpdate::Event(Event { at: at(milliseconds), domain, kind })
}

#[test]
fn each_table_has_a_row_for_each_of_its_things() {
    const UUID: &str = "00000000-0000-0000-0000-000000000001";
    for (table, headings, cells) in [
        (Table::Domains, "time,host,uuid,domain,id", format!("{UUID},web,7")),
        (Table::Disks, "time,host,uuid,domain,disk,path", format!("{UUID},web,vda,")),
        (Table::Nics, "time,host,uuid,domain,nic,rx_bytes_per_second", format!("{UUID},web,vnet0,1000")),
        (Table::Vcpus, "time,host,uuid,domain,vcpu,state,halted", format!("{UUID},web,3,running,false")),
        (Table::Host, "time,host,elapsed_seconds,name,uri,driver", "1,,,".to_owned()),
    ] {
        let rows = Rig::new(table, 1).two_samples(|_| {});
        assert_eq!(rows.len(), 2, "{table:?}: {rows:?}");
        assert_eq!(rows[0].len(), rows[1].len(), "{table:?}");
        let [first, second] = [&rows[0], &rows[1]].map(|row| row.join(","));
        assert!(first.starts_with(&format!("{headings},")), "{table:?}: {first}");
        let expected = format!("2026-01-02T03:04:06.000Z,node0,{cells},");
        assert!(second.starts_with(&expected), "{table:?}: {second}");
    }
}

#[test]
fn a_heading_is_the_path_of_the_key_in_json_and_unknown_is_empty() {
    let rows = Rig::new(Table::Domains, 1).two_samples(|_| {});
    for (heading, expected) in [
        ("state", "running"),
        ("reason", "booted"),
        ("cpu_percent", "25"),
        ("cpu_of_host_percent", "6.25"),
        ("memory_given_bytes", "4096"),
        ("memory_used_percent", ""),
        ("memory_used_with_cache", ""),
        ("disk_read_bytes_per_second", "1000"),
        ("disk_write_bytes_per_second", ""),
        ("totals.cpu_time_nanoseconds", "250000000"),
        ("totals.cpu_user_nanoseconds", ""),
        ("read_at.cpu", "2026-01-02T03:04:06.000Z"),
        ("memory.current_bytes", "4096"),
        ("memory.usable_bytes", ""),
        ("blocked.by", ""),
        ("blocked.since", ""),
    ] {
        assert_eq!(value(&rows, 1, heading), expected, "{heading}");
    }
    let blocked = |domain: &mut DomainSample| domain.blocked = Some(Blocked { by: BlockedBy::Monitor, since: at(0) });
    let rows = Rig::new(Table::Domains, 1).two_samples(blocked);
    assert_eq!(value(&rows, 1, "blocked.by"), "monitor busy");
    assert_eq!(value(&rows, 1, "blocked.since"), "2026-01-02T03:04:05.000Z");
}

#[test]
fn headings_are_unique_and_written_once_for_all_hosts() {
    for table in Table::ALL {
        let mut rig = Rig::new(table, 2);
        for host in [0, 1] {
            assert_eq!(rig.apply(host, sample(0, |_| {})), "");
        }
        let first = rig.apply(0, sample(1000, |_| {}));
        let second = rig.apply(1, sample(1000, |_| {}));
        let third = rig.apply(0, sample(2000, |_| {}));
        let headings = first.lines().next().unwrap();
        assert!(headings.starts_with("time,host,"), "{table:?}: {headings}");
        assert_eq!([&first, &second, &third].map(|text| text.matches("time,host,").count()), [1, 0, 0], "{table:?}");
        let mut names: Vec<_> = headings.split(',').collect();
        names.sort_unstable();
        assert_eq!(names.windows(2).find(|pair| pair[0] == pair[1]), None, "{table:?}");
        if table != Table::Events {
            assert!(second.contains(",node1,") && third.contains(",node0,"), "{table:?}: {second}{third}");
        }
    }
}

#[test]
fn commas_quotes_and_line_breaks_are_quoted() {
    let mut rig = Rig::new(Table::Nics, 1);
    let named = |domain: &mut DomainSample| {
        domain.name = "a,b\"c\r\n1".into();
        domain.nics[0].name = "=1+1".into();
    };
    rig.apply(0, sample(0, named));
    let text = rig.apply(0, sample(1000, named));
    let row = text.split_once("\r\n").unwrap().1;
    assert!(row.contains(",\"a,b\"\"c\r\n1\",=1+1,"), "{row}");
}

#[test]
fn while_a_host_is_down_its_tables_have_no_rows_and_the_events_say_so() {
    let lost = || event(2500, None, EventKind::ConnectionLost("the daemon is gone, \"for now\"".into()));
    let back = || event(5000, None, EventKind::ConnectionBack);
    for table in [Table::Domains, Table::Disks, Table::Nics, Table::Vcpus, Table::Host] {
        let mut rig = Rig::new(table, 1);
        rig.two_samples(|_| {});
        assert_eq!(rig.apply(0, lost()), "");
        assert_eq!(rig.apply(0, failure()), "", "{table:?}");
        assert_eq!(rig.apply(0, back()), "");
        let after = rig.apply(0, sample(5000, |_| {}));
        assert_eq!(after.lines().count(), 1, "{table:?}: {after}");
        assert!(after.starts_with("2026-01-02T03:04:10.000Z,node0,"), "{table:?}: {after}");
    }
    let mut rig = Rig::new(Table::Events, 1);
    rig.apply(0, sample(0, |_| {}));
    assert_eq!(
        rig.apply(0, sample(1000, |_| {})),
        "time,host,uuid,domain,event,reason,device,path,severity\r\n",
        "no events yet"
    );
    rig.apply(0, lost());
    assert_eq!(
        rig.apply(0, failure()),
        "2026-01-02T03:04:07.500Z,node0,,,connection_lost,\"the daemon is gone, \"\"for now\"\"\",,,critical\r\n"
    );
    rig.apply(0, event(4500, Some("web"), EventKind::DeviceAdded("net1".into())));
    rig.apply(0, back());
    assert_eq!(
        rig.apply(0, sample(5000, |_| {})),
        "2026-01-02T03:04:09.500Z,node0,00000000-0000-0000-0000-000000000001,web,device_added,net1,net1,,notice\r\n\
         2026-01-02T03:04:10.000Z,node0,,,connection_back,,,,notice\r\n"
    );
}

#[test]
fn events_that_are_not_kept_are_counted_in_a_row() {
    let mut rig = Rig::new(Table::Events, 1);
    rig.apply(0, sample(0, |_| {}));
    for _ in 0..crate::fleet::EVENTS_KEPT + 3 {
        rig.apply(0, event(500, Some("web"), EventKind::Rebooted));
    }
    let rows = table(&rig.apply(0, sample(1000, |_| {})));
    assert_eq!(rows.len(), 1 + 1 + crate::fleet::EVENTS_KEPT);
    assert_eq!(value(&rows, 1, "event"), "events_left_out");
    assert!(value(&rows, 1, "reason").starts_with("3 "), "{:?}", rows[1]);
    assert_eq!(value(&rows, 2, "event"), "rebooted");
}

#[test]
fn every_row_ends_where_the_encoder_says() {
    let mut rig = Rig::new(Table::Domains, 1);
    rig.apply(0, sample(0, |_| {}));
    rig.fleet.apply(0, sample(1000, |domain| domain.name = "a\r\nb".into()));
    let record = rig.report.updated(&rig.fleet, 0, at(1000)).unwrap().unwrap();
    let mut rows = Rows::default();
    rig.csv.encode(&record, &mut rows).unwrap();
    let text = std::str::from_utf8(rows.bytes()).unwrap();
    let headings = text.find("\r\n").unwrap() + 2;
    assert_eq!(rows.ends, [headings, text.len()], "a line break in a name ends no row");
}
