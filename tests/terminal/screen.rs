//! The screen: what keys, sizes and signals do, and that the terminal is as it was after every way out.

use crate::pty::{Terminal, VTOP, in_terminal, vtop};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// A domain of the made-up host.
const DOMAIN: &str = "db-primary";
/// The whole list is on the screen.
const LIST: &str = "NAME";
const NORMAL_SCREEN: &str = "the normal screen";

fn demo() -> Terminal {
    let terminal = Terminal::start(vtop(&["--demo", "-d", "0.2"]));
    terminal.wait_for_screen(DOMAIN);
    terminal
}

#[test]
fn the_first_frame_is_there_before_the_first_answer() {
    // A made-up host answers fast, so the frame before that is looked for in what was written, not on the screen.
    let mut terminal = demo();
    assert!(terminal.has_written("connecting"));
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!((ended.code, ended.text.trim()), (0, ""), "nothing is left on the normal screen");
}

#[test]
fn keys_lead_into_a_domain_into_a_device_and_back() {
    let mut terminal = demo();
    terminal.wait_for_screen(LIST);
    terminal.keys("/db-pri\r");
    terminal.wait_for("the list with one domain", |screen| !screen.contents().contains("web-01"));
    terminal.keys("\r");
    terminal.wait_for_screen("WROPS");
    terminal.keys("\r");
    terminal.wait_for_screen("db-primary.qcow2");
    terminal.keys("\x1b");
    terminal.wait_for_screen("WROPS");
    terminal.keys("\x1b");
    terminal.wait_for_screen(LIST);
    terminal.keys("?");
    terminal.wait_for_screen("q closes");
    terminal.keys("\x1b[B\x1b[B\x1b");
    terminal.wait_for("the list without help", |screen| !screen.contents().contains("q closes"));
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

/// With ten minutes between two samples nothing but the key itself can bring the frame.
#[test]
fn a_key_is_answered_without_a_sample() {
    let mut terminal = Terminal::start(vtop(&["--demo", "-d", "600"]));
    terminal.wait_for_screen(DOMAIN);
    for _ in 0..3 {
        terminal.keys("?");
        terminal.wait_for_screen("this help");
        terminal.keys("?");
        terminal.wait_for("the list", |screen| !screen.contents().contains("this help"));
    }
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_paste_types_no_keys() {
    let mut terminal = demo();
    terminal.wait_for("bracketed paste", |screen| screen.bracketed_paste());
    // As keys it would end the program, or open the help.
    terminal.keys("\x1b[200~web-01\rquit\x1b[201~/\x1b[200~\rweb-01\r\x1b[201~");
    terminal.wait_for_screen("filter: web-01▏");
    terminal.keys("\r");
    terminal.wait_for_screen("filter web-01: 1 of");
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn another_size_is_used_at_once() {
    let mut terminal = demo();
    for (rows, columns) in [(50, 160), (12, 60), (24, 80)] {
        terminal.resize(rows, columns);
        terminal.wait_for("the whole new size in use", |screen| {
            let lines: Vec<_> = screen.rows(0, columns).collect();
            lines.len() == usize::from(rows)
                && lines[0].starts_with("vtop")
                && lines[0].trim_end().len() > usize::from(columns) / 2
                && lines[usize::from(rows) - 1].contains("quit")
        });
    }
    terminal.resize(5, 30);
    terminal.wait_for("what size is needed", |screen| screen.contents().contains("40"));
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

/// These characters, drawn in other terminals, are missing in fonts of the Linux console.
#[test]
fn the_linux_console_gets_only_characters_of_its_fonts() {
    let mut command = vtop(&["--demo", "-d", "0.2"]);
    command.env("TERM", "linux");
    let mut terminal = Terminal::start(command);
    terminal.wait_for_screen(DOMAIN);
    for (key, words) in [("2", "┌"), ("3", "RDOPS"), ("1\r", "host CPUs"), ("/", "filter:"), ("\r?", "this help")] {
        terminal.keys(key);
        terminal.wait_for_screen(words);
        let is_missing =
            |c: &char| matches!(c, '▀'..='▏' | '▓' | '△' | '▴' | '▾' | '╭'..='╰' | '┃' | '…' | '⠀'..='⣿') && *c != '█';
        let text = terminal.text();
        assert_eq!(text.chars().find(is_missing), None, "{text}");
    }
    terminal.keys("qq");
    assert_eq!(terminal.ended().code, 0);
}

/// The bytes that begin a colour of 24 bit, and one of 256.
const TRUE_COLOUR: [&str; 2] = ["38;2;", "48;2;"];
const INDEXED_COLOUR: [&str; 2] = ["38;5;", "48;5;"];

#[test]
fn the_colours_that_are_written_are_those_that_the_terminal_has() {
    let true_colour = ("COLORTERM", "truecolor");
    for (variables, is_true, is_indexed) in [
        (&[("TERM", "xterm-256color"), true_colour][..], true, false),
        (&[("TERM", "xterm-256color")], false, true),
        (&[("TERM", "foot")], true, false),
        // COLORTERM is inherited by GNU screen and by a console in it.
        (&[("TERM", "screen.xterm-256color"), true_colour, ("STY", "1.pts-0.host")], false, true),
        (&[("TERM", "screen"), true_colour, ("TMUX", "/tmp/tmux-0/default,1,0")], true, false),
        (&[("TERM", "linux"), true_colour], false, false),
        (&[("TERM", "xterm")], false, false),
        (&[("TERM", "xterm-256color"), true_colour, ("NO_COLOR", "1")], false, false),
    ] {
        let mut command = vtop(&["--demo", "-d", "0.2"]);
        variables.iter().for_each(|(name, value)| command.env(name, value));
        let mut terminal = Terminal::start(command);
        terminal.wait_for_screen(LIST);
        terminal.wait_for_screen(DOMAIN);
        terminal.keys("q");
        let wrote = |codes: [&str; 2]| codes.iter().any(|code| terminal.has_written(code));
        let found = (wrote(TRUE_COLOUR), wrote(INDEXED_COLOUR));
        assert_eq!(found, (is_true, is_indexed), "{variables:?}");
        assert_eq!(terminal.ended().code, 0);
    }
}

/// rxvt, Konsole and others say which of the 16 colours their ground has.
#[test]
fn a_light_terminal_gets_the_theme_for_a_light_ground() {
    let footer = |arguments: &[&str], ground: Option<&str>| {
        let mut command = vtop(&[&["--demo", "-d", "0.2"], arguments].concat());
        match ground {
            Some(ground) => command.env("COLORFGBG", ground),
            None => command.env_remove("COLORFGBG"),
        }
        let mut terminal = Terminal::start(command);
        terminal.wait_for_screen(DOMAIN);
        // The key chooses the theme after the first one.
        terminal.keys("t");
        terminal.wait_for_screen(" theme: ");
        let text = terminal.text();
        terminal.keys("q");
        assert_eq!(terminal.ended().code, 0);
        let next = text.split(" theme: ").nth(1).and_then(|rest| rest.split(' ').next());
        next.unwrap_or_default().to_owned()
    };
    assert_eq!(footer(&[], Some("0;15")), "contrast", "after paper");
    assert_eq!(footer(&[], Some("15;0")), "paper", "after night");
    assert_eq!(footer(&[], None), "night", "after terminal");
    assert_eq!(footer(&["--theme", "night"], Some("0;15")), "paper", "after night, which was asked for");
}

/// The Linux console and GNU screen have no alternate screen: the prompt would stand in the middle of the last frame.
#[test]
fn the_shell_goes_on_in_the_last_line_where_there_is_no_alternate_screen() {
    let mut terminal = demo();
    terminal.keys("q");
    assert!(terminal.ended_with("\x1b[65535;1H\x1b[2K\x1b[?2004l\x1b[?1049l"));
}

#[test]
fn control_c_is_the_key_q() {
    let mut terminal = demo();
    terminal.keys("\x03");
    let ended = terminal.ended();
    assert_eq!((ended.code, ended.text.trim()), (0, ""));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let terminal = demo();
        terminal.signal(signal);
        assert_eq!(terminal.ended().code, code, "{signal:?}");
    }
}

fn demo_that_is_not_read() -> Terminal {
    let terminal = Terminal::start(vtop(&["--demo", "-d", "0.1"]));
    terminal.wait_for_screen(DOMAIN);
    terminal.stop_reading();
    terminal
}

#[test]
fn a_signal_ends_it_while_the_terminal_does_not_read() {
    let terminal = demo_that_is_not_read();
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended_unread(), 143);
}

#[test]
fn a_key_ends_it_while_the_terminal_does_not_read() {
    let mut terminal = demo_that_is_not_read();
    terminal.keys("q");
    assert_eq!(terminal.ended_unread(), 0);
}

/// How long before the newest sample the time is that the screen is frozen at, in seconds.
fn frozen_age(screen: &vt100::Screen) -> Option<f64> {
    let contents = screen.contents();
    let age = contents.split_once("FROZEN at ")?.1.split_once(", -")?.1.split_once(" s")?.0;
    age.parse().ok()
}

/// 30 samples back is 3 s back. A gap in the samples would add to the age as soon as the next sample arrives.
#[test]
fn history_has_no_gap_after_the_terminal_did_not_read() {
    let mut terminal = demo_that_is_not_read();
    std::thread::sleep(Duration::from_secs(5));
    terminal.keys("{");
    let start = Instant::now();
    terminal.read_again();
    terminal.wait_for("an age that grows", |screen| frozen_age(screen).is_some_and(|age| age > 3.9));
    let age = terminal.inspect(frozen_age).unwrap();
    let expected = 3.0 + start.elapsed().as_secs_f64();
    assert!(age < expected + 1.5, "{age} s, not {expected} s");
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn it_stops_and_continues_while_the_terminal_does_not_read() {
    let terminal = demo_that_is_not_read();
    terminal.signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.read_again();
    terminal.wait_for_written_again("\x1b[?1049h");
    terminal.wait_for_screen(DOMAIN);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended().code, 143);
}

#[test]
fn it_ends_with_its_terminal() {
    assert_eq!(demo().closed(), 129);
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "a release cannot be made to panic")]
fn a_panic_is_reported_on_the_normal_screen() {
    for place in ["screen", "writer", "task"] {
        let mut command = vtop(&["--demo"]);
        command.env("VTOP_TEST_PANIC", place);
        let ended = Terminal::start(command).ended();
        assert_eq!(ended.code, 101);
        // A sampler may panic before the first frame.
        assert!(ended.took_the_screen || place == "task");
        assert!(ended.text.contains(&format!("VTOP_TEST_PANIC={place}")), "{}", ended.text);
    }
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "a release cannot be made to panic")]
fn a_panic_of_a_source_is_told_on_the_screen_and_reported_at_the_end() {
    let mut command = vtop(&["--demo"]);
    command.env("VTOP_TEST_PANIC", "source");
    let mut terminal = Terminal::start(command);
    terminal.wait_for_screen("bug in vtop");
    assert!(!terminal.text().contains("VTOP_TEST_PANIC"), "no report over the figures:\n{}", terminal.text());
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!(ended.code, 0);
    assert!(ended.text.contains("VTOP_TEST_PANIC=source"), "{}", ended.text);
}

