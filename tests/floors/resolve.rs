//! From a path to the files that define what it names, through any chain of re-exports and globs.

use crate::crate_map::{CrateMap, Definition, LIBRARY, PROGRAM, Space};
use crate::references::Reference;
use std::collections::BTreeSet;

/// What a path or a part of it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entity {
    /// A module.
    Module(String),
    /// An item that a module defines: the module's path.
    Item(String),
}

/// What a reference leads to.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// Modules that the path itself names on its way.
    pub(crate) named: BTreeSet<String>,
    /// Modules that define what the path names in the end.
    pub(crate) definers: BTreeSet<String>,
    /// True where a path of this crate ends in nothing known.
    pub(crate) missing: bool,
}

impl Target {
    /// Files that the reference imports. A `mod.rs` only passes names on.
    pub(crate) fn files<'a>(&self, map: &'a CrateMap) -> BTreeSet<&'a str> {
        let files = self.named.iter().chain(&self.definers).map(|module| map.modules[module].file.as_str());
        files.filter(|file| !passes_names_on(file)).collect()
    }
}

/// `mod.rs`, `lib.rs` and `main.rs` are nobody's imports.
pub(crate) fn passes_names_on(file: &str) -> bool {
    matches!(file.rsplit('/').next(), Some("mod.rs" | "lib.rs" | "main.rs"))
}

/// Names that are being looked up, so that imports that lead to themselves end.
type Seen = BTreeSet<(String, String, Space)>;

impl CrateMap {
    /// Where a reference leads.
    pub(crate) fn target(&self, reference: &Reference) -> Target {
        let mut target = Target::default();
        let found = self.resolve(&reference.module, &reference.path, reference.space, &mut Seen::new(), &mut target);
        for entity in found {
            match entity {
                Entity::Item(module) => drop(target.definers.insert(module)),
                Entity::Module(module) if reference.import => drop(target.definers.insert(module)),
                Entity::Module(_) => {}
            }
        }
        target
    }

    /// Paths that begin in this crate and that the map cannot follow: the test would be blind there.
    pub(crate) fn unresolved(&self) -> Vec<String> {
        let missing = self.references.iter().filter(|reference| self.target(reference).missing);
        missing
            .map(|reference| format!("{}:{}: unknown: {}", reference.file, reference.line, reference.path.join("::")))
            .collect()
    }

    fn resolve(
        &self,
        from: &str,
        path: &[String],
        space: Space,
        seen: &mut Seen,
        target: &mut Target,
    ) -> BTreeSet<Entity> {
        let root = self.modules[from].root;
        let mut start = None;
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            let here: &str = start.as_deref().unwrap_or(from);
            start = Some(match first.as_str() {
                "crate" if start.is_none() => root.to_owned(),
                "vtop" if start.is_none() && root == PROGRAM => LIBRARY.to_owned(),
                "self" if start.is_none() => from.to_owned(),
                "super" => match &self.modules[here].parent {
                    Some(parent) => parent.clone(),
                    None => return BTreeSet::new(),
                },
                _ => break,
            });
            rest = after;
        }
        let ours = start.is_some();
        let mut entities = BTreeSet::from([Entity::Module(start.unwrap_or_else(|| from.to_owned()))]);
        for (at, name) in rest.iter().enumerate() {
            let space = if at + 1 == rest.len() { space } else { Space::Type };
            let mut next = BTreeSet::new();
            for entity in &entities {
                match entity {
                    // What follows is a variant or an associated item.
                    Entity::Item(_) => drop(next.insert(entity.clone())),
                    Entity::Module(module) => {
                        // `super::sibling::Item` takes nothing of the parent.
                        if at > 0 {
                            target.named.insert(module.clone());
                        }
                        next.extend(self.lookup(module, name, space, from, seen));
                    }
                }
            }
            entities = next;
        }
        if entities.is_empty() && space == Space::Macro && path.len() == 1 {
            entities = self.textual_macros(&path[0]);
        }
        target.missing |= ours && entities.is_empty();
        entities
    }

    /// What a name means in a module, for somebody in the module `viewer`.
    fn lookup(&self, module: &str, name: &str, space: Space, viewer: &str, seen: &mut Seen) -> BTreeSet<Entity> {
        let mut found = BTreeSet::new();
        let key = (module.to_owned(), name.to_owned(), space);
        if !seen.insert(key.clone()) {
            return found;
        }
        let inside = viewer == module || viewer.starts_with(&format!("{module}::"));
        let own = &self.modules[module];
        for meaning in own.names.get(name).into_iter().flatten() {
            if !(meaning.public || inside) || !meaning.space.meets(space) {
                continue;
            }
            match &meaning.definition {
                Definition::Item => drop(found.insert(Entity::Item(module.to_owned()))),
                Definition::Module(child) => drop(found.insert(Entity::Module(child.clone()))),
                Definition::Import(path) => {
                    found.extend(self.resolve(module, path, space, seen, &mut Target::default()));
                }
            }
        }
        if found.is_empty() {
            for (path, public) in &own.globs {
                if *public || inside {
                    for entity in self.resolve(module, path, Space::Type, &mut seen.clone(), &mut Target::default()) {
                        let Entity::Module(source) = entity else { continue };
                        found.extend(self.lookup(&source, name, space, module, seen));
                    }
                }
            }
        }
        if found.is_empty() && own.made_by_macros.contains(name) {
            found.insert(Entity::Item(module.to_owned()));
        }
        seen.remove(&key);
        found
    }

    /// Macros that are in scope because their definition stands earlier, not because a path names them.
    fn textual_macros(&self, name: &str) -> BTreeSet<Entity> {
        let defines = |names: &Vec<crate::crate_map::Name>| {
            names.iter().any(|name| name.space == Space::Macro && name.definition == Definition::Item)
        };
        let modules = self.modules.iter().filter(|(_, module)| module.names.get(name).is_some_and(defines));
        modules.map(|(path, _)| Entity::Item(path.clone())).collect()
    }
}
