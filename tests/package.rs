//! The published crate has every file that its sources and tests include, and no dependency needs a later Rust than vtop.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of the crate as `cargo publish` would upload it, relative to its root.
fn packaged() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo package");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Paths that begin with `/` right after the folder of the manifest, up to the quotation mark: what `concat!` puts together.
fn included(source: &str) -> Vec<&str> {
    let places = source.split("\"CARGO_MANIFEST_DIR\"").skip(1);
    places.filter_map(|rest| rest.split('"').nth(1)).filter_map(|path| path.strip_prefix('/')).collect()
}

#[test]
fn files_that_the_sources_include_are_in_the_published_crate() {
    let packaged = packaged();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    rust_files(&root.join("src"), &mut sources);
    rust_files(&root.join("tests"), &mut sources);
    let mut count = 0;
    for source in sources {
        for path in included(&fs::read_to_string(&source).expect("a source")) {
            let is_there = packaged.iter().any(|file| {
                file == path || file.starts_with(&format!("{path}/")) || path.ends_with('/') && file.starts_with(path)
            });
            // Folders that a build makes are in no crate.
            assert!(is_there || path.starts_with("target"), "{}: {path} is not published", source.display());
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} included files were found");
}

/// `1.88` and `1.88.0` alike.
fn version(text: &str) -> Vec<u64> {
    let mut numbers: Vec<_> = text.split('.').map(|part| part.parse().expect("a number")).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn no_dependency_declares_a_later_rust_version() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let declared: Vec<_> = packages
        .iter()
        .filter_map(|package| Some((package["name"].as_str()?, package["rust_version"].as_str()?)))
        .collect();
    assert!(declared.len() > 50, "only {} packages declare a version of Rust", declared.len());
    let (_, own) = declared.iter().find(|(name, _)| *name == "vtop").expect("vtop declares one");
    let later: Vec<_> = declared.iter().filter(|(_, rust)| version(rust) > version(own)).collect();
    assert!(later.is_empty(), "vtop declares {own}, and these need more: {later:?}");
}

#[test]
fn versions_are_compared_by_number() {
    assert!(version("1.9") < version("1.88"));
    assert_eq!(version("1.88"), version("1.88.0"));
    assert!(version("1.88.1") > version("1.88"));
}
