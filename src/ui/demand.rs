//! What the screen needs of the hosts.

use super::list::List;
use super::screen::Screen;
use super::state::UiState;
use crate::fleet::{DomainId, Fleet};
use crate::model::{Demand, Groups};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Findings that fit on the line of what is wrong, on a wide terminal.
const FINDINGS: usize = 8;

impl UiState {
    /// What the screen needs of each host, in the order of the hosts: what the list shows of its rows, the domain that fills
    /// the screen, and the domains on the line of what is wrong, which is on every screen.
    pub fn demands(&self, fleet: &Fleet) -> Vec<Demand> {
        let mut shown: Vec<BTreeMap<_, Groups>> = vec![BTreeMap::new(); fleet.hosts().len()];
        let mut show = |id: DomainId, groups: Groups| {
            if let Some(shown) = shown.get_mut(id.host) {
                *shown.entry(id.uuid).or_default() |= groups;
            }
        };
        if let Screen::List(list) = self.screen() {
            let groups = list.groups();
            self.rows_on_screen().filter_map(|row| row.domain()).for_each(|id| show(id, groups));
        }
        let worst = fleet.worst_domains(self.cursor, |id| self.seen.of(id), FINDINGS);
        worst.into_iter().for_each(|id| show(id, Groups::OVERVIEW));
        let focus = self.domain.as_ref().map(|view| view.id);
        let demand = |(host, shown)| {
            let focus = focus.filter(|id| id.host == host).map(|id| id.uuid);
            Demand { everything: false, shown: Arc::new(shown), focus: focus.into_iter().collect() }
        };
        shown.into_iter().enumerate().map(demand).collect()
    }

    /// The rows of the list that are on the screen.
    fn rows_on_screen(&self) -> impl Iterator<Item = &super::row::RowId> {
        let offset = self.list_state().offset;
        let (first, count) = match self.list {
            List::Panes => {
                let grid = self.card_grid();
                (offset * grid.columns, grid.rows * grid.columns)
            }
            _ => (offset, self.page_height()),
        };
        self.rows.iter().skip(first).take(count)
    }
}

impl List {
    /// The groups of statistics that the list shows.
    fn groups(self) -> Groups {
        match self {
            Self::Table | Self::Panes => Groups::OVERVIEW,
            Self::Disks => Groups::BLOCK,
            Self::Nics => Groups::NET,
            Self::Vcpus => Groups::VCPU,
            Self::Events => Groups::empty(),
        }
    }
}
