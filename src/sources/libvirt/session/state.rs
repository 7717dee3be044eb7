//! An open connection, and what is kept as long as it is open.

use super::inactive::InactiveDomains;
use crate::model::{Call, Driver, HostInfo};
use crate::sources::libvirt::definition::Definitions;
use crate::sources::libvirt::events::{PendingChanges, StaleDefinitions};
use crate::sources::libvirt::ffi::{Connection, LibvirtError};
use crate::sources::libvirt::host::{self, NodeReader};
use crate::sources::libvirt::options::Calls;
use crate::sources::libvirt::stats::domain_handles::DomainHandles;
use crate::sources::libvirt::stats::extra_groups::ExtraGroups;
use crate::sources::libvirt::stats::per_domain::PerDomainCache;
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::sources::libvirt::stats::{MAX_CALLS, monitor};
use crate::sources::libvirt::transport::Transport;
use crate::sources::libvirt::{explain, uri};
use crate::sources::{Monitor, Notify, SourceError};
use crate::time::Stopwatch;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The age from which on the facts of the host are read again.
const HOST_AGE: Duration = Duration::from_secs(60);

/// An open connection.
pub(crate) struct Session {
    pub(super) connection: Connection,
    pub(super) changes: Arc<PendingChanges>,
    transport: Transport,
    /// The facts of the host, and when they were read.
    info: (HostInfo, Stopwatch),
    pub(super) driver: Driver,
    /// Domains are read one by one, because the driver has no usable bulk call, or because of [`Calls::PerDomain`].
    pub(super) per_domain: bool,
    pub(super) extra_groups: ExtraGroups,
    pub(super) node: NodeReader,
    pub(super) unsupported: UnsupportedCalls,
    pub(super) inactive: InactiveDomains,
    pub(super) cache: PerDomainCache,
    pub(super) handles: DomainHandles,
}

impl Session {
    /// Opens a connection and registers for its events.
    pub(crate) fn open(uri: Option<&str>, calls: Calls, notify: Notify) -> Result<(Self, HostInfo), LibvirtError> {
        let mut connection = Connection::open_read_only(uri)?;
        let mut info = host::info(&connection);
        let on_this_machine = calls == Calls::Auto && info.driver == Driver::Qemu && uri::is_local(&info.uri);
        info.parallel_calls = if on_this_machine { MAX_CALLS } else { 1 };
        let mut unsupported = UnsupportedCalls::default();
        let transport = Transport::of(Some(&info.uri));
        let changes = Arc::new(PendingChanges::new(notify, transport));
        let receiver = Arc::clone(&changes);
        if let Err(error) = connection.subscribe(Arc::new(move |event| receiver.receive(event))) {
            unsupported.add(Call::Events, explain::unsupported(&error, &info.driver));
        }
        let session = Self {
            connection,
            changes,
            transport,
            info: (info.clone(), Stopwatch::start()),
            driver: info.driver.clone(),
            per_domain: calls == Calls::PerDomain,
            extra_groups: if on_this_machine { ExtraGroups::on_this_machine(uri) } else { ExtraGroups::remote() },
            node: if on_this_machine { NodeReader::on_this_machine() } else { NodeReader::remote() },
            unsupported,
            inactive: InactiveDomains::default(),
            cache: PerDomainCache::default(),
            handles: DomainHandles::default(),
        };
        Ok((session, info))
    }

    /// False if the connection was closed, as far as this side knows.
    pub(crate) fn is_alive(&self) -> bool {
        self.changes.closed().is_none() && self.connection.is_alive()
    }

    /// Why a call failed, in words for the operator.
    pub(crate) fn explain(&self, error: &LibvirtError) -> SourceError {
        explain::sampling(error, self.is_alive(), self.changes.closed(), self.transport)
    }

    /// The state of the monitor of one domain.
    pub(crate) fn monitor(&mut self, domain: Uuid) -> Result<Monitor, LibvirtError> {
        self.handles.clear();
        monitor::state(&self.connection, &mut self.handles, domain)
    }

    /// Reads the facts of the host again where they are old: CPUs go online and offline, a host is renamed, QEMU is updated.
    pub(super) fn read_host_again(&mut self) {
        let (before, read) = &mut self.info;
        if read.elapsed() < HOST_AGE {
            return;
        }
        *read = Stopwatch::start();
        self.connection.forget_layouts();
        let now = HostInfo { parallel_calls: before.parallel_calls, ..host::info(&self.connection) };
        // A call that failed is no change.
        if now != *before && self.connection.is_alive() {
            *before = now.clone();
            self.changes.host_changed(now);
        }
    }

    /// Begins a sample: takes over what events reported since the last one. Returns true if any domain changed.
    pub(super) fn take_changes(&mut self, definitions: &mut Definitions) -> bool {
        let (changed, stale) = self.changes.take();
        match stale {
            StaleDefinitions::Of(uuids) => definitions.mark_stale(uuids),
            StaleDefinitions::All => definitions.mark_all_stale(),
        }
        changed
    }
}
