//! Writes entries as JSON objects.

use crate::outputs::fields::{Entry, Fields, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Writes values into a JSON object.
pub(super) struct Keys<'m, M>(pub(super) &'m mut M);

impl<M: SerializeMap> Fields for Keys<'_, M> {
    type Error = M::Error;

    fn value<'a>(&mut self, key: &str, value: impl Into<Value<'a>>) -> Result<(), M::Error> {
        self.0.serialize_entry(key, &value.into())
    }

    fn group(&mut self, key: &str, known: bool, group: &impl Entry) -> Result<(), M::Error> {
        self.0.serialize_entry(key, &known.then_some(Group(group)))
    }
}

struct Group<'e, E>(&'e E);

impl<E: Entry> Serialize for Group<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.write(&mut Keys(&mut map))?;
        map.end()
    }
}

/// An object with a name, then the values of an entry.
pub(super) struct Named<N, E> {
    pub(super) key: &'static str,
    pub(super) name: N,
    pub(super) entry: E,
}

impl<N: Serialize, E: Entry> Serialize for Named<N, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, &self.name)?;
        self.entry.write(&mut Keys(&mut map))?;
        map.end()
    }
}

/// An array.
pub(super) struct Array<I>(pub(super) I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Array<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}
