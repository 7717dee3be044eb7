//! Colours of chosen cells, and terminals that have few colours or few characters.

use crate::rig::{Rig, SIZES};
use ratatui::style::{Color, Modifier};
use vtop::model::{EventKind, IoErrorAction};
use vtop::units::Bytes;
use vtop::view::{Depth, Symbols};

/// The story's 100th second: the disk of db-primary is slow, web-02 has crashed.
fn incident() -> Rig {
    Rig::new(12, 100, (120, 40))
}

fn colour(rig: &Rig, needle: &str) -> Color {
    let place = rig.find(needle).unwrap_or_else(|| panic!("no {needle} on:\n{}", rig.text()));
    rig.buffer()[place].fg
}

#[test]
fn what_is_critical_has_the_critical_colour_in_the_line_and_in_the_row() {
    let rig = incident();
    let alarm = colour(&rig, "▲ db-primary");
    assert_eq!(colour(&rig, "187ms"), alarm, "the cell that is the cause");
    assert_ne!(colour(&rig, "2.09ms"), alarm, "another domain's latency");
}

/// An attempt to connect may hang for as long as the network is silent.
#[test]
fn while_it_is_tried_again_nobody_says_that_all_is_well() {
    for size in SIZES {
        let mut rig = Rig::new(2, 10, size);
        rig.fail("gone", "");
        rig.connect();
        let line = rig.text().lines().nth(2).unwrap_or_default().to_owned();
        assert!(line.starts_with("no connection: trying again; showing the last known values"), "{line}");
        assert!(!rig.text().contains("no problems found"), "{}", rig.text());
    }
}

#[test]
fn the_selected_row_stands_out_over_its_whole_width() {
    let rig = incident();
    let (_, y) = rig.find("k8s-node-4").expect("the first row");
    let buffer = rig.buffer();
    let grounds: Vec<Color> = (0..119).map(|x| buffer[(x, y)].bg).collect();
    // The bar of the memory lies over the selection.
    let over_it = grounds.iter().filter(|ground| **ground != grounds[0]).count();
    assert!((1..9).contains(&over_it) && grounds[118] == grounds[0], "{grounds:?}");
    assert_ne!(buffer[(0, y + 1)].bg, grounds[0]);
}

/// Whether a cell is a part of a graph in one line.
fn is_graph(symbol: &str) -> bool {
    symbol.chars().all(|c| ('▁'..='█').contains(&c))
}

/// A graph that is reversed shows the opposite: 96 % busy looks empty. The same for the bar of the memory.
#[test]
fn charts_of_the_selected_row_look_as_those_of_any_other() {
    for depth in [Depth::Mono, Depth::Ansi, Depth::Indexed, Depth::True] {
        for (list, seconds) in [("1", 100), ("3", 100), ("4", 170), ("5", 60), ("/db-primary⏎⏎", 100)] {
            let mut rig = Rig::new(12, seconds, (120, 40));
            rig.appearance.depth = depth;
            let selected = rig.press(list).buffer();
            let other = rig.press("jj").buffer();
            let is_reversed = |buffer: &ratatui::buffer::Buffer, x, y| {
                let cell = &buffer[(x, y)];
                cell.modifier.contains(Modifier::REVERSED)
            };
            let (mut names, mut graphs) = (0, 0);
            for (y, x) in (3..39).flat_map(|y| (0..119).map(move |x| (y, x))) {
                let place = (x, y);
                let is_in_row =
                    selected[place].bg != other[place].bg || is_reversed(&selected, x, y) != is_reversed(&other, x, y);
                if is_graph(other[place].symbol()) {
                    graphs += 1;
                    assert!(!is_reversed(&selected, x, y), "{depth:?} {list}: a graph at {place:?}");
                    assert_eq!(selected[place].fg, other[place].fg, "{depth:?} {list}: its colour at {place:?}");
                } else if is_in_row && other[place].symbol() != " " {
                    names += 1;
                }
            }
            assert!(graphs > 8 && names > 8, "{depth:?} {list}: {graphs} cells of graphs, {names} of the selected row");
        }
    }
}

