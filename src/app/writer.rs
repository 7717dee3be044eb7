//! The thread that writes frames to the terminal, and the event loop's side of it.
//!
//! The event loop draws a frame when the kernel has accepted the one before. So a terminal that stops reading holds up
//! frames and nothing else, and the next frame that it gets is the newest.
//!
//! Frames are encoded by the event loop. On this thread, which may run on another CPU, the cells of two frames would have to
//! come from the caches of the event loop's CPU, and go back for the next frame.

use super::encoder::Encoder;
use super::frame::{Frame, FrameKind};
use super::{output, panic};
use crate::time::timer_now;
use ratatui::buffer::Buffer;
use std::io;
use std::thread::Builder;
use std::time::Duration;
use tokio::sync::mpsc::{self, error::TryRecvError};

/// Capacity for the bytes of a usual frame.
const FRAME_BYTES: usize = 64 * 1024;

/// The writer's thread has ended: it panicked.
#[derive(Debug)]
pub(crate) struct WriterGone;

/// A frame that the kernel has accepted.
#[derive(Debug)]
pub(crate) struct Written {
    /// The frame, whose memory is for the next one.
    pub(crate) frame: Frame,
    /// How long the kernel took to accept it.
    pub(crate) took: Duration,
}

/// Sends frames to the writer, one at a time.
pub(crate) struct Writer {
    frames: mpsc::Sender<Frame>,
    written: mpsc::Receiver<io::Result<Written>>,
    encoder: Encoder,
    /// `None` from when a frame was sent until [`Self::poll`] or [`Self::ready`] has found that it was written.
    spare: Option<Vec<u8>>,
    took: Duration,
    unasked: usize,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn spawn() -> io::Result<Self> {
        let (frames, mut queue) = mpsc::channel::<Frame>(1);
        let (sender, written) = mpsc::channel(1);
        Builder::new().name("writer".into()).spawn(move || {
            while let Some(frame) = queue.blocking_recv() {
                if !frame.enters {
                    panic::on_demand("writer");
                }
                let start = timer_now();
                let result = output::write_frame(frame.enters, &frame.bytes);
                let result = result.map(|()| Written { frame, took: timer_now() - start });
                if sender.blocking_send(result).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self::new(frames, written))
    }

    /// Frames go to `frames`, and each one is answered through `written`.
    pub(crate) fn new(frames: mpsc::Sender<Frame>, written: mpsc::Receiver<io::Result<Written>>) -> Self {
        let spare = Some(Vec::with_capacity(FRAME_BYTES));
        Self { frames, written, encoder: Encoder::default(), spare, took: Duration::ZERO, unasked: 0 }
    }

    /// Whether the next frame can be sent.
    pub(crate) fn is_ready(&self) -> bool {
        self.spare.is_some()
    }

    /// How long the kernel took to accept the last frame that is known to be written; zero before the first one.
    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    /// Bytes since the last frame that asked whether the terminal is ready.
    pub(crate) fn unasked(&self) -> usize {
        self.unasked
    }

    /// Finds out whether the frame that is under way was written. Does not wait.
    pub(crate) fn poll(&mut self) -> io::Result<Result<(), WriterGone>> {
        match self.written.try_recv() {
            Ok(written) => self.take(written).map(Ok),
            Err(TryRecvError::Empty) => Ok(Ok(())),
            Err(TryRecvError::Disconnected) => Ok(Err(WriterGone)),
        }
    }

    /// Waits until the frame that is under way was written. Cancel safe.
    pub(crate) async fn ready(&mut self) -> io::Result<Result<(), WriterGone>> {
        match self.written.recv().await {
            Some(written) => self.take(written).map(Ok),
            None => Ok(Err(WriterGone)),
        }
    }

    fn take(&mut self, written: io::Result<Written>) -> io::Result<()> {
        let Written { frame, took } = written?;
        (self.spare, self.took) = (Some(frame.bytes), took);
        Ok(())
    }

    /// Draws a frame of this size and sends it; `asks`: it ends with the question whether the terminal is ready. Does nothing
    /// unless the writer is ready.
    pub(crate) fn send(
        &mut self,
        kind: FrameKind,
        asks: bool,
        size: (u16, u16),
        draw: impl FnOnce(&mut Buffer),
    ) -> io::Result<()> {
        let Some(mut bytes) = self.spare.take() else { return Ok(()) };
        bytes.clear();
        self.encoder.encode(&mut bytes, kind, asks, size, draw)?;
        self.unasked = if asks { 0 } else { self.unasked + bytes.len() };
        let enters = kind == FrameKind::Entered;
        if bytes.is_empty() && !enters {
            self.spare = Some(bytes);
        } else {
            // If the thread has ended, `ready` says so.
            let _ = self.frames.try_send(Frame { enters, bytes });
        }
        Ok(())
    }
}
