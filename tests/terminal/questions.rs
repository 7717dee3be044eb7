//! What the terminal is asked at the start, and what its answers do.

use crate::pty::{Line, Terminal, vtop};
use std::time::Duration;

/// The whole list is on the screen.
const LIST: &str = "NAME";
/// A terminal that answers nothing by itself.
const SILENT: Line = Line { answers: false, speed: None };
const WIDE_ANSWER: &str = "\x1b[1;9R\x1b[?62;22c";
const NARROW_ANSWER: &str = "\x1b[1;5R\x1b[?62;22c";

/// A terminal in a locale that answers the question about ambiguous characters, or not.
fn answering(locale: &str, answer: Option<&str>) -> Terminal {
    let mut command = vtop(&["--demo", "-d", "600"]);
    command.env("LC_ALL", locale);
    // The answer may take a second then, on a busy machine too.
    command.env("SSH_TTY", "/dev/pts/0");
    let mut terminal = Terminal::on_line(command, SILENT);
    terminal.wait_for_written("\x1b[c");
    if let Some(answer) = answer {
        terminal.keys(answer);
    }
    terminal.wait_for_screen(LIST);
    terminal
}

#[test]
fn a_terminal_with_wide_ambiguous_characters_gets_ascii() {
    for (locale, answer, ascii) in [
        ("C.UTF-8", Some(WIDE_ANSWER), true),
        ("C.UTF-8", Some(NARROW_ANSWER), false),
        ("ja_JP.UTF-8", Some(NARROW_ANSWER), false),
        ("ja_JP.UTF-8", None, true),
        ("C.UTF-8", None, false),
    ] {
        let mut terminal = answering(locale, answer);
        let text = terminal.text();
        assert_eq!(text.is_ascii(), ascii, "{locale}, {answer:?}:\n{text}");
        terminal.keys("q");
        assert_eq!(terminal.ended().code, 0);
    }
}

#[test]
fn keys_that_are_typed_before_the_answer_are_not_lost() {
    let mut terminal = answering("C.UTF-8", Some(&format!("?{NARROW_ANSWER}")));
    terminal.wait_for_screen("this help");
    terminal.keys("\x03");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn a_late_answer_is_never_taken_for_keys() {
    let mut terminal = answering("C.UTF-8", None);
    // As keys: to the list of devices, sort, reverse, columns.
    for byte in WIDE_ANSWER.chars() {
        terminal.keys(&byte.to_string());
        std::thread::sleep(Duration::from_millis(20));
    }
    terminal.keys("\x1b]11;rgb:0000/0000/0000\x1b\\");
    terminal.keys("/");
    terminal.wait_for_screen("filter: ▏");
    terminal.keys("\x1b");
    terminal.wait_for_screen("quit");
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

/// The theme that follows the one at the start.
fn next_theme(arguments: &[&str], answer: &str) -> String {
    let mut command = vtop(&[&["--demo", "-d", "600"], arguments].concat());
    command.env("TERM", "xterm-256color");
    command.env("SSH_TTY", "/dev/pts/0");
    command.env_remove("COLORFGBG");
    let mut terminal = Terminal::on_line(command, SILENT);
    terminal.wait_for_written("\x1b[c");
    terminal.keys(&format!("{answer}{NARROW_ANSWER}"));
    terminal.wait_for_screen(LIST);
    terminal.keys("t");
    terminal.wait_for_screen(" theme: ");
    let text = terminal.text();
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
    let next = text.split(" theme: ").nth(1).and_then(|rest| rest.split(' ').next());
    next.unwrap_or_default().to_owned()
}

/// As GNU screen does, which passes on the question for the ground and answers the others itself.
#[test]
fn the_theme_follows_an_answer_about_the_ground_that_comes_late() {
    let mut command = vtop(&["--demo", "-d", "600"]);
    command.env("TERM", "xterm-256color");
    command.env_remove("COLORFGBG");
    let mut terminal = Terminal::on_line(command, SILENT);
    terminal.wait_for_written("\x1b[c");
    terminal.keys(NARROW_ANSWER);
    terminal.wait_for_screen(LIST);
    // The ground of the theme `paper`.
    let paper = "48;5;231";
    assert!(!terminal.has_written(paper));
    terminal.keys("\x1b]11;rgb:ffff/ffff/ffff\x07");
    terminal.wait_for_written(paper);
    terminal.keys("q");
    assert_eq!(terminal.ended().code, 0);
}

#[test]
fn the_theme_is_for_the_ground_that_the_terminal_names() {
    let light = "\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\";
    assert_eq!(next_theme(&[], light), "contrast", "after paper");
    assert_eq!(next_theme(&[], "\x1b]11;rgb:0000/2b2b/3636\x07"), "paper", "after night");
    assert_eq!(next_theme(&[], ""), "night", "after terminal");
    assert_eq!(next_theme(&["--theme", "night"], light), "paper", "after night, which was asked for");
}
