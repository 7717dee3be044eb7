//! One request for many domains, split over several connections. libvirt handles the domains of a call one after another and
//! waits for each QEMU; three calls in parallel take little more than half as long, even on two CPUs.

use super::domain_handles::DomainHandles;
use super::extra_answer::{self, ExtraAnswer};
use super::known::Known;
use crate::model::Groups;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use std::thread::{self, Builder, ScopedJoinHandle};
use uuid::Uuid;

/// How many calls are made in parallel at most. If that many domains begin to hang at the same moment, all these calls hang.
pub(crate) const MAX_CALLS: usize = 3;
/// A call for this many domains or less is not split.
const DOMAINS_PER_CALL: usize = 16;

/// Further connections to the same libvirtd, opened when they are needed.
pub(crate) struct ConnectionPool {
    uri: Option<String>,
    pool: Vec<PooledConnection>,
    /// A connection could not be opened, or was lost. Then no more are opened.
    refused: bool,
}

struct PooledConnection {
    connection: Connection,
    handles: DomainHandles,
}

impl ConnectionPool {
    /// A pool for a URI; opens nothing.
    pub(crate) fn new(uri: Option<&str>) -> Self {
        Self { uri: uri.map(str::to_owned), pool: Vec::new(), refused: false }
    }

    /// Reads the same groups of some domains over `own` and over as many connections of the pool as shorten the reading, in at most
    /// `max_calls` calls.
    pub(crate) fn read(
        &mut self,
        own: &Connection,
        domains: &[Domain<'_>],
        groups: Groups,
        known: Known<'_>,
        max_calls: usize,
    ) -> Result<Vec<ExtraAnswer>, LibvirtError> {
        let pool = self.open(domains.len().div_ceil(DOMAINS_PER_CALL).min(max_calls).saturating_sub(1));
        let share = domains.len().div_ceil(pool.len() + 1).max(1);
        let (mine, others) = domains.split_at(share.min(domains.len()));
        let name = thread::current().name().unwrap_or("libvirt").to_owned();
        let answers = thread::scope(|scope| {
            let shares = others.chunks(share).map(|part| (part, part.iter().map(Domain::uuid).collect::<Vec<_>>()));
            let calls: Vec<_> = pool
                .iter_mut()
                .zip(shares)
                .map(|(pooled, (part, uuids))| {
                    let call = move || pooled.read(&uuids, groups, known);
                    (part, Builder::new().name(name.clone()).spawn_scoped(scope, call).ok())
                })
                .collect();
            let mut answers = extra_answer::read(own, mine, groups, known)?;
            for (part, thread) in calls {
                answers.extend(match thread.map(ScopedJoinHandle::join) {
                    Some(Ok(Ok(more))) => more,
                    // The pool's connection failed. If libvirtd is gone, this call fails too, and its error says so.
                    _ => extra_answer::read(own, part, groups, known)?,
                });
            }
            Ok(answers)
        });
        let before = self.pool.len();
        self.pool.retain(|pooled| pooled.connection.is_alive());
        self.refused |= self.pool.len() < before;
        answers
    }

    /// Returns `wanted` connections, or fewer if no more can be opened.
    fn open(&mut self, wanted: usize) -> &mut [PooledConnection] {
        while self.pool.len() < wanted && !self.refused {
            match Connection::open_read_only(self.uri.as_deref()) {
                Ok(connection) => self.pool.push(PooledConnection { connection, handles: DomainHandles::default() }),
                Err(_) => self.refused = true,
            }
        }
        let count = self.pool.len().min(wanted);
        &mut self.pool[..count]
    }
}

impl PooledConnection {
    fn read(&mut self, wanted: &[Uuid], groups: Groups, known: Known<'_>) -> Result<Vec<ExtraAnswer>, LibvirtError> {
        self.handles.keep(wanted);
        let domains = self.handles.of(&self.connection, wanted.iter().copied())?;
        extra_answer::read(&self.connection, &domains, groups, known)
    }
}