/// vtop on libvirt's test driver, whose library writes debug messages to standard error.
fn loud_libvirt() -> Terminal {
    let mut command = vtop(&["-c", "test:///default", "-d", "0.2"]);
    command.env("LIBVIRT_DEBUG", "1");
    Terminal::start(command)
}

const DEBUG_MESSAGE: &str = ": debug : vir";

/// Waits until the screen counts lines of standard error, and checks that none of them is on it.
fn wait_for_held_lines(terminal: &Terminal) {
    terminal.wait_for("held lines", |screen| {
        let text = screen.contents();
        text.lines().last().is_some_and(|footer| footer.contains("stderr: ") && footer.contains(" lines"))
            && text.lines().any(|line| line.contains("R test "))
    });
    let text = terminal.inspect(|screen| screen.contents());
    assert!(!text.contains(DEBUG_MESSAGE), "{text}");
}

#[test]
fn standard_error_is_held_while_the_screen_is_up_and_written_after_it() {
    let mut terminal = loud_libvirt();
    wait_for_held_lines(&terminal);
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!(ended.code, 0);
    assert!(ended.last_words.contains(DEBUG_MESSAGE), "{}", ended.text);
    let terminal = loud_libvirt();
    wait_for_held_lines(&terminal);
    terminal.signal(Signal::TERM);
    let ended = terminal.ended();
    assert_eq!(ended.code, 143);
    assert!(ended.last_words.contains(DEBUG_MESSAGE), "{}", ended.text);
}

