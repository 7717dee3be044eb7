//! The house stands: a module imports only from floors below its own, `unsafe` and the clock stay in their places.
//!
//! The floors are those of the table in `src/lib.rs`; the rules are checked on the words of the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where `unsafe` may be.
const UNSAFE_PLACES: &[&str] = &["sources/libvirt/ffi/"];
/// Where the clock may be read. The sampler reads it for deadlines and for when a connection failed, never for a figure.
const CLOCK_PLACES: &[&str] = &["sources/", "app/", "time.rs", "sampler/task.rs", "sampler/task/"];
const CLOCKS: &[&[&str]] =
    &[&["Timestamp", "::", "now"], &["Instant", "::", "now"], &["SystemTime", "::", "now"], &["Zoned", "::", "now"]];

type Floors = BTreeMap<String, u32>;

/// The table of the crate's documentation: `//! | 3 | [`sampler`]: …`.
fn floors(library: &str) -> Floors {
    let mut floors = Floors::new();
    for line in library.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let Some((floor, modules)) = line.split_once('|') else { continue };
        let Ok(floor) = floor.trim().parse() else { continue };
        for part in modules.split("[`").skip(1) {
            let (name, _) = part.split_once("`]").expect("a link is closed");
            floors.insert(name.to_owned(), floor);
        }
    }
    floors
}

