//! docs/figures.md: the tables of all figures and of all columns, written from the catalogues.

use super::columns::{least_width, letters};
use std::fmt::Write;
use vtop::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, HostMetric, Metric, NicMetric, VcpuMetric};
use vtop::model::totals::{CpuTotal, DiskTotal, HostCpuTotal, HostTotal, MemoryTotal, NicTotal, Total, VcpuTotal};
use vtop::table::List;
use vtop::units::Unit;

const HEAD: &str = "\
# Figures

This page is written from the catalogues in `src/table/` (columns), `src/fleet/metric.rs` (derived figures) and
`src/model/totals.rs` (raw figures). `VTOP_WRITE_DOCS=1 cargo test --test docs` writes it again.

- **Columns** are those of the lists on the screen, from left to right. *sort* is the key that sorts by the column, or by the
  sum of the column and its neighbour; `s` and `S` reach every column that sorts. *width* is the width of a terminal that has
  room for the column.
- **Derived** figures have a history and charts: rates, shares, means, and gauges.
- **Counters** and **gauges** are raw figures, as the source reports them. A counter grows until the domain or the host
  starts again; a gauge is a value at one moment.
- *name* is the name on the screen, *key* the key in [JSON](json.md) and the heading in [CSV](csv.md).
- In JSON, raw figures and sizes in bytes are integers, other figures are numbers. Each can be `null`: not known.
- *from* names the libvirt call, or the key of `virConnectGetAllDomainStats` as `virsh domstats` prints it. Drivers
  without that call are read with the calls for single domains, and give what those calls have.
";

/// The whole page.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    heading(&mut page, "Host");
    derived::<HostMetric>(&mut page, "host");
    raw::<HostTotal>(&mut page, "host.memory", "host.totals");
    heading(&mut page, "Domain");
    columns(&mut page, List::Table);
    derived::<DomainMetric>(&mut page, "domains[]");
    raw::<CpuTotal>(&mut page, "", "domains[].totals");
    raw::<MemoryTotal>(&mut page, "domains[].memory", "domains[].totals");
    heading(&mut page, "Domain on one host CPU");
    derived::<HostCpuMetric>(&mut page, "domains[].host_cpus[]");
    raw::<HostCpuTotal>(&mut page, "", "domains[].host_cpus[]");
    heading(&mut page, "vCPU");
    columns(&mut page, List::Vcpus);
    derived::<VcpuMetric>(&mut page, "domains[].vcpus[]");
    raw::<VcpuTotal>(&mut page, "", "domains[].vcpus[].totals");
    heading(&mut page, "Disk");
    columns(&mut page, List::Disks);
    derived::<DiskMetric>(&mut page, "domains[].disks[]");
    raw::<DiskTotal>(&mut page, "domains[].disks[]", "domains[].disks[].totals");
    heading(&mut page, "NIC");
    columns(&mut page, List::Nics);
    derived::<NicMetric>(&mut page, "domains[].nics[]");
    raw::<NicTotal>(&mut page, "", "domains[].nics[].totals");
    heading(&mut page, "Event");
    columns(&mut page, List::Events);
    page
}

fn heading(page: &mut String, thing: &str) {
    line(page, format_args!("\n## {thing}"));
}

fn columns(page: &mut String, list: List) {
    let (label, head) = (list.label(), "| column | sort | width | meaning | from |\n| --- | --- | --- | --- | --- |");
    line(page, format_args!("\nColumns of the list *{label}*:\n\n{head}"));
    for column in list.columns() {
        let source = Some(column.source()).filter(|source| !source.is_empty());
        let source = source.map(|source| format!("`{source}` ")).unwrap_or_default();
        let (letters, width) = (letters(list, column), least_width(list, column));
        line(page, format_args!("| {} | {letters}| {width} | {} | {source}|", column.name(), column.about()));
    }
}

/// `object`: where the figures are in JSON.
fn derived<M: Metric>(page: &mut String, object: &str) {
    let head = "| name | key | unit | meaning | from |\n| --- | --- | --- | --- | --- |";
    line(page, format_args!("\nDerived figures, in JSON in `{object}`:\n\n{head}"));
    for metric in M::ALL {
        let info = metric.info();
        let (unit, source) = (unit(info.unit), metric.source());
        line(page, format_args!("| {} | `{}` | {unit} | {} | `{source}` |", info.label, info.key, info.about));
    }
}

fn raw<T: Total>(page: &mut String, gauges: &str, counters: &str) {
    let head = "| name | key | unit | meaning | from |\n| --- | --- | --- | --- | --- |";
    for (kind, object, is_counter) in [("Gauges", gauges, false), ("Counters", counters, true)] {
        let mut totals = T::ALL.iter().filter(|total| total.is_counter() == is_counter).peekable();
        if totals.peek().is_none() {
            continue;
        }
        assert!(!object.is_empty(), "{kind} without a place in JSON");
        line(page, format_args!("\n{kind}, in JSON in `{object}`:\n\n{head}"));
        for total in totals {
            let info = total.info();
            let (unit, source) = (unit(info.unit), total.source());
            line(page, format_args!("| {} | `{}` | {unit} | {} | `{source}` |", info.label, info.key, info.about));
        }
    }
}

fn line(page: &mut String, words: std::fmt::Arguments<'_>) {
    writeln!(page, "{words}").expect("a string takes all");
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "%",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes/s",
        Unit::Operations => "requests",
        Unit::OperationsPerSecond => "requests/s",
        Unit::Packets => "packets",
        Unit::PacketsPerSecond => "packets/s",
        Unit::Events => "number",
        Unit::EventsPerSecond => "1/s",
        Unit::Nanoseconds => "ns",
        Unit::UnixSeconds => "s since 1970",
        Unit::Count => "number",
    }
}
