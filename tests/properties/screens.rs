//! Every fleet can be drawn at every size after any keys.

use super::world::{Message, World, simulate, steps, updates};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use vtop::fleet::Fleet;
use vtop::model::HostUpdate;
use vtop::time::{Interval, Timestamp};
use vtop::ui::{Action, UiState, action_for, update};
use vtop::view::{Appearance, Depth, Symbols, draw};

fn key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        8 => prop::sample::select("123456jjjjkkgGhl <>{}!NMTDr?t".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        3 => Just(KeyCode::Enter),
        2 => Just(KeyCode::Esc),
        1 => Just(KeyCode::Tab),
        1 => prop::sample::select(vec![KeyCode::PageDown, KeyCode::PageUp, KeyCode::Home, KeyCode::End]),
    ]
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![4 => (40..140u16, 10..45u16), 1 => (1..300u16, 1..100u16)]
}

fn draw_at(fleet: &Fleet, ui: &mut UiState, appearance: &Appearance, (width, height): (u16, u16), now: Timestamp) {
    update(ui, fleet, Action::Resize { width, height });
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test backend");
    let frame =
        terminal.draw(|frame| draw(frame.buffer_mut(), fleet, ui, appearance, now)).expect("drawing into memory");
    let odd = frame.buffer.content.iter().find(|cell| cell.symbol().chars().any(char::is_control));
    assert_eq!(odd, None);
}

proptest! {
    #![proptest_config(crate::cases(48))]

    #[test]
    fn every_fleet_can_be_drawn(
        steps in steps(24),
        keys in prop::collection::vec(prop::collection::vec(key(), 0..6), 24),
        sizes in prop::collection::vec(size(), 24),
        appearance in (
            prop::sample::select(vec![Depth::Mono, Depth::Ansi, Depth::Indexed, Depth::True]),
            prop::sample::select(vec![Symbols::Braille, Symbols::Block, Symbols::Ascii]),
        ),
    ) {
        let appearance = Appearance { depth: appearance.0, symbols: appearance.1, ..Appearance::default() };
        let messages = simulate(&steps);
        let mut fleet = Fleet::new(1);
        let mut ui = UiState::new(Interval::default());
        let mut now = World::new().now();
        for (index, step) in updates(&messages, true).into_iter().enumerate() {
            if let Some(Message::Sample(sample)) = index.checked_sub(1).map(|index| &messages[index]) {
                now = sample.at;
            }
            fleet.apply(0, step);
            ui.refresh(&fleet);
            let place = index % sizes.len();
            for code in &keys[place] {
                if let Some(action) = action_for(KeyEvent::new(*code, KeyModifiers::NONE), &ui) {
                    update(&mut ui, &fleet, action);
                }
            }
            draw_at(&fleet, &mut ui, &appearance, sizes[place], now);
        }
        // While the host connects again.
        fleet.apply(0, HostUpdate::Connecting);
        draw_at(&fleet, &mut ui, &appearance, sizes[0], now);
    }
}
