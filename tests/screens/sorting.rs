//! The order of the lists.

use crate::rig::{Rig, SIZE};
use vtop::fleet::metric::DiskMetric;
use vtop::ui::{DeviceKey, List, Order, RowId};

#[test]
fn a_letter_sorts_however_often_and_r_reverses() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("M");
    let order = rig.ui.rows.clone();
    assert_eq!(rig.ui.list_state().order, Order::Descending);
    rig.press("M");
    assert_eq!(rig.ui.rows, order, "pressed to be sure, it does not lead to the least");
    rig.press("r");
    assert_eq!(rig.ui.list_state().order, Order::Ascending);
    assert_ne!(rig.ui.rows, order);
}

/// Pressed twice, the key does not lead to the healthiest domain.
#[test]
fn the_key_for_what_is_wrong_leads_there_however_often() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("!");
    let first = (rig.ui.list_state().order, rig.ui.list_state().selected.clone());
    rig.press("j!");
    assert_eq!((rig.ui.list_state().order, rig.ui.list_state().selected.clone()), first);
    rig.press("r");
    assert_eq!(rig.ui.list_state().order, Order::Ascending, "r reverses this order too");
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
fn a_letter_sorts_the_list_that_is_shown() {
    for (list, keys, shown) in [
        (List::Disks, "3D", "by disk B/s▾"),
        (List::Disks, "3I", "by IOPS▾"),
        (List::Disks, "3L", "by latency▾"),
        (List::Nics, "4B", "by net B/s▾"),
        (List::Vcpus, "5W", "▾STEAL%"),
        (List::Vcpus, "5NP", "▾USE%"),
        (List::Vcpus, "5N", "DOMAIN▴"),
        (List::Vcpus, "5WW", "▾STEAL%"),
        (List::Disks, "3Dr", "by disk B/s▴"),
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
    assert_eq!((place(&rig, "web-02"), place(&rig, "db-primary")), (0, 1), "{}", rig.text());
    assert!(place(&rig, "backup") >= 10, "it is off, and nothing is wrong with it");
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
fn a_held_order_stays_while_figures_go_on() {
    let mut rig = Rig::new(12, 60, SIZE);
    rig.press("o");
    let held = rig.ui.rows.clone();
    let later = Rig::new(12, 100, SIZE);
    rig.fleet = later.fleet.clone();
    rig.ui.refresh(&rig.fleet);
    assert_eq!(rig.ui.rows, held);
    assert_ne!(later.ui.rows, held, "sorted, the order is another one");
    assert!(rig.text().contains("order held"), "{}", rig.text());
    rig.press("/web⏎");
    assert_eq!(rig.ui.rows.len(), 2, "a filter works on it");
    rig.press("⎋o");
    assert_eq!(rig.ui.rows, later.ui.rows);
    rig.press("oP");
    assert!(rig.ui.list_state().fixed_order.is_none(), "another order ends it");
}

#[test]
fn domains_that_are_off_are_hidden_unless_they_crashed() {
    let mut rig = Rig::new(12, 100, SIZE);
    assert_eq!(rig.ui.rows.len(), 12);
    rig.press("x");
    let names: Vec<_> =
        rig.ui.rows.iter().map(|row| rig.fleet.domain(row.domain().unwrap()).unwrap().1.name.clone()).collect();
    assert!(names.iter().any(|name| name == "web-02"), "it crashed: {names:?}");
    assert!(!names.iter().any(|name| name == "backup"), "it is off, and nothing is wrong with it");
    assert!(rig.text().contains("off hidden"), "{}", rig.text());
    rig.press("2");
    assert_eq!(rig.ui.rows.len(), names.len());
    rig.press("x");
    assert_eq!(rig.ui.rows.len(), 12);
}
