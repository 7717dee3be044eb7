//! The arguments as they are typed.

use super::{Calls, Charts, Config, Mode, Target, Theme};
use crate::time::Interval;
use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Command, FromArgMatches, Parser};
use std::ffi::OsString;

/// The variable that gives the delay where no argument does.
const DELAY: &str = "VTOP_DELAY";

const EXAMPLES: &str = "\
Examples:
  vtop                                   the local hypervisor
  vtop -c qemu+ssh://root@node7/system   another one, through SSH
  vtop --demo                            a made-up host with trouble to find
  vtop --json -n 5 | jq .domains         five samples for a script

Environment:
  LIBVIRT_DEFAULT_URI   the hypervisor, where -c does not name one
  VTOP_DELAY            the delay, where -d does not give one
  NO_COLOR              no colours

Exit codes:
  0    ended by the user, all lines written, or nobody reads them any more
  1    the hypervisor could not be reached, or the terminal failed
  2    wrong usage, or the screen was asked for where there is no terminal
  101  a bug in vtop, with a report
  129, 130, 131, 143   ended by SIGHUP, SIGINT, SIGQUIT, SIGTERM";

/// Live dashboard for libvirt hypervisors: every domain, down to one disk, one NIC, one vCPU.
///
/// Press ? in it for its keys. It only ever reads: nothing that it watches is changed.
#[derive(Debug, Parser)]
#[command(name = "vtop", after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Args {
    /// The hypervisor, as for virsh: qemu:///system, lxc:///, qemu+ssh://host/system ...
    ///
    /// Without it libvirt chooses: LIBVIRT_DEFAULT_URI, its configuration, or what is there.
    #[arg(short, long, value_name = "URI", value_parser = NonEmptyStringValueParser::new())]
    connect: Option<String>,

    /// Seconds between two samples, 0.1 to 600
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = interval,
          allow_negative_numbers = true)]
    delay: Interval,

    /// Write a line of JSON for every sample instead of drawing a screen
    #[arg(long)]
    json: bool,

    /// End after so many lines of JSON
    #[arg(short = 'n', long, value_name = "N", requires = "json", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u64).range(1..))]
    iterations: Option<u64>,

    /// Which of libvirt's calls to make
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    calls: Calls,

    /// Colours to begin with; the key t changes them
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    theme: Theme,

    /// What charts are made of
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    charts: Charts,

    /// Show a made-up host, without libvirt
    #[arg(long, conflicts_with_all = ["connect", "calls"])]
    demo: bool,

    /// Which made-up host: the same number gives the same one
    #[arg(long, value_name = "NUMBER", requires = "demo", default_value = "1")]
    demo_seed: u64,

    /// How many domains it has, 1 to 10000
    #[arg(long, value_name = "N", requires = "demo", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    demo_domains: Option<u64>,

    /// How many disks each of them has, for measuring
    #[arg(long, value_name = "N", requires = "demo", hide = true, value_parser = clap::value_parser!(u64).range(..=1_000))]
    demo_disks: Option<u64>,

    /// How many NICs each of them has, for measuring
    #[arg(long, value_name = "N", requires = "demo", hide = true, value_parser = clap::value_parser!(u64).range(..=1_000))]
    demo_nics: Option<u64>,
}

impl Args {
    /// The arguments that were typed, and what the environment says where they are silent. clap could read variables itself,
    /// but it would blame an argument for what stands in one, and not take an empty one for none.
    pub(super) fn read(
        mut command: Command,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, clap::Error> {
        let mut matches = command.try_get_matches_from_mut(arguments)?;
        let typed = matches.value_source("delay") == Some(ValueSource::CommandLine);
        let mut args = Self::from_arg_matches_mut(&mut matches)?;
        if let Some(text) = variable(DELAY).filter(|text| !typed && !text.is_empty()) {
            args.delay = delay_of_environment(&text.to_string_lossy())
                .map_err(|message| command.error(ErrorKind::ValueValidation, message))?;
        }
        Ok(args)
    }

    /// Plain data of them; what does not go together was refused by clap's rules above.
    pub(super) fn resolve(self) -> Config {
        let target = if self.demo {
            let [domains, disks, nics] =
                [self.demo_domains, self.demo_disks, self.demo_nics].map(|count| count.map(|count| count as usize));
            Target::Demo { seed: self.demo_seed, domains, disks, nics }
        } else {
            Target::Libvirt { uri: self.connect, calls: self.calls }
        };
        let mode = if self.json { Mode::Json { lines: self.iterations } } else { Mode::Screen };
        Config { target, interval: self.delay, mode, theme: self.theme, charts: self.charts }
    }
}

fn interval(text: &str) -> Result<Interval, String> {
    let range = || {
        let [least, most] = [Interval::MIN, Interval::MAX].map(|limit| limit.duration().as_secs_f64());
        format!("{least} to {most} seconds are possible")
    };
    text.trim().parse().ok().and_then(Interval::from_seconds).ok_or_else(range)
}

fn delay_of_environment(text: &str) -> Result<Interval, String> {
    interval(text).map_err(|why| {
        format!(
            "invalid value '{text}' in the environment variable {DELAY}: {why}\n\n  \
             Correct it, or unset it, or give --delay, which wins over it"
        )
    })
}
