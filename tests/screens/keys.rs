//! Every key that the help lists does something, and does what the help says.

use crate::rig::Rig;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use vtop::fleet::TimeCursor;
use vtop::fleet::metric::DiskMetric;
use vtop::time::Interval;
use vtop::ui::{BINDINGS, DeviceKey, Effect, Key, List, Order, RowId, Screen};

const SIZE: (u16, u16) = (80, 24);

fn event(key: Key) -> KeyEvent {
    match key {
        Key::Char(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE),
        Key::Control(c) => KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL),
        Key::Code(code) => KeyEvent::new(code, KeyModifiers::NONE),
    }
}

/// Places where a user may press a key: in the middle of a list, of the panes, of a domain, of a device, in the past.
fn places() -> Vec<Rig> {
    let start = Rig::new(40, 60, SIZE);
    let there = |keys: &&str| {
        let mut rig = start.clone();
        rig.press(keys);
        rig
    };
    ["jjjjj", "2jj", "4jj", "6j", "j⏎j", "j⏎j⏎", "/web⏎j", " <<<", "?jj"].iter().map(there).collect()
}

#[test]
fn every_key_of_the_help_changes_something_somewhere() {
    let places = places();
    for binding in BINDINGS {
        for (key, action) in binding.actions {
            let works = places.iter().cloned().any(|mut rig| {
                let before = format!("{:?}", rig.ui);
                let effect = rig.key(event(*key));
                effect.is_some() || format!("{:?}", rig.ui) != before
            });
            assert!(works, "{key:?} ({action:?}) does nothing anywhere");
        }
    }
}

#[test]
fn the_help_names_every_key_that_is_bound() {
    let silent = [Key::Char('='), Key::Char('_')]; // + and - without Shift, on keyboards where that matters
    for binding in BINDINGS {
        for (key, _) in binding.actions.iter().filter(|(key, _)| !silent.contains(key)) {
            let word = match key {
                Key::Char(' ') => "Space".into(),
                Key::Char('-') => "−".into(),
                Key::Char(c) => c.to_string(),
                Key::Control(c) => format!("^{c}"),
                Key::Code(KeyCode::PageUp) => "PgUp".into(),
                Key::Code(KeyCode::PageDown) => "PgDn".into(),
                Key::Code(KeyCode::Up) => "↑".into(),
                Key::Code(KeyCode::Down) => "↓".into(),
                Key::Code(KeyCode::Left) => "←".into(),
                Key::Code(KeyCode::Right) => "→".into(),
                Key::Code(KeyCode::BackTab) => "Shift-Tab".into(),
                Key::Code(KeyCode::F(number)) => format!("F{number}"),
                Key::Code(code) => format!("{code:?}"),
            };
            assert!(binding.keys.split(' ').any(|named| named == word), "{word} is not in \"{}\"", binding.keys);
        }
    }
}

#[test]
fn no_key_is_bound_twice() {
    let mut seen = Vec::new();
    for (key, _) in BINDINGS.iter().flat_map(|binding| binding.actions) {
        assert!(!seen.contains(key), "{key:?}");
        seen.push(*key);
    }
}

#[test]
fn the_readme_has_the_help_word_for_word() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    for binding in BINDINGS {
        let row = format!("| `{}` | {} |", binding.keys, binding.about);
        assert!(readme.contains(&row), "README.md does not have this row:\n{row}");
    }
}

#[test]
fn a_selection_is_a_domain_not_a_line() {
    let mut rig = Rig::new(40, 60, SIZE);
    rig.press("jjj");
    let row = rig.ui.selected_row().cloned();
    rig.press("r");
    assert_eq!(rig.ui.selected_row().cloned(), row, "the order was reversed");
    rig.press("N");
    assert_eq!(rig.ui.selected_row().cloned(), row, "another column sorts");
    assert_ne!(rig.ui.selected_index(), Some(3));
}

#[test]
fn before_the_user_moves_the_first_row_is_selected_whichever_it_is() {
    let mut rig = Rig::new(40, 60, SIZE);
    rig.press("N");
    assert_eq!(rig.ui.selected_index(), Some(0));
    rig.press("r");
    assert_eq!(rig.ui.selected_index(), Some(0));
}

