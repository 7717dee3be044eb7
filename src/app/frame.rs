//! A frame on its way from the event loop to the terminal.

use ratatui::buffer::Buffer;

/// What is written of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// What differs from the frame before.
    Difference,
    /// Everything: the terminal may show anything.
    Whole,
    /// The alternate screen is entered first, and then everything is written.
    Entered,
}

/// A frame on its way to the terminal.
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// It ends with the question whether the terminal is ready, which is answered when the frame is shown.
    pub(crate) asks: bool,
    pub(crate) buffer: Buffer,
}
