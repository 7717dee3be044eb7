//! Drivers without the bulk call: the screen shows the figures that they have, and the reason for the others.

use crate::desk::{SIZE, Viewer};
use crate::figures::{DISKS, Direct, NICS, columns, digits};
use crate::lab;
use crate::pty::Program;
use crate::screen::{Kind, Screen, number};
use crate::truth::Of;
use crate::virsh::{Comparison, Reading, Values, Window};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use vtop::sources::libvirt::Calls;

const WINDOW: Duration = Duration::from_secs(4);

/// virsh's figures of one domain, from the commands for single domains.
fn reading(uri: &str, domain: &str, disk: &str, nic: &str) -> Reading {
    let began = Instant::now();
    let mut values = Values::new();
    for (group, arguments) in [
        ("cpu", &["cpu-stats", domain, "--total"][..]),
        ("block", &["domblkstat", domain, disk]),
        ("net", &["domifstat", domain, nic]),
        ("memory", &["dommemstat", domain]),
    ] {
        for line in lab::virsh(uri, arguments).lines() {
            let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "seconds").collect();
            let [.., name, value] = words[..] else { continue };
            values.extend(value.parse().map(|value| (format!("{group}.{name}"), value)));
        }
    }
    Reading { began, ended: Instant::now(), domains: BTreeMap::from([(domain.to_owned(), values)]) }
}

/// Two samples with virsh readings around each. The domain has the focus, so expensive groups are read too.
fn window(direct: &mut Direct, uri: &str, domain: &str, disk: &str, nic: &str) -> Window {
    direct.sample(None);
    let uuid = direct.desk.domain(domain).unwrap_or_else(|| panic!("no {domain}")).uuid;
    direct.window(WINDOW, Some(uuid), || reading(uri, domain, disk, nic))
}

fn compare(comparison: &mut Comparison, window: &Window, domain: &str, shown: &[(&str, Option<f64>, &str, f64)]) {
    for (what, value, key, factor) in shown {
        let seconds = window.elapsed().as_secs_f64();
        let step = factor * (1.0 + window.doubt(domain, key)) / seconds + digits(Kind::Count, *value).max(0.51);
        comparison.add(what, *value, factor * window.rate(domain, key), step);
    }
}

/// The rates of a disk and a NIC on a domain's screen.
fn devices(comparison: &mut Comparison, window: &Window, screen: &Screen, domain: &str, disk: &str, nic: &str) {
    let table = screen.table(&["DISK", "RD/s"]);
    let row = table.row("DISK", disk).unwrap_or_else(|| panic!("no {disk} on\n{}", screen.text()));
    let disks = columns("domain", domain, &Of::Disk(disk.to_owned()), &row, &DISKS[..4]);
    let keys = ["block.rd_bytes", "block.wr_bytes", "block.rd_req", "block.wr_req"];
    for (shown, key) in disks.iter().zip(keys) {
        compare(comparison, window, domain, &[(shown.figure, shown.value, key, 1.0)]);
    }
    let table = screen.table(&["NIC", "RX/s"]);
    let row = table.row("NIC", nic).unwrap_or_else(|| panic!("no {nic} on\n{}", screen.text()));
    let nics = columns("domain", domain, &Of::Nic(nic.to_owned()), &row, NICS);
    let keys = ["rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_drop", "tx_drop", "rx_errs", "tx_errs"];
    for (shown, key) in nics.iter().zip(keys) {
        compare(comparison, window, domain, &[(shown.figure, shown.value, &format!("net.{key}"), 1.0)]);
    }
}