#[test]
fn a_hundred_domains_scroll_to_their_end_and_back() {
    for list in ["1", "2", "3"] {
        let mut rig = Rig::new(100, 5, SIZE);
        rig.press(list).press("G");
        let last = rig.ui.rows.len() - 1;
        assert_eq!(rig.ui.selected_index(), Some(last));
        assert!(last >= 99);
        assert!(rig.ui.list_state().offset > 0);
        rig.press("g");
        assert_eq!((rig.ui.selected_index(), rig.ui.list_state().offset), (Some(0), 0));
    }
}

#[test]
fn every_row_comes_on_the_screen_while_one_walks_down() {
    let mut rig = Rig::new(100, 5, SIZE);
    rig.press("N");
    for _ in 0..100 {
        let row = rig.ui.selected_row().expect("a row").domain().expect("a row of a domain");
        let name = &rig.fleet.domain(row).expect("a domain").1.name;
        assert!(rig.text().contains(name.as_str()), "{name} is selected but not on the screen");
        rig.press("j");
    }
}

#[test]
fn in_and_out_again() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/db-pri⏎");
    rig.press("⏎");
    let focus = rig.ui.demands(&rig.fleet)[0].focus.first().copied();
    assert_eq!(
        focus,
        rig.ui.selected_row().and_then(|row| row.domain()).map(|id| id.uuid),
        "everything of it is asked"
    );
    assert!(matches!(rig.ui.screen(), Screen::Domain(_)));
    rig.press("⏎");
    assert!(matches!(rig.ui.screen(), Screen::Device(..)));
    rig.press("⎋");
    assert!(matches!(rig.ui.screen(), Screen::Domain(_)));
    rig.press("⎋");
    assert!(rig.ui.demands(&rig.fleet)[0].focus.is_empty());
    assert_eq!(rig.ui.screen(), Screen::List(List::Table));
    assert_eq!(rig.ui.rows.len(), 1, "the filter is still there");
    rig.press("⎋");
    assert_eq!(rig.ui.rows.len(), 12, "and goes with Esc");
}

#[test]
fn tab_goes_round_the_kinds_of_devices() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/proxy⏎⏎");
    let kinds: Vec<String> = (0..4)
        .map(|_| {
            let text = rig.press("⏎").text();
            rig.press("⎋⇥");
            ["disk vd", "NIC vnet", "vCPU 0"].iter().find(|kind| text.contains(**kind)).unwrap_or(&"?").to_string()
        })
        .collect();
    assert_eq!(kinds, ["disk vd", "NIC vnet", "vCPU 0", "disk vd"]);
}

#[test]
fn a_filter_is_typed_kept_and_dropped() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/q");
    assert!(rig.ui.filter.editing.is_some(), "q belongs to the filter while it is typed");
    rig.key(event(Key::Code(KeyCode::Backspace)));
    rig.press("web⏎");
    assert_eq!(rig.ui.rows.len(), 2);
    rig.press("/x");
    assert_eq!(rig.ui.rows.len(), 0);
    assert!(rig.text().contains("no domain matches webx"));
    rig.press("⎋");
    assert_eq!(rig.ui.filter.text, "web", "Esc brings the filter back that was there before");
}

#[test]
fn a_filter_that_is_dropped_leaves_the_selection_where_it_was() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("Njj");
    let row = rig.ui.selected_row().cloned().unwrap();
    rig.press("/web");
    assert_ne!(rig.ui.selected_row(), Some(&row));
    rig.press("⎋");
    assert_eq!(rig.ui.selected_row(), Some(&row));
    rig.press("/web⏎⎋");
    let name = |rig: &Rig| {
        let id = rig.ui.selected_row().and_then(RowId::domain).unwrap();
        rig.fleet.domain(id).unwrap().1.name.clone()
    };
    assert_eq!(name(&rig), "web-01", "what was kept counts: the first that matches is selected");
}

#[test]
fn a_filter_says_so_at_every_width() {
    for (width, filter) in [(40, "db-primary"), (60, "db-primary"), (80, "e"), (80, "db-primary"), (200, "db-primary")]
    {
        let mut rig = Rig::new(12, 60, (width, 24));
        rig.press(&format!("/{filter}⏎"));
        let (shown, text) = (rig.ui.rows.len(), rig.text());
        let footer = text.lines().last().unwrap();
        assert!(footer.contains(&format!(": {shown} of 12")) && footer.contains("q quit"), "{width}: {footer}");
    }
}

#[test]
fn a_filter_is_read_while_it_is_typed_at_every_width() {
    for width in [40, 44, 60, 80] {
        let mut rig = Rig::new(12, 60, (width, 24));
        let text = rig.press("/db-primary").text();
        assert!(text.lines().last().unwrap().contains("filter: db-primary▏"), "{width}: {text}");
    }
}

