//! Values with keys: what all formats have in common.

use crate::time::Timestamp;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A value of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known: `null` in JSON, empty in CSV; never 0.
    Unknown,
    /// Text.
    Text(Cow<'a, str>),
    /// Some words of a fixed list.
    Words(Vec<&'static str>),
    /// A number without a fraction.
    Integer(u64),
    /// A number that may have a fraction.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Words(words) => words.serialize(serializer),
            Self::Integer(number) => serializer.serialize_u64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<&'static str>> for Value<'_> {
    fn from(words: Vec<&'static str>) -> Self {
        Self::Words(words)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// RFC 3339, UTC, with milliseconds.
impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Text(format!("{:.3}", at.wall).into())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Into::into)
    }
}

/// Receives the keys and values of an entry. Each format implements it.
pub trait Fields {
    /// Why a value cannot be taken.
    type Error;

    /// Takes a value under its key. Units are part of the key.
    fn value<'a>(&mut self, key: &str, value: impl Into<Value<'a>>) -> Result<(), Self::Error>;

    /// Takes a group of values that have a common key. If the group is not `known`, none of its values is.
    fn group(&mut self, key: &str, known: bool, group: &impl Entry) -> Result<(), Self::Error>;
}

/// Something that has values: a host, a domain, a device, an event.
pub trait Entry {
    /// Gives every value to `fields`: always the same keys in the same order.
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error>;
}
