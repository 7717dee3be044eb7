//! README and the manual: their links and paths lead somewhere, their command lines are valid, and the tables of figures
//! are those of the catalogues.

mod columns;
mod figures;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The pages of the repository, relative to its root.
fn pages() -> Vec<PathBuf> {
    let fixed =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benches/README.md", "tests/lab/README.md"];
    let manual = fs::read_dir(root().join("docs")).expect("docs/").map(|entry| entry.expect("an entry").file_name());
    let manual = manual.map(|name| Path::new("docs").join(name)).filter(|path| path.extension() == Some("md".as_ref()));
    fixed.into_iter().map(PathBuf::from).chain(manual).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The targets of the links and pictures of a page.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// The words between two backticks that are paths of this repository: `src/model/`, `tests/all --help`. `NAME` in a path
/// stands for any name.
fn paths(text: &str) -> Vec<&str> {
    const FOLDERS: [&str; 6] = ["src/", "tests/", "benches/", "assets/", "docs/", "screenshots/"];
    let code = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let words = code.filter_map(|code| code.split_whitespace().next());
    words.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains("NAME")).collect()
}

/// The command lines of a page that begin with `vtop`, without what follows a comment, a pipe or a redirection.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks =
        text.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```")).flat_map(|(code, _)| code.lines());
    let lines = blocks.filter(|line| line.starts_with("vtop"));
    let command = |line: &str| line.split(['#', '|', '>']).next().unwrap_or_default().to_owned();
    lines.map(command).map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    for page in pages() {
        let text = read(&page);
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
            let target = if path.is_empty() { page.clone() } else { page.with_file_name(path) };
            // The published crate has no pictures.
            if target.starts_with("screenshots") && !root().join("screenshots").exists() {
                continue;
            }
            assert!(root().join(&target).exists(), "{}: {link}", page.display());
            if let Some(heading) = heading {
                let found = anchors(&read(&target)).iter().any(|anchor| anchor == heading);
                assert!(found, "{}: no heading for {link}", page.display());
            }
        }
    }
}

#[test]
fn paths_exist() {
    // A changelog names files of the past.
    for page in pages().into_iter().filter(|page| page != Path::new("CHANGELOG.md")) {
        for path in paths(&read(&page)) {
            assert!(root().join(path).exists(), "{}: {path}", page.display());
        }
    }
}

#[test]
fn command_lines_are_valid() {
    let mut count = 0;
    for page in pages() {
        for words in commands(&read(&page)) {
            let parsed = vtop::config::parse(&words, |_| None, "1".into());
            assert!(parsed.is_ok(), "{}: {}: {}", page.display(), words.join(" "), parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} command lines were found");
}

/// The layer of each module: from rows such as `| 3 | [`sampler`]: … |` and `| 3 | `sampler` | … |`.
fn layers(text: &str, row: fn(&str) -> Option<&str>, modules: fn(&str) -> &str) -> BTreeMap<String, u32> {
    let mut layers = BTreeMap::new();
    for line in text.lines().filter_map(row) {
        let Some((layer, rest)) = line.split_once('|') else { continue };
        let Ok(layer) = layer.trim().parse() else { continue };
        layers.extend(modules(rest).split('`').skip(1).step_by(2).map(|module| (module.to_owned(), layer)));
    }
    layers
}

#[test]
fn the_layers_are_those_of_the_crate() {
    let library = layers(&read(Path::new("src/lib.rs")), |line| line.strip_prefix("//! |"), |row| row);
    let page = read(Path::new("docs/architecture.md"));
    let documented = layers(&page, |line| line.strip_prefix("| "), |row| row.split('|').next().unwrap_or_default());
    assert!(library.len() > 10, "{library:?}");
    assert_eq!(documented, library);
}

#[test]
fn the_readme_is_short_and_has_both_commands() {
    let readme = read(Path::new("README.md"));
    let lines = readme.lines().count();
    assert!(lines < 200, "{lines} lines");
    for command in ["\nassets/try ", "\ntests/all "] {
        assert!(readme.contains(command), "README.md has no line for {}", command.trim());
    }
}

#[test]
fn the_page_of_figures_is_that_of_the_catalogues() {
    let (page, path) = (figures::page(), root().join("docs/figures.md"));
    if std::env::var_os("VTOP_WRITE_DOCS").is_some() {
        fs::write(&path, &page).expect("docs/figures.md");
    }
    let known = fs::read_to_string(&path).expect("docs/figures.md");
    let different = page.lines().zip(known.lines()).find(|(new, old)| new != old);
    let hint = "VTOP_WRITE_DOCS=1 cargo test --test docs writes docs/figures.md again";
    assert!(page == known, "the first different line and what the catalogues say: {different:?}; {hint}");
}

#[test]
fn these_tests_find_what_they_look_for() {
    let page = "[a](docs/x.md#one-two) ![b](c.png)\n## One `two`\n`src/lib.rs`, `tests/all now`, `a/b`\n\
                ```sh\nvtop --json -n 5 | jq .   # five\nls\n```\n";
    assert_eq!(links(page), ["docs/x.md#one-two", "c.png"]);
    assert_eq!(anchors(page), ["one-two"]);
    assert_eq!(paths(page), ["src/lib.rs", "tests/all"]);
    assert_eq!(commands(page), [["vtop", "--json", "-n", "5"]]);
}
