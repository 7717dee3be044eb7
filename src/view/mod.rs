//! From state to cells: pure functions of (fleet, screen state, look) into a buffer.

mod theme;

pub use theme::{Depth, Look, Symbols};

use crate::fleet::Fleet;
use crate::time::Timestamp;
use crate::ui::UiState;
use ratatui::Frame;

/// Draws the whole screen. `now` is for ages ("last figures 12 s ago") only.
pub fn draw(frame: &mut Frame, fleet: &Fleet, ui: &UiState, look: &Look, now: Timestamp) {
    let _ = (fleet, ui, look, now);
    frame.render_widget("vtop", frame.area());
}