/// Where `virDomainBlockStatsFlags` is missing, `virDomainBlockStats` fills the screen, and counts errors too.
#[test]
fn the_test_driver_has_block_stats_and_names_its_unsupported_calls() {
    let uri = "test:///default";
    let mut direct = Direct::connect(uri, Calls::Auto);
    let window = window(&mut direct, uri, "test", "vda", "testnet0");

    let overview = direct.desk.overview();
    let table = overview.table(&["NAME", "CPU%", "MEMORY"]);
    let row = table.row("NAME", "test").unwrap();
    assert_eq!([row.figure("ST%"), row.figure("LAT")], ["–", "–"], "missing is not 0");
    assert_eq!(row.figure("MEMORY"), "1.0G/2.0G");
    let wanted = "disk latency, host memory: not supported by the TEST driver";
    assert!(overview.contains(wanted) && overview.contains("– steal: "), "{}", overview.text());

    let mut comparison = Comparison::new("test driver and virsh");
    let cpu = number(Kind::Percent, &row.figure("CPU%"));
    compare(&mut comparison, &window, "test", &[("CPU", cpu, "cpu.cpu_time", 100.0)]);
    let screen = direct.desk.open("test");
    devices(&mut comparison, &window, &screen, "test", "vda", "testnet0");
    let table = screen.table(&["DISK", "RD/s"]);
    let errors = number(Kind::Count, &table.row("DISK", "vda").unwrap().figure("ERRS"));
    compare(&mut comparison, &window, "test", &[("errors", errors, "block.errs", 1.0)]);
    for (label, key) in [("│given ", "actual"), ("guest sees ", "available"), ("host RSS ", "rss")] {
        let value = number(Kind::Bytes, &screen.after(label).unwrap());
        let truth = 1024.0 * window.gauge("test", &format!("memory.{key}"));
        comparison.add(label, value, truth, 0.0);
    }
    comparison.judge();

    assert!(screen.contains("host CPUs ") && screen.contains("0:"), "per host CPU:\n{}", screen.text());
    assert!(screen.contains("the guest's figures are "), "they are of 1989:\n{}", screen.text());
    let device = direct.desk.go("⏎", &["disk vda  "]);
    assert!(device.contains("– flushes and times: not supported by the TEST"), "{}", device.text());
    assert!(device.text().lines().any(|line| line.starts_with("driver ")), "{}", device.text());
    let table = device.table(&["figure", "now", "max", "total"]);
    assert_eq!(table.row("figure", "read latency").unwrap().figure("now"), "–");
    assert!(table.row("figure", "errors /s").unwrap().figure("total").ends_with('M'), "{}", device.text());
}

#[test]
fn the_test_driver_in_a_terminal() {
    let program = Program::start(&["--connect", "test:///default"], SIZE);
    program.wait("figures and the reason for those that are missing", |screen| {
        let reason = screen.contains("not supported by the TEST driver");
        let row = screen.contains("MEMORY").then(|| screen.table(&["NAME", "CPU%", "MEMORY"]))?;
        let row = row.row("NAME", "test")?;
        (reason && row.figure("RD/s") != "–" && row.figure("LAT") == "–").then_some(())
    });
    assert_eq!(program.quit(), 0);
}

#[test]
fn a_container_has_its_figures_and_the_reasons_for_the_others() {
    let Some(lab) = lab::turn() else { return };
    let made = lab.run(&["container"]);
    if made.status.code() == Some(3) {
        println!("no container here, so no test of LXC: {}", lab::error(&made));
        assert!(lab::error(&made).contains("no container: "), "a reason is told");
        return;
    }
    assert!(made.status.success(), "{}", lab::error(&made));
    let uri = lab::text(&made).trim().to_owned();
    let domain = "vtop-lab-container";
    let list = lab::virsh(&uri, &["domiflist", domain]);
    let nic = list.lines().find_map(|line| line.split_whitespace().next()).unwrap().to_owned();
    let mut direct = Direct::connect(&uri, Calls::Auto);
    // Its disk is what is mounted at its root; virsh calls the sum of all "".
    let window = window(&mut direct, &uri, domain, "", &nic);

    let overview = direct.desk.overview();
    let table = overview.table(&["NAME", "CPU%", "MEMORY"]);
    let row = table.row("NAME", domain).unwrap();
    let mut comparison = Comparison::new("container and virsh");
    let cpu = number(Kind::Percent, &row.figure("CPU%"));
    compare(&mut comparison, &window, domain, &[("CPU", cpu, "cpu.cpu_time", 100.0)]);
    let screen = direct.desk.open(domain);
    devices(&mut comparison, &window, &screen, domain, "/", &nic);
    let value = number(Kind::Bytes, &screen.after("host RSS ").unwrap());
    let truth = 1024.0 * window.gauge(domain, "memory.rss");
    comparison.add("RSS", value, truth, 1_048_576.0);
    comparison.judge();
    assert!(number(Kind::Count, &row.figure("RXPK")).unwrap() > 3.0, "it sends its echoes");

    assert_eq!([row.figure("ST%"), row.figure("LAT"), row.figure("MEMORY")], ["–", "–", "–/64M"]);
    let reason = "not supported by the LXC driver";
    assert!(overview.contains(&format!("– steal: {reason}")), "{}", overview.text());
    assert!(overview.contains("– memory used: no balloon device in its definition"), "{}", overview.text());
    assert!(screen.contains(&format!("no vCPU figures: {reason}")), "{}", screen.text());
    lab::virsh(&uri, &["destroy", domain]);
}
