//! The modules of a crate: the file of each, the names that it defines or imports, and every path that it mentions.

use crate::references::{Reference, references};
use crate::sources::Sources;
use std::collections::{BTreeMap, BTreeSet};
use syn::ext::IdentExt;

/// What a name of a module stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// An item that the module's file defines.
    Item,
    /// A child module: its path.
    Module(String),
    /// An import of this path.
    Import(Vec<String>),
}

/// Where a name can be used; Rust keeps types, values and macros apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// Not known, or more than one.
    Any,
    Type,
    Value,
    Macro,
}

impl Space {
    pub(crate) fn meets(self, other: Self) -> bool {
        self == Self::Any || other == Self::Any || self == other
    }
}

/// One meaning of a name in a module.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) definition: Definition,
    pub(crate) space: Space,
    /// False: only this module and the modules in it can use the name.
    pub(crate) public: bool,
}

/// A module, in a file of its own or inline.
#[derive(Debug)]
pub(crate) struct Module {
    /// Path of the file, below `src`.
    pub(crate) file: String,
    /// Path of the crate's root module: the library's or the program's.
    pub(crate) root: &'static str,
    /// Path of the parent; `None` for a root.
    pub(crate) parent: Option<String>,
    pub(crate) names: BTreeMap<String, Vec<Name>>,
    /// Paths of `use path::*`, and whether they are re-exported.
    pub(crate) globs: Vec<(Vec<String>, bool)>,
    /// Identifiers in macros that may define items (`quantities! { Bytes; }`).
    pub(crate) made_by_macros: BTreeSet<String>,
}

/// The library's root module.
pub(crate) const LIBRARY: &str = "crate";
/// The root module of the program.
pub(crate) const PROGRAM: &str = "main";

/// All modules of the library and the program, by path (`crate::fleet::host`).
pub(crate) struct CrateMap {
    pub(crate) modules: BTreeMap<String, Module>,
    pub(crate) references: Vec<Reference>,
    /// Modules without a file, files without a module.
    pub(crate) problems: Vec<String>,
}

impl CrateMap {
    pub(crate) fn new(sources: &Sources) -> Self {
        let mut map = Self { modules: BTreeMap::new(), references: Vec::new(), problems: Vec::new() };
        for (file, root) in [("lib.rs", LIBRARY), ("main.rs", PROGRAM)] {
            if sources.text(file).is_some() {
                map.add_file(sources, file, root.to_owned(), root, None, false);
            }
        }
        let reached: BTreeSet<_> = map.modules.values().map(|module| module.file.as_str()).collect();
        let lost = sources.paths().filter(|file| !reached.contains(file));
        map.problems.extend(lost.map(|file| format!("{file}: no module declares it")));
        map
    }

    fn add_file(
        &mut self,
        sources: &Sources,
        file: &str,
        path: String,
        root: &'static str,
        parent: Option<String>,
        test: bool,
    ) {
        let tree = sources.tree(file);
        let test = test || is_test(&tree.attrs);
        self.add(sources, file, &tree.items, path.clone(), root, parent, test);
        self.references.extend(references(&path, file, &tree, test));
    }

