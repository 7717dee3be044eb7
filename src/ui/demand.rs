//! What the screen needs of the hosts.

use super::layout::preview_area;
use super::screen::Screen;
use super::state::UiState;
use crate::fleet::{DomainId, Fleet};
use crate::model::{Demand, Groups, ShownGroups};
use crate::table::{List, RowId, shown_groups};
use crate::text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many findings fit on the line of findings, on a wide terminal.
const FINDINGS: usize = 8;

impl UiState {
    /// The demand of the screen for each host, in the order of the hosts: the groups that the list shows of the rows on the screen,
    /// the domain whose own screen is open, and the domains on the line of findings, which every screen has.
    pub fn demands(&self, fleet: &Fleet) -> Vec<Demand> {
        let mut shown: Vec<BTreeMap<_, ShownGroups>> = vec![BTreeMap::new(); fleet.hosts().len()];
        let mut show = |id: DomainId, groups: ShownGroups| {
            if let Some(shown) = shown.get_mut(id.host) {
                *shown.entry(id.uuid).or_default() |= groups;
            }
        };
        if let Screen::List(list) = self.screen() {
            let groups = shown_groups(list, self.size.0, self.longest_name(fleet), self.list_state().sort);
            let of_devices = list.device_group();
            let groups = ShownGroups { groups: groups | self.filter.query.groups(of_devices), of_devices };
            self.rows_on_screen().filter_map(|row| row.domain()).for_each(|id| show(id, groups));
        }
        if self.screen() == Screen::List(List::Table)
            && preview_area(self.list_areas().body, self.rows.len()).is_some()
            && let Some(id) = self.selected_row().and_then(RowId::domain)
        {
            show(id, Groups::OVERVIEW.into());
        }
        let worst = fleet.worst_domains(self.cursor, |id| self.seen.of(id), FINDINGS);
        worst.into_iter().for_each(|id| show(id, Groups::OVERVIEW.into()));
        let focus = self.domain.as_ref().map(|view| view.id);
        let demand = |(host, shown)| {
            let focus = focus.filter(|id| id.host == host).map(|id| id.uuid);
            Demand { everything: false, shown: Arc::new(shown), focus: focus.into_iter().collect() }
        };
        shown.into_iter().enumerate().map(demand).collect()
    }

    /// The width of the longest name among the domains of the list's rows.
    pub fn longest_name(&self, fleet: &Fleet) -> usize {
        let domains = self.rows.iter().filter_map(|row| fleet.domain(row.domain()?));
        domains.map(|(_, domain)| text::width(&text::clean(&domain.name))).max().unwrap_or(0)
    }

    /// The rows of the list that are on the screen.
    fn rows_on_screen(&self) -> impl Iterator<Item = &RowId> {
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
