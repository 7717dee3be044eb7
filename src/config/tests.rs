use super::args::command;
use super::*;
use crate::outputs::Format;
use crate::outputs::csv::Table;
use crate::sources::libvirt::{Calls, LibvirtOptions};
use crate::sources::synthetic::SyntheticOptions;
use crate::table::query::Query;
use crate::time::Interval;
use crate::view::Symbols;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// The configuration of these arguments, with these variables.
fn parsed(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Config, clap::Error> {
    let variable =
        |name: &str| variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value));
    parse(["vtop"].iter().chain(arguments), variable, "1".into())
}

fn error(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let error = parsed(arguments, variables).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    error.to_string()
}

fn defaults() -> Config {
    Config {
        target: Target::Libvirt(LibvirtOptions { uri: None, calls: Calls::Auto }),
        interval: Interval::from_seconds(1.0).unwrap(),
        mode: Mode::Screen,
        filter: Query::default(),
        theme: None,
        symbols: None,
    }
}

fn with(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = defaults();
    change(&mut config);
    config
}

fn libvirt(uri: &str) -> Target {
    Target::Libvirt(LibvirtOptions { uri: Some(uri.to_owned()), calls: Calls::Auto })
}

fn seconds(seconds: f64) -> Interval {
    Interval::from_seconds(seconds).unwrap()
}

fn synthetic(change: impl FnOnce(&mut SyntheticOptions)) -> Config {
    let mut options = SyntheticOptions::default();
    change(&mut options);
    with(|config| config.target = Target::Synthetic(options))
}

fn report(format: Format, records: Option<u64>) -> Config {
    with(|config| config.mode = Mode::Report { format, records })
}

#[test]
fn every_setting_has_its_default_and_each_place_can_set_it() {
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Config);
    const URI: &str = "LIBVIRT_DEFAULT_URI";
    const DELAY: &str = "VTOP_DELAY";
    let cases: &[Case<'_>] = &[
        (&[], &[], defaults()),
        // The place that takes precedence: arguments, then variables, then the default.
        (&["-c", "a:///"], &[], with(|config| config.target = libvirt("a:///"))),
        (&["--connect", "a:///"], &[(URI, "b:///")], with(|config| config.target = libvirt("a:///"))),
        (&[], &[(URI, "b:///")], with(|config| config.target = libvirt("b:///"))),
        (&[], &[(URI, "")], defaults()),
        (&["-d", "0.5"], &[], with(|config| config.interval = seconds(0.5))),
        (&["--delay", "2"], &[(DELAY, "5")], with(|config| config.interval = seconds(2.0))),
        (&["--delay", "1"], &[(DELAY, "5")], defaults()),
        (&["--delay", "2"], &[(DELAY, "wrong, and not used")], with(|config| config.interval = seconds(2.0))),
        (&[], &[(DELAY, " 5 ")], with(|config| config.interval = seconds(5.0))),
        (&[], &[(DELAY, "")], defaults()),
        (&["--filter", "cpu>80 !test"], &[], with(|config| config.filter = "cpu>80 !test".parse().unwrap())),
        // Arguments only.
        (&["--json"], &[], report(Format::Json, None)),
        (&["--json", "-n", "3"], &[], report(Format::Json, Some(3))),
        (&["--csv", "domains"], &[], report(Format::Csv(Table::Domains), None)),
        (&["--csv", "disks"], &[], report(Format::Csv(Table::Disks), None)),
        (&["--csv", "nics"], &[], report(Format::Csv(Table::Nics), None)),
        (&["--csv", "vcpus"], &[], report(Format::Csv(Table::Vcpus), None)),
        (&["--csv", "host"], &[], report(Format::Csv(Table::Host), None)),
        (&["--csv", "events", "--iterations=7"], &[], report(Format::Csv(Table::Events), Some(7))),
        (
            &["--calls", "per-domain"],
            &[],
            with(|config| config.target = Target::Libvirt(LibvirtOptions { uri: None, calls: Calls::PerDomain })),
        ),
        (&["--calls", "auto"], &[], defaults()),
        (&["--theme", "night"], &[], with(|config| config.theme = Some(0))),
        (&["--theme", "paper"], &[], with(|config| config.theme = Some(1))),
        (&["--theme", "contrast"], &[], with(|config| config.theme = Some(2))),
        (&["--charts", "auto"], &[], defaults()),
        (&["--charts", "braille"], &[], with(|config| config.symbols = Some(Symbols::Braille))),
        (&["--charts", "block"], &[], with(|config| config.symbols = Some(Symbols::Block))),
        (&["--charts", "ascii"], &[], with(|config| config.symbols = Some(Symbols::Ascii))),
        (&["--demo"], &[], synthetic(|_| {})),
        // A variable is no wish for libvirt.
        (&["--demo"], &[(URI, "b:///")], synthetic(|_| {})),
        (&["--demo", "--demo-seed", "5"], &[], synthetic(|options| options.seed = 5)),
        (&["--demo", "--demo-domains", "40"], &[], synthetic(|options| options.domains = 40)),
        (&["--demo", "--demo-disks", "0"], &[], synthetic(|options| options.disks_per_domain = Some(0))),
        (&["--demo", "--demo-nics", "2"], &[], synthetic(|options| options.nics_per_domain = Some(2))),
    ];
    for (arguments, variables, expected) in cases {
        let config =
            parsed(arguments, variables).unwrap_or_else(|error| panic!("{arguments:?} {variables:?}: {error}"));
        assert_eq!(config, *expected, "{arguments:?} {variables:?}");
    }
}

