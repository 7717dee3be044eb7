//! The six calls for single domains: the screen shows the same figures as virsh's command for the same call.

use crate::desk::Viewer;
use crate::figures::{Direct, digits};
use crate::lab::{self, Lab};
use crate::screen::{Kind, Screen, number};
use crate::virsh::{Comparison, Reading, Values, Window};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Instant;
use vtop::sources::libvirt::Calls;

/// The screens after two samples of the lab, and virsh's readings around them.
struct Seen {
    window: Window,
    nic: String,
    /// virsh has figures per host CPU.
    per_host_cpu: bool,
    overview: Screen,
    cpu: Screen,
    disk: Screen,
    disk_device: Screen,
    mem: Screen,
    net: Screen,
}

fn seen(lab: &Lab) -> &'static Seen {
    static SEEN: OnceLock<Seen> = OnceLock::new();
    SEEN.get_or_init(|| {
        let list = lab.virsh(&["domiflist", "vtop-lab-net"]);
        let nic = list.lines().find_map(|line| line.split_whitespace().find(|word| word.starts_with("vnet")));
        let nic = nic.expect("the guest has a NIC").to_owned();
        let per_host_cpu = lab.run(&["virsh", "cpu-stats", "vtop-lab-cpu", "--start", "0"]).status.success();
        let mut direct = Direct::connect(&lab.uri, Calls::PerDomain);
        direct.sample(None);
        let cpu = direct.desk.domain("vtop-lab-cpu").expect("it runs").uuid;
        let window = direct.window(Window::length(&lab.uri), Some(cpu), || reading(lab, &nic, per_host_cpu));
        let desk = &mut direct.desk;
        Seen {
            window,
            nic,
            per_host_cpu,
            overview: desk.overview(),
            cpu: desk.open("vtop-lab-cpu"),
            mem: desk.open("vtop-lab-mem"),
            net: desk.open("vtop-lab-net"),
            disk: desk.open("vtop-lab-disk"),
            disk_device: desk.go("⏎l", &["disk vdb  ", "max"]),
        }
    })
}

/// One reading with the virsh commands that make the six calls.
fn reading(lab: &Lab, nic: &str, per_host_cpu: bool) -> Reading {
    let began = Instant::now();
    let last_two = |text: String| -> Values {
        let pair = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "seconds").collect();
            let [.., name, value] = words[..] else { return None };
            Some((name.to_owned(), value.parse().ok()?))
        };
        text.lines().filter_map(pair).collect()
    };
    let mut domains = BTreeMap::from([
        ("vtop-lab-disk".to_owned(), last_two(lab.virsh(&["domblkstat", "vtop-lab-disk", "vdb"]))),
        ("vtop-lab-cpu".to_owned(), last_two(lab.virsh(&["cpu-stats", "vtop-lab-cpu", "--total"]))),
        ("vtop-lab-mem".to_owned(), last_two(lab.virsh(&["dommemstat", "vtop-lab-mem"]))),
        ("vtop-lab-net".to_owned(), last_two(lab.virsh(&["domifstat", "vtop-lab-net", nic]))),
    ]);
    if per_host_cpu {
        let text = lab.virsh(&["cpu-stats", "vtop-lab-cpu", "--start", "0"]);
        let cpus = text.split("CPU").skip(1).filter_map(|part| {
            let (number, rest) = part.split_once(':')?;
            let (_, time) = last_two(rest.to_owned()).remove_entry("cpu_time")?;
            Some((number.to_owned(), time))
        });
        domains.insert("per host CPU".to_owned(), cpus.collect());
    }
    Reading { began, ended: Instant::now(), domains }
}

impl Seen {
    fn rate(&self, comparison: &mut Comparison, what: &str, shown: (Kind, &str), truth: (&str, &str), factor: f64) {
        let (kind, text) = shown;
        let value = number(kind, text);
        let (domain, key) = truth;
        let seconds = self.window.elapsed().as_secs_f64();
        let step = factor * (self.window.doubt(domain, key)) / seconds + digits(kind, value);
        comparison.add(what, value, factor * self.window.rate(domain, key), step);
    }
}

#[test]
fn get_cpu_stats_total() {
    let Some(lab) = lab::turn() else { return };
    let seen = seen(&lab);
    let mut comparison = Comparison::new("virDomainGetCPUStats, total");
    let table = seen.overview.table(&["NAME", "CPU%", "MEMORY"]);
    let row = table.row("NAME", "vtop-lab-cpu").unwrap();
    let truth = ("vtop-lab-cpu", "cpu_time");
    seen.rate(&mut comparison, "overview", (Kind::Percent, &row.figure("CPU%")), truth, 100.0);
    let chart = seen.cpu.chart("CPU, ", "CPU").unwrap();
    seen.rate(&mut comparison, "domain", (Kind::Percent, &chart), truth, 100.0);
    comparison.judge();
    // What only the bulk call reports is missing, not 0.
    assert_eq!(row.figure("ST%"), "–");
}

