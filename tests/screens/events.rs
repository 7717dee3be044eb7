//! The list of events, and which of them are new.

use crate::rig::{Rig, SIZE, event};
use crossterm::event::KeyCode;
use vtop::model::{Event, EventKind, HostUpdate};
use vtop::ui::{Key, List, RowId, Screen};

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
fn events_in_a_row_are_one_line_with_a_count() {
    let mut rig = Rig::new(12, 230, SIZE);
    rig.press("6");
    let before = rig.ui.rows.len();
    let newest = rig.fleet.hosts()[0].events.last().unwrap().clone();
    for _ in 0..146 {
        let kind = EventKind::StartFailed;
        rig.fleet.apply(0, HostUpdate::Event(Event { kind, ..newest.clone() }));
    }
    // The first key computes the rows, and the selection stays at its event.
    rig.press("gg");
    assert_eq!(selected_event(&rig), ("k8s-node-4".into(), "start failed"));
    assert_eq!(rig.ui.rows.len(), before + 1);
    let text = rig.text();
    assert!(text.contains("start failed") && text.contains("146 times since "), "{text}");
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
    assert!(rig.text().contains("mail I/O error of vdb 60 s ago; running again"), "{}", rig.text());
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
