//! The libvirt source: its options, its open connection, and what is kept when the connection is lost.

use super::definition::Definitions;
use super::ffi::LibvirtError;
use super::options::LibvirtOptions;
use super::session::Session;
use super::{explain, host, uri};
use crate::model::{HostInfo, HostSample};
use crate::sources::FailureScope;
use crate::sources::{Bypass, Monitor, Notify, Request, Source, SourceError};
use uuid::Uuid;

/// The version of libvirt's client library, as `9.0.0`; `None` if the library does not return it.
pub fn library_version() -> Option<String> {
    virt::connect::Connect::version().ok().map(u64::from).and_then(host::version)
}

/// A hypervisor that libvirt connects to.
pub struct LibvirtSource {
    options: LibvirtOptions,
    session: Option<Session>,
    /// Kept when a connection is lost: a definition that is equal after it stays the same allocation, so it is no change.
    definitions: Definitions,
    connected_before: bool,
}

impl LibvirtSource {
    /// A source without a connection.
    pub fn new(options: LibvirtOptions) -> Self {
        Self { options, session: None, definitions: Definitions::default(), connected_before: false }
    }

    fn with_session<T>(
        &mut self,
        call: impl FnOnce(&mut Session, &mut Definitions) -> Result<T, LibvirtError>,
    ) -> Result<T, SourceError> {
        let Some(session) = &mut self.session else {
            return Err(SourceError {
                message: "not connected".to_owned(),
                advice: None,
                scope: FailureScope::Connection,
            });
        };
        call(session, &mut self.definitions).map_err(|error| session.explain(&error))
    }
}

impl Source for LibvirtSource {
    fn connect(&mut self, notify: Notify) -> Result<HostInfo, SourceError> {
        // The old connection is closed before the new one is opened.
        self.session = None;
        self.definitions.mark_all_stale();
        let uri = self.options.uri.as_deref();
        let opened = uri::to_open(uri, uri::configuration);
        let (session, info) = Session::open(opened.as_deref(), self.options.calls, notify).map_err(|error| {
            let target = explain::Target::new(uri, uri::resolved(uri, uri::configuration));
            explain::connecting(&error, &target, self.connected_before)
        })?;
        self.session = Some(session);
        self.connected_before = true;
        Ok(info)
    }

    fn sample(&mut self, request: &Request) -> Result<HostSample, SourceError> {
        self.with_session(|session, definitions| session.sample(request, definitions))
    }

    fn sample_degraded(&mut self, request: &Request, bypass: &Bypass) -> Result<HostSample, SourceError> {
        self.with_session(|session, definitions| session.sample_degraded(request, bypass, definitions))
    }

    fn monitor(&mut self, domain: Uuid) -> Result<Monitor, SourceError> {
        self.with_session(|session, _| session.monitor(domain))
    }
}