#[test]
fn get_cpu_stats_per_host_cpu() {
    let Some(lab) = lab::turn() else { return };
    let seen = seen(&lab);
    let line = seen.cpu.text().lines().find(|line| line.starts_with("host CPUs ")).unwrap().to_owned();
    if !seen.per_host_cpu {
        println!("virsh cpu-stats has no figures per host CPU here, so the screen has the reason: {line}");
        assert!(line.contains("– not with cgroup v2: it does not count CPU time per host CPU"), "{line}");
        return;
    }
    let mut comparison = Comparison::new("virDomainGetCPUStats, per host CPU");
    let cpus: Vec<&str> = seen.window.keys("per host CPU").collect();
    assert!(!cpus.is_empty());
    for cpu in cpus {
        let start = format!("{cpu}:");
        let shown = line.split("  ").find_map(|part| part.strip_prefix(&start)).unwrap_or_default();
        seen.rate(&mut comparison, cpu, (Kind::Percent, shown), ("per host CPU", cpu), 100.0);
    }
    comparison.judge();
}

#[test]
fn block_stats_flags() {
    let Some(lab) = lab::turn() else { return };
    let seen = seen(&lab);
    let mut comparison = Comparison::new("virDomainBlockStatsFlags");
    let table = seen.disk.table(&["DISK", "RD/s"]);
    let row = table.row("DISK", "vdb").unwrap();
    let device = seen.disk_device.table(&["figure", "now", "max", "total"]);
    for (column, line, key, kind) in [
        ("RD/s", "read B/s", "rd_bytes", Kind::Bytes),
        ("WR/s", "write B/s", "wr_bytes", Kind::Bytes),
        ("RDOPS", "read IOPS", "rd_req", Kind::Count),
        ("WROPS", "write IOPS", "wr_req", Kind::Count),
        ("FLUSH", "flush IOPS", "flush_operations", Kind::Count),
    ] {
        let truth = ("vtop-lab-disk", key);
        let now = device.row("figure", line).unwrap().figure("now");
        seen.rate(&mut comparison, column, (kind, &row.figure(column)), truth, 1.0);
        seen.rate(&mut comparison, line, (kind, &now), truth, 1.0);
    }
    for (column, times, requests) in [
        ("RDLAT", "rd_total_times", "rd_req"),
        ("WRLAT", "wr_total_times", "wr_req"),
        ("FLLAT", "flush_total_times", "flush_operations"),
    ] {
        let growth = |key| seen.window.growth("vtop-lab-disk", key);
        let doubt = seen.window.doubt("vtop-lab-disk", times) / growth(requests);
        let value = number(Kind::Time, &row.figure(column));
        comparison.add(column, value, growth(times) / growth(requests), doubt + digits(Kind::Time, value));
    }
    // Totals lie between the readings before and after.
    for (line, key) in [("read IOPS", "rd_req"), ("write IOPS", "wr_req"), ("flush IOPS", "flush_operations")] {
        let total: f64 = device.row("figure", line).unwrap().cell("total").parse().unwrap();
        let [before, after] = [0, 1].map(|index| seen.window.at_end()[index].value("vtop-lab-disk", key));
        assert!((before..=after).contains(&total), "{line}: {total} is not in {before}..={after}");
    }
    comparison.judge();
}

#[test]
fn memory_stats() {
    let Some(lab) = lab::turn() else { return };
    let seen = seen(&lab);
    let mut comparison = Comparison::new("virDomainMemoryStats");
    let gauge = |key| 1024.0 * seen.window.gauge("vtop-lab-mem", key);
    let doubt = |key| 1024.0 * seen.window.gauge_doubt("vtop-lab-mem", key);
    for (label, truth, step) in [
        ("│used ", gauge("available") - gauge("usable"), doubt("usable")),
        ("│given ", gauge("actual"), 0.0),
        ("guest sees ", gauge("available"), 0.0),
        ("│cache ", gauge("disk_caches"), doubt("disk_caches")),
        ("host RSS ", gauge("rss"), doubt("rss")),
    ] {
        let value = number(Kind::Bytes, &seen.mem.after(label).unwrap());
        comparison.add(label, value, truth, step + digits(Kind::Bytes, value));
    }
    comparison.judge();
}

#[test]
fn interface_stats_of_the_target_in_the_definition() {
    let Some(lab) = lab::turn() else { return };
    let seen = seen(&lab);
    let mut comparison = Comparison::new("virDomainInterfaceStats");
    let table = seen.net.table(&["NIC", "RX/s"]);
    let row = table.row("NIC", &seen.nic).expect("the NIC has the name that its definition has");
    for (column, key, kind) in [
        ("RX/s", "rx_bytes", Kind::Bytes),
        ("TX/s", "tx_bytes", Kind::Bytes),
        ("RXPK", "rx_packets", Kind::Count),
        ("TXPK", "tx_packets", Kind::Count),
        ("RXDROP", "rx_drop", Kind::Count),
        ("TXERR", "tx_errs", Kind::Count),
    ] {
        seen.rate(&mut comparison, column, (kind, &row.figure(column)), ("vtop-lab-net", key), 1.0);
    }
    comparison.judge();
    assert!(row.text().ends_with("bridge vtoplab0"), "{}", row.text());
}