#[test]
fn standard_error_that_goes_to_a_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("errors");
    let mut command = in_terminal("sh");
    command.env("LIBVIRT_DEBUG", "1");
    command.args(["-c", r#"exec "$0" -c test:///default 2>"$1""#, VTOP]);
    command.arg(&file);
    let mut terminal = Terminal::start(command);
    terminal.wait_for(" test ", |screen| screen.contents().lines().any(|line| line.contains("R test ")));
    assert!(std::fs::read_to_string(&file).unwrap().contains(DEBUG_MESSAGE), "at once, not at the end");
    assert!(!terminal.text().contains("stderr"), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.ended().text.trim(), "");
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "a release cannot be made to panic")]
fn a_panic_s_report_follows_what_was_held_of_standard_error() {
    let mut command = vtop(&["-c", "test:///default"]);
    command.env("LIBVIRT_DEBUG", "1");
    command.env("VTOP_TEST_PANIC", "screen");
    let terminal = Terminal::start(command);
    terminal.wait_for_written(DEBUG_MESSAGE);
    let ended = terminal.ended();
    assert_eq!(ended.code, 101);
    let (before, report) = ended.last_words.split_once("VTOP_TEST_PANIC=screen").unwrap();
    assert!(before.contains(DEBUG_MESSAGE), "{before}{report}");
}

