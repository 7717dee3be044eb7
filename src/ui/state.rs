//! The state of the screen.

use super::filter::Filter;
use super::layout::{self, Areas, CardGrid};
use super::rows::{self, device_keys};
use super::screen::{DomainView, Screen};
use super::seen::{self, Seen};
use super::zoom::Zoom;
use crate::fleet::{Fleet, Host, HostId, TimeCursor};
use crate::model::Event;
use crate::table::query::Query;
use crate::table::{List, Order, RowId, SortKey};
use crate::time::Interval;

/// The state of one list. It stays while a domain of the list fills the screen.
#[derive(Clone, Debug)]
pub struct ListState {
    /// The column.
    pub sort: SortKey,
    /// Its order.
    pub order: Order,
    /// The selected row; `None`: the first row, until the user selects one.
    pub selected: Option<RowId>,
    /// The first row on the screen; of panes, the first line of cards.
    pub offset: usize,
    /// The rows in the order in which the user holds them; `None`: they are sorted anew with every sample.
    pub fixed_order: Option<Vec<RowId>>,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct UiState {
    /// The list on the screen, or under the domain that fills it.
    pub list: List,
    lists: [ListState; List::ALL.len()],
    /// The rows of the list, after filter and sort.
    pub rows: Vec<RowId>,
    /// Domains, devices or events that exist, before the filter.
    pub unfiltered: usize,
    /// The filter of all lists.
    pub filter: Filter,
    /// Lists of domains leave out those that are off.
    pub hides_off: bool,
    /// Which events the user has seen.
    pub seen: Seen,
    /// The domain that fills the screen.
    pub domain: Option<DomainView>,
    /// The help is open, scrolled by this many lines.
    pub help: Option<u16>,
    /// The time that the screen shows.
    pub cursor: TimeCursor,
    /// The part of the history that charts show.
    pub zoom: Zoom,
    /// The sampling interval that the user has chosen.
    pub interval: Interval,
    /// The theme's number; the view takes it modulo the number of themes.
    pub theme: usize,
    /// Lines that are held of standard error while the screen is up.
    pub stderr_lines: u64,
    /// The last key chose a theme, which the footer names.
    pub theme_chosen: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// How many hosts there are.
    hosts: usize,
}

impl UiState {
    /// The state at the start.
    pub fn new(interval: Interval) -> Self {
        let list = |list: List| {
            let sort = list.first_sort();
            ListState { sort, order: sort.natural(), selected: None, offset: 0, fixed_order: None }
        };
        Self {
            list: List::Table,
            lists: List::ALL.map(list),
            rows: Vec::new(),
            unfiltered: 0,
            filter: Filter::default(),
            hides_off: false,
            seen: Seen::default(),
            domain: None,
            help: None,
            cursor: TimeCursor::Live,
            zoom: Zoom::default(),
            interval,
            theme: 0,
            stderr_lines: 0,
            theme_chosen: false,
            size: (80, 24),
            hosts: 1,
        }
    }

    /// With a query that filters the lists.
    pub fn filtered(mut self, query: &Query) -> Self {
        self.filter.set(query.text().to_owned());
        self
    }

    /// Limits the scroll offset of the help. `end`: the greatest offset.
    pub fn limit_help(&mut self, end: impl FnOnce(&Self) -> u16) {
        if let Some(scroll) = self.help {
            self.help = Some(scroll.min(end(self)));
        }
    }

    /// What fills the screen, under the help if that is open.
    pub fn screen(&self) -> Screen<'_> {
        match &self.domain {
            None => Screen::List(self.list),
            Some(view) => match &view.device {
                Some(device) => Screen::Device(view.id, device),
                None => Screen::Domain(view),
            },
        }
    }

    /// The state of the shown list.
    pub fn list_state(&self) -> &ListState {
        &self.lists[self.list as usize]
    }

    pub(super) fn list_state_mut(&mut self) -> &mut ListState {
        &mut self.lists[self.list as usize]
    }

    /// The index of the selected row; `None` in an empty list.
    pub fn selected_index(&self) -> Option<usize> {
        let found = self.list_state().selected.as_ref().and_then(|id| self.rows.iter().position(|row| row == id));
        found.or((!self.rows.is_empty()).then_some(0))
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<&RowId> {
        self.selected_index().and_then(|index| self.rows.get(index))
    }

    /// The host whose figures the screen shows; `None`: all of several hosts.
    pub fn host_shown(&self, fleet: &Fleet) -> Option<HostId> {
        match &self.domain {
            Some(view) => Some(view.id.host),
            None => (fleet.hosts().len() == 1).then_some(0),
        }
    }

    /// Lines of the hosts at the top of the screen.
    pub fn host_lines(&self) -> u16 {
        match self.domain {
            Some(_) => layout::ONE_HOST,
            None => layout::host_lines(self.hosts, self.size.1),
        }
    }

    /// The parts of the screen while it shows a list.
    pub(super) fn list_areas(&self) -> Areas {
        layout::areas(self.size, layout::host_lines(self.hosts, self.size.1))
    }

    /// The grid of the panes, at the present size and number of rows.
    pub fn card_grid(&self) -> CardGrid {
        CardGrid::new(self.list_areas().body, self.rows.len())
    }

    /// Events that the user has not seen: their number, and the newest with its host.
    pub fn unseen<'a>(&self, fleet: &'a Fleet) -> Option<(usize, HostId, &'a Event)> {
        seen::unseen(&self.seen, self.cursor, fleet)
    }

