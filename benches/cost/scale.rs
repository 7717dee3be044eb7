//! Cost of the client alone on synthetic hosts of growing size.

use crate::clock;
use crate::machine;
use crate::process::{Process, kernel_waited};
use crate::program::{Program, READER, SIZE, Written};
use crate::shared::program::VTOP;
use crate::table::{median, nth};
use clap::Args;
use std::time::{Duration, Instant};
use vtop::fleet::HISTORY_TICKS;

/// Limit for a wait; only reached on failure.
const LIMIT: Duration = Duration::from_secs(60);
/// Name of the thread that computes the synthetic host; with a real host it would wait for libvirt.
const SOURCE: &str = "host 0";
/// The sort marks: descending, ascending.
const MARKS: [char; 2] = ['▾', '▴'];

/// Options of the measurement.
#[derive(Debug, Args)]
pub struct Options {
    /// How many domains, one size after another
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [10, 100, 1_000])]
    domains: Vec<u64>,
    /// How many disks each has
    #[arg(long, value_name = "N", default_value_t = 4)]
    disks: u64,
    /// How many NICs each has
    #[arg(long, value_name = "N", default_value_t = 2)]
    nics: u64,
    /// Seconds over which CPU time is taken, at a sample a second
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Keys that are pressed
    #[arg(long, value_name = "N", default_value_t = 500)]
    keys: usize,
    /// Starts of the program
    #[arg(long, value_name = "N", default_value_t = 20)]
    starts: usize,
    /// A small run, as a smoke test: 10 domains, no full history
    #[arg(long)]
    quick: bool,
    /// Another build than this one's
    #[arg(long, value_name = "PATH", default_value = VTOP)]
    vtop: String,
}

/// Measurements of one size.
struct Row {
    domains: u64,
    /// Share of one core, and the part of the synthetic host in it.
    cpu: f64,
    source: f64,
    bytes: f64,
    first_frame: Vec<f64>,
    first_figures: Vec<f64>,
    /// Time from key to frame, and the same without waiting for a CPU.
    keys: Vec<f64>,
    own: Vec<f64>,
    resident_kib: u64,
    full_kib: Option<u64>,
}

pub fn run(options: &Options) -> Result<(), String> {
    let small = Options { domains: vec![10], seconds: 3, keys: 20, starts: 3, vtop: options.vtop.clone(), ..*options };
    let options = if options.quick { &small } else { options };
    let mut rows = Vec::new();
    for &domains in &options.domains {
        eprintln!("cost: {domains} domains");
        rows.push(measure(domains, options)?);
    }
    println!("{}", machine::describe());
    println!(
        "Made-up hosts, {} disks and {} NICs a domain; a sample a second; the table on a terminal of {}×{}; {} s of CPU \
         time, {} keys, {} starts; memory with a full history: {HISTORY_TICKS} samples.\n",
        options.disks, options.nics, SIZE.0, SIZE.1, options.seconds, options.keys, options.starts,
    );
    print!("{}", table(&rows));
    Ok(())
}

fn start(domains: u64, delay: &str, options: &Options) -> Result<Program, String> {
    let (domains, disks, nics) = (domains.to_string(), options.disks.to_string(), options.nics.to_string());
    let command = [
        options.vtop.as_str(),
        "--demo",
        "--demo-domains",
        &domains,
        "--demo-disks",
        &disks,
        "--demo-nics",
        &nics,
        "-d",
        delay,
    ];
    Program::in_terminal(&command.map(str::to_owned))
}

fn has_figures(written: &Written) -> bool {
    written.text().contains("KiB/s") || written.text().contains("ci-runner-03")
}

