//! A parsed query, and which rows it finds.

use super::field::{Figure, Text};
use super::needle::Needle;
use crate::fleet::{Disk, Domain, Nic, When};
use crate::model::{Event, Groups};
use crate::table::{DeviceKey, List, SortKey};
use regex::Regex;

/// A row: a domain, or one of its devices, in a list.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The domain.
    pub domain: &'a Domain,
    /// The device of the row.
    pub device: Option<&'a DeviceKey>,
    /// The list: a plain word finds a domain by its devices where these have no rows of their own.
    pub list: List,
    /// The moment.
    pub when: When,
}

/// How a figure is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Equal => value == limit,
            Self::NotEqual => value != limit,
        }
    }
}

/// How a text is compared, upper and lower case being the same.
#[derive(Clone, Debug)]
pub(super) enum TextTest {
    /// In lower case.
    Equals(String),
    /// In lower case.
    Contains(String),
    Matches(Regex),
}

impl TextTest {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Equals(wanted) => text.to_lowercase() == *wanted,
            Self::Contains(part) => text.to_lowercase().contains(part),
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Word(Needle),
    Pattern(Regex),
    Figure(Figure, Comparison, f64),
    Text(Text, TextTest),
}

impl Expression {
    pub(super) fn finds(&self, row: Subject<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.finds(row)),
            Self::Any(parts) => parts.iter().any(|part| part.finds(row)),
            Self::Not(part) => !part.finds(row),
            Self::Word(needle) => {
                needle.finds(row.domain, row.when)
                    || needle.finds_device_of(row.domain, row.list)
                    || row.device.is_some_and(|device| needle.finds_device(row.domain, device))
            }
            Self::Pattern(pattern) => {
                let texts = [Text::Name, Text::Title, Text::State, Text::Device, Text::Source, Text::Bridge, Text::Mac];
                texts.into_iter().any(|text| any_text(text, row, |text| pattern.is_match(text)))
            }
            // What is not known is neither above nor below.
            Self::Figure(figure, comparison, limit) => {
                value(*figure, row).is_some_and(|value| comparison.holds(value, *limit))
            }
            Self::Text(text, test) => any_text(*text, row, |text| test.holds(text)),
        }
    }

    /// Whether it finds an event, which has a domain's name and texts, and no figures.
    pub(super) fn finds_event(&self, event: &Event) -> bool {
        let name = || event.domain.as_ref().map(|domain| domain.name.as_str()).unwrap_or_default();
        match self {
            Self::All(parts) => parts.iter().all(|part| part.finds_event(event)),
            Self::Any(parts) => parts.iter().any(|part| part.finds_event(event)),
            Self::Not(part) => !part.finds_event(event),
            Self::Word(needle) => needle.finds_event(event),
            Self::Pattern(pattern) => {
                pattern.is_match(name()) || pattern.is_match(event.kind.what()) || pattern.is_match(&event.kind.why())
            }
            Self::Figure(..) => false,
            Self::Text(Text::Name, test) => test.holds(name()),
            Self::Text(Text::Uuid, test) => {
                event.domain.as_ref().is_some_and(|domain| test.holds(&domain.uuid.to_string()))
            }
            Self::Text(Text::Device, test) => event.kind.device().is_some_and(|device| test.holds(device)),
            Self::Text(Text::Source, test) => event.kind.path().is_some_and(|path| test.holds(path)),
            Self::Text(..) => false,
        }
    }

    /// The groups of statistics that its figures need.
    pub(super) fn groups(&self, of_device: Groups) -> Groups {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().map(|part| part.groups(of_device)).fold(Groups::empty(), Groups::union)
            }
            Self::Not(part) => part.groups(of_device),
            Self::Figure(figure, ..) => {
                let Figure { domain, disk, nic, vcpu, .. } = figure;
                let of_row = [disk, nic, vcpu].into_iter().flatten().map(|key| key.groups(Groups::empty()));
                let of_row = of_row.fold(Groups::empty(), Groups::union).intersection(of_device);
                of_row.union(domain.map_or(Groups::empty(), |key| key.groups(Groups::empty())))
            }
            Self::Word(_) | Self::Pattern(_) | Self::Text(..) => Groups::empty(),
        }
    }
}

/// The figure of a row, or of the row's domain.
fn value(figure: Figure, Subject { domain, device, when, .. }: Subject<'_>) -> Option<f64> {
    let own: Option<SortKey> = match device {
        Some(DeviceKey::Disk(_)) => figure.disk,
        Some(DeviceKey::Nic(_)) => figure.nic,
        Some(DeviceKey::Vcpu(_)) => figure.vcpu,
        None => None,
    };
    match own {
        Some(key) => key.value_of(domain, device, when),
        None => figure.domain?.value_of(domain, None, when),
    }
}

/// Whether one of the texts of a row passes: of a device's row those of the device, otherwise those of all devices.
fn any_text(text: Text, Subject { domain, device, when, .. }: Subject<'_>, test: impl Fn(&str) -> bool) -> bool {
    let test = &test;
    let is_row = |key: DeviceKey| device.is_none_or(|device| *device == key);
    let disks = || domain.disks.iter().filter(|disk| is_row(DeviceKey::Disk(disk.key.clone())));
    let nics = || domain.nics.iter().filter(|nic| is_row(DeviceKey::Nic(nic.key.clone())));
    let of_nic =
        |of: fn(&Nic) -> [Option<&String>; 2]| nics().any(|nic| of(nic).into_iter().flatten().any(|text| test(text)));
    match text {
        Text::Name => test(&domain.name),
        Text::Title => domain.definition.as_ref().and_then(|it| it.title.as_deref()).is_some_and(test),
        Text::State => domain.condition(when).is_some_and(|condition| test(condition.state.name())),
        Text::Uuid => test(&domain.uuid.to_string()),
        Text::Id => domain.run.is_some_and(|run| test(&run.to_string())),
        Text::Device => disks().any(|disk| test(&disk.key)) || nics().any(|nic| test(&nic.key)),
        Text::Source => disks().any(|disk| Disk::source(disk).is_some_and(test)),
        Text::Mac => of_nic(|nic| [nic.defined.as_ref().and_then(|it| it.mac.as_ref()), None]),
        Text::Bridge => of_nic(|nic| {
            let defined = nic.defined.as_ref();
            [defined.and_then(|it| it.bridge.as_ref()), defined.and_then(|it| it.source.as_ref())]
        }),
    }
}