#[test]
fn what_was_typed_last_into_a_long_filter_is_in_sight() {
    let mut rig = Rig::new(3, 3, SIZE);
    rig.press(&format!("/{}the end", "x".repeat(200)));
    let text = rig.text();
    let footer = text.lines().last().unwrap();
    assert!(footer.contains("the end▏") && footer.contains("Esc drop"), "{footer}");
}

#[test]
fn a_page_of_the_help_leaves_no_line_out() {
    for size in [(80, 24), (100, 30), (40, 10)] {
        let mut rig = Rig::new(3, 3, size);
        rig.press("?");
        let lines = |rig: &Rig| {
            let text = rig.text();
            let lines: Vec<_> = text.lines().skip(4).take(usize::from(size.1) - 6).map(str::to_owned).collect();
            lines
        };
        let first = lines(&rig);
        rig.key(event(Key::Code(KeyCode::PageDown)));
        let mut by_page = first.clone();
        by_page.extend(lines(&rig));
        rig.press("g");
        let mut by_line = first;
        for _ in 0..by_line.len() {
            rig.press("j");
            by_line.extend(lines(&rig).pop());
        }
        assert_eq!(by_page, by_line, "{size:?}");
    }
}

#[test]
fn a_frozen_moment_that_is_not_kept_any_more_is_not_called_frozen() {
    let mut rig = Rig::new(2, 950, SIZE);
    rig.press(" ");
    assert!(rig.text().contains("FROZEN at"));
    rig.ui.cursor = TimeCursor::At(std::time::Duration::ZERO);
    let text = rig.text();
    assert!(text.contains("MOVING: oldest kept") && !text.contains("FROZEN"), "{text}");
}

#[test]
fn control_c_quits_even_while_a_filter_is_typed() {
    let mut rig = Rig::new(3, 3, SIZE);
    rig.press("/we");
    assert_eq!(rig.key(event(Key::Control('c'))), Some(Effect::Quit));
}

#[test]
fn q_closes_the_help_and_quits_elsewhere() {
    let mut rig = Rig::new(3, 5, SIZE);
    let footer = |rig: &Rig| rig.text().lines().last().unwrap().to_owned();
    rig.press("?");
    assert!(footer(&rig).ends_with("q close"), "{}", footer(&rig));
    assert_eq!(rig.key(event(Key::Char('q'))), None);
    assert_eq!(rig.ui.help, None);
    assert!(footer(&rig).ends_with("q quit"), "{}", footer(&rig));
    assert_eq!(rig.key(event(Key::Char('q'))), Some(Effect::Quit));
    rig.press("?");
    assert_eq!(rig.key(event(Key::Control('c'))), Some(Effect::Quit), "^c ends it in the help too");
}

#[test]
fn esc_returns_to_live_before_it_leaves_a_screen() {
    for keys in ["/web⏎", "⏎", "⏎⏎"] {
        let mut rig = Rig::new(12, 60, SIZE);
        rig.press(keys);
        let place = |rig: &Rig| format!("{:?} with {} rows", rig.ui.screen(), rig.ui.rows.len());
        let before = place(&rig);
        rig.press(" <<");
        assert!(!rig.text().lines().last().unwrap().contains("Esc"), "{keys}: {}", rig.text());
        rig.press("⎋");
        assert_eq!((rig.ui.cursor, place(&rig)), (TimeCursor::Live, before.clone()), "{keys}");
        rig.press("⎋");
        assert_ne!(place(&rig), before, "{keys}: then back");
    }
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press(" ?⎋");
    assert_eq!(rig.ui.help, None);
    assert_ne!(rig.ui.cursor, TimeCursor::Live, "the help over it is closed before");
}

#[test]
fn sorting_by_trouble_selects_the_first_row() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("Gk");
    assert_ne!(rig.ui.selected_row(), rig.ui.rows.first());
    rig.press("!");
    assert_eq!(rig.ui.selected_row(), rig.ui.rows.first());
    assert!(rig.ui.selected_row().is_some());
}

#[test]
fn a_letter_sorts_and_the_same_letter_again_reverses() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("M");
    let order = rig.ui.rows.clone();
    assert_eq!(rig.ui.list_state().order, Order::Descending);
    rig.press("M");
    assert_eq!(rig.ui.list_state().order, Order::Ascending);
    assert_ne!(rig.ui.rows, order);
}

