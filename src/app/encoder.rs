//! Frames as bytes: what differs from the frame before, in one synchronized update.

use super::cells;
use super::frame::{Frame, FrameKind};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use std::io;

/// Whether the terminal is ready (DSR).
const QUESTION: &[u8] = b"\x1b[5n";

/// Capacity for the bytes of a usual frame.
const FRAME_BYTES: usize = 64 * 1024;

/// Encodes frame after frame. It owns the frame before: a difference that is not written would leave a wrong screen.
pub(super) struct Encoder {
    bytes: Vec<u8>,
    shown: Buffer,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(FRAME_BYTES), shown: Buffer::default() }
    }
}

impl Encoder {
    /// Encodes a frame. Returns the buffer of the frame before, for use by a later frame.
    pub(super) fn encode(&mut self, frame: Frame) -> io::Result<Buffer> {
        let Frame { kind, asks, buffer } = frame;
        let whole = kind != FrameKind::Difference || buffer.area != self.shown.area;
        let bytes = &mut self.bytes;
        bytes.clear();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if whole {
            // A terminal clears with the colour that is set.
            queue!(bytes, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
            self.shown = Buffer::empty(buffer.area);
        }
        let changes = self.shown.diff(&buffer);
        if changes.is_empty() && !whole {
            bytes.clear();
        } else {
            cells::write(bytes, changes)?;
            queue!(bytes, EndSynchronizedUpdate)?;
        }
        if asks {
            bytes.extend_from_slice(QUESTION);
        }
        Ok(std::mem::replace(&mut self.shown, buffer))
    }

    /// The bytes of the last frame; empty if nothing had changed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: &str = "\x1b[?2026h";
    const END: &str = "\x1b[?2026l";
    const CLEAR: &str = "\x1b[2J";

    fn encode(encoder: &mut Encoder, kind: FrameKind, lines: &[&str]) -> String {
        encoder.encode(Frame { kind, asks: false, buffer: Buffer::with_lines(lines.iter().copied()) }).unwrap();
        String::from_utf8(encoder.bytes().to_vec()).unwrap()
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
            let buffer = Buffer::with_lines(["same"]);
            encoder.encode(Frame { kind: FrameKind::Difference, asks, buffer }).unwrap();
            assert!(encoder.bytes().ends_with(last.as_bytes()));
            assert_eq!(encoder.bytes().is_empty(), last.is_empty());
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
