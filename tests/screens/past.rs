//! The frozen screen and the past.

use crate::rig::{Rig, SIZE};
use vtop::fleet::TimeCursor;

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
fn charts_show_a_longer_or_shorter_time() {
    let mut rig = Rig::new(12, 120, (120, 40));
    let spans = |rig: &Rig| {
        let text = rig.text();
        let span = |part: &str| part.split(' ').next().unwrap_or_default().to_owned();
        text.split(" -").skip(1).map(span).filter(|span| span.ends_with(['s', 'm'])).collect::<Vec<_>>()
    };
    rig.press("⏎");
    for (key, span) in [("z", "5m"), ("z", "15m"), ("z", "2m"), ("z", "2m"), ("Z", "15m"), ("ZZZZ", "1m")] {
        rig.press(key);
        let spans = spans(&rig);
        assert!(spans.len() >= 3 && spans.iter().all(|shown| shown == span), "{key}: {spans:?}\n{}", rig.text());
    }
    assert!(rig.text().contains("charts: 1 min"), "{}", rig.text());
}
