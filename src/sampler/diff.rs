//! The difference of two samples, and its inverse.

use crate::model::{DomainDefinition, DomainSample, HostSample, SampleDelta};
use std::sync::Arc;

/// The difference of `now` from `before`, the sample that was sent last. A domain that is in neither list of the difference was
/// read again with the same figures. The `answered` groups of a domain are compared too: a state-only sample answers only
/// [`Groups::STATE`](crate::model::Groups::STATE), so it has every active domain in `changed`, and so has the full sample after it.
pub fn diff(before: &HostSample, now: &HostSample) -> SampleDelta {
    let mut appeared = Vec::new();
    let mut changed = Vec::new();
    for (uuid, domain) in &now.domains {
        match before.domains.get(uuid) {
            None => appeared.push((*uuid, domain.clone())),
            Some(old) if !same(old, domain) => changed.push((*uuid, domain.clone())),
            Some(_) => {}
        }
    }
    let vanished = before.domains.keys().filter(|uuid| !now.domains.contains_key(uuid)).copied().collect();
    SampleDelta {
        at: now.at,
        kind: now.kind,
        requested: now.requested,
        node: now.node.clone(),
        appeared,
        vanished,
        changed,
        unsupported: now.unsupported.clone(),
    }
}

/// The sample after `before`, computed from the difference of the two: the inverse of [`diff`].
pub fn apply(mut before: HostSample, delta: SampleDelta) -> HostSample {
    for uuid in &delta.vanished {
        before.domains.remove(uuid);
    }
    before.domains.extend(delta.appeared);
    before.domains.extend(delta.changed);
    HostSample {
        at: delta.at,
        kind: delta.kind,
        requested: delta.requested,
        node: delta.node,
        domains: before.domains,
        unsupported: delta.unsupported,
    }
}

/// Whether two readings of a domain are equal. Definitions that are the same allocation are not compared in detail.
fn same(left: &DomainSample, right: &DomainSample) -> bool {
    // With a name for each field, the compiler finds a new one that is missing here.
    let DomainSample {
        name,
        run,
        state,
        reason,
        definition,
        answered,
        unanswered,
        local,
        extra,
        own_time,
        cpu,
        allowed_cpus,
        vcpus,
        host_cpus,
        memory,
        disks,
        nics,
        unsupported,
        blocked,
    } = left;
    *answered == right.answered
        && *unanswered == right.unanswered
        && *local == right.local
        && *extra == right.extra
        && *own_time == right.own_time
        && *cpu == right.cpu
        && *run == right.run
        && *state == right.state
        && *reason == right.reason
        && *memory == right.memory
        && *disks == right.disks
        && *nics == right.nics
        && *vcpus == right.vcpus
        && *host_cpus == right.host_cpus
        && *allowed_cpus == right.allowed_cpus
        && *name == right.name
        && *unsupported == right.unsupported
        && *blocked == right.blocked
        && same_definition(definition.as_ref(), right.definition.as_ref())
}