    #[expect(clippy::too_many_arguments)]
    fn add(
        &mut self,
        sources: &Sources,
        file: &str,
        items: &[syn::Item],
        path: String,
        root: &'static str,
        parent: Option<String>,
        test: bool,
    ) {
        let mut module = Module {
            file: file.to_owned(),
            root,
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            made_by_macros: BTreeSet::new(),
        };
        for item in items {
            module.define(item, &path);
        }
        self.modules.insert(path.clone(), module);
        for item in items {
            let syn::Item::Mod(child) = item else { continue };
            let name = child.ident.unraw().to_string();
            let child_path = format!("{path}::{name}");
            let child_test = test || is_test(&child.attrs);
            match &child.content {
                Some((_, items)) => self.add(sources, file, items, child_path, root, Some(path.clone()), child_test),
                None => {
                    let folder = folder_of(file);
                    let candidates = match path_attribute(&child.attrs) {
                        Some(other) => vec![format!("{}{other}", beside(file))],
                        None => vec![format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")],
                    };
                    match candidates.iter().find(|candidate| sources.text(candidate).is_some()) {
                        Some(found) => self.add_file(sources, found, child_path, root, Some(path.clone()), child_test),
                        None => self.problems.push(format!("{file}: module `{name}` has no file")),
                    }
                }
            }
        }
    }
}

impl Module {
    /// Adds what an item defines.
    fn define(&mut self, item: &syn::Item, path: &str) {
        use syn::Item;
        use syn::Visibility::Inherited;
        let mut add = |ident: &syn::Ident, space, public: bool, definition| {
            self.names.entry(ident.unraw().to_string()).or_default().push(Name { definition, space, public });
        };
        let public = |visibility: &syn::Visibility| !matches!(visibility, Inherited);
        match item {
            Item::Fn(item) => add(&item.sig.ident, Space::Value, public(&item.vis), Definition::Item),
            Item::Const(item) => add(&item.ident, Space::Value, public(&item.vis), Definition::Item),
            Item::Static(item) => add(&item.ident, Space::Value, public(&item.vis), Definition::Item),
            Item::Struct(item) => {
                let space = if matches!(item.fields, syn::Fields::Named(_)) { Space::Type } else { Space::Any };
                add(&item.ident, space, public(&item.vis), Definition::Item);
            }
            Item::Enum(item) => add(&item.ident, Space::Type, public(&item.vis), Definition::Item),
            Item::Union(item) => add(&item.ident, Space::Type, public(&item.vis), Definition::Item),
            Item::Trait(item) => add(&item.ident, Space::Type, public(&item.vis), Definition::Item),
            Item::TraitAlias(item) => add(&item.ident, Space::Type, public(&item.vis), Definition::Item),
            Item::Type(item) => add(&item.ident, Space::Type, public(&item.vis), Definition::Item),
            Item::Mod(item) => {
                let child = format!("{path}::{}", item.ident.unraw());
                add(&item.ident, Space::Type, public(&item.vis), Definition::Module(child));
            }
            Item::Macro(item) => match &item.ident {
                Some(ident) => add(ident, Space::Macro, true, Definition::Item),
                None => identifiers(item.mac.tokens.clone(), &mut self.made_by_macros),
            },
            Item::Use(item) => {
                for import in imports(&item.tree) {
                    match import.name {
                        Some(name) if name != "_" => self.names.entry(name).or_default().push(Name {
                            definition: Definition::Import(import.path),
                            space: Space::Any,
                            public: public(&item.vis),
                        }),
                        Some(_) => {}
                        None => self.globs.push((import.path, public(&item.vis))),
                    }
                }
            }
            _ => {}
        }
    }
}

/// One leaf of a `use`.
pub(crate) struct Import {
    /// The name that it gets; `None` for `*`.
    pub(crate) name: Option<String>,
    /// The path, without `*` and without a closing `self`.
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// The leaves of a `use`.
pub(crate) fn imports(tree: &syn::UseTree) -> Vec<Import> {
    fn walk(tree: &syn::UseTree, before: &[String], into: &mut Vec<Import>) {
        let mut add = |ident: &syn::Ident, name: String| {
            let path = match ident.unraw().to_string() {
                last if last == "self" && !before.is_empty() => before.to_vec(),
                last => [before, &[last]].concat(),
            };
            into.push(Import { name: Some(name), path, line: ident.span().start().line });
        };
        match tree {
            syn::UseTree::Path(part) => {
                let path = [before, &[part.ident.unraw().to_string()]].concat();
                walk(&part.tree, &path, into);
            }
            syn::UseTree::Name(part) if part.ident == "self" => {
                add(&part.ident, before.last().cloned().unwrap_or_default());
            }
            syn::UseTree::Name(part) => add(&part.ident, part.ident.unraw().to_string()),
            syn::UseTree::Rename(part) => add(&part.ident, part.rename.unraw().to_string()),
            syn::UseTree::Glob(part) => {
                into.push(Import { name: None, path: before.to_vec(), line: part.star_token.spans[0].start().line })
            }
            syn::UseTree::Group(part) => part.items.iter().for_each(|tree| walk(tree, before, into)),
        }
    }
    let mut found = Vec::new();
    walk(tree, &[], &mut found);
    found
}

/// All identifiers of a macro's input.
fn identifiers(tokens: proc_macro2::TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Ident(ident) => {
                into.insert(ident.unraw().to_string());
            }
            proc_macro2::TokenTree::Group(group) => identifiers(group.stream(), into),
            _ => {}
        }
    }
}

/// The folder of a file, with a closing `/`; empty for a file at the top.
fn beside(file: &str) -> &str {
    file.rfind('/').map_or("", |end| &file[..=end])
}

/// The text of `#[path = "text"]`.
fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    let path = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    match &path.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Where the files of a file's child modules are: `fleet/` for `fleet/mod.rs`, `fleet/host/` for `fleet/host.rs`.
fn folder_of(file: &str) -> String {
    let folder = beside(file);
    match &file[folder.len()..] {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        name => format!("{folder}{}/", name.trim_end_matches(".rs")),
    }
}

/// Whether attributes leave an item out of the program: `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
pub(crate) fn is_test(attributes: &[syn::Attribute]) -> bool {
    fn needs_test(meta: &syn::Meta) -> bool {
        match meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(list) => {
                let parser = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
                let Ok(parts) = list.parse_args_with(parser) else { return false };
                match list.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("cfg" | "all") => parts.iter().any(needs_test),
                    Some("any") => !parts.is_empty() && parts.iter().all(needs_test),
                    _ => false,
                }
            }
            syn::Meta::NameValue(_) => false,
        }
    }
    attributes.iter().any(|attribute| match attribute.path().get_ident() {
        Some(name) if name == "test" || name == "cfg" => needs_test(&attribute.meta),
        _ => false,
    })
}
