//! Figures over time: the newest in full precision, the past in a ring of fixed size.

pub(super) mod arena;
mod packed;
mod quantize;
mod ring;
pub(super) mod run_length;
mod series;
mod timeline;

pub use series::{Past, Series};
pub use timeline::{HISTORY_TICKS, Span, Tick, TimeCursor, Timeline, When};
