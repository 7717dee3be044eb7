//! Folders have a `mod.rs`, which holds no items.

use crate::sources::Sources;
use syn::spanned::Spanned;

/// Items in `mod.rs` and `lib.rs` other than `mod name;` and `use`.
pub(crate) fn items_in_mod_files(sources: &Sources) -> Vec<String> {
    let mod_files = sources.paths().filter(|file| *file == "lib.rs" || file.ends_with("mod.rs"));
    let mut found = Vec::new();
    for file in mod_files {
        let tree = sources.tree(file);
        let items = tree.items.iter().filter(|item| match item {
            syn::Item::Mod(module) => module.content.is_some(),
            syn::Item::Use(_) => false,
            _ => true,
        });
        found.extend(items.map(|item| format!("{file}:{}: an item in a mod.rs", item.span().start().line)));
    }
    found
}

/// Files `foo.rs` beside a folder `foo`.
pub(crate) fn files_beside_folders(sources: &Sources) -> Vec<String> {
    let doubles = sources.paths().filter(|file| {
        let folder = format!("{}/", file.trim_end_matches(".rs"));
        sources.paths().any(|other| other.starts_with(&folder))
    });
    doubles.map(|file| format!("{file}: stands beside a folder of its name: move it to its mod.rs")).collect()
}