/// 45 of 64 GiB: the bar fills seven tenths of its cell.
#[test]
fn the_bar_of_the_memory_is_as_long_in_the_selected_row() {
    for depth in [Depth::Mono, Depth::Ansi, Depth::Indexed, Depth::True] {
        let mut rig = Rig::new(12, 100, (120, 40));
        rig.appearance.depth = depth;
        let filled = |rig: &Rig| {
            let end = rig.find("MEMORY").unwrap().0 + 6;
            let (_, y) = rig.find("R db-primary").unwrap();
            let buffer = rig.buffer();
            let look = |x| (buffer[(x, y)].modifier.contains(Modifier::REVERSED), buffer[(x, y)].bg);
            let begin = end - 9;
            (begin..end).take_while(|x| look(*x) == look(begin)).count()
        };
        let other = filled(&rig);
        rig.press("/db-primary⏎");
        let selected = filled(&rig);
        assert_eq!((other, selected), (6, 6), "{depth:?}");
    }
}

#[test]
fn colour_never_says_a_thing_alone() {
    for seconds in [60, 100, 130, 180, 210] {
        let mut coloured = Rig::new(12, seconds, (120, 40));
        coloured.press("!");
        let mut mono = Rig::new(12, seconds, (120, 40));
        mono.press("!");
        mono.appearance.depth = Depth::Mono;
        assert_eq!(coloured.text(), mono.text());
        let buffer = mono.buffer();
        let plain = buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset);
        assert!(plain, "NO_COLOR means no colour");
        assert!(buffer.content.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)), "but a selection");
    }
}

#[test]
fn few_colours_use_the_palette_of_the_terminal() {
    for (depth, fits) in [
        (Depth::Ansi, (|colour: Color| !matches!(colour, Color::Rgb(..) | Color::Indexed(_))) as fn(Color) -> bool),
        (Depth::Indexed, |colour: Color| matches!(colour, Color::Reset | Color::Indexed(_))),
    ] {
        for theme in ["", "t", "tt", "ttt"] {
            let mut rig = incident();
            rig.appearance.depth = depth;
            rig.press(theme);
            let buffer = rig.buffer();
            let odd = buffer.content.iter().find(|cell| !fits(cell.fg) || !fits(cell.bg));
            assert_eq!(odd.map(|cell| (cell.fg, cell.bg)), None, "{depth:?}");
        }
    }
}

/// Of 16 colours nobody knows which are those of the ground: bright black is on Solarized, yellow nearly is on white.
#[test]
fn in_16_colours_only_signs_have_a_colour() {
    let signs = |colour| match colour {
        Color::Red => "▲",
        Color::Magenta => "△",
        _ => "",
    };
    let mut seen = Vec::new();
    for seconds in [60, 100, 130, 180, 210] {
        let mut start = Rig::new(12, seconds, (120, 40));
        start.appearance.depth = Depth::Ansi;
        for keys in ["", "2", "3", "4", "5", "6", "⏎", "⏎⏎", "?", "?G", "/zzz", " <", "t", "tt"] {
            let mut rig = start.clone();
            rig.press(keys);
            for cell in &rig.buffer().content {
                assert_eq!(cell.bg, Color::Reset, "the ground of {} after {keys}", cell.symbol());
                assert!(!cell.modifier.contains(Modifier::DIM), "{} after {keys}", cell.symbol());
                if cell.fg != Color::Reset && cell.symbol() != " " {
                    assert_eq!(cell.symbol(), signs(cell.fg), "{:?} after {keys}:\n{}", cell.fg, rig.text());
                    seen.push(cell.fg);
                }
            }
        }
    }
    assert!(seen.contains(&Color::Red) && seen.contains(&Color::Magenta), "{seen:?}");
}

