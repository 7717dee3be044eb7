//! Frames as bytes: what differs from the frame before, in one synchronized update.

use super::cells;
use super::frame::FrameKind;
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io;

/// Whether the terminal is ready (DSR).
const QUESTION: &[u8] = b"\x1b[5n";

/// Encodes frame after frame. Every one must be written: a difference that is not written would leave a wrong screen.
#[derive(Default)]
pub(super) struct Encoder {
    /// The frame before.
    shown: Buffer,
    /// For the next frame.
    spare: Buffer,
}

impl Encoder {
    /// Draws a frame of this size and appends its bytes; nothing if nothing has changed. `asks`: they end with the question
    /// whether the terminal is ready.
    pub(super) fn encode(
        &mut self,
        bytes: &mut Vec<u8>,
        kind: FrameKind,
        asks: bool,
        (width, height): (u16, u16),
        draw: impl FnOnce(&mut Buffer),
    ) -> io::Result<()> {
        let Self { shown, spare } = self;
        spare.resize(Rect::new(0, 0, width, height));
        spare.reset();
        draw(spare);
        let whole = kind != FrameKind::Difference || spare.area != shown.area;
        let start = bytes.len();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if whole {
            // A terminal clears with the colour that is set.
            queue!(bytes, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
            *shown = Buffer::empty(spare.area);
        }
        let changes = shown.diff(spare);
        if changes.is_empty() && !whole {
            bytes.truncate(start);
        } else {
            cells::write(bytes, changes)?;
            queue!(bytes, EndSynchronizedUpdate)?;
        }
        if asks {
            bytes.extend_from_slice(QUESTION);
        }
        std::mem::swap(shown, spare);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "\x1b[?2026h";
    const END: &str = "\x1b[?2026l";
    const CLEAR: &str = "\x1b[2J";

    fn encode(encoder: &mut Encoder, kind: FrameKind, lines: &[&str]) -> String {
        encode_asking(encoder, kind, false, lines)
    }

    fn encode_asking(encoder: &mut Encoder, kind: FrameKind, asks: bool, lines: &[&str]) -> String {
        let wanted = Buffer::with_lines(lines.iter().copied());
        let mut bytes = Vec::new();
        let size = (wanted.area.width, wanted.area.height);
        encoder.encode(&mut bytes, kind, asks, size, |buffer| buffer.clone_from(&wanted)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_frame_is_one_synchronized_update_and_empty_if_nothing_changed() {
        let mut encoder = Encoder::default();
        let mut difference = |text| encode(&mut encoder, FrameKind::Difference, &[text]);
        for (text, new) in [("one", "one"), ("one", ""), ("two", "two"), ("twa", "a")] {
            let bytes = difference(text);
            if new.is_empty() {
                assert_eq!(bytes, "");
            } else {
                assert!(bytes.starts_with(BEGIN) && bytes.ends_with(END) && bytes.contains(new), "{bytes:?}");
            }
        }
        assert!(!difference("twb").contains("tw"), "only what differs");
    }

    #[test]
    fn a_frame_ends_with_the_question_also_if_nothing_changed() {
        let mut encoder = Encoder::default();
        for (asks, last) in [(true, "\x1b[?2026l\x1b[5n"), (true, "\x1b[5n"), (false, "")] {
            let bytes = encode_asking(&mut encoder, FrameKind::Difference, asks, &["same"]);
            assert!(bytes.ends_with(last), "{bytes:?}");
            assert_eq!(bytes.is_empty(), last.is_empty());
        }
    }

    #[test]
    fn a_whole_frame_has_every_cell_whatever_was_shown() {
        let mut encoder = Encoder::default();
        encode(&mut encoder, FrameKind::Difference, &["same"]);
        for kind in [FrameKind::Whole, FrameKind::Entered] {
            let whole = encode(&mut encoder, kind, &["same"]);
            assert!(whole.contains(CLEAR) && whole.contains("same"), "{whole:?}");
        }
        let resized = encode(&mut encoder, FrameKind::Difference, &["same", "more"]);
        assert!(resized.contains(CLEAR) && resized.contains("same"), "another size: {resized:?}");
    }
}
