//! The worst findings of all hosts.

use super::Finding;
use crate::fleet::{DomainId, Fleet, TimeCursor};
use std::time::Duration;

impl Fleet {
    /// All findings of all domains, the worst first. `seen`: as in [`Domain::findings`](crate::fleet::Domain::findings), for each domain.
    pub fn findings(
        &self,
        cursor: TimeCursor,
        seen: impl Fn(DomainId) -> Option<Duration>,
    ) -> Vec<(DomainId, Finding<'_>)> {
        let mut findings = Vec::new();
        for host in self.hosts() {
            let when = host.timeline.when(cursor);
            let consumers = host.top_consumers(when);
            for domain in host.domains.values() {
                let id = DomainId { host: host.id, uuid: domain.uuid };
                domain.each_finding(when, seen(id), &consumers, |finding| findings.push((id, finding)));
            }
        }
        findings.sort_by(|(_, left), (_, right)| left.worst_first(right));
        findings
    }

    /// The domains with the `most` worst findings, the worst first; each domain once.
    pub fn worst_domains(
        &self,
        cursor: TimeCursor,
        seen: impl Fn(DomainId) -> Option<Duration>,
        most: usize,
    ) -> Vec<DomainId> {
        let mut domains = Vec::new();
        for (id, _) in self.findings(cursor, seen).into_iter().take(most) {
            if !domains.contains(&id) {
                domains.push(id);
            }
        }
        domains
    }
}
