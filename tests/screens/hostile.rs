//! Names, titles, paths and messages that want to do something to the terminal: they are shown, and do nothing.
//!
//! Every screen is drawn twice: with the hostile text, and with as many columns of a letter that stands nowhere else. What
//! differs must be where that letter stood.

use crate::rig::Rig;
use ratatui::buffer::{Buffer, Cell, CellWidth};
use std::num::NonZero;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;
use vtop::model::{
    Call, DomainDefinition, Driver, EventKind, HostInfo, HostSample, HostUpdate, IoErrorAction, UnsupportedCall,
};
use vtop::ui::{DeviceKey, Screen};
use vtop::view::fuzzing::clean;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];
/// Stands for a column of the hostile text.
const MARK: &str = "ø";

/// What others could write.
fn hostile() -> Vec<String> {
    let long = |text: &str| text.chars().cycle().take(300).collect();
    vec![
        String::new(),
        "\x1b[2J".into(),
        "\x1b]0;pwned\x07".into(),
        "\u{9b}31mred\u{9c}".into(),
        "a\r\nb\tc\x08\x7f".into(),
        "\u{202e}evil\u{2066}".into(),
        "\u{200b}\u{200d}\u{feff}\u{ad}".into(),
        "e\u{301}\u{301}\u{301}o\u{308}".into(),
        "\u{301}\u{301}x".into(),
        "日本語".into(),
        "👩\u{200d}👩\u{200d}👧".into(),
        "🇩🇪☝🏽❤\u{fe0f}".into(),
        "क्षनि".into(),
        "ᄀ\u{1161}\u{11a8}".into(),
        "ｶﾞ日ﾟ".into(),
        "لا إله".into(),
        long("kubernetes-node-"),
        long("\x1b[31m"),
        long("e\u{301}"),
        long("\u{202e}\u{200d}"),
    ]
}

/// These have no cut at every column, so what follows them in prose may move by one; what stands in a column may not.
fn hostile_and_wide() -> Vec<String> {
    ["日", "👩\u{200d}", "日a", "🇩🇪", "لا", "日ﾟ"].map(|text| text.chars().cycle().take(300).collect()).into()
}

/// As many columns of marks.
fn harmless(text: &str) -> String {
    let columns: usize = clean(text).graphemes(true).map(|part| usize::from(part.cell_width())).sum();
    MARK.repeat(columns)
}

const NAMED: &str = "db-primary";

/// The last one where rows are alike but for their names, however the text itself is sorted.
fn name(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("zz{text}") }
}

/// One domain, its definition, its devices and what they are made of, called so: whatever its owner, its guest or its
/// host could have chosen.
fn call(sample: &mut HostSample, text: &str) {
    let reason = UnsupportedCall { call: Call::BlockStatsFlags, reason: text.to_owned() };
    Arc::make_mut(&mut sample.unsupported).push(reason);
    let Some(domain) = sample.domains.values_mut().find(|domain| domain.name == NAMED) else { panic!("no {NAMED}") };
    domain.name = name(text).into();
    domain.unsupported.push(UnsupportedCall { call: Call::MemoryStats, reason: text.to_owned() });
    domain.disks.iter_mut().for_each(|disk| disk.path = Some(text.into()));
    // Only one of each: a second one of that name would be the same device.
    domain.disks[0].name = name(text).into();
    domain.nics[0].name = name(text).into();
    if let Some(definition) = &mut domain.definition {
        call_definition(Arc::make_mut(definition), text);
    }
}

fn call_definition(definition: &mut DomainDefinition, text: &str) {
    let said = || Some(text.to_owned());
    (definition.title, definition.description, definition.machine) = (said(), said(), said());
    definition.disks[0].target = name(text);
    definition.nics[0].target = Some(name(text));
    for disk in &mut definition.disks {
        (disk.kind, disk.device) = (text.to_owned(), text.to_owned());
        (disk.source, disk.format, disk.cache) = (said(), said(), said());
        (disk.bus, disk.serial) = (said(), said());
        disk.limits = vec![(text.to_owned(), 1)];
    }
    for nic in &mut definition.nics {
        nic.kind = text.to_owned();
        (nic.source, nic.mac, nic.model) = (said(), said(), said());
        nic.limits = vec![(text.to_owned(), 1)];
    }
}