#[test]
fn a_terminal_that_knows_ascii_gets_ascii() {
    for size in SIZES {
        let start = Rig::new(12, 100, size);
        for keys in ["", "2", "3", "4", "5", "6", "⏎", "⏎⏎", "?", "/zzz", " <"] {
            let mut rig = start.clone();
            rig.appearance.symbols = Symbols::Ascii;
            let text = rig.press(keys).text();
            let odd = text.chars().find(|c| !c.is_ascii());
            assert_eq!(odd, None, "after {keys} at {size:?}:\n{text}");
        }
    }
}

/// At 114 columns there is room for three cards side by side, but not for the scroll bar beside them.
#[test]
fn a_line_of_cards_is_as_long_for_the_keys_as_on_the_screen() {
    for width in [76, 77, 114, 115] {
        let mut rig = Rig::new(30, 12, (width, 24));
        rig.press("2j");
        let line = rig.text().lines().find(|line| line.starts_with('╭')).unwrap_or_default().to_owned();
        assert_eq!(rig.ui.selected_index(), Some(line.matches('╭').count()), "{width}: {line}");
    }
}

#[test]
fn the_sort_mark_in_ascii_is_no_letter() {
    let mut rig = Rig::new(12, 100, (120, 40));
    rig.appearance.symbols = Symbols::Ascii;
    assert!(rig.text().contains(" -CPU% "), "{}", rig.text());
    assert!(rig.press("r").text().contains(" +CPU% "), "{}", rig.text());
    assert!(rig.press("N").text().contains("NAME+ "), "{}", rig.text());
}

#[test]
fn nothing_is_drawn_wrong_at_any_size() {
    for (width, height) in [(40, 10), (41, 11), (60, 15), (79, 23), (100, 30), (300, 100), (1, 1), (500, 3)] {
        let start = Rig::new(30, 12, (width, height));
        for keys in ["", "2", "3", "4", "5", "6", "⏎", "⏎⏎", "?", "/web", "G", "2G", "6G"] {
            let mut rig = start.clone();
            rig.press(keys).text();
        }
    }
}

#[test]
fn every_theme_differs() {
    let mut grounds = Vec::new();
    for theme in ["", "t", "tt", "ttt"] {
        let mut rig = incident();
        rig.press(theme);
        grounds.push((rig.buffer()[(60, 20)].bg, colour(&rig, "▲ db-primary")));
    }
    for (index, theme) in grounds.iter().enumerate() {
        assert!(!grounds[..index].contains(theme), "{grounds:?}");
    }
    let mut rig = incident();
    rig.press("tttt");
    assert_eq!((rig.buffer()[(60, 20)].bg, colour(&rig, "▲ db-primary")), grounds[0], "the fifth is the first");
}

#[test]
fn the_key_for_the_next_theme_says_what_it_did_until_the_next_key() {
    for (depth, words) in [
        (Depth::True, " theme: paper  start with it: vtop --theme paper"),
        (Depth::Indexed, " theme: paper  start with it: vtop --theme paper"),
        (Depth::Ansi, " 16 colours: themes need 256  (TERM or COLORTERM)"),
        (Depth::Mono, " no colours: themes change nothing  (NO_COLOR or TERM)"),
    ] {
        let mut rig = Rig::new(12, 100, (80, 24));
        rig.appearance.depth = depth;
        let footer = |rig: &Rig| rig.text().lines().nth(23).unwrap_or_default().to_owned();
        let before = footer(&rig);
        rig.press("t");
        assert_eq!(footer(&rig), words, "{depth:?}");
        rig.press("j");
        assert_eq!(footer(&rig), before, "{depth:?}");
    }
    let mut rig = Rig::new(12, 100, (40, 10));
    assert!(rig.press("t").text().ends_with(" theme: paper\n"), "{}", rig.text());
}

