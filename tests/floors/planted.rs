//! The test's own tests: faults planted in small crates are found, and what is no fault is not.

use crate::crate_map::CrateMap;
use crate::sources::Sources;
use crate::{circles, floors, layout, names, places};

const TABLE: &str = "//! | floor | modules |\n//! | 0 | [`units`] |\n//! | 1 | [`model`]: what it is |\n\
                     //! | 2 | [`config`]; [`sources`]: libvirt |\n//! | 5 | [`ui`] |\n";

/// A crate with the modules of `TABLE`, and these files in place of its empty ones.
fn house(files: &[(&str, &str)]) -> (Sources, CrateMap) {
    let library = format!("{TABLE}pub mod config; pub mod model; pub mod sources; pub mod ui; pub mod units;");
    let mut all = vec![
        ("lib.rs", library.as_str()),
        ("config.rs", "pub struct Config;"),
        ("model/mod.rs", "mod host; pub use host::Host;"),
        ("model/host.rs", "pub struct Host;"),
        ("sources/mod.rs", ""),
        ("ui/mod.rs", "mod state; pub use state::UiState; pub use crate::model::Host;"),
        ("ui/state.rs", "pub struct UiState; pub fn draw() {}"),
        ("units.rs", "macro_rules! units { ($name:ident) => { pub struct $name; } }\nunits!(Bytes);"),
    ];
    for (file, text) in files {
        all.retain(|(other, _)| other != file);
        all.push((*file, *text));
    }
    let sources = Sources::new(all);
    let map = CrateMap::new(&sources);
    (sources, map)
}

/// A crate of one folder `a`, whose `mod.rs` is the first text, with these further files in it.
fn folder(root: &str, files: &[(&str, &str)]) -> CrateMap {
    let mut all = vec![("lib.rs".to_owned(), "pub mod a;".to_owned()), ("a/mod.rs".to_owned(), root.to_owned())];
    all.extend(files.iter().map(|(file, text)| (format!("a/{file}.rs"), (*text).to_owned())));
    let map = CrateMap::new(&Sources::new(all));
    assert_eq!(map.problems, [""; 0]);
    assert_eq!(map.unresolved(), [""; 0]);
    map
}

fn circles_of(root: &str, files: &[(&str, &str)]) -> Vec<String> {
    circles::violations(&folder(root, files))
}

#[test]
fn two_files_that_import_each_other_are_found() {
    let files =
        &[("b", "use super::c::C;\npub struct B(C);"), ("c", "pub struct C;\n\nfn f() { let _ = super::b::B; }")];
    let circle = "circle: a/b.rs, a/c.rs\n    \
                  a/b.rs imports a/c.rs: super::c::C (line 1)\n    \
                  a/c.rs imports a/b.rs: super::b::B (line 3)";
    assert_eq!(circles_of("mod b; mod c;", files), [circle]);
}

#[test]
fn a_ring_of_three_through_re_exports_is_found() {
    let root =
        "mod b; mod c; mod d; pub use b::B; mod inner { pub use super::c::*; } pub use inner::C; pub use d::D as E;";
    let files = &[
        ("b", "use crate::a::C; pub struct B(C);"),
        ("c", "pub struct C; fn f(_: super::E) {}"),
        ("d", "pub struct D; impl D { fn f() { matches!(1, super::B) } }"),
    ];
    let found = circles_of(root, files);
    assert_eq!(found.len(), 1, "{found:?}");
    for part in [
        "circle: a/b.rs, a/c.rs, a/d.rs\n",
        "a/b.rs imports a/c.rs: crate::a::C (line 1)",
        "a/c.rs imports a/d.rs: super::E (line 1)",
        "a/d.rs imports a/b.rs: super::B (line 1)",
    ] {
        assert!(found[0].contains(part), "{part}: {found:?}");
    }
}

#[test]
fn every_way_to_name_an_item_closes_a_circle() {
    let b = "use super::c::C; pub struct B; pub enum Kind { One } pub const ZERO: u8 = 0; pub fn make() {} \
             macro_rules! made { () => {} } pub(crate) use made; pub(crate) fn written() {}";
    for c in [
        "use super::b;",
        "use super::b as other;",
        "use super::{b::{self}};",
        "use crate::a::b::Kind::One;",
        "use crate::a::b::Kind::*;",
        "use super::*; fn f() -> B { todo() }",
        "use super::*; fn f() { let make = make(); }",
        "use super::*; fn f() { assert!(make()) }",
        "use super::*; fn f() { x.map(make) }",
        "use crate::a as everything; struct S { field: Vec<everything::B> }",
        "trait T { fn f(&self, _: super::Kind); }",
        "fn f(x: u8) { match x { super::b::ZERO => {} _ => {} } }",
        "fn f() { format!(\"{}\", 1 + super::b::ZERO) }",
        "fn f() { super::b::made!() }",
        "fn f() { made!() }",
        "fn f() { use super::b as inner; inner::make() }",
        "fn f() { use super::*; let _ = super::super::a::B; }",
        "#[serde(serialize_with = \"super::b::written\")] struct S;",
        "impl From<super::B> for C { }",
        "fn f<T>() where T: Into<super::B> {}",
        "mod inner { fn f() { super::super::b::make() } }",
        "type Alias = <super::B as Iterator>::Item;",
        "pub use super::b::make;",
        "metrics! { One: super::b::ZERO }",
    ] {
        let files = &[("b", b), ("c", &format!("pub struct C; {c}"))];
        let found = circles_of("mod b; mod c; pub use b::*;", files);
        assert_eq!(found.len(), 1, "{c}: {found:?}");
    }
}

