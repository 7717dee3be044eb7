//! The filter: typed, kept and dropped.

use crate::rig::{Rig, SIZE, event};
use crossterm::event::KeyCode;
use vtop::ui::{Effect, Key, RowId};

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
fn control_c_quits_even_while_a_filter_is_typed() {
    let mut rig = Rig::new(3, 3, SIZE);
    rig.press("/we");
    assert_eq!(rig.key(event(Key::Control('c'))), Some(Effect::Quit));
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

/// The names of the rows' domains, sorted.
fn names(rig: &Rig) -> Vec<String> {
    let domains = rig.ui.rows.iter().filter_map(|row| rig.fleet.domain(row.domain()?));
    let mut names: Vec<_> = domains.map(|(_, domain)| domain.name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_filter_finds_what_an_operator_has_of_a_domain() {
    let mut rig = Rig::new(12, 60, SIZE);
    let (_, _, domain) = rig.fleet.domains().find(|(_, _, domain)| domain.name == "db-primary").unwrap();
    let mac = domain.definition.as_ref().unwrap().nics[0].mac.clone().unwrap();
    let (uuid, run) = (domain.uuid.to_string(), domain.run.unwrap().to_string());
    let upper = uuid.to_uppercase();
    for filter in [&uuid, &upper, &uuid[24..], &mac, "/dev/vg_fast/db-primary", "primary-archive", "vg_fast/"] {
        rig.press("/");
        rig.paste(filter);
        rig.press("⏎");
        assert_eq!(names(&rig), ["db-primary"], "{filter}");
        rig.press("⎋");
    }
    rig.press("/");
    rig.paste(&run);
    assert!(names(&rig).iter().any(|name| name == "db-primary"), "an ID");
    rig.press("⏎⎋/dmz⏎");
    assert_eq!(rig.ui.rows.len(), 1, "a network");
    // The NIC with the address, and the disks of its domain.
    rig.press("4⎋/");
    rig.paste(&mac);
    rig.press("⏎");
    assert_eq!(rig.ui.rows.len(), 1);
    rig.press("3");
    assert!(rig.ui.rows.len() > 1 && names(&rig).iter().all(|name| name == "db-primary"), "{:?}", names(&rig));
}

#[test]
fn a_paste_is_text_of_the_filter_and_nothing_elsewhere() {
    let mut rig = Rig::new(12, 60, SIZE);
    let before = rig.text();
    for keys in ["", "?", "j⏎", "⏎"] {
        rig.press(keys);
        let state = format!("{:?}", rig.ui);
        rig.paste("web-01\rquit-+++\x1b[A");
        assert_eq!(format!("{:?}", rig.ui), state, "{keys}");
    }
    rig.press("⎋⎋⎋⎋");
    assert_eq!(rig.text().lines().nth(5), before.lines().nth(5));
    rig.press("/");
    rig.paste("\n  web-01\r\nquit\t\x03\n");
    assert_eq!(rig.ui.filter.text, "web-01 quit");
    rig.key(event(Key::Control('w')));
    assert_eq!(rig.ui.filter.text, "web-01 ");
    rig.key(event(Key::Control('w')));
    assert_eq!(rig.ui.filter.text, "");
    rig.paste("web-01\n");
    assert_eq!((names(&rig), rig.ui.filter.editing.is_some()), (vec!["web-01".to_owned()], true));
    rig.key(event(Key::Control('u')));
    assert_eq!((rig.ui.filter.text.as_str(), rig.ui.rows.len()), ("", 12));
    rig.paste(&"x".repeat(100_000));
    assert_eq!(rig.ui.filter.text.len(), 1024, "no more than a name can have");
}

/// `vnet13` is what the kernel's log and tcpdump name.
#[test]
fn a_domain_is_found_by_the_name_of_one_of_its_devices() {
    let rows = |keys: &str| {
        let mut rig = Rig::new(12, 60, SIZE);
        rig.press(keys);
        (rig.ui.rows.len(), rig.text())
    };
    let nic = {
        let rig = Rig::new(12, 60, SIZE);
        let domain = rig.fleet.hosts()[0].domains.values().find(|domain| domain.name == "db-primary").unwrap();
        domain.nics.iter().next().unwrap().key.to_string()
    };
    let (found, text) = rows(&format!("/{nic}⏎"));
    assert!(found == 1 && text.contains("db-primary"), "{nic}: {text}");
    assert!(rows(&format!("/{}⏎", &nic[..4])).0 > 3, "the start of a name, as vnet");
    assert!(rows("/vda⏎").0 > 3);
    assert_eq!(rows("/vd⏎").0, 0, "not a part of a short name");
}

/// Names of the domains in the list, as they are sorted.
fn found(query: &str) -> Vec<String> {
    let mut rig = Rig::new(12, 100, SIZE);
    rig.press(&format!("N/{query}⏎"));
    assert_eq!(rig.ui.filter.error, None, "{query}");
    let name = |row: &RowId| Some(rig.fleet.domain(row.domain()?)?.1.name.to_string());
    rig.ui.rows.iter().filter_map(name).collect()
}

#[test]
fn a_query_finds_domains_by_figures_and_texts() {
    assert_eq!(found("web"), ["web-01", "web-02"]);
    assert_eq!(found("/^web-0[12]$/"), ["web-01", "web-02"]);
    assert_eq!(found("web !02"), ["web-01"]);
    assert_eq!(found("name=web-01 or name=mail"), ["mail", "web-01"]);
    assert_eq!(found("name~^db and not name~replica"), ["db-primary"]);
    assert_eq!(found("state:crashed or state=\"shut off\""), found("state~crash|^shut"));
    let busy = found("cpu>80");
    assert!(!busy.is_empty() && busy.len() < 12, "{busy:?}");
    let rest = found("not cpu>80");
    assert_eq!(busy.len() + rest.len(), 12, "a figure that is not known is neither above nor below");
    assert!(found("lat >= 20ms").iter().all(|name| found("lat>19.9ms").contains(name)));
    assert_eq!(found("db-primary (vda or nonsense)"), ["db-primary"]);
}

#[test]
fn in_a_list_of_devices_a_figure_is_that_of_the_device() {
    let mut rig = Rig::new(12, 60, (120, 40));
    rig.press("3/write>1M⏎");
    assert!(!rig.ui.rows.is_empty());
    let rows = rig.ui.rows.len();
    for line in rig.text().lines().skip(4).take(rows) {
        assert!(line.contains('M'), "{line}");
    }
    rig.press("⎋/device=vda write>1M⏎");
    assert!(rig.ui.rows.iter().all(|row| row.device().is_some_and(|key| format!("{key:?}").contains("vda"))));
}

#[test]
fn an_error_is_shown_where_it_is_and_keeps_the_rows() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/web");
    let rows = rig.ui.rows.clone();
    rig.press(" (");
    assert!(rig.text().contains("filter: web (▏  a word or a comparison is missing here"), "{}", rig.text());
    assert_eq!((rig.ui.rows.len(), &rig.ui.rows), (2, &rows));
    rig.key(event(Key::Code(KeyCode::Backspace)));
    rig.press("cpuu>8");
    let text = rig.text();
    assert!(text.contains("filter: web cpuu>8▏  no figure is called cpuu; did you mean cpu?"), "{text}");
    let (x, y) = rig.find("filter: web cpuu").unwrap();
    let x = x + 12;
    assert_eq!(rig.buffer()[(x, y)].fg, rig.buffer()[(x + 3, y)].fg);
    assert_ne!(rig.buffer()[(x, y)].fg, rig.buffer()[(x - 2, y)].fg, "the wrong part has another colour");
    rig.press("⏎");
    assert!(rig.ui.filter.editing.is_some(), "an error is not kept");
    rig.press("⎋");
    assert_eq!((rig.ui.filter.text.as_str(), rig.ui.rows.len()), ("", 12));
}

#[test]
fn tab_completes_and_arrows_bring_back_what_was_kept() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("/stat⇥");
    assert_eq!(rig.ui.filter.text, "state");
    rig.press(":paused⏎⎋/web⏎/");
    let press = |rig: &mut Rig, code| _ = rig.key(event(Key::Code(code)));
    assert_eq!(rig.ui.filter.text, "web", "the present one can be edited");
    press(&mut rig, KeyCode::Up);
    press(&mut rig, KeyCode::Up);
    assert_eq!(rig.ui.filter.text, "state:paused");
    press(&mut rig, KeyCode::Up);
    assert_eq!(rig.ui.filter.text, "state:paused", "there is none before");
    press(&mut rig, KeyCode::Down);
    press(&mut rig, KeyCode::Down);
    assert_eq!(rig.ui.filter.text, "web", "what was typed");
    rig.press("⎋⎋/⇥");
    assert!(rig.text().lines().last().unwrap().contains("name title state"), "all names: {}", rig.text());
}

#[test]
fn events_are_found_by_texts_too() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press("6/name=mail⏎");
    assert!(rig.ui.rows.len() >= 2);
    rig.press("⎋/name=mail source:spool⏎");
    assert_eq!(rig.ui.rows.len(), 1, "{}", rig.text());
    rig.press("⎋/cpu>0⏎");
    assert_eq!(rig.ui.rows.len(), 0, "an event has no figures");
}
