//! What an action does to the state of the screen.

use super::action::{Action, Effect};
use super::filter::Unfiltered;
use super::rows::device_keys;
use super::screen::{DomainView, Screen};
use super::seen;
use super::state::UiState;
use crate::fleet::{DomainId, Fleet, Host, TimeCursor, When};
use crate::table::{DeviceKey, List, RowId, SortKey};

/// Applies one action. Returns what the caller has to do outside of the screen.
pub fn update(ui: &mut UiState, fleet: &Fleet, action: Action) -> Option<Effect> {
    change(ui, fleet, |ui| apply(ui, fleet, action))
}

/// Changes the state, marks the events of a screen that is left as seen, and computes the rows anew.
pub(super) fn change<T>(ui: &mut UiState, fleet: &Fleet, apply: impl FnOnce(&mut UiState) -> T) -> T {
    let before = seen::looking(ui.screen(), !ui.filter.text.is_empty());
    let result = apply(ui);
    if let Some(left) = before.filter(|_| seen::looking(ui.screen(), !ui.filter.text.is_empty()) != before) {
        seen::leave(&mut ui.seen, ui.cursor, fleet, left);
    }
    ui.refresh(fleet);
    result
}

fn apply(ui: &mut UiState, fleet: &Fleet, action: Action) -> Option<Effect> {
    if !matches!(action, Action::Resize { .. }) {
        ui.theme_chosen = action == Action::NextTheme;
    }
    match action {
        Action::Quit if ui.help.is_some() => ui.help = None,
        Action::Quit | Action::QuitAtOnce => return Some(Effect::Quit),
        Action::Suspend => return Some(Effect::Suspend),
        Action::Redraw => return Some(Effect::Redraw),
        Action::Resize { width, height } => ui.size = (width, height),
        Action::Help => ui.help = if ui.help.is_some() { None } else { Some(0) },
        Action::NextTheme => ui.theme = ui.theme.wrapping_add(1),
        Action::IntervalLonger => return set_interval(ui, ui.interval.longer()),
        Action::IntervalShorter => return set_interval(ui, ui.interval.shorter()),
        Action::ZoomOut => ui.zoom = ui.zoom.step(true),
        Action::ZoomIn => ui.zoom = ui.zoom.step(false),
        Action::Freeze => freeze(ui, fleet),
        Action::TimeBack(samples) => travel(ui, fleet, -i64::from(samples)),
        Action::TimeForward(samples) => travel(ui, fleet, i64::from(samples)),
        Action::FilterStart => start_filter(ui),
        Action::FilterInsert(c) => ui.filter.edit(|text| text.push(c)),
        Action::FilterErase => ui.filter.edit(|text| _ = text.pop()),
        Action::FilterEraseWord => ui.filter.edit(erase_word),
        Action::FilterEraseAll => ui.filter.edit(String::clear),
        Action::FilterComplete => ui.filter.complete(),
        Action::FilterOlder => ui.filter.recall(true),
        Action::FilterNewer => ui.filter.recall(false),
        Action::FilterAccept => ui.filter.accept(),
        Action::FilterCancel => ui.domain = ui.filter.cancel().domain,
        Action::Show(list) => show(ui, list),
        other => {
            if let Some(scroll) = ui.help {
                ui.help = in_help(other, scroll, ui.help_height());
            } else {
                on_screen(ui, fleet, other);
            }
        }
    }
    None
}

fn on_screen(ui: &mut UiState, fleet: &Fleet, action: Action) {
    match ui.screen() {
        // In the past, the key first returns to live figures on the same screen.
        _ if action == Action::Back && ui.cursor != TimeCursor::Live => ui.cursor = TimeCursor::Live,
        Screen::List(_) => in_list(ui, fleet, action),
        Screen::Domain(view) => {
            let id = view.id;
            in_domain(ui, fleet, id, action)
        }
        Screen::Device(id, _) => in_device(ui, fleet, id, action),
    }
}

fn set_interval(ui: &mut UiState, interval: crate::time::Interval) -> Option<Effect> {
    ui.interval = interval;
    Some(Effect::SetInterval(interval))
}

fn start_filter(ui: &mut UiState) {
    ui.filter.editing = Some(Unfiltered { text: ui.filter.text.clone(), domain: ui.domain.clone() });
    show(ui, ui.list);
}

/// Takes back the last word and the blanks behind it, as a shell does.
fn erase_word(text: &mut String) {
    text.truncate(text.trim_end().trim_end_matches(|c: char| !c.is_whitespace()).len());
}

fn show(ui: &mut UiState, list: List) {
    ui.help = None;
    ui.domain = None;
    ui.list = list;
}

