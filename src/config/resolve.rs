//! From merged settings to a [`Config`].

use super::config::{Config, Mode, Target};
use super::settings::{Given, Origin, PartialSettings};
use crate::outputs::Format;
use crate::outputs::csv::Table;
use crate::sources::libvirt::{Calls, LibvirtOptions};
use crate::sources::synthetic::SyntheticOptions;
use crate::table::query::{Query, QueryError};
use crate::time::Interval;
use crate::view::{Symbols, theme_names};
use std::fmt;
use std::ops::RangeInclusive;

/// Names and meanings of `--calls`.
pub(super) const CALLS: [(&str, Calls); 2] = [("auto", Calls::Auto), ("per-domain", Calls::PerDomain)];
/// Names and meanings of `--charts`.
pub(super) const CHARTS: [(&str, Option<Symbols>); 5] = [
    ("auto", None),
    ("braille", Some(Symbols::Braille)),
    ("block", Some(Symbols::Block)),
    ("console", Some(Symbols::Console)),
    ("ascii", Some(Symbols::Ascii)),
];

/// The names of such a list.
pub(super) fn names<T>(list: &[(&'static str, T)]) -> Vec<&'static str> {
    list.iter().map(|(name, _)| *name).collect()
}

/// A value that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The value, and where it was given.
    pub given: Given,
    /// Which values are allowed.
    pub allowed: String,
}

impl std::error::Error for SettingError {}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Given { text, origin } = &self.given;
        write!(f, "invalid value '{text}' {origin}: {}", self.allowed)?;
        match origin {
            Origin::Argument(_) => Ok(()),
            Origin::Variable { option, .. } => {
                write!(f, "\n\n  Correct or unset the variable, or give {option}, which takes precedence")
            }
        }
    }
}

/// Checks every value. A setting that is not given has its default.
pub(super) fn resolve(settings: PartialSettings) -> Result<Config, SettingError> {
    let symbols = value(settings.charts, one_of(&CHARTS))?.flatten();
    let themes: Vec<_> = theme_names().enumerate().map(|(index, name)| (name, index)).collect();
    let tables = Table::ALL.map(|table| (table.name(), table));
    let csv = value(settings.csv, one_of(&tables))?;
    let records = value(settings.iterations, |text| whole_number(text, 1..=u64::MAX))?;
    let format = csv.map(Format::Csv).or(settings.json.map(|_| Format::Json));
    let calls = value(settings.calls, one_of(&CALLS))?.unwrap_or_default();
    let default = SyntheticOptions::default();
    let per_domain = |given| Ok(value(given, |text| whole_number(text, 0..=1_000))?.map(|count| count as usize));
    let domains = value(settings.demo_domains, |text| whole_number(text, 1..=10_000))?;
    let synthetic = SyntheticOptions {
        seed: value(settings.demo_seed, |text| whole_number(text, 0..=u64::MAX))?.unwrap_or(default.seed),
        domains: domains.map_or(default.domains, |count| count as usize),
        disks_per_domain: per_domain(settings.demo_disks)?,
        nics_per_domain: per_domain(settings.demo_nics)?,
        ..default
    };
    Ok(Config {
        filter: value(settings.filter, query)?.unwrap_or_default(),
        target: match settings.demo {
            Some(_) => Target::Synthetic(synthetic),
            None => Target::Libvirt(LibvirtOptions { uri: value(settings.connect, uri)?, calls }),
        },
        interval: value(settings.delay, interval)?.unwrap_or_default(),
        mode: format.map_or(Mode::Screen, |format| Mode::Report { format, records }),
        theme: value(settings.theme, one_of(&themes))?,
        symbols,
    })
}

/// The value of a setting, if it is given. `read` gives the value, or else which values are allowed.
fn value<T>(given: Option<Given>, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, SettingError> {
    given.map(|given| read(given.text.trim()).map_err(|allowed| SettingError { given, allowed })).transpose()
}

fn one_of<T: Copy>(list: &[(&'static str, T)]) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let found = list.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        found.ok_or_else(|| format!("possible values are {}", names(list).join(", ")))
    }
}

fn whole_number(text: &str, range: RangeInclusive<u64>) -> Result<u64, String> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| match *range.end() {
        u64::MAX => format!("a whole number from {} on is required", range.start()),
        end => format!("a whole number from {} to {end} is required", range.start()),
    })
}

fn interval(text: &str) -> Result<Interval, String> {
    text.parse().ok().and_then(Interval::from_seconds).ok_or_else(|| {
        let [least, most] = [Interval::MIN, Interval::MAX].map(|limit| limit.duration().as_secs_f64());
        format!("a number of seconds from {least} to {most} is required")
    })
}

/// The message shows the place below the text.
fn query(text: &str) -> Result<Query, String> {
    text.parse().map_err(|error: QueryError| {
        let before = text[..error.place.start].chars().count();
        let wrong = text[error.place.clone()].chars().count().max(1);
        format!("{error}\n\n    {text}\n    {}{}", " ".repeat(before), "^".repeat(wrong))
    })
}

fn uri(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a URI is required, such as qemu:///system".to_owned()),
        uri => Ok(uri.to_owned()),
    }
}