#[test]
fn a_letter_that_leads_to_the_table_does_not_reverse_it() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("P4M");
    assert_eq!((rig.ui.list, rig.ui.list_state().order), (List::Table, Order::Descending));
    rig.press("4M");
    assert_eq!((rig.ui.list, rig.ui.list_state().order), (List::Table, Order::Descending), "sorted so already");
}

#[test]
fn the_help_goes_back_from_its_end_with_the_first_key() {
    let mut rig = Rig::new(3, 3, SIZE);
    let end = rig.press("?G").text();
    assert_eq!(rig.press("jjj").text(), end, "there is no more");
    assert_ne!(rig.press("k").text(), end);
}

#[test]
fn the_help_takes_no_keys_from_a_filter_that_is_typed() {
    let mut rig = Rig::new(3, 3, SIZE);
    rig.press("/we");
    rig.key(event(Key::Code(KeyCode::F(1))));
    assert!(rig.ui.help.is_none());
}

#[test]
fn a_letter_sorts_the_list_that_is_shown() {
    for (list, keys, shown) in [
        (List::Disks, "3D", "by disk B/s▾"),
        (List::Disks, "3I", "by IOPS▾"),
        (List::Disks, "3L", "by latency▾"),
        (List::Nics, "4B", "by net B/s▾"),
        (List::Vcpus, "5W", "▾STEAL%"),
        (List::Vcpus, "5NP", "▾USE%"),
        (List::Vcpus, "5N", "DOMAIN▴"),
        (List::Disks, "3DD", "by disk B/s▴"),
        (List::Table, "3M", "sort: used down"),
        (List::Table, "4D", "sort: disk B/s down"),
    ] {
        let mut rig = Rig::new(12, 20, (120, 40));
        rig.press(keys);
        assert_eq!(rig.ui.list, list, "{keys}");
        assert!(rig.text().contains(shown), "{keys}:\n{}", rig.text());
    }
}

#[test]
fn disks_are_sorted_by_what_each_of_them_does() {
    let mut rig = Rig::new(40, 60, SIZE);
    rig.press("3D");
    let running = |row: &&RowId| {
        row.domain().and_then(|id| rig.fleet.domain(id)).is_some_and(|(_, domain)| domain.state.is_active())
    };
    let bytes = |row: &RowId| {
        let RowId::Device(id, DeviceKey::Disk(key)) = row else { panic!("a disk") };
        let (_, domain) = rig.fleet.domain(*id).expect("it is there");
        let series = &domain.disks.get(key).expect("it is there").series;
        [DiskMetric::ReadBytes, DiskMetric::WriteBytes].map(|metric| series.latest(metric).unwrap_or(0.0)).iter().sum()
    };
    let sorted: Vec<f64> = rig.ui.rows.iter().filter(running).map(bytes).collect();
    assert!(sorted.is_sorted_by(|a, b| a >= b), "{sorted:?}");
    assert!(sorted[0] > 0.0);
}

#[test]
fn domains_that_are_off_stay_last_in_any_order() {
    for keys in ["", "r", "N", "Nr", "M", "Mr", "T", "D", "L"] {
        let mut rig = Rig::new(40, 60, SIZE);
        rig.press(keys);
        let active: Vec<bool> = rig
            .ui
            .rows
            .iter()
            .map(|row| {
                rig.fleet.domain(row.domain().expect("a row of a domain")).expect("a domain").1.state.is_active()
            })
            .collect();
        assert!(active.windows(2).all(|pair| pair[0] || !pair[1]), "{keys}");
    }
}

#[test]
fn sorted_by_trouble_a_crashed_domain_stands_among_those_in_trouble() {
    let mut rig = Rig::new(12, 100, SIZE);
    rig.press("!");
    let place = |rig: &Rig, name: &str| {
        let named = |row: &RowId| rig.fleet.domain(row.domain().unwrap()).unwrap().1.name == name;
        rig.ui.rows.iter().position(named).unwrap()
    };
    assert_eq!((place(&rig, "db-primary"), place(&rig, "web-02")), (0, 1), "{}", rig.text());
    assert!(place(&rig, "backup") >= 10, "it is off, and nothing is wrong with it");
}

#[test]
fn the_footer_of_a_frozen_screen_leads_back_to_the_present() {
    for (width, height) in [(40, 10), (60, 15), SIZE] {
        for keys in [" ", "2 ", "/web⏎ ", "⏎ ", "⏎⏎ "] {
            let mut rig = Rig::new(12, 60, (width, height));
            let text = rig.press(keys).text();
            let footer = text.lines().last().unwrap();
            assert!(!footer.contains("Space freeze"), "{keys}: {footer}");
            // Of 40 columns a filter that hides rows has what is left.
            let has_room = width > 40 || !keys.starts_with('/');
            assert!(!has_room || footer.contains("Space live"), "{width}, {keys}: {footer}");
        }
    }
}

