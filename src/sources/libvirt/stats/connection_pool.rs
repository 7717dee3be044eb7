//! A long call, split up over a few connections. libvirt walks through the domains of a call one after another and waits
//! for each QEMU; three walks side by side take little more than half as long, on two CPUs already.

use crate::model::Groups;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use crate::sources::libvirt::stats::bulk::{self, Answer};
use crate::sources::libvirt::stats::looked_up::LookedUp;
use std::thread::{self, Builder, ScopedJoinHandle};
use uuid::Uuid;

/// Calls side by side at most, where nothing hangs. Where as many domains begin to, as many calls do: no more may than
/// that.
pub(crate) const MOST: usize = 3;
/// Domains that one call can well be asked for.
const ENOUGH: usize = 16;

/// Further connections, opened when they are needed.
pub(crate) struct ConnectionPool {
    uri: Option<String>,
    pool: Vec<PooledConnection>,
    /// One could not be opened, or was lost: then it goes on with what there is.
    refused: bool,
}

struct PooledConnection {
    connection: Connection,
    looked_up: LookedUp,
}

impl ConnectionPool {
    /// Opens nothing yet.
    pub(crate) fn to(uri: Option<&str>) -> Self {
        Self { uri: uri.map(str::to_owned), pool: Vec::new(), refused: false }
    }

    /// Asks some domains for the same groups, over `own` and as many lanes as are worth it, in `most` calls.
    pub(crate) fn ask(
        &mut self,
        own: &Connection,
        domains: &[Domain<'_>],
        groups: Groups,
        driver: &str,
        most: usize,
    ) -> Result<Vec<Answer>, LibvirtError> {
        let pool = self.open(domains.len().div_ceil(ENOUGH).min(most).saturating_sub(1));
        let share = domains.len().div_ceil(pool.len() + 1).max(1);
        let (mine, others) = domains.split_at(share.min(domains.len()));
        let name = thread::current().name().unwrap_or("lane").to_owned();
        let answers = thread::scope(|scope| {
            let parts = others.chunks(share).map(|part| (part, part.iter().map(Domain::uuid).collect::<Vec<_>>()));
            let asked: Vec<_> = pool
                .iter_mut()
                .zip(parts)
                .map(|(pooled, (part, uuids))| {
                    let ask = move || pooled.ask(&uuids, groups, driver);
                    (part, Builder::new().name(name.clone()).spawn_scoped(scope, ask).ok())
                })
                .collect();
            let mut answers = bulk::ask(own, mine, groups, driver)?;
            for (part, thread) in asked {
                answers.extend(match thread.map(ScopedJoinHandle::join) {
                    Some(Ok(Ok(more))) => more,
                    // Somebody has to ask them; if it is libvirtd that is gone, this says so.
                    _ => bulk::ask(own, part, groups, driver)?,
                });
            }
            Ok(answers)
        });
        let before = self.pool.len();
        self.pool.retain(|pooled| pooled.connection.is_alive());
        self.refused |= self.pool.len() < before;
        answers
    }

    /// So many lanes, or as many as can be had.
    fn open(&mut self, wanted: usize) -> &mut [PooledConnection] {
        while self.pool.len() < wanted && !self.refused {
            match Connection::open_read_only(self.uri.as_deref()) {
                Ok(connection) => self.pool.push(PooledConnection { connection, looked_up: LookedUp::default() }),
                Err(_) => self.refused = true,
            }
        }
        let there = self.pool.len().min(wanted);
        &mut self.pool[..there]
    }
}

impl PooledConnection {
    fn ask(&mut self, wanted: &[Uuid], groups: Groups, driver: &str) -> Result<Vec<Answer>, LibvirtError> {
        self.looked_up.keep(wanted);
        let domains = self.looked_up.all(&self.connection, wanted.iter().copied())?;
        bulk::ask(&self.connection, &domains, groups, driver)
    }
}
