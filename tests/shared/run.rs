//! Commands that tests run, mostly virsh.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Standard output as text.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Runs virsh on a connection.
pub fn try_virsh(uri: &str, arguments: &[&str]) -> Output {
    run(Command::new("virsh").args(["--quiet", "--connect", uri]).args(arguments))
}

/// Runs a virsh command that must succeed.
pub fn virsh(uri: &str, arguments: &[&str]) -> String {
    let output = try_virsh(uri, arguments);
    assert!(output.status.success(), "virsh {arguments:?}: {}", error(&output));
    text(&output)
}

/// Runs a virsh command that must succeed; returns the time that it took.
pub fn timed_virsh(uri: &str, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    virsh(uri, arguments);
    start.elapsed()
}