#[test]
fn a_filter_that_is_dropped_leads_back_to_the_domain() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("j⏎j⏎");
    // Its events were seen on the way.
    let body = |rig: &Rig| rig.text().lines().skip(3).map(str::to_owned).collect::<Vec<_>>();
    let before = body(&rig);
    rig.press("/web⎋");
    assert_eq!(body(&rig), before);
}

#[test]
fn up_and_down_stay_in_their_column_of_cards() {
    let mut rig = Rig::new(12, 60, (120, 40));
    rig.press("2");
    let columns = rig.ui.card_grid().columns;
    assert!(columns > 1);
    for (keys, index) in [("l", 1), ("k", 1), ("j", 1 + columns), ("k", 1), ("G", 11), ("j", 11)] {
        rig.press(keys);
        assert_eq!(rig.ui.selected_index(), Some(index), "{keys}");
    }
}

#[test]
fn the_selected_device_is_in_sight_at_every_height() {
    for height in 14..30 {
        let mut rig = Rig::new(12, 60, (80, height));
        rig.press("/proxy⏎⏎");
        for _ in 0..7 {
            let selected = rig.ui.domain.as_ref().unwrap().selected.clone();
            let name = match selected {
                Some(DeviceKey::Disk(name) | DeviceKey::Nic(name)) => name.to_string(),
                Some(DeviceKey::Vcpu(number)) => number.to_string(),
                None => "vda".to_owned(),
            };
            let text = rig.text();
            let rows =
                text.lines().skip(5).filter_map(|line| line.trim_start_matches(['▲', '△', ' ']).split(' ').next());
            assert!(rows.collect::<Vec<_>>().contains(&name.as_str()), "{name} at {height}:\n{text}");
            rig.press("j");
        }
    }
}

#[test]
fn the_reason_above_the_first_device_can_be_reached_again() {
    let mut rig = Rig::bent(12, 60, SIZE, |sample| {
        for domain in sample.domains.values_mut() {
            domain.disks.clear();
        }
    });
    rig.press("/ci-runner-03⏎⏎");
    assert!(rig.text().contains("no disk with counters"));
    rig.press("G");
    assert!(!rig.text().contains("no disk with counters"));
    rig.press("g");
    assert!(rig.text().contains("no disk with counters"), "{}", rig.text());
}

#[test]
fn a_heading_stands_over_every_device_in_sight() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/ci-runner-03⏎⏎");
    let first = |rig: &Rig| {
        let areas = vtop::ui::domain_areas(SIZE, rig.fleet.domain(rig.ui.domain.as_ref().unwrap().id).unwrap().1);
        rig.text().lines().nth(usize::from(areas.devices.y)).unwrap().to_owned()
    };
    assert!(first(&rig).contains("DISK"));
    rig.press("G");
    assert!(first(&rig).contains("vCPU") && first(&rig).contains("STEAL%"), "{}", rig.text());
    for _ in 0..30 {
        rig.press("k");
        assert!(["DISK", "NIC", "vCPU"].iter().any(|kind| first(&rig).contains(kind)), "{}", rig.text());
    }
}

#[test]
fn the_past_shows_the_figures_of_then() {
    let mut rig = Rig::new(12, 60, (200, 60));
    let now = rig.text();
    rig.press(" ");
    assert!(matches!(rig.ui.cursor, TimeCursor::At(_)));
    assert_eq!(figures(&rig.text()), figures(&now), "freezing changes no figure");
    rig.press("<<<<<");
    let then = rig.text();
    let mut earlier = Rig::new(12, 55, (200, 60));
    earlier.press(" ");
    assert_eq!(figures(&then), figures(&earlier.text()));
    rig.press(">>>>>>");
    assert_eq!(rig.ui.cursor, TimeCursor::Live, "past the newest sample it is live again");
}

/// Name and CPU % of each running domain on a wide table, which are historical.
fn figures(text: &str) -> Vec<Vec<String>> {
    let rows =
        text.lines().skip(4).take_while(|line| !line.trim().is_empty()).filter(|line| !line.contains("shut off"));
    rows.map(|line| {
        let line = line.trim_start_matches(['▲', '△', ' ', 'R', 'P']);
        line.split_whitespace().take(2).map(str::to_owned).collect()
    })
    .collect()
}

