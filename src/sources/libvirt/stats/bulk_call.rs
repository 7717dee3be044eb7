//! The bulk calls: `virConnectGetAllDomainStats` and `virDomainListGetStats`.

use super::nowait::without_waiting;
use crate::model::{Call, Groups};
use crate::sources::libvirt::explain;
use crate::sources::libvirt::ffi::{Connection, Domain, LibvirtError, Records};
use virt::sys;

/// Reads groups of all domains, or of all active ones. The call can fail as a whole if a domain ends meanwhile, so it is made
/// once more then.
pub(crate) fn of_all(connection: &Connection, groups: Groups, active_only: bool) -> Result<Records<'_>, LibvirtError> {
    let active = if active_only { sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE } else { 0 };
    let attempt = || {
        without_waiting(&connection.nowait, |nowait| connection.all_domain_stats(raw_groups(groups), active | nowait))
    };
    attempt().or_else(|error| match error.code as u32 {
        sys::VIR_ERR_SYSTEM_ERROR | sys::VIR_ERR_NO_DOMAIN | sys::VIR_ERR_OPERATION_INVALID
            if connection.is_alive() =>
        {
            attempt()
        }
        _ => Err(error),
    })
}

/// Reads groups of some domains in one call, and once more if it fails.
pub(crate) fn of_some<'connection>(
    connection: &'connection Connection,
    domains: &[Domain<'_>],
    groups: Groups,
) -> Result<Records<'connection>, LibvirtError> {
    let attempt =
        || without_waiting(&connection.nowait, |nowait| connection.stats_of(domains, raw_groups(groups), nowait));
    attempt().or_else(|error| if connection.is_alive() { attempt() } else { Err(error) })
}

/// True if the error says that the driver has no bulk call.
pub(crate) fn is_missing(error: &LibvirtError) -> bool {
    explain::is_unsupported(Call::BulkStats, error)
}

/// `virDomainStatsTypes`. The state is always requested: it costs nothing, and other values mean little without it.
fn raw_groups(groups: Groups) -> u32 {
    [
        (Groups::CPU, sys::VIR_DOMAIN_STATS_CPU_TOTAL),
        (Groups::MEMORY, sys::VIR_DOMAIN_STATS_BALLOON),
        (Groups::VCPU, sys::VIR_DOMAIN_STATS_VCPU),
        (Groups::NET, sys::VIR_DOMAIN_STATS_INTERFACE),
        (Groups::BLOCK, sys::VIR_DOMAIN_STATS_BLOCK),
    ]
    .into_iter()
    .filter(|(group, _)| groups.contains(*group))
    .fold(sys::VIR_DOMAIN_STATS_STATE, |raw, (_, bit)| raw | bit)
}
