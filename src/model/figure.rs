//! The description of a figure: its key, name, unit, kind and meaning. The lines of both catalogues have these.
//!
//! The catalogue of raw figures is [`totals`](super::totals), that of derived figures is `fleet::metric`.

use crate::units::Unit;

/// One line of a catalogue, without its value and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Key in JSON, and heading in CSV: `snake_case`, with the unit at its end.
    pub key: &'static str,
    /// Name on a screen.
    pub label: &'static str,
    /// Unit of the value.
    pub unit: Unit,
    /// What kind of number the value is.
    pub quantity: Quantity,
    /// What the figure is, as one or more sentences.
    pub about: &'static str,
}

/// What kind of number a figure is, and so what can be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A total that only grows, until the domain (or the host) starts again.
    Counter,
    /// A value at one moment.
    Gauge,
    /// Growth of a counter per second.
    Rate,
    /// A part of a whole, in percent.
    Share,
    /// A mean over the time between two readings.
    Mean,
}
