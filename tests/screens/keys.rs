//! Every key that the help lists does something, and the help says what is bound.

use crate::rig::{Rig, SIZE, event};
use crossterm::event::KeyCode;
use vtop::time::Interval;
use vtop::ui::{BINDINGS, Effect, Key};

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
fn the_interval_is_told_to_the_sampler() {
    let mut rig = Rig::new(3, 3, SIZE);
    assert_eq!(
        rig.key(event(Key::Char('+'))),
        Some(Effect::SetInterval(Interval::from_seconds(2.0).expect("in range")))
    );
    assert_eq!(rig.key(event(Key::Char('-'))), Some(Effect::SetInterval(Interval::default())));
}
