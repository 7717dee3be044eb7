//! A module imports only from floors below its own. Tests keep this rule too.

use crate::crate_map::{CrateMap, LIBRARY};
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet};

type Floors = BTreeMap<String, u32>;

/// The table of the crate's documentation: `//! | 3 | [`sampler`]: …`.
pub(crate) fn table(library: &str) -> Floors {
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

/// `fleet` for `crate::fleet::host`; `None` for a root module.
fn top(module: &str) -> Option<&str> {
    module.split("::").nth(1)
}

/// Modules without a floor, and imports from the same or a higher floor.
pub(crate) fn violations(sources: &Sources, map: &CrateMap) -> Vec<String> {
    let floors = table(sources.text("lib.rs").expect("the library has a root"));
    let in_library = |module: &&String| module.starts_with(&format!("{LIBRARY}::"));
    let modules: BTreeSet<_> = map.modules.keys().filter(in_library).filter_map(|module| top(module)).collect();
    let mut found = Vec::new();
    found.extend(
        modules
            .iter()
            .filter(|module| !floors.contains_key(**module))
            .map(|module| format!("lib.rs: module `{module}` is on no floor of the table")),
    );
    found.extend(
        floors
            .keys()
            .filter(|module| !modules.contains(module.as_str()))
            .map(|module| format!("lib.rs: the table names `{module}`, which is no module")),
    );
    for reference in &map.references {
        let Some((own, own_floor)) = top(&reference.module).and_then(|own| Some((own, floors.get(own)?))) else {
            continue;
        };
        let target = map.target(reference);
        let others: BTreeSet<_> =
            target.named.iter().chain(&target.definers).filter_map(|module| top(module)).collect();
        for other in others.into_iter().filter(|other| *other != own) {
            if let Some(floor) = floors.get(other).filter(|floor| *floor >= own_floor) {
                let (file, line, path) = (&reference.file, reference.line, reference.path.join("::"));
                found.push(format!("{file}:{line}: floor {own_floor} imports `{other}` of floor {floor}: {path}"));
            }
        }
    }
    found
}
