//! The help over a screen: its pages, and how it is closed.

use crate::rig::{Rig, SIZE, event};
use crossterm::event::KeyCode;
use vtop::ui::{Effect, Key};

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
fn q_closes_the_help_and_quits_elsewhere() {
    let mut rig = Rig::new(3, 5, SIZE);
    let footer = |rig: &Rig| rig.text().lines().last().unwrap().to_owned();
    rig.press("?");
    assert!(footer(&rig).ends_with("? q Esc close the help"), "{}", footer(&rig));
    assert_eq!(rig.key(event(Key::Char('q'))), None);
    assert_eq!(rig.ui.help, None);
    assert!(footer(&rig).ends_with("q quit"), "{}", footer(&rig));
    assert_eq!(rig.key(event(Key::Char('q'))), Some(Effect::Quit));
    rig.press("?");
    assert_eq!(rig.key(event(Key::Control('c'))), Some(Effect::Quit), "^c ends it in the help too");
}
