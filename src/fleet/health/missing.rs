//! Why a figure is not there. Missing is never 0, and the reader is told the reason.

use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Condition, Domain, Host, When};
use crate::model::{BlockSample, BlockedBy, Call, DomainState, Groups, UnsupportedCall};
use std::time::Duration;

/// A reason, in the order in which a reader can act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It was not there then.
    NotThere,
    /// The domain is not running; its state.
    NotActive(DomainState),
    /// Of the past only the figures are kept.
    Then,
    /// Something holds the domain; so old are its last figures.
    Blocked(BlockedBy, Duration),
    /// The driver has no such call; its words.
    DriverLacks(String),
    /// The call failed for this domain; its words.
    CallFailed(String),
    /// Another job held the domain, so libvirt left these groups out of its last answer.
    Unanswered(Groups),
    /// Not asked for yet.
    NotSampled,
    /// A rate needs two readings.
    FirstReading,
    /// No balloon device in the guest's definition.
    NoBalloonDevice,
    /// The balloon's statistics period is off.
    NoBalloonPeriod,
    /// There is a period, but the guest's driver says nothing.
    SilentGuest,
    /// The domain has no such device.
    NoDevice,
    /// No request in this interval, so there is no mean time of one.
    NoRequest,
    /// The answer came without this counter.
    NotCounted,
    /// The counter fell or came new in this interval.
    NoGrowth,
}

impl Missing {
    /// One line for the operator, with the way out where there is one.
    pub fn describe(&self, domain: &Domain) -> String {
        match self {
            Self::Blocked(hold, age) => format!("{}; last figures {} s ago", hold.describe(), age.as_secs()),
            Self::NotThere => "it was not there then".into(),
            Self::NotActive(state) => format!("the domain is {}", state.name()),
            Self::Then => "there was no figure then".into(),
            Self::DriverLacks(reason) | Self::CallFailed(reason) => reason.clone(),
            Self::Unanswered(groups) => unanswered(*groups),
            Self::NotSampled => "not read yet".into(),
            Self::FirstReading => "a rate needs two readings".into(),
            Self::NoBalloonDevice => "no balloon device in its definition".into(),
            Self::NoBalloonPeriod => {
                format!("guest statistics are off: virsh dommemstat {} --period 1 --live", shell_word(&domain.name))
            }
            Self::SilentGuest => "no figures from the guest's balloon driver".into(),
            Self::NoDevice => "it has no such device with counters".into(),
            Self::NoRequest => "no request in this interval".into(),
            Self::NotCounted => "this driver does not count it".into(),
            Self::NoGrowth => "not counted here, or the counter was reset".into(),
        }
    }
}

impl Domain {
    /// Why a figure is missing; meant for figures that are.
    pub fn missing(&self, host: &Host, metric: DomainMetric, when: When) -> Missing {
        use DomainMetric::*;
        let group = metric.group();
        let calls: &[Call] = match metric {
            Steal => &[Call::BulkStats, Call::Vcpus],
            WorstLatency => &[Call::BlockStatsFlags, Call::BlockStats],
            _ if group == Groups::CPU => &[Call::CpuStatsTotal, Call::DomainInfo],
            _ if group == Groups::MEMORY => &[Call::MemoryStats],
            _ if group == Groups::BLOCK => &[Call::BlockStats],
            _ => &[Call::InterfaceStats],
        };
        let Some(Condition { state, blocked, .. }) = self.condition(when) else { return Missing::NotThere };
        if !state.is_active() {
            return Missing::NotActive(state);
        }
        let is_old = match when {
            When::Latest => !self.answered.contains(group),
            When::Tick(..) => self.series.value(metric, when).is_none(),
        };
        if let Some(blocked) = blocked.filter(|_| is_old) {
            let last = if when == When::Latest { self.read_at(group) } else { None };
            return Missing::Blocked(blocked.by, self.age_of(last.unwrap_or(blocked.since), when));
        }
        if let Some(reason) = calls.iter().find_map(|&call| host.unsupported(call)) {
            return Missing::DriverLacks(reason.to_owned());
        }
        if when != When::Latest {
            return Missing::Then;
        }
        if self.unanswered.contains(group) && !self.answered.contains(group) {
            return Missing::Unanswered(self.unanswered);
        }
        let is_it = |unsupported: &&UnsupportedCall| calls.contains(&unsupported.call);
        if let Some(unsupported) = self.unsupported.iter().find(is_it) {
            return Missing::CallFailed(unsupported.reason.clone());
        }
        if self.read_at(group).is_none() {
            return Missing::NotSampled;
        }
        match metric {
            MemoryUsed | MemoryAvailable | MemoryCached | SwapIn | SwapOut | MajorFaults => {
                self.missing_guest_memory(metric)
            }
            DiskRead | DiskWrite | ReadRequests | WriteRequests | WorstLatency if self.disks.is_empty() => {
                Missing::NoDevice
            }
            NetRx | NetTx | RxPackets | TxPackets | NetDrops | NetErrors if self.nics.is_empty() => Missing::NoDevice,
            MemoryGiven | Rss => Missing::NoGrowth,
            Steal if self.vcpus.iter().all(|vcpu| vcpu.sample.is_some_and(|sample| sample.delay.is_none())) => {
                Missing::NotCounted
            }
            WorstLatency if self.disks.iter().all(|disk| disk.sample.as_ref().is_some_and(counts_no_time)) => {
                Missing::NotCounted
            }
            _ if self.readings(group) < 2 => Missing::FirstReading,
            WorstLatency => Missing::NoRequest,
            _ => Missing::NoGrowth,
        }
    }

    fn missing_guest_memory(&self, metric: DomainMetric) -> Missing {
        let definition = self.definition.as_deref();
        let has_balloon = |model: Option<&str>| model.is_some_and(|model| model != "none");
        if definition.is_some_and(|definition| !has_balloon(definition.balloon_model.as_deref())) {
            Missing::NoBalloonDevice
        } else if definition.is_some_and(|definition| definition.balloon_period.is_none_or(|period| period.is_zero())) {
            Missing::NoBalloonPeriod
        } else if matches!(metric, DomainMetric::SwapIn | DomainMetric::SwapOut) && self.memory.swap_in.is_some() {
            if self.readings(Groups::MEMORY) < 2 { Missing::FirstReading } else { Missing::NoGrowth }
        } else {
            Missing::SilentGuest
        }
    }
}

fn counts_no_time(disk: &BlockSample) -> bool {
    [disk.read_time, disk.write_time, disk.flush_time].iter().all(Option::is_none)
}

/// Why `groups` were left out of libvirt's answer, in words for the operator.
fn unanswered(groups: Groups) -> String {
    let names = [
        (Groups::CPU, "CPU"),
        (Groups::MEMORY, "memory"),
        (Groups::VCPU, "vCPUs"),
        (Groups::NET, "network"),
        (Groups::BLOCK, "disks"),
    ];
    let names = names.into_iter().filter(|(group, _)| groups.contains(*group)).map(|(_, name)| name);
    let names = names.collect::<Vec<_>>().join(", ");
    format!("no answer on {names} now: another job holds the domain, or its QEMU does not answer")
}

/// A name as one word of a shell, for a command that the operator copies.
fn shell_word(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+:@%/".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_copied_command_is_safe() {
        assert_eq!(shell_word("web-01"), "web-01");
        assert_eq!(shell_word("a b; rm 'x'"), r"'a b; rm '\''x'\'''");
        assert_eq!(shell_word(""), "''");
    }
}
