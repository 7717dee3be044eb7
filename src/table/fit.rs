//! Which columns fit into a width, and where they stand.

use super::column::{Column, Content};
use super::list::List;
use super::sort::SortKey;
use crate::model::Groups;
use ratatui::layout::Rect;

/// A column to be placed, with its widths: those of the column, or others that depend on the contents of its cells.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The column.
    pub column: &'static Column,
    /// Least width.
    pub width: u16,
    /// Share of the room that is left over.
    pub grow: u16,
    /// Greatest width.
    pub most: u16,
}

impl From<&'static Column> for Wanted {
    fn from(column: &'static Column) -> Self {
        Self { column, width: column.width, grow: column.grow, most: column.most }
    }
}

/// A column that has room.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    /// The column.
    pub column: &'static Column,
    /// Cells left of it.
    pub offset: u16,
    /// Its width in cells.
    pub width: u16,
}

impl Placed {
    /// Its cell in the place of a row.
    pub fn cell(&self, row: Rect) -> Rect {
        Rect { x: row.x + self.offset, width: self.width, height: 1, ..row }
    }
}

/// The columns that fit into a width, from left to right. Between two there is one blank.
pub fn fit(wanted: impl IntoIterator<Item = Wanted>, width: u16) -> Vec<Placed> {
    let mut kept: Vec<Wanted> = wanted.into_iter().collect();
    let needed = |kept: &[Wanted]| kept.iter().map(|wanted| wanted.width + 1).sum::<u16>().saturating_sub(1);
    while needed(&kept) > width {
        let Some(worst) = kept.iter().map(|wanted| wanted.column.rank).max().filter(|rank| *rank > 0) else { break };
        let Some(index) = kept.iter().rposition(|wanted| wanted.column.rank == worst) else { break };
        kept.remove(index);
    }
    let mut spare = width.saturating_sub(needed(&kept));
    // The columns that grow get the room that is left, in turns, until all have their greatest width.
    while spare > 0 {
        let before = spare;
        for wanted in &mut kept {
            let step = wanted.grow.min(spare).min(wanted.most.saturating_sub(wanted.width));
            wanted.width += step;
            spare -= step;
        }
        if spare == before {
            break;
        }
    }
    let mut offset = 0;
    let place = |Wanted { column, width, .. }: Wanted| {
        let placed = Placed { column, offset, width };
        offset += width + 1;
        placed
    };
    kept.into_iter().map(place).collect()
}

/// The columns of the list of domains in a width. `longest_name`: width of the longest name, in cells. If names do not fit, their
/// column takes room from the chart beside it, up to the whole chart; all other columns stay where they are.
pub fn fit_domains(width: u16, longest_name: usize) -> Vec<Placed> {
    /// A shorter chart shows nothing.
    const LEAST: u16 = 2;
    let mut placed = fit(wanted_domains(width, longest_name), width.saturating_sub(1));
    let find = |content| placed.iter().position(|placed| placed.column.content == content);
    let (Some(name), Some(chart)) = (find(Content::Name), find(Content::CpuHistory)) else { return placed };
    let given = placed[chart].width;
    let wished = longest_name.min(usize::from(placed[name].column.most)) as u16;
    let lacking = wished.saturating_sub(placed[name].width);
    let goes = given.saturating_sub(lacking) < LEAST;
    // If the chart is left out, the blank beside it is free too.
    let taken = if lacking > 0 && goes { given + 1 } else { lacking };
    placed[name].width += taken;
    for column in &mut placed[name + 1..=chart] {
        column.offset += taken;
    }
    if taken > given {
        placed.remove(chart);
    } else {
        placed[chart].width -= taken;
    }
    placed
}

/// On a terminal of more than 80 cells, names and the chart get a part of the additional room, before further columns do.
fn wanted_domains(width: u16, longest_name: usize) -> impl Iterator<Item = Wanted> {
    let room = width.saturating_sub(80);
    List::Table.columns().iter().map(move |column| {
        let mut wanted = Wanted::from(column);
        match column.content {
            Content::Name => wanted.width += (longest_name as u16).saturating_sub(column.width).min(room / 2).min(24),
            Content::CpuHistory => wanted.width += (room / 5).min(20),
            _ => {}
        }
        wanted
    })
}