#[test]
fn a_shell_can_suspend_it_and_bring_it_back() {
    let mut command = in_terminal("bash");
    // As a shell with job control: it starts vtop, is there again when vtop stops, and brings it back.
    let script = r#"set -m; "$0" --demo; echo "stopped with $?"; read -r _; fg >/dev/null; echo "ended with $?""#;
    command.args(["--norc", "-c", script, VTOP]);
    let mut terminal = Terminal::start(command);
    for round in 0..2 {
        terminal.wait_for_screen(DOMAIN);
        if round == 0 {
            terminal.keys("\x1a");
            // 128 and the number of SIGTSTP.
            terminal.wait_for_text("stopped with 148");
            terminal.wait_for(NORMAL_SCREEN, |screen| !screen.alternate_screen() && !screen.hide_cursor());
            assert!(terminal.has_its_modes());
            terminal.keys("\r");
        }
    }
    terminal.wait_for_screen(LIST);
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!(ended.code, 0);
    assert!(ended.text.contains("ended with 0"), "{}", ended.text);
}

/// As `kill -TSTP` of another program, or a shell's `suspend`: the screen is left before the process stops.
#[test]
fn sigtstp_from_outside_leaves_the_screen_first() {
    let mut command = in_terminal("bash");
    let script = r#"set -m; "$0" --demo & child=$!; fg >/dev/null; echo "stopped with $?"; kill -0 $child; read -r _; fg >/dev/null; echo "ended with $?""#;
    command.args(["--norc", "-c", script, VTOP]);
    let mut terminal = Terminal::start(command);
    terminal.wait_for_screen(DOMAIN);
    terminal.signal_child("vtop", Signal::TSTP);
    terminal.wait_for_text("stopped with 148");
    terminal.wait_for(NORMAL_SCREEN, |screen| {
        !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
    });
    assert!(terminal.has_its_modes());
    terminal.keys("\r");
    terminal.wait_for_screen(LIST);
    terminal.keys("q");
    assert!(terminal.ended().text.contains("ended with 0"));
}