fn measure(domains: u64, options: &Options) -> Result<Row, String> {
    let late =
        |what: &str, program: &Program| format!("{what} never came; on its screen:\n{}", program.written().text());
    let milliseconds = |time: Duration| 1e3 * time.as_secs_f64();

    let (mut first_frame, mut first_figures) = (Vec::new(), Vec::new());
    for _ in 0..options.starts {
        let begun = Instant::now();
        let program = start(domains, "1", options)?;
        if !program.wait(LIMIT, |written| !written.frames.is_empty()) {
            return Err(late("a frame", &program));
        }
        first_frame.extend(program.written().frames.first().map(|&at| milliseconds(at - begun)));
        if !program.wait(LIMIT, has_figures) {
            return Err(late("a row", &program));
        }
        first_figures.extend(program.written().frames.last().map(|&at| milliseconds(at - begun)));
    }

    let program = start(domains, "1", options)?;
    if !program.wait(LIMIT, |written| written.frames.len() > 3) {
        return Err(late("a frame", &program));
    }
    let source = || clock::of_threads(program.pid, |name| name == SOURCE);
    let clocks = || (Instant::now(), clock::of(program.pid), source(), program.gauges().written());
    let before = clocks();
    std::thread::sleep(Duration::from_secs(options.seconds));
    let after = clocks();
    let elapsed = (after.0 - before.0).as_secs_f64();
    let frames = (after.3.1 - before.3.1).max(1) as f64;
    let resident_kib = program.resident_kib().unwrap_or(0);

    let (mut keys, mut own) = (Vec::new(), Vec::new());
    for number in 0..options.keys {
        // Out of phase with the samples.
        std::thread::sleep(Duration::from_millis(30 + 7 * (number as u64 % 11)));
        let waited = waited_for_a_cpu(&program);
        let took = beat(&program).ok_or_else(|| late("the other order", &program))?;
        keys.push(milliseconds(took));
        own.push(milliseconds(took.saturating_sub(waited_for_a_cpu(&program).saturating_sub(waited))));
    }
    drop(program);

    let full_kib = match options.quick {
        true => None,
        false => Some(fill(domains, options)?),
    };
    Ok(Row {
        domains,
        cpu: (after.1 - before.1).as_secs_f64() / elapsed,
        source: (after.2 - before.2).as_secs_f64() / elapsed,
        bytes: (after.3.0 - before.3.0) as f64 / frames,
        first_frame,
        first_figures,
        keys,
        own,
        resident_kib,
        full_kib,
    })
}

/// How long all that a key and its frame pass through has waited for a CPU so far: the program, this measurement, and the
/// kernel between them.
fn waited_for_a_cpu(program: &Program) -> Duration {
    let here = std::fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
    let program = Process::of(program.pid).waited(&["input", "vtop"]);
    program + Process::this().waited(&[READER, here.trim_end()]) + kernel_waited()
}

/// Turns the order of the rows; the time until that is on the screen as a whole frame.
fn beat(program: &Program) -> Option<Duration> {
    let mark = |written: &Written| written.text().chars().find(|letter| MARKS.contains(letter));
    let before = mark(&program.written());
    let pressed = Instant::now();
    program.press("r");
    let turned = program.wait(LIMIT, |written| mark(written).is_some_and(|now| Some(now) != before));
    let frame = *program.written().frames.last()?;
    turned.then(|| frame.saturating_duration_since(pressed))
}

/// Resident memory once the history is full: ten samples a second, and a frame for each.
fn fill(domains: u64, options: &Options) -> Result<u64, String> {
    let program = start(domains, "0.1", options)?;
    let wanted = HISTORY_TICKS + 20;
    let limit = Duration::from_secs(10 * 60);
    if !program.wait(limit, |written| written.frames.len() >= wanted) {
        return Err(format!("{} frames of {wanted} came", program.written().frames.len()));
    }
    program.resident_kib().ok_or_else(|| "it has ended".to_owned())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| domains | CPU, of one core | without the made-up host's own | to the terminal, a frame | first frame | first figures | \
         key to frame: median, 99 %, longest | 99 % without waiting for a CPU | memory after a minute | with a full history |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
        let middle = |figures: &[f64]| median(figures.to_vec());
        text += &format!(
            "| {} | {:.2} % | {:.2} % | {:.0} B | {:.1} ms | {:.1} ms | {:.1}, {:.1}, {:.1} ms | {:.1} ms | {} | {} |\n",
            row.domains,
            100.0 * row.cpu,
            100.0 * (row.cpu - row.source),
            row.bytes,
            middle(&row.first_frame),
            middle(&row.first_figures),
            middle(&row.keys),
            nth(row.keys.clone(), 0.99),
            nth(row.keys.clone(), 1.0),
            nth(row.own.clone(), 0.99),
            mib(row.resident_kib),
            row.full_kib.map_or_else(|| "–".to_owned(), mib),
        );
    }
    text
}
