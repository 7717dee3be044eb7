//! Screens and widgets, a file each: pure functions that draw the fleet and the state of the screen into a buffer.

mod chart;
mod columns;
mod device;
mod devices;
mod domain;
mod draw;
mod events;
mod footer;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod graph;
mod ground;
mod help;
mod host;
mod marks;
mod memory;
mod message;
mod panes;
mod scene;
mod symbols;
mod table;
mod terminal;
mod text;
mod theme;
mod trouble;

pub use draw::{draw, help_end};
pub use symbols::Symbols;
pub use terminal::Depth;
pub use theme::{Appearance, theme_names};

use message::message;
use scene::Scene;
