//! `unsafe` and reads of the clock stay in their places.

use crate::crate_map::CrateMap;
use crate::sources::Sources;
use proc_macro2::{TokenStream, TokenTree};

/// Where `unsafe` may be.
const UNSAFE_PLACES: &[&str] = &["sources/libvirt/ffi/"];
/// Where a clock is read: everything else has its time from `time.rs`.
const CLOCK_PLACES: &[&str] = &["time.rs"];
/// Types whose `now` reads a clock.
const CLOCKS: &[&str] = &["Timestamp", "Instant", "SystemTime", "Zoned"];
/// What `time.rs` has of the system's own time, and where that may be used. All other files get their time as an argument.
const SYSTEM_TIME: &[(&str, &[&str])] = &[
    ("SystemClock", &["time.rs", "sources/", "sampler/settings.rs"]),
    ("Stopwatch", &["time.rs", "sources/"]),
    ("timer_now", &["time.rs", "sampler/", "app/"]),
];

/// The first line on which one of the words stands as an identifier.
fn line_of(tokens: TokenStream, words: &[&str]) -> Option<usize> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if words.iter().any(|word| ident == word) => Some(ident.span().start().line),
        TokenTree::Group(group) => line_of(group.stream(), words),
        _ => None,
    })
}

/// Everything that is out of its place. Tests may read the clock.
pub(crate) fn violations(sources: &Sources, map: &CrateMap) -> Vec<String> {
    let mut found = Vec::new();
    let in_places = |file: &str, places: &[&str]| places.iter().any(|place| file.starts_with(place));
    for file in sources.paths().filter(|file| !in_places(file, UNSAFE_PLACES)) {
        let tokens = sources.text(file).and_then(|text| text.parse().ok()).expect("a source is made of tokens");
        let line = line_of(tokens, &["unsafe", "unsafe_code"]);
        found.extend(line.map(|line| format!("{file}:{line}: `unsafe` outside of the ffi")));
    }
    for reference in map.references.iter().filter(|reference| !reference.test) {
        if let [.., clock, now] = reference.path.as_slice()
            && now == "now"
            && CLOCKS.contains(&clock.as_str())
            && !in_places(&reference.file, CLOCK_PLACES)
        {
            found.push(format!("{}:{}: reads the clock", reference.file, reference.line));
        }
        for (name, places) in SYSTEM_TIME {
            if reference.path.iter().any(|part| part == name) && !in_places(&reference.file, places) {
                found.push(format!("{}:{}: `{name}` is the system's time", reference.file, reference.line));
            }
        }
    }
    found
}
