//! Figures over time: the newest with full precision, older ones with three digits. [`HISTORY_TICKS`] samples are kept.

pub(super) mod arena;
mod packed;
mod quantize;
mod ring;
pub(super) mod run_length;
mod series;
mod timeline;

pub use series::{Past, Series};
pub use timeline::{HISTORY_TICKS, Span, Tick, TimeCursor, Timeline, When};
