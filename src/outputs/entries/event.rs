//! The values of an event.

use crate::model::Event;
use crate::outputs::fields::{Entry, Fields};

/// An event without its time and its domain.
pub(crate) struct EventEntry<'a>(pub(crate) Option<&'a Event>);

impl Entry for EventEntry<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let kind = self.0.map(|event| &event.kind);
        fields.value("event", kind.map(|kind| kind.name()))?;
        fields.value("reason", kind.map(|kind| kind.why()).filter(|why| !why.is_empty()))?;
        fields.value("device", kind.and_then(|kind| kind.device()))?;
        fields.value("path", kind.and_then(|kind| kind.path()))?;
        fields.value("severity", kind.map(|kind| kind.severity().name()))
    }
}
