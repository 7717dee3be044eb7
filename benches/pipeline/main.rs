//! The way of one number, stage by stage, on hosts of 10, 100 and 1,000 domains with four disks and two NICs each: what a
//! stage takes in CPU time, and what it grows with. `cargo bench --bench pipeline`; a word after `--` chooses among them.

#![allow(missing_docs, unreachable_pub)] // Nothing uses a bench as a library.

mod cpu;
mod host;
mod screen;

use cpu::CpuTime;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use host::{Host, SIZES, borrowed, parameters};
use screen::{SCREENS, Screen};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use vtop::fleet::metric::DomainMetric;
use vtop::fleet::{Fleet, HISTORY_TICKS};
use vtop::model::HostUpdate;
use vtop::sampler::diff;
use vtop::sources::libvirt::fuzzing;

/// libvirt's answer to figures.
fn parse(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("parse");
    for size in SIZES {
        let sample = Host::new(size).sample();
        let domains: Vec<_> = sample.domains.values().map(parameters).collect();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| {
                for domain in &domains {
                    black_box(fuzzing::parameters(borrowed(domain)));
                }
            });
        });
    }
    group.finish();
}

/// Two samples to what is different in the second.
fn difference(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("diff");
    for size in SIZES {
        let mut host = Host::new(size);
        let [before, now] = [host.sample(), host.sample()];
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("all moved", size), |bencher| {
            bencher.iter_with_large_drop(|| diff(black_box(&before), black_box(&now)));
        });
        group.bench_function(BenchmarkId::new("none moved", size), |bencher| {
            bencher.iter_with_large_drop(|| diff(black_box(&before), black_box(&before)));
        });
    }
    group.finish();
}

/// A difference into the fleet: rates, history.
fn apply(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("apply");
    for size in SIZES {
        let mut host = Host::new(size);
        let mut fleet = Fleet::new(1);
        fleet.apply(0, HostUpdate::Connected(Arc::new(host.info())));
        let mut last = host.sample();
        fleet.apply(0, HostUpdate::Keyframe(last.clone()));
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_batched(
                || {
                    let now = host.sample();
                    let delta = diff(&last, &now);
                    last = now;
                    HostUpdate::Delta(delta)
                },
                |update| fleet.apply(0, update),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Rows of the table in their order, brought up to date after each sample.
fn rows(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("rows");
    for size in SIZES {
        let mut host = Host::new(size);
        let mut screen = Screen::new(&mut host, 3);
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| bencher.iter(|| screen.refresh()));
    }
    group.finish();
}

/// A frame after a sample, as it differs from the frame before.
fn draw(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("draw");
    for size in SIZES {
        let mut host = Host::new(size);
        let before = Screen::new(&mut host, 120);
        let after = before.later(&mut host);
        for (name, keys, shows) in SCREENS {
            let mut pair = [before.at(keys, shows), after.at(keys, shows)];
            let mut terminal = screen::terminal();
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| {
                    pair.reverse();
                    pair[0].draw(&mut terminal);
                });
            });
        }
    }
    group.finish();
}

/// Charts over a full ring.
fn history(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("history");
    for size in SIZES {
        let mut host = Host::new(size);
        // A bin of four seconds: the charts reach back to the oldest sample.
        let screen = Screen::with_interval(&mut host, HISTORY_TICKS + 1, 4.0);
        let mut terminal = screen::terminal();
        let mut device = screen.at("⏎⏎", "figure");
        group.bench_function(BenchmarkId::new("a device's charts", size), |bencher| {
            bencher.iter(|| device.draw(&mut terminal));
        });
        let host = &screen.fleet.hosts()[0];
        let domain = host.domains.values().next().expect("there are domains");
        group.bench_function(BenchmarkId::new("one figure's window", size), |bencher| {
            bencher.iter(|| {
                let spans = host.timeline.spans(Duration::ZERO, Duration::MAX);
                let values = spans.filter_map(|span| domain.series.at(DomainMetric::Cpu, span.tick));
                black_box(values.reduce(f64::max))
            });
        });
    }
    group.finish();
}

/// Short, so that all of them take a couple of minutes.
fn short() -> Criterion<CpuTime> {
    Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

criterion_group! {
    name = pipeline;
    config = short();
    targets = parse, difference, apply, rows, draw, history
}
criterion_main!(pipeline);