/// The groups of statistics that a list needs in a width: those of the columns that have room, and that of the sort key. The
/// cards of the panes need all groups.
pub fn shown_groups(list: List, width: u16, longest_name: usize, sort: SortKey) -> Groups {
    let placed = match list {
        List::Panes => return Groups::OVERVIEW,
        List::Table => fit_domains(width, longest_name),
        _ => fit(list.columns().iter().map(Wanted::from), width.saturating_sub(1)),
    };
    let of_device = list.device_group();
    let shown = placed.iter().map(|placed| placed.column.content.groups(of_device));
    shown.fold(sort.groups(of_device), Groups::union)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::metric::{DiskMetric, DomainMetric};

    fn placed(width: u16) -> Vec<(&'static str, u16, u16)> {
        static COLUMNS: [Column; 3] = [
            Column::words("a", "", Content::Name, (4, 10), 1, 0),
            Column::words("b", "", Content::State, (5, 5), 0, 2),
            Column::words("c", "", Content::About, (5, 7), 2, 1),
        ];
        let placed = fit(COLUMNS.iter().map(Wanted::from), width);
        placed.into_iter().map(|placed| (placed.column.id, placed.offset, placed.width)).collect()
    }

    #[test]
    fn columns_leave_by_rank_and_the_rest_grows_to_its_limit() {
        assert_eq!(placed(16), [("a", 0, 4), ("b", 5, 5), ("c", 11, 5)]);
        assert_eq!(placed(15), [("a", 0, 7), ("c", 8, 7)]);
        assert_eq!(placed(9), [("a", 0, 9)]);
        assert_eq!(placed(3), [("a", 0, 4)], "a column of rank 0 stays even where it is cut");
        assert_eq!(placed(40), [("a", 0, 10), ("b", 11, 5), ("c", 17, 7)]);
    }

    fn headings(width: u16, longest_name: usize) -> Vec<&'static str> {
        fit_domains(width, longest_name).iter().map(|placed| placed.column.heading).collect()
    }

    #[test]
    fn a_terminal_of_80_columns_shows_every_kind_of_figure() {
        let shown = ["S", "NAME", "CPU%", "", "ST%", "MEMORY", "RD/s", "WR/s", "IOPS", "LAT", "RX/s", "TX/s"];
        assert_eq!(headings(80, 12), shown);
    }

    #[test]
    fn forty_columns_still_show_the_name_and_the_cpu() {
        assert_eq!(headings(40, 30), ["S", "NAME", "CPU%", "ST%", "MEMORY"]);
    }

    /// The widths of the name and of the chart, and the offset of the steal.
    fn shares(width: u16, longest_name: usize) -> (u16, Option<u16>, Option<u16>) {
        let placed = fit_domains(width, longest_name);
        let find = |content| placed.iter().find(|placed| placed.column.content == content);
        let chart = find(Content::CpuHistory).map(|placed| placed.width);
        let name = find(Content::Name).map_or(0, |placed| placed.width);
        (name, chart, find(Content::Domain(DomainMetric::Steal)).map(|placed| placed.offset))
    }

    #[test]
    fn a_long_name_takes_its_columns_from_the_chart() {
        assert_eq!(shares(80, 5), (12, Some(5), Some(28)));
        assert_eq!(shares(80, 12), (12, Some(5), Some(28)));
        assert_eq!(shares(80, 15), (15, Some(2), Some(28)));
        assert_eq!(shares(80, 16), (18, None, Some(28)));
        assert_eq!(shares(80, 99), (18, None, Some(28)));
        assert_eq!(shares(40, 99).0, 15, "without a chart there is nothing to take");
    }

    #[test]
    fn on_wider_terminals_all_of_a_usual_name_is_shown() {
        for width in 100..250 {
            let (name, chart, _) = shares(width, 28);
            assert!(name >= 28 || chart.is_none(), "{name} and {chart:?} of {width}");
        }
        assert!(shares(120, 28).1.is_some_and(|chart| chart >= 5));
    }

    #[test]
    fn a_column_that_has_no_room_needs_no_group() {
        let by_name = |list, width| shown_groups(list, width, 12, SortKey::Name);
        assert_eq!(by_name(List::Table, 80), Groups::OVERVIEW - Groups::STATE);
        assert_eq!(by_name(List::Table, 40), Groups::CPU | Groups::VCPU | Groups::MEMORY);
        assert_eq!(by_name(List::Disks, 80), Groups::BLOCK);
        assert_eq!(by_name(List::Nics, 40), Groups::NET);
        assert_eq!(by_name(List::Vcpus, 200), Groups::VCPU);
        assert_eq!(by_name(List::Events, 80), Groups::empty());
        assert_eq!(by_name(List::Panes, 40), Groups::OVERVIEW);
    }

    #[test]
    fn what_a_list_is_sorted_by_is_needed_without_a_column_too() {
        let narrow = Groups::CPU | Groups::VCPU | Groups::MEMORY;
        assert_eq!(shown_groups(List::Table, 40, 12, SortKey::DiskBytes), narrow | Groups::BLOCK);
        assert_eq!(shown_groups(List::Table, 40, 12, SortKey::Trouble), narrow | Groups::OVERVIEW);
        let latency = SortKey::Domain(DomainMetric::WorstLatency);
        assert_eq!(shown_groups(List::Disks, 40, 12, latency), Groups::BLOCK);
        assert_eq!(shown_groups(List::Disks, 40, 12, SortKey::Disk(DiskMetric::Errors)), Groups::BLOCK);
    }
}
