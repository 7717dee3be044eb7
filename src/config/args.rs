//! The arguments as they are typed.

use super::resolve::{CALLS, CHARTS, names};
use super::settings::{Given, Origin, PartialSettings};
use crate::outputs::csv::Table;
use crate::view::theme_names;
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Command, CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;

const AFTER_HELP: &str = "\
Examples:
  vtop                                   the local hypervisor
  vtop -c qemu+ssh://root@node7/system   another one, through SSH
  vtop --demo                            a synthetic host with problems to find
  vtop --json -n 5 | jq .domains         five samples for a script
  vtop --csv disks -d 10 > disks.csv     a row for each disk every 10 s

Environment:
  LIBVIRT_DEFAULT_URI   the hypervisor, if -c does not name one
  VTOP_DELAY            the delay, if -d does not give one
  NO_COLOR              no colours
  TERM                  the type of the terminal; on TERM=dumb there is no screen

Exit codes:
  0    ended by the user, all records written, or the reader closed the pipe
  1    the hypervisor could not be reached, or the terminal failed
  2    wrong usage, or there is no terminal for the screen
  101  a bug in vtop, with a report
  129, 130, 131, 143   ended by SIGHUP, SIGINT, SIGQUIT, SIGTERM";

/// Live dashboard for libvirt hypervisors: every domain, down to one disk, one NIC, one vCPU.
///
/// Press ? on the screen for the keys. vtop only reads; it changes nothing on the hypervisor.
#[derive(Debug, Parser)]
#[command(name = "vtop", after_help = AFTER_HELP, max_term_width = 100,
          group = ArgGroup::new("output").args(["json", "csv"]))]
struct Args {
    /// URI of the hypervisor, as for virsh: qemu:///system, lxc:///, qemu+ssh://host/system ...
    ///
    /// Default: LIBVIRT_DEFAULT_URI, or the choice of libvirt (its configuration, then what is available).
    #[arg(short, long, value_name = "URI")]
    connect: Option<String>,

    /// Seconds between two samples, 0.1 to 600 [default: 1]
    #[arg(short, long, value_name = "SECONDS", allow_negative_numbers = true)]
    delay: Option<String>,

    /// Write a line of JSON for each sample instead of drawing a screen
    #[arg(long)]
    json: bool,

    /// Write one table as CSV, with rows for each sample, instead of drawing a screen
    #[arg(long, value_name = "TABLE", value_parser = PossibleValuesParser::new(Table::ALL.map(Table::name)))]
    csv: Option<String>,

    /// End after so many samples (JSON, CSV)
    #[arg(short = 'n', long, value_name = "N", requires = "output", allow_negative_numbers = true)]
    iterations: Option<String>,

    /// Show or write only what this query finds: web, 'cpu>80 and not name~^test', 'lat >= 20ms', state:paused
    #[arg(long, value_name = "QUERY")]
    filter: Option<String>,

    /// Which libvirt calls to use [default: auto]
    #[arg(long, value_name = "WHICH", value_parser = PossibleValuesParser::new(names(&CALLS)))]
    calls: Option<String>,

    /// Theme at the start; the key t changes it [default: the one for the terminal's ground]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(theme_names().collect::<Vec<_>>()))]
    theme: Option<String>,

    /// Symbols of charts [default: auto]
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(names(&CHARTS)))]
    charts: Option<String>,

    /// Show a synthetic host, without libvirt
    #[arg(long, conflicts_with_all = ["connect", "calls"])]
    demo: bool,

    /// Seed of the synthetic host: the same number gives the same host [default: 1]
    #[arg(long, value_name = "NUMBER", requires = "demo", allow_negative_numbers = true)]
    demo_seed: Option<String>,

    /// Number of domains of the synthetic host, 1 to 10000 [default: 12]
    #[arg(long, value_name = "N", requires = "demo", allow_negative_numbers = true)]
    demo_domains: Option<String>,

    /// Number of disks of each of its domains, for measurements
    #[arg(long, value_name = "N", requires = "demo", allow_negative_numbers = true, hide = true)]
    demo_disks: Option<String>,

    /// Number of NICs of each of its domains, for measurements
    #[arg(long, value_name = "N", requires = "demo", allow_negative_numbers = true, hide = true)]
    demo_nics: Option<String>,
}

/// The command line.
pub(super) fn command(version: String) -> Command {
    Args::command().version(version)
}

/// Reads what was typed. The error is a usage error that names the option, or the text of `--help` or `--version`.
pub(super) fn read(
    command: &mut Command,
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<PartialSettings, clap::Error> {
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    let args = Args::from_arg_matches_mut(&mut matches)?;
    let given = |text: Option<String>, option| text.map(|text| Given { text, origin: Origin::Argument(option) });
    let flag = |on: bool, option| given(on.then(String::new), option);
    Ok(PartialSettings {
        connect: given(args.connect, "--connect <URI>"),
        delay: given(args.delay, "--delay <SECONDS>"),
        json: flag(args.json, "--json"),
        csv: given(args.csv, "--csv <TABLE>"),
        iterations: given(args.iterations, "--iterations <N>"),
        filter: given(args.filter, "--filter <QUERY>"),
        calls: given(args.calls, "--calls <WHICH>"),
        theme: given(args.theme, "--theme <NAME>"),
        charts: given(args.charts, "--charts <WHAT>"),
        demo: flag(args.demo, "--demo"),
        demo_seed: given(args.demo_seed, "--demo-seed <NUMBER>"),
        demo_domains: given(args.demo_domains, "--demo-domains <N>"),
        demo_disks: given(args.demo_disks, "--demo-disks <N>"),
        demo_nics: given(args.demo_nics, "--demo-nics <N>"),
    })
}
