//! Hosts that failed before they were ever reached. If all hosts fail at the start, the program ends.

use super::fleet::Fleet;
use super::id::HostId;
use crate::model::Failure;
use std::collections::BTreeMap;

/// The last failure of each host that was not reached.
#[derive(Clone, Debug, Default)]
pub struct Unreached(BTreeMap<HostId, Failure>);

/// A host that was never reached, and its last failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreachedHost {
    /// The name of the host.
    pub name: String,
    /// Why it was not reached.
    pub failure: Failure,
}

impl Unreached {
    /// A host has failed. Returns all hosts if all have failed and none was ever reached: then the program ends.
    pub fn add(&mut self, fleet: &Fleet, host: HostId, failure: Failure) -> Option<Vec<UnreachedHost>> {
        self.0.insert(host, failure);
        let failed = |host: HostId| {
            let failure = self.0.get(&host)?.clone();
            Some(UnreachedHost { name: fleet.host_name(host).to_owned(), failure })
        };
        let unreached = fleet.hosts().iter().filter(|host| host.info.is_none());
        let failures: Vec<_> = unreached.map_while(|host| failed(host.id)).collect();
        (failures.len() == fleet.hosts().len()).then_some(failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HostUpdate;
    use crate::time::Timestamp;
    use std::sync::Arc;
    use std::time::Duration;

    fn failure(message: &str) -> Failure {
        let at = Timestamp::at(Duration::ZERO, jiff::Timestamp::UNIX_EPOCH);
        Failure { message: message.to_owned(), advice: None, retry_in: None, at, is_bug: false }
    }

    fn fleet(hosts: &[&str]) -> Fleet {
        let mut fleet = Fleet::new(0);
        hosts.iter().for_each(|name| _ = fleet.add_host(name));
        fleet
    }

    #[test]
    fn a_single_host_ends_the_program_with_its_first_failure() {
        let all = Unreached::default().add(&fleet(&["a"]), 0, failure("refused")).unwrap();
        assert_eq!(all, [UnreachedHost { name: "a".to_owned(), failure: failure("refused") }]);
    }

    #[test]
    fn several_hosts_end_the_program_when_all_have_failed() {
        let fleet = fleet(&["a", "b"]);
        let mut unreached = Unreached::default();
        assert_eq!(unreached.add(&fleet, 1, failure("refused")), None);
        assert_eq!(unreached.add(&fleet, 1, failure("no route")), None);
        let all = unreached.add(&fleet, 0, failure("no such host")).unwrap();
        let words: Vec<_> = all.iter().map(|host| (host.name.as_str(), host.failure.message.as_str())).collect();
        assert_eq!(words, [("a", "no such host"), ("b", "no route")]);
    }

    #[test]
    fn a_host_that_was_reached_keeps_the_program_running() {
        let mut fleet = fleet(&["a", "b"]);
        fleet.apply(1, HostUpdate::Connected(Arc::default()));
        let mut unreached = Unreached::default();
        assert_eq!(unreached.add(&fleet, 0, failure("refused")), None);
        assert_eq!(unreached.add(&fleet, 1, failure("gone")), None);
    }
}
