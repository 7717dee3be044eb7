//! The command line: exit codes, messages, and a terminal that is left alone where there is nothing to show.

use crate::pty::{LIMIT, Terminal, VTOP, in_terminal, vtop, without_terminal};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

const NO_DAEMON: &str = "qemu+unix:///system?socket=/nonexistent";

fn command(arguments: &[&str]) -> Command {
    let mut command = without_terminal(VTOP);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn wait(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("the program does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The whole run; for outputs that fit into a pipe.
fn run(arguments: &[&str]) -> Output {
    finish(command(arguments).spawn().unwrap())
}

fn finish(mut child: Child) -> Output {
    let [mut stdout, mut stderr] = [Vec::new(), Vec::new()];
    let mut pipes = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let status = std::thread::scope(|scope| {
        scope.spawn(|| pipes.0.read_to_end(&mut stdout));
        scope.spawn(|| pipes.1.read_to_end(&mut stderr));
        wait(&mut child)
    });
    Output { status, stdout, stderr }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for part in ["--connect", "--demo", "--delay", "--json", "Examples:", "Exit codes:"] {
        assert!(text(&help.stdout).contains(part), "{part}");
    }
    let version = text(&run(&["--version"]).stdout);
    assert!(version.starts_with(concat!("vtop ", env!("CARGO_PKG_VERSION"), " (libvirt ")), "{version}");
}

#[test]
fn wrong_usage_names_the_argument_and_ends_with_2() {
    for (arguments, named) in [
        (&["-d", "0"][..], "--delay"),
        (&["-d", "601"], "600"),
        (&["-n", "3"], "--json"),
        (&["--json", "-n", "0"], "--iterations"),
        (&["--json", "--csv", "host"], "--csv <TABLE>"),
        (&["--csv", "cpus"], "domains, disks, nics, vcpus, host, events"),
        (&["--demo", "-c", "test:///default"], "--connect"),
        (&["--no-such-thing"], "--no-such-thing"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(named), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let ended = Terminal::start(vtop(arguments)).ended();
        assert_eq!((ended.code, ended.took_the_screen), (2, false), "{arguments:?}");
        assert!(ended.text.contains(named), "{}", ended.text);
    }
}

#[test]
fn the_delay_may_come_from_the_environment() {
    let output = finish(command(&["--demo", "--json"]).env("VTOP_DELAY", "0").spawn().unwrap());
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("'0' in the environment variable VTOP_DELAY"), "{message}");
    let arguments = ["--demo", "--json", "-n", "1"];
    let output = finish(command(&arguments).env("VTOP_DELAY", "").spawn().unwrap());
    assert_eq!(output.status.code(), Some(0), "empty is unset");
    let arguments = ["--demo", "--json", "-n", "1", "-d", "0.1"];
    let output = finish(command(&arguments).env("VTOP_DELAY", "600").spawn().unwrap());
    assert_eq!(output.status.code(), Some(0), "the argument wins");
}

#[test]
fn the_hypervisor_may_come_from_the_environment() {
    let arguments = ["--json", "-n", "1", "-d", "0.1"];
    let output = finish(command(&arguments).env("LIBVIRT_DEFAULT_URI", "test:///default").spawn().unwrap());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(lines(&output)[0]["host"]["uri"], "test:///default");
    let arguments = ["--json", "-n", "1", "-d", "0.1", "-c", "test:///default"];
    let output = finish(command(&arguments).env("LIBVIRT_DEFAULT_URI", NO_DAEMON).spawn().unwrap());
    assert_eq!(output.status.code(), Some(0), "the argument wins");
}

#[test]
fn a_screen_needs_a_terminal() {
    let output = run(&["--demo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let message = text(&output.stderr);
    assert!(message.contains("--json") && message.contains("--csv"), "{message}");
}

#[test]
fn a_terminal_without_a_screen_is_left_alone_and_told_what_to_do() {
    for (term, words) in [
        (Some("dumb"), "a terminal of the type 'dumb'"),
        (Some("unknown"), "a terminal of the type 'unknown'"),
        (Some(""), "the type of the terminal, is not set"),
        (None, "the type of the terminal, is not set"),
    ] {
        let mut command = vtop(&["--demo"]);
        match term {
            Some(term) => command.env("TERM", term),
            None => command.env_remove("TERM"),
        }
        let ended = Terminal::start(command).ended();
        assert_eq!((ended.code, ended.took_the_screen), (2, false), "TERM={term:?}");
        let text = ended.text.replace('\n', "");
        assert!(text.contains(words) && text.contains("vtop --json") && text.contains("set TERM"), "{text}");
    }
    let mut command = vtop(&["--demo", "--json", "-n", "1", "-d", "0.1"]);
    command.env("TERM", "dumb");
    assert_eq!(Terminal::start(command).ended().code, 0, "a report needs no screen");
}

#[test]
fn a_screen_needs_a_keyboard() {
    let mut command = in_terminal("sh");
    command.args(["-c", r#"setsid -w "$0" --demo </dev/null; echo "code $?""#, VTOP]);
    let ended = Terminal::start(command).ended();
    let text = ended.text.replace('\n', "");
    assert!(text.contains("no terminal to read keys from") && text.contains("code 2"), "{text}");
    assert!(text.contains("ssh -t") && !text.contains("os error"), "{text}");
    assert!(!ended.took_the_screen);
}

#[test]
fn a_hypervisor_that_cannot_be_reached_ends_with_1_and_advice() {
    for (uri, words) in [
        ("nonsense://x", "nonsense"),
        (NO_DAEMON, "daemon is not running"),
        ("test:///nofile", "test:///default needs no file"),
        ("", "--connect"),
    ] {
        let code = if uri.is_empty() { 2 } else { 1 };
        let output = run(&["-c", uri, "--json", "-n", "1"]);
        assert_eq!(output.status.code(), Some(code), "{uri}");
        assert!(output.stdout.is_empty(), "{uri}");
        let message = text(&output.stderr);
        assert!(message.contains(words) && message.lines().count() > 1, "{uri}: {message}");

        let ended = Terminal::start(vtop(&["-c", uri])).ended();
        assert_eq!(ended.code as i32, code, "{uri}");
        let unfolded = ended.text.replace('\n', "");
        assert!(unfolded.contains(words), "{uri}: {}", ended.text);
    }
}

#[test]
fn lines_of_a_driver_without_many_calls_name_the_calls() {
    let output = run(&["-c", "test:///default", "--json", "-n", "2", "-d", "0.2"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let unsupported = line["unsupported"].as_array().unwrap();
        assert!(
            unsupported.iter().any(|unsupported| unsupported["call"] == "virDomainBlockStatsFlags"),
            "{unsupported:?}"
        );
        assert_eq!(line["domains"][0]["name"], "test");
        assert_eq!(line["domains"][0]["disks"][0]["read_latency_nanoseconds"], Value::Null);
        let elapsed = line["elapsed_seconds"].as_f64().unwrap();
        assert!((0.1..10.0).contains(&elapsed), "{elapsed}");
    }
}

#[test]
fn the_first_line_covers_a_whole_interval() {
    let output = run(&["--demo", "--json", "-n", "1", "-d", "1"]);
    let line = &lines(&output)[0];
    assert!(line["elapsed_seconds"].as_f64().unwrap() > 0.8, "{}", line["elapsed_seconds"]);
    let db = line["domains"].as_array().unwrap().iter().find(|domain| domain["name"] == "db-primary").unwrap();
    assert!(db["cpu_percent"].as_f64().unwrap() > 0.0);
    assert_eq!(line["host"]["synthetic"], true);
}

#[test]
fn a_table_has_its_headings_once_and_a_row_for_each_thing_in_each_sample() {
    for (table, headings, rows_per_sample) in [
        ("domains", "time,host,uuid,domain,", Some(12)),
        ("disks", "time,host,uuid,domain,disk,", None),
        ("nics", "time,host,uuid,domain,nic,", None),
        ("vcpus", "time,host,uuid,domain,vcpu,", None),
        ("host", "time,host,elapsed_seconds,", Some(1)),
        ("events", "time,host,uuid,domain,event,reason,device,path,severity\r\n", Some(0)),
    ] {
        let output = run(&["--demo", "--csv", table, "-n", "2", "-d", "0.1"]);
        assert_eq!(output.status.code(), Some(0), "{table}: {}", text(&output.stderr));
        let all = text(&output.stdout);
        assert!(all.starts_with(headings) && all.ends_with("\r\n"), "{table}: {all}");
        assert_eq!(all.matches("time,host,").count(), 1, "{table}");
        // A row that is too long or too short is an error of the reader.
        let rows = csv::Reader::from_reader(all.as_bytes()).into_records().map(Result::unwrap).count();
        match rows_per_sample {
            Some(count) => assert_eq!(rows, 2 * count, "{table}"),
            None => assert!(rows >= 20, "{table}: {rows}"),
        }
    }
}

#[test]
fn a_table_of_a_hypervisor_that_cannot_be_reached_is_empty() {
    let output = run(&["-c", NO_DAEMON, "--csv", "events"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    assert!(text(&output.stderr).contains("daemon is not running"), "{}", text(&output.stderr));
}

#[test]
fn a_killed_program_leaves_no_half_row() {
    let mut child = command(&["--demo", "--demo-domains", "500", "--csv", "domains", "-d", "0.1"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // A sample does not fit into the pipe, so the program waits in the middle of one.
    let deadline = Instant::now() + LIMIT;
    while rustix::io::ioctl_fionread(&stdout).unwrap() < 40_000 {
        assert!(Instant::now() < deadline, "the pipe stays empty");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut all = String::new();
    stdout.read_to_string(&mut all).unwrap();
    assert!(all.ends_with("\r\n"), "{}", all.lines().last().unwrap());
    let rows = csv::Reader::from_reader(all.as_bytes()).into_records().map(Result::unwrap).count();
    assert!((10..500).contains(&rows), "{rows}");
}

#[test]
fn a_reader_that_has_enough_ends_it_with_0() {
    for arguments in [&["--json"][..], &["--csv", "domains"]] {
        let mut child = command(&[&["--demo", "-d", "0.1"], arguments].concat()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.starts_with("{\"schema_version\":1,") || first.starts_with("time,host,"), "{first}");
        assert_eq!(wait(&mut child).code(), Some(0));
        let mut message = String::new();
        child.stderr.take().unwrap().read_to_string(&mut message).unwrap();
        assert_eq!(message, "");
    }
}

/// The language is that of the screen.
#[test]
fn an_output_writes_what_a_query_finds() {
    let demo = ["--demo", "-n", "1", "-d", "0.1"];
    let filtered = |arguments: &[&str]| run(&[&demo, arguments].concat());
    let output = filtered(&["--json", "--filter", "web !02"]);
    let names: Vec<_> = lines(&output)[0]["domains"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["web-01"]);
    let output = filtered(&["--csv", "disks", "--filter", "db device=vda"]);
    let rows: Vec<String> = text(&output.stdout).lines().skip(1).map(str::to_owned).collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.contains(",vda,")), "{rows:?}");
    let output = filtered(&["--json", "--filter", "cpu>"]);
    assert_eq!(output.status.code(), Some(2));
    let message = text(&output.stderr);
    assert!(message.contains("a percentage such as 80 is required\n\n    cpu>\n        ^\n"), "{message}");
}