#[test]
fn what_is_no_import_closes_no_circle() {
    let b = "use super::c::C; pub struct B; pub fn make() {} pub fn other() {}";
    for c in [
        "#[cfg(test)] use super::b::B;",
        "#[cfg(test)] mod tests { use super::super::b::B; fn f() { super::super::make() } }",
        "#[cfg(all(test, unix))] fn f() { super::make() }",
        "struct S { #[cfg(test)] field: super::B }",
        "impl C { #[cfg(test)] fn f() { super::make() } }",
        "fn f() { #[cfg(test)] let x = super::make(); }",
        "// super::b::B\n/// [`super::b::B`]\nconst TEXT: &str = \"super::b::B\";",
        "use super::*; fn f(make: u8) -> u8 { make + C::other().make }",
        "use std::b; fn f() { b::make() }",
        "pub(in crate::a) struct D;",
        "use super::*; fn f() { format!(\"{make}\", c.make, ..other::make) }",
        "mod b { pub struct B; } use b::B; fn f(_: b::B) {}",
        "use super::*; struct B; fn f(_: B) {}",
    ] {
        let files = &[("b", b), ("c", &format!("pub struct C; {c}"))];
        assert_eq!(circles_of("mod b; mod c; pub use b::*;", files), [""; 0], "{c}");
    }
    let tests = &[("b", "pub struct B; #[cfg(test)] mod tests;"), ("b/tests", "use super::B; use crate::a::c::C;")];
    assert_eq!(
        folder(
            "mod b;",
            &[("b", "#[cfg(test)]\n#[path = \"tests.rs\"]\nmod tests;"), ("tests", "use super::super::b;")]
        )
        .modules["crate::a::b::tests"]
            .file,
        "a/tests.rs"
    );
    assert_eq!(circles_of("mod b; mod c;", &[tests, &[("c", "use super::b::B; pub struct C;")][..]].concat()), [""; 0]);
}

#[test]
fn a_path_that_leads_nowhere_is_told() {
    let map = |text: &str| house(&[("model/host.rs", &format!("pub struct Host; {text}"))]).1;
    assert_eq!(map("use super::Hosts;").unresolved(), ["model/host.rs:1: unknown: super::Hosts"]);
    assert_eq!(map("use crate::units::{Bytes, Quantity};").unresolved().len(), 1);
    assert_eq!(map("use crate::units::Bytes; use other::crate_;").unresolved(), [""; 0]);
}

#[test]
fn files_without_a_module_and_modules_without_a_file_are_told() {
    let (_, map) = house(&[("model/lost.rs", ""), ("units.rs", "mod missing; pub struct Bytes;")]);
    assert_eq!(map.problems, ["units.rs: module `missing` has no file", "model/lost.rs: no module declares it"]);
}

#[test]
fn the_table_is_read() {
    let floors = floors::table(TABLE);
    assert_eq!(floors.get("sources"), Some(&2));
    assert_eq!(floors.len(), 5);
}

fn floors_of(file: &str, text: &str) -> Vec<String> {
    let (sources, map) = house(&[(file, text)]);
    floors::violations(&sources, &map)
}

#[test]
fn an_import_from_a_higher_floor_is_found() {
    for text in [
        "use crate::ui::UiState;",
        "use crate::{units::Bytes, ui::{UiState}};",
        "fn f() { crate::ui::draw() }",
        "fn f() { format!(\"{}\", crate::ui::draw()) }",
        "use super::super::ui;",
        "use super::super::{units, ui};",
        "use crate::ui::Host as Same;",
        "// fine\nuse crate::config::Config;\n",
        "use crate::sources;",
        "#[cfg(test)] mod tests { use super::super::super::ui; use super::*; }",
    ] {
        let found = floors_of("model/host.rs", &format!("pub struct Host; {text}"));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
    }
    assert_eq!(floors_of("config.rs", "use crate::sources;").len(), 1, "the same floor");
    assert_eq!(
        floors_of("model/mod.rs", "mod host;\n\nuse crate::ui::UiState; pub use host::Host;"),
        ["model/mod.rs:3: floor 1 imports `ui` of floor 5: crate::ui::UiState"]
    );
}

