//! Text that the terminal pastes (bracketed paste). It is never keys.

use super::state::UiState;
use super::update::change;
use crate::fleet::Fleet;

/// Most characters of a filter that a paste fills: no name, path or UUID is longer.
const MAX_CHARACTERS: usize = 1024;

/// Puts pasted text at the end of the filter that is being typed. If none is, the text is ignored.
pub fn paste(ui: &mut UiState, fleet: &Fleet, text: &str) {
    if ui.filter.editing.is_none() {
        return;
    }
    // Line ends and tabs inside become blanks, those around the text are dropped.
    let words: Vec<_> = text.split(char::is_control).map(str::trim).filter(|words| !words.is_empty()).collect();
    let line = words.join(" ");
    change(ui, fleet, |ui| {
        let room = MAX_CHARACTERS.saturating_sub(ui.filter.text.chars().count());
        ui.filter.edit(|text| text.extend(line.chars().take(room)));
    });
}
