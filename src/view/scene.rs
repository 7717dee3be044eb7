//! What every screen and widget reads.

use super::theme::{Palette, Role};
use crate::fleet::{Domain, DomainId, Finding, Fleet, Host, TopConsumers, When};
use crate::time::Timestamp;
use crate::ui::UiState;
use ratatui::text::Span;

/// What every screen and widget reads.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) ui: &'a UiState,
    pub(super) palette: Palette,
    /// For ages only.
    pub(super) now: Timestamp,
    /// The top consumers of each host.
    pub(super) top_consumers: &'a [TopConsumers<'a>],
}

impl<'a> Scene<'a> {
    pub(super) fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.palette.style(role))
    }

    /// A graph in one line.
    pub(super) fn graph(&self, role: Role, text: String) -> Span<'static> {
        Span::styled(text, self.palette.graph(role))
    }

    /// A sign and the words that repeat it, in the style of a role.
    pub(super) fn signed(&self, role: Role, sign: &'static str, words: String) -> Vec<Span<'static>> {
        vec![Span::styled(sign, self.palette.sign(role)), self.span(role, words)]
    }

    /// What is wrong with a domain, the worst first, without what the user has seen.
    pub(super) fn findings(&self, host: &Host, domain: &'a Domain) -> Vec<Finding<'a>> {
        let seen = self.ui.seen.of(DomainId { host: host.id, uuid: domain.uuid });
        let none = TopConsumers::default();
        domain.findings(self.when(host), seen, self.top_consumers.get(host.id).unwrap_or(&none))
    }

    /// Where the user stands in time, on a host's time axis.
    pub(super) fn when(&self, host: &Host) -> When {
        host.timeline.when(self.ui.cursor)
    }

    /// The sign of a value that is not there.
    pub(super) fn none(&self) -> &'static str {
        self.palette.symbols.signs().none
    }
}
