//! Files that import each other, directly or in a ring.

use crate::crate_map::CrateMap;
use crate::references::Reference;
use crate::resolve::passes_names_on;
use std::collections::{BTreeMap, BTreeSet};

/// From a file to the files that it imports, each with the references that do it.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Reference>>>;

fn edges(map: &CrateMap) -> Edges<'_> {
    let mut edges = Edges::new();
    let counted = map.references.iter().filter(|reference| !reference.test && !passes_names_on(&reference.file));
    for reference in counted {
        let own = reference.file.as_str();
        for file in map.target(reference).files(map) {
            if file != own {
                edges.entry(own).or_default().entry(file).or_default().push(reference);
            }
        }
    }
    edges
}

fn reached<'a>(edges: &Edges<'a>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        let next = edges.get(file).into_iter().flat_map(BTreeMap::keys);
        open.extend(next.filter(|next| reached.insert(**next)));
    }
    reached
}

/// Groups of files of which each imports, by way of others perhaps, every other one.
fn circles<'a>(edges: &Edges<'a>) -> BTreeSet<BTreeSet<&'a str>> {
    let reach: BTreeMap<_, _> = edges.keys().map(|file| (*file, reached(edges, file))).collect();
    let groups = reach.iter().filter(|(file, reached)| reached.contains(*file)).map(|(file, reached)| {
        reached.iter().copied().filter(|other| reach.get(other).is_some_and(|back| back.contains(file))).collect()
    });
    groups.collect()
}

/// The paths of `use`, or else all paths, with the lines on which they stand first.
fn names(references: &[&Reference]) -> String {
    let imports = references.iter().any(|reference| reference.import);
    let mut lines = BTreeMap::new();
    for reference in references.iter().filter(|reference| reference.import || !imports) {
        lines.entry(reference.path.join("::")).or_insert(reference.line);
    }
    let names: Vec<_> = lines.into_iter().map(|(name, line)| format!("{name} (line {line})")).collect();
    names.join(", ")
}

/// One text a circle, with the names that tie each pair of its files.
pub(crate) fn violations(map: &CrateMap) -> Vec<String> {
    let edges = edges(map);
    let texts = circles(&edges).into_iter().map(|circle| {
        let mut text = format!("circle: {}", circle.iter().copied().collect::<Vec<_>>().join(", "));
        for from in &circle {
            for (to, references) in edges[from].iter().filter(|(to, _)| circle.contains(*to)) {
                text += &format!("\n    {from} imports {to}: {}", names(references));
            }
        }
        text
    });
    texts.collect()
}
