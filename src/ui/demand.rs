//! What is on the screen, as the sampler needs to know it.

use super::list::List;
use super::screen::Screen;
use super::state::UiState;
use crate::fleet::{DomainId, Fleet, HostId};
use crate::model::{Demand, Groups};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many findings fit on the trouble line of a wide terminal.
const TROUBLES: usize = 8;

impl UiState {
    /// What this screen shows of a host. The trouble line lies over every screen, so who is on it is looked at too.
    pub fn demand(&self, fleet: &Fleet, host: HostId) -> Demand {
        let mut shown: BTreeMap<_, Groups> = BTreeMap::new();
        let mut show = |id: DomainId, groups: Groups| {
            if id.host == host {
                *shown.entry(id.uuid).or_default() |= groups;
            }
        };
        if let Screen::List(list) = self.screen() {
            let groups = list.groups();
            self.rows_in_sight().filter_map(|row| row.domain()).for_each(|id| show(id, groups));
        }
        let worst = fleet.worst_domains(self.cursor, |id| self.seen.of(id), TROUBLES);
        worst.into_iter().for_each(|id| show(id, Groups::OVERVIEW));
        let focus = self.domain.as_ref().map(|view| view.id).filter(|id| id.host == host);
        Demand { everything: false, shown: Arc::new(shown), focus: focus.map(|id| id.uuid).into_iter().collect() }
    }

    /// The rows of the list that are on the screen.
    fn rows_in_sight(&self) -> impl Iterator<Item = &super::row::RowId> {
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
    /// Groups of which it shows anything.
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
