//! Everybody on the same guests, in turn.

use crate::lab::{Guests, Lab, output};
use crate::machine;
use crate::program::SIZE;
use crate::shared::program::VTOP;
use crate::table::{self, Row};
use crate::tap::Begins;
use crate::window::{Bench, Contender, Cost, Length};
use crate::without::Without;
use clap::Args;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const BARE_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/cost/bare.c");
const NOBODY: &str = "nobody";
const BASE: &str = "bare loop, everything";
/// CPUs that others may have in a window that is not measured again.
const QUIET: f64 = 0.15;
/// What vtop's screens show, in libvirt's bits: state, cpu, balloon, vcpu, interface, block.
const SIX: u32 = 63;

/// What can be chosen.
#[derive(Debug, Args)]
pub struct Options {
    /// How many guests (50; 12 busy ones)
    #[arg(long, value_name = "N")]
    domains: Option<usize>,
    /// Guests that run, with a little of everything, in place of suspended ones
    #[arg(long)]
    busy: bool,
    /// Seconds between two refreshes
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    interval: f64,
    /// Refreshes of a window: what vtop asks in turns comes again after 30 at the latest
    #[arg(long, value_name = "N", default_value_t = 30)]
    refreshes: usize,
    /// Refreshes before a window
    #[arg(long, value_name = "N", default_value_t = 12)]
    warm_up: usize,
    /// Windows of everybody
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// How often a window is measured at most, where something else takes more than 0.15 CPUs; the quietest counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    tries: usize,
    /// Seconds to wait at most, before a window, for the rest of the machine to be quiet
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// A small run, as a smoke test: 10 guests, 3 refreshes, 1 round
    #[arg(long)]
    quick: bool,
    /// Only those with one of these words in their names, and the bare loop
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    only: Vec<String>,
    /// A bare loop of these groups too, as libvirt's number (virDomainStatsTypes)
    #[arg(long, value_name = "GROUPS", value_delimiter = ',')]
    groups: Vec<u32>,
    /// The bare loop past the tap too, which shows what the tap costs
    #[arg(long)]
    direct: bool,
    /// vtop runs where it cannot read the CPU time of domains from the files of their cgroups
    #[arg(long, value_name = "WHAT")]
    without: Option<Without>,
    /// Another build of vtop, measured beside this one
    #[arg(long, value_name = "PATH")]
    beside: Option<PathBuf>,
    /// Where virt-top is, if not in PATH
    #[arg(long, value_name = "PATH", default_value = "virt-top")]
    virt_top: String,
}

pub fn run(options: &Options) -> Result<(), String> {
    let what = if options.busy { Guests::Busy } else { Guests::Suspended };
    let usual = if options.busy { 12 } else { 50 };
    let domains = options.domains.unwrap_or(if options.quick { 10.min(usual) } else { usual });
    let length = match options.quick {
        true => Length { interval: options.interval, warm_up: 2, refreshes: 3 },
        false => Length { interval: options.interval, warm_up: options.warm_up, refreshes: options.refreshes },
    };
    let rounds = if options.quick { 1 } else { options.rounds };
    let (tries, patience) = if options.quick { (1, 0) } else { (options.tries.max(1), options.patience) };
    let patience = Duration::from_secs(patience);
    let contenders = contenders(options)?;
    eprintln!("cost: starting {domains} guests");
    let bench = Bench::new(Lab::up(domains, what, options.without != Some(Without::OwnCgroups))?)?;
    let mut rows: Vec<Row> = contenders.iter().map(|who| Row { name: who.name.clone(), windows: Vec::new() }).collect();
    for round in 1..=rounds {
        for (contender, row) in contenders.iter().zip(&mut rows) {
            let mut quietest: Option<Cost> = None;
            for _ in 0..tries {
                bench.wait_for_quiet(QUIET, patience);
                let cost = bench.measure(contender, length)?;
                eprintln!(
                    "cost: round {round} of {rounds}, {}: {:.2} + {:.2} + {:.2} ms; guests had {:.2} CPUs, others {:.2}",
                    contender.name, cost.client, cost.daemon, cost.guests, cost.work, cost.others
                );
                let is_quiet = cost.others <= QUIET;
                if quietest.as_ref().is_none_or(|other| cost.others < other.others) {
                    quietest = Some(cost);
                }
                if is_quiet {
                    break;
                }
            }
            row.windows.extend(quietest);
        }
    }
    let does = match what {
        Guests::Suspended => "suspended",
        Guests::Busy => "busy",
    };
    println!("{}.", machine::describe());
    if let Some(without) = options.without {
        println!("{}.", without.describe());
    }
    println!(
        "{domains} {does} guests of the lab (1 vCPU, 2 disks, 1 NIC, a balloon); every {} s; a terminal of {}×{}; medians of \
         {rounds} windows of {} refreshes, in turn.\n",
        length.interval, SIZE.0, SIZE.1, length.refreshes,
    );
    println!("{}\n{}", table::costs(&rows, BASE, NOBODY), table::details(&rows));
    Ok(())
}