/// The help scrolls; Back and Open close it.
fn in_help(action: Action, scroll: u16, page: u16) -> Option<u16> {
    Some(match action {
        Action::Back | Action::Open => return None,
        Action::Up => scroll.saturating_sub(1),
        Action::Down => scroll.saturating_add(1),
        Action::PageUp => scroll.saturating_sub(page),
        Action::PageDown => scroll.saturating_add(page),
        Action::HalfPageUp => scroll.saturating_sub(page / 2),
        Action::HalfPageDown => scroll.saturating_add(page / 2),
        Action::First => 0,
        Action::Last => u16::MAX,
        _ => scroll,
    })
}

fn in_list(ui: &mut UiState, fleet: &Fleet, action: Action) {
    let page = ui.page_height() as isize;
    let panes = ui.list == List::Panes;
    let line = if panes { ui.card_grid().columns.max(1) as isize } else { 1 };
    let page = if panes { (ui.card_grid().columns * ui.card_grid().rows) as isize } else { page };
    let index = ui.selected_index().unwrap_or(0) as isize;
    let last = ui.rows.len().saturating_sub(1) as isize;
    match action {
        Action::Up if index < line => {}
        Action::Up => select_by(ui, -line),
        // The last line of cards may not be full: the last card of it is selected, and in that line no other.
        Action::Down if index / line == last / line => {}
        Action::Down => select_by(ui, line),
        Action::PageUp => select_by(ui, -page),
        Action::PageDown => select_by(ui, page),
        Action::HalfPageUp => select_by(ui, -(page / 2).max(1)),
        Action::HalfPageDown => select_by(ui, (page / 2).max(1)),
        Action::First => select_by(ui, isize::MIN / 2),
        Action::Last => select_by(ui, isize::MAX / 2),
        Action::Left if panes => select_by(ui, -1),
        Action::Right if panes => select_by(ui, 1),
        Action::Left | Action::SortPrevious => sort_by_neighbour(ui, -1),
        Action::Right | Action::SortNext => sort_by_neighbour(ui, 1),
        Action::SortBy(key) => {
            sort_by(ui, key);
            // `!` also selects the first row, which has the worst finding.
            if key == SortKey::Trouble {
                ui.refresh(fleet);
                select_by(ui, isize::MIN / 2);
            }
        }
        Action::HoldOrder => {
            let fixed = if ui.list_state().fixed_order.is_some() { None } else { Some(ui.rows.clone()) };
            ui.list_state_mut().fixed_order = fixed;
        }
        Action::HideOff => ui.hides_off = !ui.hides_off,
        Action::Reverse => {
            let state = ui.list_state_mut();
            (state.order, state.fixed_order) = (state.order.reversed(), None);
        }
        Action::NextPane => show(ui, neighbour_list(ui.list, 1)),
        Action::PreviousPane => show(ui, neighbour_list(ui.list, List::ALL.len() - 1)),
        Action::Back => ui.filter.edit(String::clear),
        Action::Open => open(ui, fleet),
        _ => {}
    }
}

fn neighbour_list(list: List, step: usize) -> List {
    List::ALL[(list as usize + step) % List::ALL.len()]
}

fn select_by(ui: &mut UiState, step: isize) {
    let Some(last) = ui.rows.len().checked_sub(1) else { return };
    let index = ui.selected_index().unwrap_or(0).saturating_add_signed(step).min(last);
    ui.list_state_mut().selected = ui.rows.get(index).cloned();
}

fn sort_by(ui: &mut UiState, key: SortKey) {
    let own = ui.list.own(key);
    // A list that cannot be sorted by this key is replaced by the table, which can.
    let key = own.unwrap_or_else(|| {
        ui.list = List::Table;
        key
    });
    let state = ui.list_state_mut();
    // Pressed again it changes nothing: `r` reverses the order.
    (state.sort, state.order, state.fixed_order) = (key, key.natural(), None);
}

fn sort_by_neighbour(ui: &mut UiState, step: isize) {
    let keys = ui.list.sort_keys();
    let now = keys.iter().position(|key| *key == ui.list_state().sort).unwrap_or(0);
    let key = keys[(now as isize + step).rem_euclid(keys.len() as isize) as usize];
    let state = ui.list_state_mut();
    (state.sort, state.order, state.fixed_order) = (key, key.natural(), None);
}

fn open(ui: &mut UiState, fleet: &Fleet) {
    let Some(row) = ui.selected_row().cloned() else { return };
    ui.list_state_mut().selected = Some(row.clone());
    // A domain that is gone has no screen.
    let there = |id: DomainId| fleet.domain(id).is_some();
    let (id, device) = match row {
        RowId::Domain(id) => (Some(id), None),
        RowId::Device(id, key) => (Some(id), Some(key)),
        RowId::Event(_, _, id) => (id.filter(|id| there(*id)), None),
    };
    if let Some(id) = id {
        ui.domain = Some(DomainView { id, selected: device.clone(), offset: 0, device });
    }
}

