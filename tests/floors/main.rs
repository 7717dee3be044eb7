//! The structure of `src`, checked on its syntax trees:
//!
//! - a module imports only from lower layers (called floors here); the layers are those of the table in `src/lib.rs`;
//! - no two files import each other, directly or in a ring;
//! - `mod.rs` and `lib.rs` hold only documentation, `mod` and `use`, and no `foo.rs` stands beside a folder `foo`;
//! - `unsafe` and reads of the clock stay in their places;
//! - no item has one of the names that are listed in `names.rs`.

mod circles;
mod crate_map;
mod floors;
mod layout;
mod names;
mod places;
mod planted;
mod references;
mod resolve;
mod sources;

use crate_map::CrateMap;
use sources::Sources;
use std::sync::OnceLock;

fn report(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn sources() -> Sources {
    let sources = Sources::of_folder("src");
    assert!(sources.paths().count() > 20, "the sources were found");
    sources
}

fn map() -> &'static CrateMap {
    static MAP: OnceLock<CrateMap> = OnceLock::new();
    MAP.get_or_init(|| CrateMap::new(&sources()))
}

#[test]
fn every_file_is_a_module() {
    report(&map().problems);
}

#[test]
fn every_path_of_the_crate_is_understood() {
    report(&map().unresolved());
}

#[test]
fn a_module_imports_only_from_lower_floors() {
    report(&floors::violations(&sources(), map()));
}

#[test]
fn no_files_import_each_other() {
    report(&circles::violations(map()));
}

#[test]
fn mod_files_hold_no_items() {
    report(&layout::items_in_mod_files(&sources()));
}

#[test]
fn no_file_stands_beside_a_folder_of_its_name() {
    report(&layout::files_beside_folders(&sources()));
}

#[test]
fn unsafe_and_the_clock_stay_in_their_places() {
    report(&places::violations(&sources(), map()));
}

#[test]
fn no_item_has_a_private_name() {
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches"] {
        found.extend(names::violations(folder, &Sources::of_folder(folder)));
    }
    report(&found);
}
