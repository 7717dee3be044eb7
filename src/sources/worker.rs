//! A thread for a blocking source: one connection, one call in flight, and nobody else waits for it.

use super::{Bypass, Monitor, Notice, Notify, Request, Source, SourceError};
use crate::model::{HostInfo, HostSample};
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

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
    pub fn connect(&self) -> Pending<Result<HostInfo, SourceError>> {
        let notify = self.notify.clone();
        self.run(move |source| source.connect(notify))
    }

    /// [`Source::sample`] on the thread, or [`Source::sample_degraded`] where there is something to go around.
    pub fn sample(&self, request: Request, bypass: Option<Bypass>) -> Pending<Result<HostSample, SourceError>> {
        self.run(move |source| match bypass {
            Some(bypass) => source.sample_degraded(&request, &bypass),
            None => source.sample(&request),
        })
    }

    /// [`Source::monitor`] on the thread.
    pub fn monitor(&self, domain: Uuid) -> Pending<Result<Monitor, SourceError>> {
        self.run(move |source| source.monitor(domain))
    }

    fn run<T: Send + 'static>(&self, call: impl FnOnce(&mut dyn Source) -> T + Send + 'static) -> Pending<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |source| drop(reply.send(call(source))));
        // Where the thread is gone the job is dropped, and `reply` with it: the answer says so.
        drop(self.jobs.send(job));
        Pending(answer)
    }
}

/// A call that is under way. It goes on when this is dropped: nothing can cancel it.
pub struct Pending<T>(oneshot::Receiver<T>);

impl<T> Future for Pending<T> {
    type Output = Result<T, WorkerGone>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|_| WorkerGone)
    }
}