/// Words and signs of a source, with their lines, without comments and without what is in quotes.
fn words(source: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let chars: Vec<char> = source.chars().collect();
    let starts = |at: usize, text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let begin = at;
        let c = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if c == 'r' && (starts(at, "r\"") || starts(at, "r#\"") || starts(at, "r##\"")) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            at += hashes + 2;
            while at < chars.len() && !starts(at, &end) {
                at += 1;
            }
            at += end.len();
        } else if c == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' && (chars.get(at + 2) == Some(&'\'') || chars.get(at + 1) == Some(&'\\')) {
            at += if chars[at + 1] == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if c.is_alphanumeric() || c == '_' {
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            words.push((line, chars[begin..at].iter().collect()));
        } else if starts(at, "::") {
            at += 2;
            words.push((line, "::".into()));
        } else {
            at += 1;
            if !c.is_whitespace() {
                words.push((line, c.into()));
            }
        }
        line += chars[begin..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    words
}

/// What a path or a group in braces that begins at `at` names first: `a::b` gives `a`, `{a::b, c}` gives `a` and `c`.
fn first_names(words: &[(usize, String)], at: usize) -> Vec<String> {
    let word = |at: usize| words.get(at).map_or("", |(_, word)| word.as_str());
    if word(at) != "{" {
        return vec![word(at).to_owned()];
    }
    let (mut names, mut depth, mut at) = (Vec::new(), 0, at);
    loop {
        match word(at) {
            "{" => depth += 1,
            "}" => depth -= 1,
            "" => return names,
            name if depth == 1 && matches!(word(at - 1), "{" | ",") => names.push(name.to_owned()),
            _ => {}
        }
        if depth == 0 {
            return names;
        }
        at += 1;
    }
}

/// The modules above a file: `a/b.rs` is `[a, b]`, `a/mod.rs` is `[a]`.
fn module_path(file: &str) -> Vec<&str> {
    let mut path: Vec<_> = file.trim_end_matches(".rs").split('/').collect();
    if path.last() == Some(&"mod") {
        path.pop();
    }
    path
}

/// Top-level modules that a file names, with the lines. From line `tests` on it is the inline module of its tests.
fn imports(file: &str, words: &[(usize, String)], tests: usize) -> Vec<(usize, String)> {
    let word = |at: usize| words.get(at).map_or("", |(_, word)| word.as_str());
    let mut imports = Vec::new();
    for at in 0..words.len() {
        let follows_path = at > 0 && word(at - 1) == "::";
        let from = match word(at) {
            "crate" | "vtop" if word(at + 1) == "::" && !follows_path => at + 2,
            "super" if word(at + 1) == "::" && !follows_path => {
                let mut end = at + 2;
                let mut ups = 1;
                while word(end) == "super" && word(end + 1) == "::" {
                    (end, ups) = (end + 2, ups + 1);
                }
                if ups < module_path(file).len() + usize::from(words[at].0 > tests) {
                    continue;
                }
                end
            }
            _ => continue,
        };
        imports.extend(first_names(words, from).into_iter().map(|name| (words[at].0, name)));
    }
    imports
}

fn contains(words: &[(usize, String)], sought: &[&str]) -> Option<usize> {
    words.windows(sought.len()).find(|part| part.iter().map(|(_, word)| word).eq(sought)).map(|part| part[0].0)
}

/// A source without its inline tests, which may look at the clock.
fn without_tests(source: &str) -> &str {
    source.split_once("#[cfg(test)]\nmod tests {").map_or(source, |(before, _)| before)
}

/// Everything that breaks a rule in one file; `file` is its path below `src`.
fn violations(floors: &Floors, file: &str, source: &str) -> Vec<String> {
    let all = words(source);
    let own = module_path(file)[0].to_owned();
    let mut found = Vec::new();
    let at_the_top = matches!(file, "main.rs" | "lib.rs");
    match floors.get(&own) {
        None if !at_the_top => found.push(format!("{file}: module `{own}` is on no floor in src/lib.rs")),
        floor => {
            for (line, name) in imports(file, &all, without_tests(source).lines().count()) {
                match (floor, floors.get(&name)) {
                    _ if name == own => {}
                    (_, None) => found.push(format!("{file}:{line}: `{name}` is on no floor in src/lib.rs")),
                    (Some(own_floor), Some(other)) if other >= own_floor => {
                        found.push(format!("{file}:{line}: floor {own_floor} imports `{name}` of floor {other}"));
                    }
                    _ => {}
                }
            }
        }
    }
    let in_places = |places: &[&str]| places.iter().any(|place| file.starts_with(place));
    if !in_places(UNSAFE_PLACES) {
        for word in ["unsafe", "unsafe_code"] {
            found.extend(contains(&all, &[word]).map(|line| format!("{file}:{line}: `{word}` outside of the ffi")));
        }
    }
    if !in_places(CLOCK_PLACES) && !file.ends_with("/tests.rs") {
        let program = words(without_tests(source));
        for clock in CLOCKS {
            found.extend(contains(&program, clock).map(|line| format!("{file}:{line}: reads the clock")));
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn the_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floors = floors(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were found");
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
        found.extend(violations(&floors, file, &fs::read_to_string(&path).unwrap()));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

const TABLE: &str = "//! | floor | modules |\n//! | 0 | [`units`] |\n//! | 1 | [`model`]: what it is |\n\
                     //! | 2 | [`config`]; [`sources`]: libvirt |\n//! | 5 | [`ui`] |\n";

fn found(file: &str, source: &str) -> Vec<String> {
    violations(&floors(TABLE), file, source)
}

#[test]
fn the_table_is_read() {
    let floors = floors(TABLE);
    assert_eq!(floors.get("sources"), Some(&2));
    assert_eq!(floors.len(), 5);
}

#[test]
fn an_import_from_above_is_found() {
    for source in [
        "use crate::ui::UiState;",
        "use crate::{units::Bytes, ui::{UiState}};",
        "fn f() { crate::ui::draw() }",
        "use super::ui;",
        "use super::{units, ui};",
        "// fine\nuse crate::config::Config;\n",
        "use crate::sources;",
    ] {
        let file = if source.contains("sources") { "config/mod.rs" } else { "model/mod.rs" };
        assert_eq!(found(file, source).len(), 1, "{source}: {:?}", found(file, source));
    }
    assert_eq!(found("model/host.rs", "use super::super::ui::X;").len(), 1);
    assert_eq!(found("time.rs", "").len(), 1, "no floor in this table");
    assert_eq!(found("units.rs", "#[cfg(test)]\nmod tests { use super::super::ui; use super::*; }").len(), 1);
    assert_eq!(found("model/mod.rs", "\n\nuse crate::ui;")[0], "model/mod.rs:3: floor 1 imports `ui` of floor 5");
}

#[test]
fn an_import_from_below_or_from_the_own_module_is_fine() {
    for source in [
        "use crate::{units::{Bytes, ui}, model::Host};",
        "use super::ui;",
        "use std::ui; use other::crate_::ui;",
        "/// see crate::ui\n/* crate::ui */ const X: &str = \"crate::ui\"; const Y: &str = r#\"crate::ui \" \"#;",
        "const Q: char = '\"'; const E: char = '\\''; fn f<'a>(x: &'a str) {} // crate::ui",
        "pub(crate) use host::Host;",
    ] {
        assert_eq!(found("model/host.rs", source), [""; 0], "{source}");
    }
}

#[test]
fn a_module_without_a_floor_is_found() {
    assert_eq!(found("cellar/mod.rs", "").len(), 1);
    assert_eq!(found("model/mod.rs", "use crate::cellar;").len(), 1);
    assert_eq!(found("main.rs", "use vtop::ui;"), [""; 0]);
}

#[test]
fn unsafe_and_the_clock_have_their_places() {
    assert_eq!(found("model/mod.rs", "fn f() { unsafe { g() } }").len(), 1);
    assert_eq!(found("sources/libvirt/mod.rs", "#![allow(unsafe_code)]").len(), 1);
    assert_eq!(found("sources/libvirt/ffi/stats.rs", "#![allow(unsafe_code)] unsafe fn f() {}"), [""; 0]);
    for clock in ["Timestamp::now()", "std::time::Instant::now()", "map(Instant::now)", "SystemTime::now()"] {
        assert_eq!(found("ui/mod.rs", clock).len(), 1, "{clock}");
        assert_eq!(found("sources/worker.rs", clock), [""; 0], "{clock}");
        assert_eq!(found("ui/mod.rs", &format!("#[cfg(test)]\nmod tests {{ {clock} }}")), [""; 0], "{clock}");
    }
}