fn in_domain(ui: &mut UiState, fleet: &Fleet, id: DomainId, action: Action) {
    let domain = fleet.domain(id).map(|(_, domain)| domain);
    let keys = domain.map(device_keys).unwrap_or_default();
    let page = domain.map_or(1, |domain| super::domain_areas(ui.size, domain).devices.height as isize).max(1);
    let Some(view) = ui.domain.as_mut() else { return };
    let mut select = |step: isize| {
        let index = position(&keys, &view.selected).saturating_add_signed(step);
        view.selected = keys.get(index.min(keys.len().saturating_sub(1))).cloned();
    };
    match action {
        Action::Up => select(-1),
        Action::Down => select(1),
        Action::PageUp => select(-page),
        Action::PageDown => select(page),
        Action::HalfPageUp => select(-(page / 2).max(1)),
        Action::HalfPageDown => select((page / 2).max(1)),
        Action::First => select(isize::MIN / 2),
        Action::Last => select(isize::MAX / 2),
        Action::NextPane | Action::Right => view.selected = next_kind(&keys, &view.selected, 1),
        Action::PreviousPane | Action::Left => view.selected = next_kind(&keys, &view.selected, -1),
        Action::Open => view.device = keys.get(position(&keys, &view.selected)).cloned(),
        Action::Back => ui.domain = None,
        _ => {}
    }
}

fn position(keys: &[DeviceKey], selected: &Option<DeviceKey>) -> usize {
    selected.as_ref().and_then(|selected| keys.iter().position(|key| key == selected)).unwrap_or(0)
}

/// The first device of the next kind that the domain has.
fn next_kind(keys: &[DeviceKey], selected: &Option<DeviceKey>, step: isize) -> Option<DeviceKey> {
    let kind = |key: &DeviceKey| std::mem::discriminant(key);
    let mut firsts: Vec<&DeviceKey> = keys.iter().collect();
    firsts.dedup_by_key(|key| kind(key));
    let now = keys.get(position(keys, selected))?;
    let index = firsts.iter().position(|first| kind(first) == kind(now))?;
    firsts.get((index as isize + step).rem_euclid(firsts.len() as isize) as usize).map(|key| (*key).clone())
}

fn in_device(ui: &mut UiState, fleet: &Fleet, id: DomainId, action: Action) {
    let keys = fleet.domain(id).map(|(_, domain)| device_keys(domain)).unwrap_or_default();
    let Some(view) = ui.domain.as_mut() else { return };
    let step = match action {
        Action::Left | Action::Up | Action::PreviousPane => -1,
        Action::Right | Action::Down | Action::NextPane => 1,
        Action::Back => {
            // Also if the user came from a list of devices: the domain's screen shows its other devices.
            view.device = None;
            return;
        }
        _ => return,
    };
    if keys.is_empty() {
        return;
    }
    let index = (position(&keys, &view.device) as isize + step).rem_euclid(keys.len() as isize) as usize;
    view.device = Some(keys[index].clone());
    view.selected = view.device.clone();
}

fn freeze(ui: &mut UiState, fleet: &Fleet) {
    ui.cursor = match ui.cursor {
        TimeCursor::At(_) => TimeCursor::Live,
        TimeCursor::Live => newest(fleet).map_or(TimeCursor::Live, TimeCursor::At),
    };
}

fn newest(fleet: &Fleet) -> Option<std::time::Duration> {
    fleet.hosts().iter().filter_map(|host| host.sampled_at).map(|at| at.monotonic).max()
}

/// Moves the cursor by samples of one host. After the newest sample it is live again.
fn travel(ui: &mut UiState, fleet: &Fleet, samples: i64) {
    let Some(timeline) = travelled_host(ui, fleet).map(|host| &host.timeline) else { return };
    let Some(last) = timeline.last() else { return };
    let now = match timeline.when(ui.cursor) {
        When::Latest => last,
        When::Tick(tick, _) => tick,
    };
    let live = ui.cursor == TimeCursor::Live;
    let target = now.saturating_add_signed(samples).max(timeline.first());
    ui.cursor = if target > last || live && samples > 0 {
        TimeCursor::Live
    } else {
        timeline.stamp(target).map_or(ui.cursor, |stamp| TimeCursor::At(stamp.monotonic))
    };
}

/// The host by whose samples the cursor moves: that of the domain on the screen, or of the selected row; otherwise, or if it
/// has no samples, the first host that has any.
fn travelled_host<'a>(ui: &UiState, fleet: &'a Fleet) -> Option<&'a Host> {
    let domain = ui.domain.as_ref().map(|view| view.id).or_else(|| ui.selected_row()?.domain());
    let has_samples = |host: &&Host| host.timeline.last().is_some();
    let preferred = domain.and_then(|id| fleet.host(id.host)).filter(has_samples);
    preferred.or_else(|| fleet.hosts().iter().find(has_samples))
}
