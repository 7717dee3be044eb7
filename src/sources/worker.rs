//! A thread for a blocking source: one connection, one call in flight, and nobody else waits for it.

use super::{Notice, Notify, Request, Source, SourceError};
use crate::model::{HostInfo, HostSample};
use std::sync::mpsc as blocking;
use tokio::sync::{mpsc, oneshot};

type Job = Box<dyn FnOnce(&mut dyn Source) + Send>;

/// The handle of a source's thread. Dropping it lets the thread end after its call; it is never joined, because a
/// call into a hung hypervisor cannot be cancelled.
pub struct Worker {
    jobs: blocking::Sender<Job>,
    notify: Notify,
}

/// The thread is gone (its source panicked). Nothing more will come from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source's thread has ended")]
pub struct WorkerGone;

impl Worker {
    /// Starts the thread; what the source notices by itself comes out of the second half. Fails where the system
    /// gives no thread.
    pub fn spawn(name: &str, mut source: Box<dyn Source>) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Notice>)> {
        let (jobs, queue) = blocking::channel::<Job>();
        let (sender, notices) = mpsc::unbounded_channel();
        // Notices are one per lifecycle event and are drained at once, so an unbounded channel stays short.
        let notify = Notify::new(move |notice| drop(sender.send(notice)));
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in queue {
                job(source.as_mut());
            }
        })?;
        Ok((Self { jobs, notify }, notices))
    }

    /// [`Source::connect`] on the thread.
    pub async fn connect(&self) -> Result<Result<HostInfo, SourceError>, WorkerGone> {
        let notify = self.notify.clone();
        self.run(move |source| source.connect(notify)).await
    }

    /// [`Source::sample`] on the thread.
    pub async fn sample(&self, request: Request) -> Result<Result<HostSample, SourceError>, WorkerGone> {
        self.run(move |source| source.sample(request)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut dyn Source) -> T + Send + 'static,
    ) -> Result<T, WorkerGone> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |source| drop(reply.send(call(source))));
        self.jobs.send(job).map_err(|_| WorkerGone)?;
        answer.await.map_err(|_| WorkerGone)
    }
}