#[test]
fn hostile_text_in_an_event_sends_no_escape_and_bends_no_column() {
    let evil = "\x1b[2J\x1b]0;x\x07\u{202e}a\r\n日本語".repeat(20);
    for size in SIZES {
        let mut rig = Rig::new(12, 100, size);
        let error = EventKind::IoError {
            device: evil.clone(),
            path: evil.clone(),
            action: IoErrorAction::Paused,
            reason: evil.clone(),
        };
        rig.tell(&evil, error.clone());
        rig.tell("", EventKind::DeviceAdded(String::new()));
        rig.tell("mail", error);
        for keys in ["", "6", "/mail⏎1⏎"] {
            let text = rig.press(keys).text();
            assert!(!text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{text}");
            let heads: Vec<_> = text.lines().skip(4).filter_map(|line| line.find("I/O error")).collect();
            assert!(keys != "6" || heads.len() == 2 && text.contains("device added"), "{text}");
        }
    }
}

/// In MiB/s, as `22.3M`, `16.0M┤`, or `≤16.0` before its unit.
fn mebibytes(word: &str) -> Option<f64> {
    word.trim_matches(['│', '┤', '≤', 'M']).parse().ok()
}

#[test]
fn a_device_s_peak_is_that_of_the_chart_beside_it() {
    for size in SIZES {
        let mut rig = Rig::new(12, 100, size);
        let text = rig.press("/db-primary⏎⏎⏎").text();
        let peaks = text.lines().filter(|line| line.starts_with("read B/s") || line.starts_with("write B/s"));
        let peak = peaks.filter_map(|line| mebibytes(line.split_whitespace().nth(3)?)).fold(0.0, f64::max);
        let chart = text.lines().skip_while(|line| !line.contains("throughput"));
        let scale = chart.flat_map(str::split_whitespace).filter(|word| word.contains(['┤', '≤'])).find_map(mebibytes);
        assert_eq!(scale, Some(2f64.powf(peak.log2().ceil())), "the scale is the next power of two:\n{text}");
    }
}

#[test]
fn an_idle_disk_is_counted_all_the_same() {
    let mut rig = Rig::new(12, 100, (120, 40));
    let text = rig.press("/db-primary⏎⏎jjj⏎").text();
    assert!(text.contains("disk sda") && text.contains("– errors: this driver does not count it"), "{text}");
}

#[test]
fn a_full_host_does_not_hide_the_guest_that_stands_still() {
    for width in [40, 60, 80, 120] {
        let rig = Rig::bent(12, 180, (width, 15), |sample| {
            let memory = sample.node.memory.as_mut().unwrap();
            memory.available = Some(Bytes(memory.total.0 / 40));
        });
        let text = rig.text();
        let line = text.lines().nth(2).unwrap().to_owned();
        assert!(line.contains("▲ mail paused"), "{width}: {line}");
        assert_eq!(line.contains("host memory 98 % used"), width >= 60, "{width}: {line}");
    }
}

#[test]
fn hugepages_and_swap_stand_apart_from_the_memory_that_is_used() {
    let rig = Rig::bent(12, 180, (160, 40), |sample| {
        let memory = sample.node.memory.as_mut().unwrap();
        (memory.total, memory.available) = (Bytes(256 << 30), Some(Bytes(36 << 30)));
        (memory.hugepages, memory.hugepages_free) = (Some(Bytes(200 << 30)), Some(Bytes(60 << 30)));
        (memory.swap, memory.swap_free) = (Some(Bytes(8 << 30)), Some(Bytes(5 << 30)));
    });
    let text = rig.text();
    let line = text.lines().nth(1).unwrap_or_default();
    assert!(line.contains("MEM 20.0G/56.0G huge 140G/200G swap 3.00G/8.00G"), "{line}");
    assert!(!text.contains("host memory"), "the pool is no used memory: {text}");
}

#[test]
fn memory_that_only_libvirt_tells_says_what_is_in_it() {
    let rig = Rig::bent(12, 180, (160, 40), |sample| {
        let memory = sample.node.memory.as_mut().unwrap();
        (memory.total, memory.free) = (Bytes(100 << 30), Bytes(1 << 30));
        (memory.buffers, memory.cached) = (Some(Bytes(1 << 30)), Some(Bytes(1 << 30)));
        (memory.available, memory.hugepages, memory.hugepages_free) = (None, None, None);
        (memory.swap, memory.swap_free) = (None, None);
    });
    let text = rig.text();
    let line = text.lines().nth(1).unwrap_or_default();
    assert!(line.contains("MEM 97.0G/100G with hugepages, slab  "), "{line}");
    assert!(text.contains("host memory 97 % used (with hugepages, slab)"), "{text}");
}

#[test]
fn the_host_line_counts_the_domains_at_every_width() {
    for (width, words) in
        [(40, "9/12 up"), (80, "9/12 up"), (110, "12 domains 9 running 3 off"), (120, "12 domains 9 running 3 off")]
    {
        for symbols in [Symbols::Braille, Symbols::Ascii] {
            let mut rig = Rig::new(12, 100, (width, 40));
            rig.appearance.symbols = symbols;
            let text = rig.text();
            let line = text.lines().nth(1).unwrap_or_default();
            assert!(line.ends_with(words), "{width} columns: {line}");
        }
    }
}

#[test]
fn a_vcpu_s_state_is_whole_beside_its_history() {
    for size in SIZES {
        let mut rig = Rig::bent(12, 10, size, |sample| {
            let vcpus = sample.domains.values_mut().flat_map(|domain| domain.vcpus.values_mut());
            vcpus.for_each(|vcpu| vcpu.host_cpu = Some(15));
        });
        for keys in ["5", "1/proxy⏎⏎"] {
            let text = rig.press(keys).text();
            assert!(text.contains("running on host CPU 15"), "{keys} at {size:?}:\n{text}");
        }
    }
}

#[test]
fn the_help_s_words_stand_below_each_other() {
    let text = Rig::new(12, 10, (80, 60)).press("?").text();
    let (first, next) = ("filter: a name", "bring back earlier ones");
    let column = |words| text.lines().find_map(|line| Some(line.split_once(words)?.0.chars().count()));
    assert_eq!(column(first), column(next), "{text}");
    assert!(column(next).is_some(), "{text}");
}

#[test]
fn a_chart_of_one_line_has_a_unit_and_a_scale() {
    let text = Rig::new(12, 180, (80, 24)).press("/proxy⏎⏎⇥⏎").text();
    let packets = text.lines().find(|line| line.contains("╭ packets")).unwrap_or_default();
    assert!(packets.ends_with("─ ≤50.0k p/s ╮"), "{text}");
    assert!(text.contains("3.46k p/s"), "{text}");
}

#[test]
fn the_smallest_terminal_has_whole_words_or_none() {
    for (keys, left, right) in
        [("", "vtop  DEMO  demo-host ", " live  1s  09:01:40"), (" <<<", "vtop  DEMO ", " FROZEN at 09:01:37, -3.0 s")]
    {
        let text = Rig::new(12, 100, (40, 10)).press(keys).text();
        let line = text.lines().next().unwrap_or_default();
        assert!(line.starts_with(left) && line.ends_with(right), "{line}");
    }
    let domain = Rig::new(12, 100, (40, 10)).press("/db-primary⏎⏎").text();
    assert!(domain.contains("╭ CPU ───── ≤800 % ╮╭ memory ──────────╮"), "{domain}");
    assert!(domain.contains("││used 45.2 GiB     │"), "{domain}");
    assert!(domain.contains("╰──────────────────╯╰──────────────────╯"), "{domain}");
    let device = Rig::new(12, 100, (40, 10)).press("/db-primary⏎⏎⏎").text();
    assert!(device.contains("3 of 10        now max 1m20s      total"), "{device}");
}
