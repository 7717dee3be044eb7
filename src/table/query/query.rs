//! A query: its text, and what it finds.

use super::expression::{Expression, Subject};
use super::parse::{self, QueryError};
use crate::model::{Event, Groups};
use std::str::FromStr;

/// A query that was parsed. The empty one finds everything.
#[derive(Clone, Debug, Default)]
pub struct Query {
    text: String,
    expression: Option<Expression>,
}

impl Query {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it finds everything, because nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.expression.is_none()
    }

    /// Whether it finds a row.
    pub fn finds(&self, row: Subject<'_>) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.finds(row))
    }

    /// Whether it finds an event.
    pub fn finds_event(&self, event: &Event) -> bool {
        self.expression.as_ref().is_none_or(|expression| expression.finds_event(event))
    }

    /// The groups of statistics that its figures need; `of_device`: the group of the devices in a list of devices.
    pub fn groups(&self, of_device: Groups) -> Groups {
        self.expression.as_ref().map_or(Groups::empty(), |expression| expression.groups(of_device))
    }
}

/// By the text.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Query {}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Ok(Self { text: text.to_owned(), expression: parse::parse(text)? })
    }
}
