//! What the screen writes to the terminal: a frame in one piece, and nothing where nothing changed.

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;
use std::io::{self, Write};

/// Room for a usual frame.
const FRAME_BYTES: usize = 64 * 1024;

/// crossterm's backend, with a frame held back until it is whole. It goes out as one synchronized update, so that a
/// terminal that knows those never shows a part of it. The cursor is the business of who took the terminal.
pub(super) struct FrameBackend<W> {
    frame: CrosstermBackend<Vec<u8>>,
    output: W,
}

impl<W: Write> FrameBackend<W> {
    pub(super) fn new(output: W) -> Self {
        Self { frame: CrosstermBackend::new(Vec::with_capacity(FRAME_BYTES)), output }
    }
}

impl<W: Write> Backend for FrameBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        match content.peek() {
            // crossterm's backend would reset the colours even then.
            None => Ok(()),
            Some(_) => self.frame.draw(content),
        }
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.frame.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.frame.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.frame.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.frame.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        // Asked before every frame. crossterm opens the terminal anew for it, which takes a tenth of a frame's time.
        let size = match tcgetwinsize(stdout()) {
            Ok(size) => Size::new(size.ws_col, size.ws_row),
            Err(_) => self.frame.size()?,
        };
        Ok(or_usual(size, |name| std::env::var(name).ok()))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.frame.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = self.frame.writer_mut();
        if frame.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::with_capacity(frame.len() + 16);
        queue!(whole, BeginSynchronizedUpdate)?;
        whole.append(frame);
        queue!(whole, EndSynchronizedUpdate)?;
        self.output.write_all(&whole)?;
        self.output.flush()
    }
}

/// A serial console does not know its size: it is 0×0. Then the environment says it, or it is as they all were.
fn or_usual(size: Size, environment: impl Fn(&str) -> Option<String>) -> Size {
    let or = |known: u16, name: &str, usual: u16| {
        let given = || environment(name)?.parse().ok().filter(|length| *length > 0);
        if known > 0 { known } else { given().unwrap_or(usual) }
    };
    Size::new(or(size.width, "COLUMNS", 80), or(size.height, "LINES", 24))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::widgets::Paragraph;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    /// Every write of it, one by one.
    #[derive(Clone, Default)]
    struct Writes(std::rc::Rc<std::cell::RefCell<Vec<String>>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_that_does_not_know_its_size_has_one() {
        let serial = |name: &str| (name == "COLUMNS").then(|| "132".to_owned());
        assert_eq!(or_usual(Size::new(0, 0), |_| None), Size::new(80, 24));
        assert_eq!(or_usual(Size::new(0, 0), serial), Size::new(132, 24));
        assert_eq!(or_usual(Size::new(0, 0), |_| Some("0".into())), Size::new(80, 24));
        assert_eq!(or_usual(Size::new(200, 60), serial), Size::new(200, 60));
    }

    #[test]
    fn a_frame_goes_out_in_one_piece_and_none_where_nothing_changed() {
        let writes = Writes::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, 20, 2));
        let mut terminal =
            Terminal::with_options(FrameBackend::new(writes.clone()), TerminalOptions { viewport }).unwrap();
        for text in ["one", "one", "two"] {
            terminal.draw(|frame| frame.render_widget(Paragraph::new(text), frame.area())).unwrap();
        }
        let written = writes.0.borrow();
        assert_eq!(written.len(), 2, "{written:?}");
        for (frame, text) in written.iter().zip(["one", "two"]) {
            assert!(frame.starts_with("\x1b[?2026h") && frame.ends_with("\x1b[?2026l"), "{frame:?}");
            assert!(frame.contains(text), "{frame:?}");
        }
    }
}
