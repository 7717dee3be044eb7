//! The selected row, of lists that scroll and of panes.

use crate::rig::{Rig, SIZE};

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
