//! One call for each set of groups: domains that need the same groups are read together, so the number of calls does not grow
//! with the number of domains.

use super::connection_pool::ConnectionPool;
use super::extra_answer::{self, ExtraAnswer};
use super::known::Known;
use crate::model::Groups;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Reads the groups that `wanted` names for each domain, and hands every answer to `take`. With a pool, a call for many
/// domains is split into at most that many calls in parallel.
pub(crate) fn read<'a>(
    connection: &Connection,
    mut pool: Option<(&mut ConnectionPool, usize)>,
    domains: impl IntoIterator<Item = (Uuid, Domain<'a>)>,
    wanted: impl Fn(&Uuid) -> Groups,
    known: Known<'_>,
    mut take: impl FnMut(ExtraAnswer),
) -> Result<(), LibvirtError> {
    // In the order of their bits: the set with the most groups, which is that of the domain on the screen, comes last.
    let mut sets: BTreeMap<u32, Vec<Domain<'a>>> = BTreeMap::new();
    for (uuid, domain) in domains {
        let groups = wanted(&uuid) - Groups::HOST_CPU;
        if !groups.is_empty() {
            sets.entry(groups.bits()).or_default().push(domain);
        }
    }
    for (groups, domains) in sets {
        let groups = Groups::from_bits_truncate(groups);
        let answers = match &mut pool {
            Some((pool, max_calls)) => pool.read(connection, &domains, groups, known, *max_calls)?,
            None => extra_answer::read(connection, &domains, groups, known)?,
        };
        answers.into_iter().for_each(&mut take);
    }
    Ok(())
}
