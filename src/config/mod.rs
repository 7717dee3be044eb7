//! From arguments and environment to plain data. An argument wins over the environment, and that over the default.

mod args;

use crate::time::Interval;
use args::Args;
use clap::CommandFactory;
use std::ffi::OsString;

/// What this run shall do; nothing in it needs to be checked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What is watched.
    pub target: Target,
    /// The pace.
    pub interval: Interval,
    /// Where the figures go.
    pub mode: Mode,
    /// The theme to begin with.
    pub theme: Theme,
    /// What charts are made of.
    pub charts: Charts,
}

/// The themes, in the order of the `t` key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Theme {
    /// Soft colours on the terminal's own dark ground.
    #[default]
    Night,
    /// Dark on light.
    Paper,
    /// Strong colours on black.
    Contrast,
}

/// What charts are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Charts {
    /// What the terminal and the locale can show.
    #[default]
    Auto,
    /// Braille dots.
    Braille,
    /// Blocks.
    Block,
    /// Seven-bit characters, also for everything else on the screen.
    Ascii,
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A hypervisor.
    Libvirt {
        /// Its URI; `None` leaves the choice to libvirt (`LIBVIRT_DEFAULT_URI`, its configuration, what is there).
        uri: Option<String>,
        /// Which calls to make.
        calls: Calls,
    },
    /// A made-up host.
    Demo {
        /// Same number, same host.
        seed: u64,
        /// How many domains; `None`: as many as its story needs.
        domains: Option<usize>,
        /// How many disks each has; `None`: as many as suit it.
        disks: Option<usize>,
        /// How many NICs each has; `None`: as many as suit it.
        nics: Option<usize>,
    },
}

/// Which of libvirt's calls to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Calls {
    /// One call for all domains where the driver has it, else one domain at a time.
    #[default]
    Auto,
    /// One domain at a time, for a comparison or around a broken driver.
    PerDomain,
}

/// Where the figures go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To the terminal, interactively.
    Screen,
    /// To standard output, a line of JSON a sample; that many, or until it is ended.
    Json {
        /// How many lines.
        lines: Option<u64>,
    },
}

/// Reads the arguments (the first one is the program's name) and the environment's variables, of which an empty one is as
/// good as none. `version` is what `--version` tells.
/// The error knows its message, its stream and its exit code: a usage error, or a call for help.
pub fn parse(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    variable: impl Fn(&str) -> Option<OsString>,
    version: String,
) -> Result<Config, clap::Error> {
    Ok(Args::read(Args::command().version(version), arguments, variable)?.resolve())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    fn parsed(arguments: &[&str]) -> Result<Config, clap::Error> {
        with_delay(None, arguments)
    }

    /// With this value of `VTOP_DELAY`.
    fn with_delay(value: Option<&str>, arguments: &[&str]) -> Result<Config, clap::Error> {
        let variable = |name: &str| value.filter(|_| name == "VTOP_DELAY").map(OsString::from);
        parse(["vtop"].iter().chain(arguments), variable, "1".into())
    }

    fn message(arguments: &[&str]) -> String {
        let error = parsed(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        error.to_string()
    }

    #[test]
    fn without_arguments_the_local_hypervisor_is_on_the_screen() {
        let target = Target::Libvirt { uri: None, calls: Calls::Auto };
        assert_eq!(
            parsed(&[]).unwrap(),
            Config {
                target,
                interval: Interval::default(),
                mode: Mode::Screen,
                theme: Theme::Night,
                charts: Charts::Auto
            }
        );
    }

    #[test]
    fn every_argument_reaches_the_configuration() {
        let config =
            parsed(&["-c", "qemu:///system", "-d", "0.5", "--json", "-n", "3", "--calls", "per-domain"]).unwrap();
        assert_eq!(config.target, Target::Libvirt { uri: Some("qemu:///system".into()), calls: Calls::PerDomain });
        assert_eq!(config.interval.duration().as_millis(), 500);
        assert_eq!(config.mode, Mode::Json { lines: Some(3) });
        let demo = parsed(&["--demo", "--demo-seed", "5", "--demo-domains", "40"]).unwrap();
        assert_eq!(demo.target, Target::Demo { seed: 5, domains: Some(40), disks: None, nics: None });
        let large = parsed(&["--demo", "--demo-disks", "4", "--demo-nics", "2"]).unwrap();
        assert_eq!(large.target, Target::Demo { seed: 1, domains: None, disks: Some(4), nics: Some(2) });
    }

    #[test]
    fn a_usage_error_names_the_argument_and_what_is_allowed() {
        for bad in ["0", "0.09", "601", "-1", "nan", "soon", ""] {
            let message = message(&[&format!("--delay={bad}")]);
            assert!(message.contains("--delay") && message.contains("0.1") && message.contains("600"), "{message}");
        }
        for bad in ["0", "-3", "x"] {
            let message = message(&["--json", &format!("--iterations={bad}")]);
            assert!(message.contains("--iterations"), "{message}");
        }
        let message = message(&["--demo", "--demo-domains=10001"]);
        assert!(message.contains("--demo-domains") && message.contains("1..=10000"), "{message}");
    }

    #[test]
    fn the_environment_counts_where_no_argument_does() {
        for (value, arguments, seconds) in [
            (Some("0.5"), &[][..], 0.5),
            (Some(" 5 "), &[], 5.0),
            (Some("0.5"), &["-d", "2"], 2.0),
            (Some("abc"), &["-d", "2"], 2.0),
            (Some("0.5"), &["-d", "1"], 1.0),
            (Some(""), &[], 1.0),
            (None, &[], 1.0),
        ] {
            let config = with_delay(value, arguments).unwrap();
            assert_eq!(config.interval.duration().as_secs_f64(), seconds, "{value:?} {arguments:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_the_environment_is_said_of_the_environment() {
        for bad in ["abc", "0", "601", "-1", " "] {
            let error = with_delay(Some(bad), &[]).unwrap_err();
            let text = error.to_string();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ValueValidation, 2));
            assert!(text.contains(&format!("'{bad}' in the environment variable VTOP_DELAY")), "{text}");
            for part in ["0.1 to 600", "unset it", "try '--help'"] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains("for '--delay"), "{text}");
        }
        let typed = with_delay(Some("0.5"), &["-d", "abc"]).unwrap_err().to_string();
        assert!(typed.contains("for '--delay") && !typed.contains("VTOP_DELAY"), "{typed}");
        assert_eq!(with_delay(Some("abc"), &["--help"]).unwrap_err().kind(), ErrorKind::DisplayHelp);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (arguments, named) in [
            (&["-n", "3"][..], "--json"),
            (&["--demo", "-c", "qemu:///system"], "--connect"),
            (&["--demo-seed", "3"], "--demo"),
            (&["--demo-domains", "3"], "--demo"),
            (&["--demo", "--calls", "per-domain"], "--calls"),
            (&["--calls", "fast"], "per-domain"),
            (&["-c", ""], "--connect"),
            (&["guest"], "guest"),
        ] {
            let message = message(arguments);
            assert!(message.contains(named), "{arguments:?}: {message}");
        }
    }

    #[test]
    fn help_and_version_are_no_failures() {
        for (argument, kind) in [("--help", ErrorKind::DisplayHelp), ("--version", ErrorKind::DisplayVersion)] {
            let error = parsed(&[argument]).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (kind, 0));
        }
        assert!(parsed(&["--help"]).unwrap_err().to_string().contains("Exit codes:"));
    }

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }
}
