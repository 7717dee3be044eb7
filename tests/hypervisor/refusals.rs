//! Start-up errors: one message with the way out, and an exit code.

use crate::lab;
use crate::shared::program::{VTOP, without_terminal};
use crate::shared::run::run;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

/// The error output: the problem and the way out, a line each; for usage errors also what the parser adds.
fn refused(output: &Output, code: i32) -> String {
    let words = lab::error(output);
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(output.stdout.is_empty(), "{}", lab::text(output));
    assert!(words.lines().count() <= if code == 1 { 2 } else { 8 }, "{words}");
    words
}

#[test]
fn start_up_errors_name_the_problem_and_the_way_out() {
    for (arguments, code, wanted) in [
        (&["--connect", "nonsense:///system", "--json"][..], 1, &["nonsense", "qemu:///system"][..]),
        (&["--connect", "qemu+unix:///system?socket=/nowhere/sock", "--json"], 1, &["not running", "/nowhere/sock"]),
        (&["--connect", "qemu:///system", "--jsno"], 2, &["--jsno", "--json"]),
        (&["--connect", "test:///default", "--json", "--delay", "0"], 2, &["--delay", "0.1 to 600"]),
        (&["--connect", "test:///default"], 2, &["not a terminal", "--json"]),
    ] {
        let words = refused(&run(without_terminal(VTOP).args(arguments)), code);
        for word in wanted {
            assert!(words.contains(word), "{arguments:?}: {words}");
        }
    }
}

/// Runs vtop as the user nobody, from a copy in a folder that everybody can read.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Output {
    let program = folder.join("vtop");
    if !program.exists() {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::copy(VTOP, &program).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    run(without_terminal("setpriv")
        .args(user)
        .arg(&program)
        .args(arguments)
        .env("HOME", "/nonexistent")
        .current_dir("/"))
}

#[test]
fn without_permission_it_says_how_to_get_it_and_a_reader_needs_none() {
    let Some(lab) = lab::turn() else { return };
    let folder = tempfile::tempdir().unwrap();
    let words = refused(&as_nobody(folder.path(), &["--connect", &lab.uri, "--json", "-n", "1"]), 1);
    assert!(words.contains("no permission to use ") && words.contains("usermod -aG libvirt"), "{words}");

    let read_only = lab.must(&["ro-uri"]);
    let seen = as_nobody(folder.path(), &["--connect", read_only.trim(), "--json", "-n", "1", "-d", "0.5"]);
    assert!(seen.status.success(), "{}", lab::error(&seen));
    let line: serde_json::Value = serde_json::from_slice(&seen.stdout).unwrap();
    let names: Vec<&str> = line["domains"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(crate::figures::GUESTS.iter().all(|guest| names.contains(guest)), "{names:?}");
}
