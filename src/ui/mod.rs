//! The state of the screen: which screen is open, selection, sort order, filter, place in time. Without I/O: keys become
//! [`Action`]s, [`update`] applies them, and returns an [`Effect`] for what the application must do (quit, change the interval …).

mod action;
mod demand;
mod filter;
mod keymap;
mod layout;
mod paste;
mod rows;
mod screen;
mod seen;
mod state;
mod update;
mod zoom;

pub use crate::table::{DeviceKey, List, Order, RowId, SortKey};
pub use action::{Action, Effect};
pub use filter::Filter;
pub use keymap::{BINDINGS, Binding, Key, action_for};
pub use layout::{Areas, CardGrid, DomainAreas, MIN_HEIGHT, MIN_WIDTH, areas, domain_areas, preview_area};
pub use paste::paste;
pub use rows::device_keys;
pub use screen::{DomainView, Screen};
pub use seen::Seen;
pub use state::{ListState, UiState};
pub use update::update;
pub use zoom::Zoom;