#[test]
fn the_error_of_a_value_names_its_place_and_what_is_allowed() {
    const INTERVALS: &str = "a number of seconds from 0.1 to 600 is required";
    const SEED: &str = "a whole number from 0 on is required";
    for (arguments, expected) in [
        ("--delay=0", format!("invalid value '0' for '--delay <SECONDS>': {INTERVALS}")),
        ("--delay=0.09", format!("invalid value '0.09' for '--delay <SECONDS>': {INTERVALS}")),
        ("-d 601", format!("invalid value '601' for '--delay <SECONDS>': {INTERVALS}")),
        ("-d -1", format!("invalid value '-1' for '--delay <SECONDS>': {INTERVALS}")),
        ("-d nan", format!("invalid value 'nan' for '--delay <SECONDS>': {INTERVALS}")),
        ("--delay=", format!("invalid value '' for '--delay <SECONDS>': {INTERVALS}")),
        ("--connect=", "invalid value '' for '--connect <URI>': a URI is required, such as qemu:///system".to_owned()),
        ("--json -n 0", "invalid value '0' for '--iterations <N>': a whole number from 1 on is required".to_owned()),
        ("--json -n -3", "invalid value '-3' for '--iterations <N>': a whole number from 1 on is required".to_owned()),
        ("--demo --demo-seed=x", format!("invalid value 'x' for '--demo-seed <NUMBER>': {SEED}")),
        (
            "--demo --demo-domains=10001",
            "invalid value '10001' for '--demo-domains <N>': a whole number from 1 to 10000 is required".to_owned(),
        ),
        (
            "--demo --demo-disks=1001",
            "invalid value '1001' for '--demo-disks <N>': a whole number from 0 to 1000 is required".to_owned(),
        ),
        (
            "--demo --demo-nics=-1",
            "invalid value '-1' for '--demo-nics <N>': a whole number from 0 to 1000 is required".to_owned(),
        ),
        (
            "--csv cpus",
            "invalid value 'cpus' for '--csv <TABLE>'\n  [possible values: domains, disks, nics, vcpus, host, events]"
                .to_owned(),
        ),
        (
            "--filter=cpu>high",
            "invalid value 'cpu>high' for '--filter <QUERY>': a percentage such as 80 is required\n\n    cpu>high\n        ^^^^"
                .to_owned(),
        ),
        (
            "--calls fast",
            "invalid value 'fast' for '--calls <WHICH>'\n  [possible values: auto, per-domain]".to_owned(),
        ),
        (
            "--theme pink",
            "invalid value 'pink' for '--theme <NAME>'\n  [possible values: night, paper, contrast, terminal]"
                .to_owned(),
        ),
        (
            "--charts sixel",
            "invalid value 'sixel' for '--charts <WHAT>'\n  [possible values: auto, braille, block, console, ascii]"
                .to_owned(),
        ),
    ] {
        let text = error(&arguments.split(' ').collect::<Vec<_>>(), &[]);
        assert!(text.starts_with(&format!("error: {expected}\n")), "{arguments}: {text}");
        assert!(text.ends_with("For more information, try '--help'.\n"), "{arguments}: {text}");
    }
    for bad in ["abc", "0", "601", "-1"] {
        let text = error(&[], &[("VTOP_DELAY", bad)]);
        let expected = format!(
            "error: invalid value '{bad}' in the environment variable VTOP_DELAY: {INTERVALS}\n\n  \
             Correct or unset the variable, or give --delay, which takes precedence\n"
        );
        assert!(text.starts_with(&expected), "{text}");
    }
    assert!(error(&[], &[("LIBVIRT_DEFAULT_URI", " ")]).contains("in the environment variable LIBVIRT_DEFAULT_URI"));
}

#[test]
fn a_value_that_arguments_cannot_have_is_an_error_with_its_place() {
    // clap checks these names before they get here; another place has no clap.
    let origin = Origin::Variable { name: "X", option: "--theme" };
    let given = Given { text: "pink".to_owned(), origin };
    let theme = PartialSettings { theme: Some(given.clone()), ..PartialSettings::default() };
    let allowed = "possible values are night, paper, contrast, terminal".to_owned();
    assert_eq!(resolve::resolve(theme), Err(SettingError { given, allowed }));
}

#[test]
fn arguments_that_exclude_or_need_others_name_them() {
    for (arguments, named) in [
        ("--json --csv domains", ["'--json' cannot be used with", "--csv <TABLE>"]),
        ("--csv domains --json", ["'--csv <TABLE>' cannot be used with", "--json"]),
        ("--csv domains --csv disks", ["--csv <TABLE>", "multiple times"]),
        ("-n 3", ["--json", "--csv <TABLE>"]),
        ("--demo -c qemu:///system", ["--demo", "--connect"]),
        ("--demo --calls per-domain", ["--demo", "--calls"]),
        ("--demo-seed 3", ["not provided", "--demo"]),
        ("--demo-domains 3", ["not provided", "--demo"]),
        ("guest", ["unexpected", "guest"]),
    ] {
        let text = error(&arguments.split(' ').collect::<Vec<_>>(), &[]);
        assert!(named.iter().all(|part| text.contains(part)), "{arguments}: {text}");
    }
}

#[test]
fn help_and_version_are_no_failures() {
    for (argument, kind) in [("--help", ErrorKind::DisplayHelp), ("--version", ErrorKind::DisplayVersion)] {
        let error = parsed(&[argument], &[("VTOP_DELAY", "wrong")]).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 0));
    }
    let help = parsed(&["--help"], &[]).unwrap_err().to_string();
    for part in ["Exit codes:", "[default: 1]", "[possible values: domains, disks, nics, vcpus, host, events]"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn the_arguments_are_consistent() {
    command("1".into()).debug_assert();
}
