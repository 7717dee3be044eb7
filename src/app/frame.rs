//! A frame on its way from the event loop to the terminal.

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

/// A frame as bytes.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// The alternate screen is entered before it.
    pub(crate) enters: bool,
    pub(crate) bytes: Vec<u8>,
}