fn same_definition(left: Option<&Arc<DomainDefinition>>, right: Option<&Arc<DomainDefinition>>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => Arc::ptr_eq(left, right) || left == right,
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        BlockSample, Call, Counter, CpuTimes, DomainState, Groups, NetSample, NodeSample, SampleKind, StateReason,
        UnsupportedCall, VcpuSample,
    };
    use crate::time::Timestamp;
    use crate::units::{Bytes, Nanoseconds};
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::time::Duration;
    use uuid::Uuid;

    fn counter(value: u8) -> Option<Counter<Nanoseconds>> {
        value.checked_sub(1).map(|value| Counter(Nanoseconds(value.into())))
    }

    prop_compose! {
        /// Values of small ranges, so that two samples often have the same.
        fn domain()(
            name in "[ab]", run in 0u32..3, state in 0i64..6, answered in 0u32..3, figures in prop::array::uniform5(0u8..3),
        ) -> DomainSample {
            let [cpu, disk, nic, vcpu, other] = figures;
            let mut sample =
                DomainSample::new(name, run.checked_sub(1), DomainState::from_raw(state), StateReason(state));
            sample.answered = Groups::STATE | Groups::from_bits_truncate(answered << 1);
            sample.unanswered = Groups::from_bits_truncate(u32::from(other) << 2);
            sample.cpu.time = counter(cpu);
            sample.disks = (0..disk)
                .map(|index| BlockSample { name: compact_str::format_compact!("vd{index}"), read_time: counter(cpu), ..BlockSample::default() })
                .collect();
            sample.nics = (0..nic).map(|index| NetSample { name: compact_str::format_compact!("vnet{index}"), ..NetSample::default() }).collect();
            sample.vcpus.insert(vcpu.into(), VcpuSample { delay: counter(vcpu), ..VcpuSample::default() });
            sample.host_cpus = vec![Counter(Nanoseconds(1)); other.into()];
            sample.memory.rss = other.checked_sub(1).map(|bytes| Bytes(bytes.into()));
            sample.unsupported = (0..other).map(|_| UnsupportedCall { call: Call::Vcpus, reason: "x".into() }).collect();
            sample.definition = vcpu.checked_sub(1).map(|title| {
                Arc::new(DomainDefinition { title: Some(title.to_string()), ..DomainDefinition::default() })
            });
            sample
        }
    }

    prop_compose! {
        fn host()(
            seconds in 0u64..5, requested in 0u32..64, cpu in prop::option::of(0u64..3),
            kind in prop::bool::ANY, domains in prop::collection::btree_map(0u128..6, domain(), 0..6), unsupported in 0usize..2,
        ) -> HostSample {
            let time = |value| Counter(Nanoseconds(value));
            HostSample {
                at: Timestamp::at(Duration::from_secs(seconds), jiff::Timestamp::UNIX_EPOCH),
                kind: if kind { SampleKind::Full } else { SampleKind::StateOnly },
                requested: Groups::from_bits_truncate(requested),
                node: NodeSample {
                    cpu: cpu.map(|value| CpuTimes { kernel: time(value), user: time(0), idle: time(0), iowait: Some(time(0)) }),
                    memory: None,
                },
                domains: domains.into_iter().map(|(uuid, domain)| (Uuid::from_u128(uuid), domain)).collect(),
                unsupported: Arc::new(vec![UnsupportedCall { call: Call::BulkStats, reason: String::new() }; unsupported]),
            }
        }
    }

    proptest! {
        #[test]
        fn applying_a_difference_gives_the_other_sample(before in host(), now in host()) {
            let delta = diff(&before, &now);
            prop_assert!(delta.changed.is_sorted_by(|left, right| left.0 < right.0));
            prop_assert_eq!(apply(before, delta), now);
        }

        #[test]
        fn a_sample_has_no_difference_from_itself(sample in host()) {
            let delta = diff(&sample, &sample.clone());
            prop_assert!(delta.appeared.is_empty() && delta.vanished.is_empty() && delta.changed.is_empty());
        }
    }

    fn one(domain: DomainSample) -> HostSample {
        HostSample {
            at: Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH),
            kind: SampleKind::Full,
            requested: domain.answered,
            node: NodeSample::default(),
            domains: BTreeMap::from([(Uuid::nil(), domain)]),
            unsupported: Arc::default(),
        }
    }

    #[test]
    fn an_equal_definition_that_was_read_again_is_no_change() {
        let mut domain = DomainSample::new("a", None, DomainState::ShutOff, StateReason(1));
        domain.definition = Some(Arc::default());
        let before = one(domain.clone());
        domain.definition = Some(Arc::default());
        assert!(diff(&before, &one(domain.clone())).changed.is_empty());
        domain.definition = Some(Arc::new(DomainDefinition { title: Some("b".into()), ..Default::default() }));
        assert_eq!(diff(&before, &one(domain)).changed.len(), 1);
    }

    #[test]
    fn a_sample_of_the_states_names_active_domains_and_so_does_the_full_sample_after_it() {
        let states = DomainSample::new("a", Some(1), DomainState::Running, StateReason(1));
        let full = DomainSample { answered: Groups::OVERVIEW, ..states.clone() };
        let (full, states) = (one(full), one(states));
        assert_eq!(diff(&full, &states).changed.len(), 1);
        assert_eq!(diff(&states, &full).changed.len(), 1);
        assert!(diff(&states, &states).changed.is_empty());
    }
}