/// The host calls itself so.
fn call_host(rig: &mut Rig, text: &str) {
    let Some(known) = &rig.fleet.hosts()[0].info else { panic!("connected") };
    let mut info = HostInfo::clone(known);
    (info.hostname, info.uri) = (text.into(), text.into());
    (info.driver, info.cpu_model) = (Driver::Other(text.into()), Some(text.into()));
    (info.hypervisor_version, info.libvirt_version) = (Some(text.into()), Some(text.into()));
    rig.fleet.apply(0, HostUpdate::Connected(Arc::new(info)));
}

/// Everything that there is, with this text in it.
fn rigs(text: &str, size: (u16, u16)) -> Vec<Rig> {
    let mut start = Rig::bent(12, 100, size, |sample| call(sample, text));
    call_host(&mut start, text);
    let uuid = start.fleet.domains().find(|(.., domain)| domain.name == name(text)).expect("the one").0;
    let mut rigs: Vec<Rig> = Vec::new();
    for keys in ["", "2", "3", "4", "5", "6", "?"] {
        let mut rig = start.clone();
        rig.press(keys);
        rigs.push(rig);
    }
    // Into the domain and its devices, wherever it stands in the list.
    let mut rig = start.clone();
    for _ in 0..12 {
        if rig.ui.selected_row().and_then(|row| row.domain()) == Some(uuid) {
            break;
        }
        rig.press("j");
    }
    // The first disk and the first NIC are those that are called so.
    let called = [
        None,
        Some(DeviceKey::Disk(name(text).into())),
        Some(DeviceKey::Nic(name(text).into())),
        Some(DeviceKey::Vcpu(0)),
    ];
    for (keys, called) in ["⏎", "⏎", "⎋⇥⏎", "⎋⇥⏎"].into_iter().zip(called) {
        rig.press(keys);
        let device = match rig.ui.screen() {
            Screen::Device(_, key) => Some(key),
            _ => None,
        };
        assert_eq!(device, called.as_ref());
        rigs.push(rig.clone());
        let mut unplugged = rig.clone();
        unplugged.unplug(uuid.uuid);
        rigs.push(unplugged);
    }
    let mut typed = start.clone();
    typed.press("/").press(text);
    rigs.push(typed);
    let error = EventKind::IoError {
        device: text.into(),
        path: text.into(),
        action: IoErrorAction::Paused,
        reason: text.into(),
    };
    let mut told = start.clone();
    told.tell(&name(text), EventKind::DeviceAdded(text.into()));
    told.tell(&name(text), error);
    for keys in ["", "6"] {
        told.press(keys);
        rigs.push(told.clone());
    }
    let mut failing = start;
    failing.fail(text, text);
    rigs.push(failing.clone());
    failing.press("2");
    rigs.push(failing);
    let mut first = Rig::empty(size);
    first.fail(text, text);
    rigs.push(first);
    rigs
}

fn is_bad(c: char) -> bool {
    let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    c.is_control() || turns
}

/// Cells of a line that are not what they are without the hostile text, though no mark stood there.
fn moved(evil: &Buffer, plain: &Buffer, y: u16) -> Vec<(u16, String, String)> {
    let cell = |buffer: &Buffer, x| buffer[(x, y)].symbol().to_owned();
    let differs = |x: &u16| {
        let there = cell(plain, *x);
        // A mark that combines may sit on the character before it.
        !evil[(*x, y)].symbol().starts_with(&there) && !matches!(there.as_str(), MARK | "…")
    };
    (0..evil.area.width).filter(differs).map(|x| (x, cell(evil, x), cell(plain, x))).collect()
}

#[test]
fn no_control_character_reaches_a_cell_and_no_column_moves() {
    for text in hostile() {
        for size in SIZES {
            for (index, (evil, plain)) in rigs(&text, size).iter().zip(rigs(&harmless(&text), size)).enumerate() {
                let (drawn, plain) = (evil.buffer(), plain.buffer());
                let bad = drawn.content.iter().map(Cell::symbol).find(|symbol| symbol.contains(is_bad));
                assert_eq!(bad, None, "{text:?} on picture {index} at {size:?}");
                for y in 0..size.1 {
                    let moved = moved(&drawn, &plain, y);
                    assert!(moved.is_empty(), "line {y} of picture {index} with {text:?}: {moved:?}\n{}", evil.text());
                }
            }
        }
    }
}