/// A job in the background may not use the terminal: the system stops it (SIGTTOU) until the shell brings it to the foreground.
#[test]
fn started_in_the_background_it_waits_for_the_foreground() {
    let mut command = in_terminal("bash");
    let script = r#"set -m; "$0" --demo & child=$!
        until read -r _ _ state _ <"/proc/$child/stat" && [ "$state" = T ]; do :; done
        echo "stopped by itself"; read -r _; fg >/dev/null; echo "ended with $?""#;
    command.args(["--norc", "-c", script, VTOP]);
    let mut terminal = Terminal::start(command);
    terminal.wait_for_text("stopped by itself");
    assert!(!terminal.has_written("\x1b[?1049h"), "the shell still has the screen");
    terminal.keys("\r");
    terminal.wait_for_screen(DOMAIN);
    terminal.keys("?");
    terminal.wait_for_screen("this help");
    terminal.keys("\x03");
    assert!(terminal.ended().text.contains("ended with 0"));
}

/// The exit code of a vtop outside of the terminal's session, and the CPU time of it in seconds.
fn outside_of_the_session(end: impl FnOnce(Terminal)) -> (String, f64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("end");
    let mut command = in_terminal("bash");
    command.args([
        "-c",
        r#"trap "" HUP; setsid -w "$0" --demo -d 600; echo "code $?" >"$1.new"; times >>"$1.new"; mv "$1.new" "$1""#,
        VTOP,
    ]);
    command.arg(&file);
    let terminal = Terminal::start(command);
    terminal.wait_for_screen(DOMAIN);
    end(terminal);
    let report = std::fs::read_to_string(&file).unwrap();
    let (code, children) = (report.lines().next().unwrap(), report.lines().last().unwrap());
    // User and system time: 0m0.012s 0m0.005s
    let seconds = |time: &str| time.trim_end_matches('s').split_once('m')?.1.parse::<f64>().ok();
    (code.to_owned(), children.split(' ').map(|time| seconds(time).unwrap()).sum())
}

/// A process outside of the terminal's session gets no SIGHUP.
#[test]
fn it_ends_with_its_terminal_without_a_signal_and_without_a_busy_loop() {
    let (code, usual) = outside_of_the_session(|mut terminal| {
        terminal.keys("q");
        terminal.ended();
    });
    assert_eq!(code, "code 0");
    let (code, vanished) = outside_of_the_session(|terminal| {
        terminal.closed();
    });
    assert_eq!(code, "code 129");
    assert!(vanished < usual + 0.3, "{vanished} s of CPU, not {usual} s");
}

/// A session's leader has no shell that could bring it back: the system lets it go on, and so it does.
#[test]
fn without_a_shell_it_does_not_stay_suspended() {
    let mut terminal = demo();
    terminal.keys("\x1a");
    terminal.wait_for_written_again("\x1b[?1049h");
    terminal.wait_for_screen(DOMAIN);
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

/// A stop that nobody asked vtop about (kill -STOP): the terminal is taken again when it goes on.
#[test]
fn it_draws_everything_again_after_a_stop_from_outside() {
    let mut terminal = demo();
    terminal.signal(Signal::STOP);
    terminal.signal(Signal::CONT);
    terminal.wait_for_written_again("\x1b[?1049h");
    terminal.wait_for_screen(DOMAIN);
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_hypervisor_that_never_answers_holds_neither_keys_nor_signals() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let uri = format!("qemu+unix:///system?socket={}", socket.display());
    let silent = || {
        let mut terminal = Terminal::start(vtop(&["-c", &uri]));
        terminal.wait_for_screen("connecting");
        terminal.keys("?");
        terminal.wait_for_screen("this help");
        terminal
    };
    let mut terminal = silent();
    terminal.keys("qq");
    assert_eq!(terminal.ended().code, 0);
    let terminal = silent();
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended().code, 143);
}

#[test]
fn libvirt_is_on_the_screen_too() {
    let mut terminal = Terminal::start(vtop(&["-c", "test:///default"]));
    terminal.wait_for(" test ", |screen| screen.contents().lines().any(|line| line.contains("R test ")));
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!((ended.code, ended.text.trim()), (0, ""), "libvirt writes nothing over the screen");
}
