//! The query that filters the lists, while it is typed and afterwards.

use super::screen::DomainView;
use crate::table::query::{self, Query, QueryError};

/// Most queries that are kept.
const MAX_HISTORY: usize = 100;

/// The query of the lists.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The text.
    pub text: String,
    /// What the text means; while the text is no query, what it meant before.
    pub query: Query,
    /// Why the text is no query.
    pub error: Option<QueryError>,
    /// Names that the last word can become, after the key that completes it.
    pub names: Vec<String>,
    /// While the query is being typed: what there was before.
    pub editing: Option<Unfiltered>,
    /// Queries that were kept, the newest last.
    history: Vec<String>,
    /// The query of the history that is shown, counted from the newest; `None`: what was typed.
    shown: Option<usize>,
    /// What was typed before the history was shown.
    typed: String,
}

/// What is restored if the user cancels a query while typing it.
#[derive(Clone, Debug, Default)]
pub struct Unfiltered {
    /// The query before.
    pub text: String,
    /// The domain that filled the screen.
    pub domain: Option<DomainView>,
}

impl Filter {
    /// Changes the text.
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut String)) {
        change(&mut self.text);
        self.shown = None;
        self.parse();
    }

    /// Replaces the text.
    pub(super) fn set(&mut self, text: String) {
        self.edit(|old| *old = text);
    }

    fn parse(&mut self) {
        self.names.clear();
        match self.text.parse() {
            Ok(query) => (self.query, self.error) = (query, None),
            Err(error) => self.error = Some(error),
        }
    }

    /// Ends typing. A text that is no query is not kept: its error stays on the screen.
    pub(super) fn accept(&mut self) {
        if self.error.is_some() {
            return;
        }
        self.editing = None;
        self.names.clear();
        let text = self.text.trim();
        if !text.is_empty() {
            self.history.retain(|kept| kept != text);
            self.history.push(text.to_owned());
            let old = self.history.len().saturating_sub(MAX_HISTORY);
            self.history.drain(..old);
        }
    }

    /// Ends typing. Returns what there was before, whose text is set.
    pub(super) fn cancel(&mut self) -> Unfiltered {
        let before = self.editing.take().unwrap_or_default();
        self.set(before.text.clone());
        before
    }

    /// Shows an older query, or a newer one.
    pub(super) fn recall(&mut self, older: bool) {
        let next = match (self.shown, older) {
            (None, true) => 0,
            (Some(shown), true) => shown + 1,
            (None, false) => return,
            (Some(0), false) => {
                self.shown = None;
                self.text = std::mem::take(&mut self.typed);
                return self.parse();
            }
            (Some(shown), false) => shown - 1,
        };
        let Some(text) = self.history.iter().rev().nth(next) else { return };
        if self.shown.is_none() {
            self.typed = std::mem::take(&mut self.text);
        }
        self.shown = Some(next);
        self.text = text.clone();
        self.parse();
    }

    /// Completes the last word, and names what it can become.
    pub(super) fn complete(&mut self) {
        if let Some(completion) = query::complete(&self.text) {
            self.set(completion.text);
            if completion.names.len() > 1 {
                self.names = completion.names.into_iter().map(|field| field.name).collect();
            }
        }
    }
}
