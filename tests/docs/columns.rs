//! What the tables of columns say of a column besides its own description.

use vtop::table::{Column, LETTERS, List, Wanted, fit, fit_domains};

/// Names of domains that are at most this long are whole on every terminal.
const NAME: usize = 12;

/// The letters that sort by a column, or by the sum of the column and its neighbour; empty: none does.
pub(crate) fn letters(list: List, column: &Column) -> String {
    let own = [column.sum, column.sort];
    let letters = LETTERS.iter().filter(|(_, key)| list.own(*key).is_some_and(|key| own.contains(&Some(key))));
    letters.map(|(letter, _)| format!("`{letter}` ")).collect()
}

/// The width from which on a terminal has room for a column.
pub(crate) fn least_width(list: List, column: &Column) -> u16 {
    let has_room = |width: &u16| {
        let placed = match list {
            List::Table => fit_domains(*width, NAME),
            _ => fit(list.columns().iter().map(Wanted::from), width - 1),
        };
        placed.iter().any(|placed| placed.column.id == column.id)
    };
    (vtop::ui::MIN_WIDTH..1000).find(has_room).unwrap_or_else(|| panic!("no room for {} of {list:?}", column.id))
}
