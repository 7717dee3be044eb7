//! A thread for a blocking source: one connection, and one call in flight.

use super::notices::{self, Notices};
use super::{Bypass, Monitor, Notify, Request, Source, SourceError};
use crate::model::{HostInfo, HostSample};
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use uuid::Uuid;

type Job = Box<dyn FnOnce(&mut dyn Source) + Send>;

/// The handle of a source's thread. After it is dropped the thread ends with its current call. No one joins the thread: a
/// call to a hypervisor that does not answer cannot be cancelled.
pub struct Worker {
    jobs: blocking::Sender<Job>,
    notify: Notify,
}

/// The thread has ended because its source panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source's thread has ended")]
pub struct WorkerGone;

impl Worker {
    /// Starts the thread. Returns its handle and the queue of the source's notices, or an error if the system gives no
    /// thread.
    pub fn spawn(name: &str, mut source: Box<dyn Source>) -> std::io::Result<(Self, Notices)> {
        let (jobs, queue) = blocking::channel::<Job>();
        let (notify, notices) = notices::queue();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in queue {
                job(source.as_mut());
            }
        })?;
        Ok((Self { jobs, notify }, notices))
    }

    /// Calls [`Source::connect`] on the thread.
    pub fn connect(&self) -> Pending<Result<HostInfo, SourceError>> {
        let notify = self.notify.clone();
        self.run(move |source| source.connect(notify))
    }

    /// Calls [`Source::sample`] on the thread, or [`Source::sample_degraded`] if there is a `bypass`.
    pub fn sample(&self, request: Request, bypass: Option<Bypass>) -> Pending<Result<HostSample, SourceError>> {
        self.run(move |source| match bypass {
            Some(bypass) => source.sample_degraded(&request, &bypass),
            None => source.sample(&request),
        })
    }

    /// Calls [`Source::monitor`] on the thread.
    pub fn monitor(&self, domain: Uuid) -> Pending<Result<Monitor, SourceError>> {
        self.run(move |source| source.monitor(domain))
    }

    fn run<T: Send + 'static>(&self, call: impl FnOnce(&mut dyn Source) -> T + Send + 'static) -> Pending<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |source| drop(reply.send(call(source))));
        // If the thread has ended, the job is dropped with `reply`, and the answer is WorkerGone.
        drop(self.jobs.send(job));
        Pending(answer)
    }
}

/// A call in flight. Dropping this does not cancel the call.
pub struct Pending<T>(oneshot::Receiver<T>);

impl<T> Future for Pending<T> {
    type Output = Result<T, WorkerGone>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|_| WorkerGone)
    }
}
