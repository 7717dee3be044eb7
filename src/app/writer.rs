//! The thread that writes frames to the terminal, and the event loop's side of it.
//!
//! The event loop draws a frame when the terminal has read the one before. So a terminal that stops reading holds up
//! frames and nothing else, and the next frame that it gets is the newest.

use super::encoder::Encoder;
use super::frame::{Frame, FrameKind};
use super::{output, panic};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io;
use std::thread::Builder;
use tokio::sync::mpsc;

/// The writer's thread has ended: it panicked.
#[derive(Debug)]
pub(crate) struct WriterGone;

/// Sends frames to the writer, one at a time.
pub(crate) struct Writer {
    frames: mpsc::Sender<Frame>,
    /// A buffer for the next frame, whenever one is written.
    written: mpsc::Receiver<io::Result<Buffer>>,
    /// `None` while a frame is being written.
    spare: Option<Buffer>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn spawn() -> io::Result<Self> {
        let (frames, mut queue) = mpsc::channel::<Frame>(1);
        let (sender, written) = mpsc::channel(1);
        Builder::new().name("writer".into()).spawn(move || {
            let mut encoder = Encoder::default();
            while let Some(frame) = queue.blocking_recv() {
                let enter = frame.kind == FrameKind::Entered;
                if !enter {
                    panic::on_demand("writer");
                }
                let result = encoder.encode(frame).and_then(|spare| {
                    output::write_frame(enter, encoder.bytes())?;
                    Ok(spare)
                });
                if sender.blocking_send(result).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self::new(frames, written))
    }

    /// Frames go to `frames`, and each one is answered through `written`.
    pub(crate) fn new(frames: mpsc::Sender<Frame>, written: mpsc::Receiver<io::Result<Buffer>>) -> Self {
        Self { frames, written, spare: Some(Buffer::default()) }
    }

    /// Whether the last frame was written.
    pub(crate) fn is_ready(&self) -> bool {
        self.spare.is_some()
    }

    /// Waits until the frame that is under way was written. Cancel safe.
    pub(crate) async fn ready(&mut self) -> io::Result<Result<(), WriterGone>> {
        match self.written.recv().await {
            Some(buffer) => self.spare = Some(buffer?),
            None => return Ok(Err(WriterGone)),
        }
        Ok(Ok(()))
    }

    /// Draws a frame of this size and sends it. Does nothing unless the writer is ready.
    pub(crate) fn send(&mut self, kind: FrameKind, (width, height): (u16, u16), draw: impl FnOnce(&mut Buffer)) {
        let Some(mut buffer) = self.spare.take() else { return };
        buffer.resize(Rect::new(0, 0, width, height));
        buffer.reset();
        draw(&mut buffer);
        // If the thread has ended, `ready` says so.
        let _ = self.frames.try_send(Frame { kind, buffer });
    }
}
