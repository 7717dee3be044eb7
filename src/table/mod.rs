//! Tables as data: the columns of each list, which of them fit into a width and where, and the keys that a list can be sorted by.
//!
//! A column names the figure that it shows, so its description, its source, its sort key and the groups of statistics
//! that it needs come from the catalogues ([`crate::fleet::metric`], [`crate::model::totals`]). The view draws columns,
//! the help and the documentation describe them, the keymap sorts by them, and the demand is made from the columns that
//! have room. A new column is one entry in the list that has it.

mod column;
mod devices;
mod domains;
mod events;
mod fit;
mod list;
pub mod query;
mod row;
mod sort;

pub use column::{Column, Content};
pub use fit::{Placed, Wanted, fit, fit_domains, shown_groups};
pub use list::List;
pub use row::{DeviceKey, RowId};
pub use sort::{LETTERS, Order, SortKey, by_letter};
