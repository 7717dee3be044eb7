//! From the configuration to something that can be sampled.

use super::panic;
use crate::config::{Calls, Config, Target};
use crate::model::{HostInfo, HostSample, HostUpdate};
use crate::sampler::{self, Handle, MakeSource, Settings};
use crate::sources::libvirt::{self, LibvirtOptions, LibvirtSource};
use crate::sources::synthetic::{SyntheticOptions, SyntheticSource};
use crate::sources::{Bypass, Monitor, Notify, Request, Source, SourceError};
use std::io;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Updates that may wait for the reader before samplers begin to leave out ticks.
const ROOM: usize = 16;

/// What comes from the hosts, by the host's number.
pub(super) type Updates = mpsc::Receiver<(usize, HostUpdate)>;

/// Starts to sample every host of the configuration. The samplers' tasks have a thread of their own, so that no key waits
/// for the difference of two large samples, nor for the kernel to make a thread. It ends with the process.
pub(super) fn start(config: &Config, settings: Settings) -> io::Result<(Vec<Handle>, Updates)> {
    let (sender, updates) = mpsc::channel(ROOM);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let handle = {
        let _inside = runtime.enter();
        sampler::spawn(0, make_source(&config.target), settings, sender)
    };
    let forever = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("sampler".into()).spawn(forever)?;
    Ok((vec![handle], updates))
}

fn make_source(target: &Target) -> MakeSource {
    match target.clone() {
        Target::Libvirt { uri, calls } => {
            let calls = match calls {
                Calls::Auto => libvirt::Calls::Auto,
                Calls::PerDomain => libvirt::Calls::PerDomain,
            };
            let options = LibvirtOptions { uri, calls };
            Box::new(move || Box::new(Watched(LibvirtSource::new(options.clone()))))
        }
        Target::Demo { seed, domains, disks, nics } => {
            let default = SyntheticOptions::default();
            let options = SyntheticOptions {
                seed,
                domains: domains.unwrap_or(default.domains),
                disks_per_domain: disks,
                nics_per_domain: nics,
                ..default
            };
            Box::new(move || {
                panic::on_demand("task");
                Box::new(Watched(SyntheticSource::new(options.clone())))
            })
        }
    }
}

/// A source that a test can make panic.
struct Watched<S>(S);

impl<S: Source> Source for Watched<S> {
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
