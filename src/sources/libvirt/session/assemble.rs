//! The last steps of every sample, by whichever calls it was read.

use crate::model::{DomainSample, HostSample, NodeSample};
use crate::sources::Request;
use crate::sources::libvirt::definition::Definitions;
use crate::sources::libvirt::stats::unsupported::UnsupportedCalls;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The sample of a host from its parts, with the definition of each domain.
pub(super) fn assemble(
    request: &Request,
    at: Timestamp,
    node: NodeSample,
    mut domains: BTreeMap<Uuid, DomainSample>,
    definitions: &mut Definitions,
    unsupported: &UnsupportedCalls,
) -> HostSample {
    definitions.keep(|uuid| domains.contains_key(uuid));
    for (uuid, domain) in &mut domains {
        let (definition, failure) = definitions.get(uuid);
        domain.definition = definition;
        domain.unsupported.extend(failure.cloned());
    }
    HostSample { at, kind: request.kind, requested: request.groups, node, domains, unsupported: unsupported.shared() }
}