#[test]
fn the_interval_is_told_to_the_sampler() {
    let mut rig = Rig::new(3, 3, SIZE);
    assert_eq!(
        rig.key(event(Key::Char('+'))),
        Some(Effect::SetInterval(Interval::from_seconds(2.0).expect("in range")))
    );
    assert_eq!(rig.key(event(Key::Char('-'))), Some(Effect::SetInterval(Interval::default())));
}

#[test]
fn a_domain_that_vanishes_under_the_eye_is_said_to_be_gone() {
    let mut rig = Rig::new(12, 20, SIZE);
    rig.press("/mail⏎⏎");
    let smaller = Rig::new(2, 20, SIZE);
    rig.fleet = smaller.fleet;
    rig.ui.refresh(&rig.fleet);
    assert!(rig.text().contains("this domain is gone"));
    rig.press("⎋⎋");
    assert_eq!(rig.ui.rows.len(), 2);
}

/// What is selected in the list of events: the domain's name, and what happened.
fn selected_event(rig: &Rig) -> (String, &'static str) {
    let Some(RowId::Event(host, number, _)) = rig.ui.selected_row() else { panic!("an event") };
    let event = rig.fleet.hosts()[*host].events.get(*number).expect("it is kept");
    (event.domain.as_ref().expect("of a domain").name.clone(), event.kind.what())
}

#[test]
fn events_are_a_list_like_the_others() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press("6");
    assert_eq!(selected_event(&rig), ("k8s-node-4".into(), "stopped"), "the newest");
    rig.press("r");
    assert_eq!(selected_event(&rig), ("k8s-node-4".into(), "resumed"), "the oldest");
    rig.press("r!");
    assert_eq!(selected_event(&rig), ("mail".into(), "paused"), "the newest of the loudest");
    rig.press("/space⏎");
    assert_eq!(rig.ui.rows.len(), 1, "the why is searched too");
    assert_eq!(selected_event(&rig), ("mail".into(), "I/O error"));
    rig.press("⏎");
    assert_eq!(rig.ui.demands(&rig.fleet)[0].focus.len(), 1);
    assert!(matches!(rig.ui.screen(), Screen::Domain(_)));
    assert!(rig.text().contains("mail  running"));
}

#[test]
fn an_event_of_a_domain_that_is_gone_opens_nothing() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press("6");
    let gone = rig.ui.selected_row().and_then(|row| row.domain()).expect("a domain");
    let domains = rig.fleet.hosts()[0].domains.keys().filter(|uuid| **uuid != gone.uuid).copied();
    let kept: Vec<_> = domains.collect();
    rig.keep_domains(&kept);
    assert_eq!(rig.key(event(Key::Code(KeyCode::Enter))), None);
    assert_eq!(rig.ui.screen(), Screen::List(List::Events));
    assert!(rig.text().contains("k8s-node-4"), "but it is told");
}

#[test]
fn events_are_new_until_the_list_or_their_domain_was_left() {
    let mut rig = Rig::new(12, 230, SIZE);
    let all = 11;
    assert!(rig.text().contains("11 new: k8s-node-4 stopped"), "{}", rig.text());
    assert!(rig.text().contains("mail I/O error 60 s ago; running again"), "{}", rig.text());
    rig.press("/mail⏎⏎");
    assert!(rig.text().contains("; running again"), "while one looks, nothing disappears");
    rig.press("⎋");
    assert!(!rig.text().contains("; running again"), "it was seen");
    assert_eq!(rig.ui.unseen(&rig.fleet).map(|(count, ..)| count), Some(all - 3));
    rig.press("⎋6");
    assert!(!rig.text().contains(" new: "), "they are on the screen");
    assert!(rig.text().contains('•'));
    rig.press("1");
    assert_eq!(rig.ui.unseen(&rig.fleet), None);
    rig.press("6");
    assert!(!rig.text().contains('•'));
}

#[test]
fn a_filtered_list_of_events_makes_none_of_them_seen() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press("/web⏎61");
    assert_eq!(rig.ui.unseen(&rig.fleet).map(|(count, ..)| count), Some(11));
}

#[test]
fn the_past_knows_only_what_had_happened() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press(" {");
    assert!(rig.text().contains("9 new: mail resumed"), "{}", rig.text());
    rig.press("6");
    assert_eq!(selected_event(&rig), ("mail".into(), "resumed"));
}