/// In the lists: what stands right of a name that is cut stands where it always stands.
#[test]
fn columns_right_of_a_long_wide_name_stay_where_they_are() {
    for text in hostile_and_wide() {
        for size in SIZES {
            let pictures = rigs(&text, size).into_iter().zip(rigs(&harmless(&text), size)).enumerate();
            for (index, (evil, plain)) in pictures {
                let (drawn, plain) = (evil.buffer(), plain.buffer());
                let bad = drawn.content.iter().map(Cell::symbol).find(|symbol| symbol.contains(is_bad));
                assert_eq!(bad, None, "{text:?} on picture {index} at {size:?}");
                // The table, disks, NICs and vCPUs, below the lines on top.
                for y in (3..size.1 - 1).filter(|_| matches!(index, 0 | 2 | 3 | 4)) {
                    let last = (0..size.0).rev().find(|x| matches!(plain[(*x, y)].symbol(), MARK | "…")).unwrap_or(0);
                    let moved: Vec<_> = moved(&drawn, &plain, y).into_iter().filter(|(x, ..)| *x > last).collect();
                    assert!(moved.is_empty(), "line {y} of picture {index} with {text:?}: {moved:?}\n{}", evil.text());
                }
            }
        }
    }
}

/// What a terminal is told to do, without what it is told to show, and without where to show it.
fn orders(bytes: &[u8], text: &str) -> Vec<String> {
    let written = std::str::from_utf8(bytes).expect("UTF-8");
    let mut parts = written.split('\x1b');
    let mut orders = Vec::new();
    let shown = parts.next().unwrap_or_default();
    assert!(!shown.contains(is_bad), "{text:?} reached the terminal: {shown:?}");
    for part in parts {
        let end = part.find(|c: char| ('@'..='~').contains(&c) && c != '[').expect("an order has an end");
        let (order, shown) = part.split_at(end + 1);
        let parameters = order.strip_prefix('[').expect("crossterm makes only such ones");
        let parameters = &parameters[..parameters.len() - 1];
        assert!(parameters.chars().all(|c| c.is_ascii_digit() || ";?:".contains(c)), "{order:?}");
        assert!(!shown.contains(is_bad), "{text:?} reached the terminal: {shown:?}");
        match order.chars().last() {
            Some('H') => {}
            Some('m' | 'h' | 'l') => orders.push(order.to_owned()),
            _ => panic!("nobody makes {order:?}"),
        }
    }
    orders
}

#[test]
fn a_terminal_gets_no_order_but_those_of_a_harmless_text() {
    for text in hostile() {
        for size in SIZES {
            let pictures = rigs(&text, size).into_iter().zip(rigs(&harmless(&text), size)).enumerate();
            for (index, (evil, plain)) in pictures {
                let bytes = evil.bytes();
                let (made, expected) = (orders(&bytes, &text), orders(&plain.bytes(), MARK));
                assert_eq!(made, expected, "{text:?} on picture {index} at {size:?}");
                // And a terminal that has them shows each figure where it belongs.
                let [rows, columns] = [size.1, size.0].map(|length| NonZero::new(length).expect("a size"));
                let mut terminal = vt100::Parser::new(rows, columns, 0);
                // It leaves this character out, which real ones do not.
                terminal.process(String::from_utf8_lossy(&bytes).replace('\u{fffd}', "?").as_bytes());
                let plain = plain.buffer();
                let others = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
                for (x, y) in others.filter(|place| !matches!(plain[*place].symbol(), MARK | "…" | " ")) {
                    let shown = terminal.screen().cell(y, x).map_or("", vt100::Cell::contents);
                    let expected = plain[(x, y)].symbol();
                    assert!(
                        shown.starts_with(expected),
                        "{text:?} on picture {index} at {size:?}, column {x}, line {y}: {shown:?} for {expected:?}"
                    );
                }
            }
        }
    }
}
