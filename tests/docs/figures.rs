//! docs/figures.md: the tables of all figures, written from the two catalogues.

use std::fmt::Write;
use vtop::fleet::metric::{DiskMetric, DomainMetric, HostCpuMetric, HostMetric, Metric, NicMetric, VcpuMetric};
use vtop::model::totals::{CpuTotal, DiskTotal, HostCpuTotal, HostTotal, MemoryTotal, NicTotal, Total, VcpuTotal};
use vtop::units::Unit;

const HEAD: &str = "\
# Figures

This page is written from the catalogues in `src/fleet/metric.rs` (derived figures) and `src/model/totals.rs` (raw
figures). `VTOP_WRITE_DOCS=1 cargo test --test docs` writes it again.

- **Derived** figures are rates, shares, means and gauges. They have a history, and charts.
- **Raw** figures are libvirt's own: a *counter* grows until the domain or the host starts again, a *gauge* is a value at
  one moment.
- *name* is the name on the screen, *key* the name in [JSON](json.md) and CSV.
- *from* names the libvirt call, or the key of `virConnectGetAllDomainStats` as `virsh domstats` prints it. Drivers
  without that call are read with the calls for single domains, and give what those calls have.
";

/// The whole page.
pub(crate) fn page() -> String {
    let mut page = HEAD.to_owned();
    heading(&mut page, "Host");
    derived::<HostMetric>(&mut page);
    raw::<HostTotal>(&mut page, "");
    heading(&mut page, "Domain");
    derived::<DomainMetric>(&mut page);
    raw::<CpuTotal>(&mut page, " of the CPU time");
    raw::<MemoryTotal>(&mut page, " of the memory");
    heading(&mut page, "Domain on one host CPU");
    derived::<HostCpuMetric>(&mut page);
    raw::<HostCpuTotal>(&mut page, "");
    heading(&mut page, "vCPU");
    derived::<VcpuMetric>(&mut page);
    raw::<VcpuTotal>(&mut page, "");
    heading(&mut page, "Disk");
    derived::<DiskMetric>(&mut page);
    raw::<DiskTotal>(&mut page, "");
    heading(&mut page, "NIC");
    derived::<NicMetric>(&mut page);
    raw::<NicTotal>(&mut page, "");
    page
}

fn heading(page: &mut String, thing: &str) {
    line(page, format_args!("\n## {thing}"));
}

fn derived<M: Metric>(page: &mut String) {
    line(
        page,
        format_args!("\nDerived figures:\n\n| name | key | unit | meaning | from |\n| --- | --- | --- | --- | --- |"),
    );
    for metric in M::ALL {
        let info = metric.info();
        let (unit, source) = (unit(info.unit), metric.source());
        line(page, format_args!("| {} | `{}` | {unit} | {} | `{source}` |", info.label, info.key, info.about));
    }
}

fn raw<T: Total>(page: &mut String, part: &str) {
    let head = "| name | key | unit | kind | meaning | from |\n| --- | --- | --- | --- | --- | --- |";
    line(page, format_args!("\nRaw figures{part}:\n\n{head}"));
    for total in T::ALL {
        let info = total.info();
        let (unit, source) = (unit(info.unit), total.source());
        let kind = if total.is_counter() { "counter" } else { "gauge" };
        line(page, format_args!("| {} | `{}` | {unit} | {kind} | {} | `{source}` |", info.label, info.key, info.about));
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
