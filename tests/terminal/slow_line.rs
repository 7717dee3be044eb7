//! A terminal behind a slow line, of which the kernel accepts much more than the terminal has shown.

use crate::pty::{Line, Terminal, vtop};

/// Bytes a second.
const SPEED: u32 = 2048;
/// Most bytes that come before the frame of a key: what is left of a frame of figures, and the key's own.
const MAX_BYTES: usize = 6000;
/// The beginning of a frame.
const BEGIN: &str = "\x1b[?2026h";

fn slow() -> Terminal {
    let terminal = Terminal::on_line(vtop(&["--demo", "-d", "0.1"]), Line { answers: true, speed: Some(SPEED) });
    terminal.wait_for_screen("NAME");
    terminal
}

/// Bytes from a key to what it shows.
fn bytes_until(terminal: &mut Terminal, key: &str, what: &str, wanted: impl Fn(&str) -> bool) -> usize {
    let before = terminal.shown_bytes();
    terminal.keys(key);
    terminal.wait_for(what, |screen| wanted(&screen.contents()));
    terminal.shown_bytes() - before
}

#[test]
fn a_key_waits_for_one_frame_at_most() {
    let mut terminal = slow();
    // Figures come meanwhile, and would queue.
    terminal.wait_for_written_times(BEGIN, 12);
    for _ in 0..3 {
        let opened = bytes_until(&mut terminal, "?", "the help", |text| text.contains("this help"));
        let closed = bytes_until(&mut terminal, "?", "the list", |text| !text.contains("this help"));
        assert!(opened.max(closed) <= MAX_BYTES, "{opened} and {closed} bytes");
    }
    terminal.keys("q");
    let ended = terminal.ended();
    assert_eq!((ended.code, ended.text.trim()), (0, ""));
}

/// The shell would take it for typed text.
#[test]
fn the_answer_to_the_last_frame_is_read_before_the_end() {
    let mut command = crate::pty::in_terminal("bash");
    let script = r#""$0" --demo -d 0.2; IFS= read -r -t 1 -d "" typed; printf "<%q>" "$typed""#;
    command.args(["--norc", "-c", script, crate::pty::VTOP]);
    let mut terminal = Terminal::on_line(command, Line { answers: true, speed: Some(SPEED) });
    terminal.wait_for_screen("NAME");
    let frames = terminal.times_written(BEGIN);
    terminal.keys("2");
    terminal.wait_for_written_times(BEGIN, frames + 1);
    terminal.keys("q");
    assert_eq!(terminal.ended().text.trim(), "<''>");
}
