//! Rust files by their path below a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Texts of files by path (`fleet/mod.rs`).
pub(crate) struct Sources(BTreeMap<String, String>);

impl Sources {
    /// All Rust files of a folder of the package.
    pub(crate) fn of_folder(folder: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut paths = Vec::new();
        walk(&root, &mut paths);
        Self::new(paths.iter().map(|path| {
            let name = path.strip_prefix(&root).expect("below the folder").to_str().expect("UTF-8");
            (name, std::fs::read_to_string(path).expect("a source can be read"))
        }))
    }

    /// From pairs of path and text.
    pub(crate) fn new(files: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }

    /// The paths, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The text of a file; `None` if there is no such file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The syntax tree of a file, which must exist.
    pub(crate) fn tree(&self, path: &str) -> syn::File {
        syn::parse_file(&self.0[path]).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}
