//! Where things are on a screen of a given size. Scrolling and drawing read the same geometry.
//!
//! ```text
//! ┌ hosts ──────────────────────────────────────────────┐ 2 lines, or a heading and a line for each of several hosts
//! ├ trouble: findings, the most severe first ───────────┤ 1 line
//! ├ body: table, cards, domain or device ───────────────┤ the rest
//! └ footer: keys, or the filter that is being typed ────┘ 1 line
//! ```

use crate::fleet::Domain;
use ratatui::layout::{Constraint, Layout, Rect};

/// Below this width nothing useful can be shown.
pub const MIN_WIDTH: u16 = 40;
/// Below this height nothing useful can be shown.
pub const MIN_HEIGHT: u16 = 10;
/// A card is at least this wide.
const CARD_MIN_WIDTH: u16 = 38;
/// A card is at least this high, with its frame.
const CARD_MIN_HEIGHT: u16 = 7;

/// The parts that every screen has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// The hosts.
    pub hosts: Rect,
    /// What is wrong.
    pub trouble: Rect,
    /// What the screen is about.
    pub body: Rect,
    /// Keys or input.
    pub footer: Rect,
}

/// Lines at the top for one host.
pub(super) const ONE_HOST: u16 = 2;

/// Lines at the top for this number of hosts, on a terminal of this height: a quarter of it at most.
pub(super) fn host_lines(hosts: usize, height: u16) -> u16 {
    match hosts {
        0 | 1 => ONE_HOST,
        _ => u16::try_from(1 + hosts).unwrap_or(u16::MAX).min((height / 4).max(1 + ONE_HOST)),
    }
}

/// The parts of a terminal of this size (columns, rows), with so many lines for hosts.
pub fn areas((width, height): (u16, u16), host_lines: u16) -> Areas {
    let lines = [Constraint::Length(host_lines), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)];
    let [hosts, trouble, body, footer] = Layout::vertical(lines).areas(Rect::new(0, 0, width, height));
    Areas { hosts, trouble, body, footer }
}

/// The place below the rows of the table for the charts of the selected domain; `None`: the rows leave too little room.
pub fn preview_area(body: Rect, rows: usize) -> Option<Rect> {
    const LEAST: u16 = 8;
    const MOST: u16 = 24;
    // The heading and a blank line.
    let height = usize::from(body.height).checked_sub(rows + 2).filter(|room| *room >= usize::from(LEAST))?;
    let height = (height as u16).min(MOST);
    Some(Rect { y: body.bottom() - height, height, ..body })
}

/// The parts of the domain screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainAreas {
    /// The name and origin of the domain.
    pub title: Rect,
    /// CPU, memory and, where there is room, disk and network charts.
    pub charts: Rect,
    /// Disks, NICs and vCPUs, with their headings.
    pub devices: Rect,
}

/// The domain screen on a terminal of this size. Charts have a third of it, and more where its devices need less than
/// the rest; below the devices there stays room for its latest events.
pub fn domain_areas(size: (u16, u16), domain: &Domain) -> DomainAreas {
    const EVENTS: u16 = 6;
    let body = areas(size, ONE_HOST).body;
    let devices = u16::try_from(device_line(domain, 0).1).unwrap_or(u16::MAX);
    let spare = body.height.saturating_sub(3).saturating_sub(devices).saturating_sub(EVENTS);
    let charts = (body.height / 3).max(spare.min(24)).clamp(6, 24);
    let [title, charts, devices] =
        Layout::vertical([Constraint::Length(3), Constraint::Length(charts), Constraint::Min(0)]).areas(body);
    DomainAreas { title, charts, devices }
}

/// The line of a device in the list of the domain screen (each kind has a heading), and how many lines there are.
pub(super) fn device_line(domain: &Domain, index: usize) -> (usize, usize) {
    let counts = [domain.disks.len(), domain.nics.len(), domain.vcpus.len()];
    let (mut line, mut left, mut found) = (0, index, None);
    for count in counts {
        line += 1;
        if found.is_none() && left < count {
            found = Some(line + left);
        }
        left = left.saturating_sub(count);
        line += count.max(1);
    }
    (found.unwrap_or(0), line)
}

/// The layout of the cards of the panes: all have the same height, so that all show the same lines. Room that is left below them
/// stays blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardGrid {
    /// Cards side by side.
    pub columns: usize,
    /// Cards on top of each other on one screen.
    pub rows: usize,
    area: Rect,
}

impl CardGrid {
    /// As many cards as fit; where there are fewer, they grow. The last column is left to the scroll bar.
    pub fn new(body: Rect, cards: usize) -> Self {
        let area = Rect { width: body.width.saturating_sub(1), ..body };
        let most_columns = usize::from(area.width / CARD_MIN_WIDTH).max(1);
        let most_rows = usize::from(area.height / CARD_MIN_HEIGHT).max(1);
        let cards = cards.max(1);
        // The fewest columns with which all cards fit (with at most twice as many lines as columns); otherwise as many as possible.
        let columns = (1..=most_columns).find(|columns| columns * most_rows.min(columns * 2) >= cards);
        let columns = columns.unwrap_or(most_columns);
        let rows = cards.div_ceil(columns).min(most_rows);
        Self { columns, rows, area }
    }

    /// The place of a card on the screen, counted from the first one shown.
    pub fn card(&self, index: usize) -> Option<Rect> {
        let (row, column) = (index / self.columns, index % self.columns);
        if row >= self.rows {
            return None;
        }
        let edge = |column: usize| (usize::from(self.area.width) * column / self.columns) as u16;
        let height = self.area.height / self.rows as u16;
        let y = self.area.y + row as u16 * height;
        Some(Rect { x: self.area.x + edge(column), y, width: edge(column + 1) - edge(column), height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hosts_have_a_heading_and_a_line_each_up_to_a_quarter_of_the_height() {
        for (hosts, height, lines) in
            [(0, 24, 2), (1, 24, 2), (2, 24, 3), (3, 24, 4), (9, 24, 6), (2, 10, 3), (9, 10, 3)]
        {
            assert_eq!(host_lines(hosts, height), lines, "{hosts} hosts in {height} lines");
        }
    }

    #[test]
    fn all_cards_of_a_screen_are_of_one_height() {
        for height in 6..100 {
            for cards in 1..40 {
                let area = Rect::new(0, 3, 99, height);
                let grid = CardGrid::new(area, cards);
                let places: Vec<Rect> = (0..cards).map_while(|index| grid.card(index)).collect();
                assert!(places.iter().all(|place| place.height == places[0].height), "{cards} in {height}: {places:?}");
                assert!(places.iter().all(|place| place.bottom() <= area.bottom() && place.right() <= area.right()));
                let used = places.iter().map(|place| place.bottom()).max().unwrap_or(0);
                assert!(usize::from(area.bottom() - used) < grid.rows, "no line is left that each row could have had");
            }
        }
    }
}