fn contenders(options: &Options) -> Result<Vec<Contender>, String> {
    let bare = build_bare()?;
    let delay = options.interval.to_string();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let nobody = Contender {
        name: NOBODY.to_owned(),
        command: Vec::new(),
        in_terminal: false,
        keys: "",
        shows: "",
        begins: Some(Begins::Bulk),
    };
    let loop_of = |name: String, groups: u32| Contender {
        name,
        command: words(&[&bare, "URI", &delay, &groups.to_string()]),
        ..nobody.clone()
    };
    let mut all = vec![nobody.clone(), loop_of(BASE.into(), 0), loop_of("bare loop, six groups".into(), SIX)];
    if options.direct {
        all.push(Contender { begins: None, ..loop_of("bare loop, everything, past the tap".into(), 0) });
    }
    all.extend(options.groups.iter().map(|&groups| loop_of(format!("bare loop, groups {groups}"), groups)));
    match output(Command::new(&options.virt_top).arg("--version")) {
        Ok(_) => all.push(Contender {
            name: "virt-top".into(),
            command: words(&[&options.virt_top, "-c", "URI", "-d", &delay]),
            in_terminal: true,
            begins: Some(Begins::Any),
            ..nobody.clone()
        }),
        Err(_) => eprintln!("cost: virt-top is not installed, so it is not measured"),
    }
    let beside = options.beside.as_ref().map(|path| path.display().to_string());
    let builds = [("vtop", Some(VTOP)), ("other vtop", beside.as_deref())];
    let vtop = |path: &str, more: &[&str]| {
        let mut command = options.without.map(Without::prefix).unwrap_or_default();
        command.extend(words(&[path, "-c", "URI", "-d", &delay]));
        command.extend(words(more));
        command
    };
    for (name, path) in builds.into_iter().filter_map(|(name, path)| Some((name, path?))) {
        for (screen, keys, shows) in SCREENS {
            all.push(Contender {
                name: format!("{name}, {screen}"),
                command: vtop(path, &[]),
                in_terminal: true,
                keys,
                shows,
                ..nobody.clone()
            });
        }
        all.push(Contender { name: format!("{name} --json"), command: vtop(path, &["--json"]), ..nobody.clone() });
    }
    let is_wanted = |name: &str| {
        let only = &options.only;
        only.is_empty() || [NOBODY, BASE].contains(&name) || only.iter().any(|word| name.contains(word.as_str()))
    };
    all.retain(|contender| is_wanted(&contender.name));
    Ok(all)
}

/// The screens, the keys to them, and what only they show.
const SCREENS: [(&str, &str, &str); 4] =
    [("table", "", "CPU%"), ("panes", "2", "╭"), ("domain", "\r", "DISK"), ("device", "\r\r", "figure")];

fn build_bare() -> Result<String, String> {
    let program = format!("{}/bare", env!("CARGO_TARGET_TMPDIR"));
    output(Command::new("cc").args(["-O2", "-Wall", "-Wextra", "-o", &program, BARE_SOURCE, "-lvirt"]))?;
    Ok(program)
}