#[test]
fn an_import_from_a_lower_floor_or_the_own_module_is_fine() {
    for text in [
        "use crate::{units::Bytes, model::Host as Other};",
        "use super::Host as Other;",
        "use std::ui; use other::crate_::ui;",
        "/// see crate::ui\n/* crate::ui */ const X: &str = \"crate::ui\"; const Y: &str = r#\"crate::ui \" \"#;",
        "const Q: char = '\"'; const E: char = '\\''; fn f<'a>(x: &'a str) {} // crate::ui",
    ] {
        assert_eq!(floors_of("model/host.rs", &format!("pub struct Host; {text}")), [""; 0], "{text}");
    }
    assert_eq!(floors_of("main.rs", "use vtop::ui::UiState;"), [""; 0]);
}

#[test]
fn a_module_without_a_floor_is_found() {
    let library = format!("{TABLE}pub mod cellar; pub mod config; pub mod model; pub mod ui; pub mod units;");
    let (sources, map) = house(&[("lib.rs", &library), ("cellar.rs", "")]);
    assert_eq!(
        floors::violations(&sources, &map),
        [
            "lib.rs: module `cellar` is on no floor of the table",
            "lib.rs: the table names `sources`, which is no module"
        ]
    );
}

#[test]
fn a_mod_file_with_an_item_is_found() {
    let found = |file: &str, text: &str| layout::items_in_mod_files(&house(&[(file, text)]).0);
    for text in ["const X: u8 = 0;", "fn f() {}", "metrics! {}", "#[cfg(test)] mod tests { }", "impl super::X {}"] {
        let text = format!("//! Docs.\n\nmod host;\npub use host::Host;\n{text}");
        assert_eq!(found("model/mod.rs", &text), ["model/mod.rs:5: an item in a mod.rs"], "{text}");
    }
    assert_eq!(found("lib.rs", "pub fn f() {}").len(), 1);
    assert_eq!(found("model/host.rs", "pub struct Host;"), [""; 0]);
}

#[test]
fn a_file_beside_a_folder_of_its_name_is_found() {
    let (sources, _) = house(&[("model/host.rs", "mod cpu; pub struct Host;"), ("model/host/cpu.rs", "")]);
    assert_eq!(layout::files_beside_folders(&sources).len(), 1);
    assert_eq!(layout::files_beside_folders(&house(&[]).0), [""; 0]);
}

#[test]
fn unsafe_and_the_clock_have_their_places() {
    let found = |file: &str, text: &str| {
        let (sources, map) = house(&[(file, text)]);
        places::violations(&sources, &map)
    };
    assert_eq!(found("config.rs", "fn f() { unsafe { g() } }").len(), 1);
    assert_eq!(found("sources/libvirt/mod.rs", "#![allow(unsafe_code)]").len(), 1);
    assert_eq!(found("sources/libvirt/ffi/stats.rs", "#![allow(unsafe_code)] unsafe fn f() {}"), [""; 0]);
    assert_eq!(found("config.rs", "// unsafe\nconst TEXT: &str = \"unsafe\";"), [""; 0]);
    for clock in ["Timestamp::now()", "std::time::Instant::now()", "x.map(Instant::now)", "dbg!(SystemTime::now())"] {
        assert_eq!(found("config.rs", &format!("fn f() {{ {clock}; }}")).len(), 1, "{clock}");
        assert_eq!(found("sources/mod.rs", &format!("fn f() {{ {clock}; }}")).len(), 1, "{clock}");
        let (sources, map) = house(&[("lib.rs", "mod time;"), ("time.rs", &format!("fn f() {{ {clock}; }}"))]);
        assert_eq!(places::violations(&sources, &map), [""; 0], "{clock}");
        let test = format!("#[cfg(test)]\nmod tests {{ fn f() {{ {clock}; }} }}");
        assert_eq!(found("config.rs", &test), [""; 0], "{clock}");
    }
    let system_clock = "fn f() { crate::time::SystemClock.now(); }";
    assert_eq!(found("ui/state.rs", system_clock).len(), 1);
    assert_eq!(found("sources/mod.rs", system_clock), [""; 0]);
}

#[test]
fn private_names_are_found() {
    let found = |file: &str, text: &str| names::violations("src", &Sources::new([(file, text)]));
    for (file, text) in [
        ("fleet/mod.rs", "mod track;"),
        ("fleet/mod.rs", "pub struct Page { }"),
        ("sampler/task.rs", "struct Task { free: u8 }"),
        ("sampler/task.rs", "enum Line {}"),
        ("model/sample.rs", "struct Sample { held: u8 }"),
        ("model/sample.rs", "impl Sample { fn held(&self) {} }"),
        ("app/error.rs", "pub enum Trouble {}"),
    ] {
        assert_eq!(found(file, text).len(), 1, "{text}");
    }
    for (file, text) in [
        ("ui/keymap.rs", "enum Key { PageUp } struct Page;"),
        ("outputs/json.rs", "struct Line { line: u8 }"),
        ("app/mod.rs", "fn exit_code() { let code = 1; x.round() }"),
        ("model/host.rs", "struct NodeMemory { free: u64 }"),
    ] {
        assert_eq!(found(file, text), [""; 0], "{text}");
    }
}
