//! A feed of hosts that are sampled now.

use super::feed::{CAPACITY, Controls, Feed};
use super::panic;
use crate::config::{Config, Target};
use crate::fleet::HostId;
use crate::model::{Demand, HostInfo, HostSample};
use crate::sampler::{self, Handle, MakeSource, Settings};
use crate::sources::libvirt::LibvirtSource;
use crate::sources::synthetic::SyntheticSource;
use crate::sources::{Bypass, Monitor, Notify, Request, Source, SourceError};
use crate::time::Interval;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// A host to sample.
pub struct LiveHost {
    /// What the user calls it: its URI, or a name.
    pub name: String,
    /// Makes its source.
    pub make: MakeSource,
}

/// Starts to sample these hosts. The tasks of the samplers share a thread of their own, so that a key waits neither until the
/// difference of two large samples is computed, nor until the kernel has started a thread. It ends when the feed is dropped; the threads of the connections end
/// after their calls.
///
/// # Errors
/// The system gives no thread.
pub fn start(hosts: Vec<LiveHost>, settings: &Settings) -> io::Result<Feed> {
    let (sender, updates) = mpsc::channel(CAPACITY);
    let names = hosts.iter().map(|host| host.name.clone()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let handles = {
        let _inside = runtime.enter();
        let spawn = |(id, host): (HostId, LiveHost)| sampler::spawn(id, host.make, settings.clone(), sender.clone());
        hosts.into_iter().enumerate().map(spawn).collect()
    };
    let (running, dropped) = oneshot::channel();
    let run = move || {
        let _: Result<Infallible, _> = runtime.block_on(dropped);
    };
    std::thread::Builder::new().name("sampler".into()).spawn(run)?;
    // The list does not grow.
    let (_, names) = watch::channel(names);
    Ok(Feed::new(updates, names, Samplers { handles, _running: running }, Arc::clone(&settings.clock)))
}

/// The samplers of a live feed.
struct Samplers {
    /// By host.
    handles: Vec<Handle>,
    /// The thread of the samplers ends when this is dropped.
    _running: oneshot::Sender<Infallible>,
}

impl Controls for Samplers {
    fn set_interval(&self, interval: Interval) {
        self.handles.iter().for_each(|handle| handle.set_interval(interval));
    }

    fn set_demand(&self, host: HostId, demand: Demand) {
        if let Some(handle) = self.handles.get(host) {
            handle.set_demand(demand);
        }
    }
}

/// The hosts of the configuration.
pub(super) fn hosts(config: &Config) -> Vec<LiveHost> {
    vec![LiveHost { name: name(&config.target), make: make_source(&config.target) }]
}

fn name(target: &Target) -> String {
    match target {
        Target::Libvirt(options) => options.uri.clone().unwrap_or_else(|| "default connection".to_owned()),
        Target::Synthetic(_) => "demo".to_owned(),
    }
}

fn make_source(target: &Target) -> MakeSource {
    match target.clone() {
        Target::Libvirt(options) => Box::new(move || Box::new(PanicOnDemand(LibvirtSource::new(options.clone())))),
        Target::Synthetic(options) => Box::new(move || {
            panic::on_demand("task");
            Box::new(PanicOnDemand(SyntheticSource::new(options.clone())))
        }),
    }
}

/// A source that a test can make panic.
struct PanicOnDemand<S>(S);

impl<S: Source> Source for PanicOnDemand<S> {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        self.0.connect(notify)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        panic::on_demand("source");
        self.0.sample(request)
    }

    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError> {
        self.0.sample_degraded(request, bypass)
    }

    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError> {
        self.0.monitor(domain)
    }
}