    /// Events of a host that had happened at the time that is shown, newest first, with their numbers.
    pub fn events_shown<'a>(&self, host: &'a Host) -> impl Iterator<Item = (u64, &'a Event)> + use<'a> {
        seen::shown(host, self.cursor).rev()
    }

    /// Computes rows, selection and scrolling from the fleet. To be called before the screen is drawn.
    pub fn refresh(&mut self, fleet: &Fleet) {
        self.hosts = fleet.hosts().len();
        let state = self.list_state();
        let sort = (state.sort, state.order);
        let old_index = self.selected_index();
        let shown = rows::Shown { list: self.list, query: &self.filter.query, hides_off: self.hides_off };
        self.rows = rows::rows(fleet, shown, sort, self.cursor, &self.seen);
        if let Some(fixed) = &self.lists[self.list as usize].fixed_order {
            self.rows = rows::in_fixed_order(std::mem::take(&mut self.rows), fixed);
        }
        self.unfiltered = rows::count(fleet, self.list, self.cursor);
        self.keep_selection(old_index);
        self.keep_in_sight();
        self.follow_domain(fleet);
    }

    /// Selects another row, at the same index, if the selected one is gone.
    fn keep_selection(&mut self, old_index: Option<usize>) {
        let Some(selected) = &self.list_state().selected else { return };
        // If the user cancels the filter, the selected row is there again.
        let may_return = self.filter.editing.is_some() || !self.filter.text.is_empty() && self.rows.is_empty();
        if self.rows.contains(selected) || may_return {
            return;
        }
        let index = old_index.unwrap_or(0).min(self.rows.len().saturating_sub(1));
        self.list_state_mut().selected = self.rows.get(index).cloned();
    }

    /// Scrolls by the fewest lines that bring the selected row onto the screen.
    pub(super) fn keep_in_sight(&mut self) {
        let (line, lines, page) = match self.list {
            List::Panes => {
                let grid = self.card_grid();
                let lines = self.rows.len().div_ceil(grid.columns.max(1));
                (self.selected_index().unwrap_or(0) / grid.columns.max(1), lines, grid.rows)
            }
            _ => (self.selected_index().unwrap_or(0), self.rows.len(), self.page_height()),
        };
        let offset = &mut self.list_state_mut().offset;
        *offset = scroll(*offset, line, lines, page);
    }

    /// Lines of the help that fit on the screen.
    pub(super) fn help_height(&self) -> u16 {
        layout::areas(self.size, self.host_lines()).body.height.saturating_sub(2).max(1)
    }

    /// Rows of a table that fit on the screen.
    pub fn page_height(&self) -> usize {
        usize::from(self.list_areas().body.height).saturating_sub(1).max(1)
    }

    /// Keeps the selected device of the domain on the screen, if the domain still has it.
    fn follow_domain(&mut self, fleet: &Fleet) {
        let Some(view) = &mut self.domain else { return };
        let Some((_, domain)) = fleet.domain(view.id) else { return };
        let keys = device_keys(domain);
        if view.selected.as_ref().is_some_and(|key| !keys.contains(key)) {
            view.selected = None;
        }
        let index = view.selected.as_ref().and_then(|key| keys.iter().position(|other| other == key)).unwrap_or(0);
        let page = usize::from(layout::domain_areas(self.size, domain).devices.height).max(1);
        let (line, lines) = layout::device_line(domain, index);
        // Above the first device may be headings of kinds that the domain has none of.
        if index == 0 && line < page {
            view.offset = 0;
        }
        // The heading above the device is on the screen, too.
        view.offset = scroll(view.offset, line.saturating_sub(1), lines, page);
        view.offset = scroll(view.offset, line, lines, page);
    }
}

/// The offset nearest to `offset` with which `line` is on the page and the page is full.
fn scroll(offset: usize, line: usize, lines: usize, page: usize) -> usize {
    let page = page.max(1);
    let offset = if line < offset {
        line
    } else if line >= offset + page {
        line + 1 - page
    } else {
        offset
    };
    offset.min(lines.saturating_sub(page))
}
