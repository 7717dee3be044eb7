//! Figures of the two catalogues, under their keys.

use crate::fleet::Series;
use crate::fleet::metric::Metric;
use crate::model::totals::Total;
use crate::outputs::fields::{Entry, Fields, Value};
use crate::units::Unit;

/// All derived figures of one thing.
pub(super) struct Derived<'a, M>(pub(super) Option<&'a Series<M>>);

impl<M: Metric> Entry for Derived<'_, M> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        M::ALL.iter().try_for_each(|&metric| {
            let value = self.0.and_then(|series| series.latest(metric));
            let value = match metric.info().unit {
                // A number of bytes has no fraction.
                Unit::Bytes => Value::from(value.map(|bytes| bytes.round() as u64)),
                _ => Value::from(value),
            };
            fields.value(metric.key(), value)
        })
    }
}

/// The counters of one record, as the source reports them.
pub(super) struct Counters<'a, T: Total>(pub(super) Option<&'a T::Record>);

impl<T: Total> Entry for Counters<'_, T> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        write_raw(T::ALL.iter().filter(|total| total.is_counter()), self.0, fields)
    }
}

/// The gauges of one record, as the source reports them.
pub(super) struct Gauges<'a, T: Total>(pub(super) Option<&'a T::Record>);

impl<T: Total> Entry for Gauges<'_, T> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        write_raw(T::ALL.iter().filter(|total| !total.is_counter()), self.0, fields)
    }
}

fn write_raw<'t, T: Total, F: Fields>(
    mut totals: impl Iterator<Item = &'t T>,
    record: Option<&T::Record>,
    fields: &mut F,
) -> Result<(), F::Error> {
    totals.try_for_each(|total| fields.value(total.key(), record.and_then(|record| total.of(record))))
}
