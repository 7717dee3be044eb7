//! Why a figure is missing. A missing figure is never shown as 0; the reason is shown in its place.

use crate::fleet::metric::{DomainMetric, Metric};
use crate::fleet::{Condition, Domain, Host, When};
use crate::model::{BlockSample, BlockedBy, Call, DomainState, Groups, UnsupportedCall};
use crate::text::shell_word;
use std::time::Duration;

/// Why a figure of a domain is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The domain did not exist at that time.
    NoDomain,
    /// The domain does not run; its state.
    NotActive(DomainState),
    /// There is no figure at that time. The history does not keep why.
    NoPastValue,
    /// The domain is blocked; the age of its last reading.
    Blocked(BlockedBy, Duration),
    /// The driver does not support the call; its error message.
    Unsupported(String),
    /// The call failed for this domain; its error message.
    CallFailed(String),
    /// Another job held the domain, so libvirt left these groups out of its last answer.
    Unanswered(Groups),
    /// The group was not read yet.
    NotSampled,
    /// The group was read once; a rate needs two readings.
    FirstReading,
    /// The domain's definition has no balloon device.
    NoBalloonDevice,
    /// The balloon's statistics period is 0.
    NoBalloonPeriod,
    /// The balloon has a period, but the guest's driver returns no figures.
    NoBalloonDriver,
    /// The domain has no such device.
    NoDevice,
    /// It has such devices, but no counters of them exist; with the reason, taken from the first of them.
    NotCountedDevice(&'static str),
    /// No request ended in this interval, so there is no mean time of one.
    NoRequest,
    /// The driver does not return this counter.
    NotCounted,
    /// The counter fell, or appeared in this interval.
    CounterReset,
}

impl Missing {
    /// The reason in one line, with what to do where something can be done.
    pub fn describe(&self, domain: &Domain) -> String {
        match self {
            Self::Blocked(by, age) => format!("{}; last read {} s ago", by.describe(), age.as_secs()),
            Self::NoDomain => "the domain did not exist then".into(),
            Self::NotActive(state) => format!("the domain is {}", state.name()),
            Self::NoPastValue => "no value at that time".into(),
            Self::Unsupported(reason) | Self::CallFailed(reason) => reason.clone(),
            Self::Unanswered(groups) => unanswered(*groups),
            Self::NotSampled => "not read yet".into(),
            Self::FirstReading => "a rate needs two readings".into(),
            Self::NoBalloonDevice => "no balloon device in its definition".into(),
            Self::NoBalloonPeriod => {
                let name = shell_word(&domain.name);
                format!("guest statistics are off; turn them on: virsh dommemstat {name} --period 1 --live")
            }
            Self::NoBalloonDriver => "the guest's balloon driver returns no values".into(),
            Self::NoDevice => "it has no such device".into(),
            Self::NotCountedDevice(reason) => (*reason).into(),
            Self::NoRequest => "no request in this interval".into(),
            Self::NotCounted => "this driver does not count it".into(),
            Self::CounterReset => "not counted, or the counter was reset".into(),
        }
    }
}

impl Domain {
    /// Why a figure is missing. Only for a figure that is missing.
    pub fn missing(&self, host: &Host, metric: DomainMetric, when: When) -> Missing {
        use DomainMetric::*;
        let group = metric.group();
        let calls: &[Call] = match metric {
            Steal | Vcpus | OtherThreads => &[Call::BulkStats, Call::Vcpus],
            WorstLatency => &[Call::BlockStatsFlags, Call::BlockStats],
            _ if group == Groups::CPU => &[Call::CpuStatsTotal, Call::DomainInfo],
            _ if group == Groups::MEMORY => &[Call::MemoryStats],
            _ if group == Groups::BLOCK => &[Call::BlockStats],
            _ => &[Call::InterfaceStats],
        };
        let Some(Condition { state, blocked, .. }) = self.condition(when) else { return Missing::NoDomain };
        if !state.is_active() {
            return Missing::NotActive(state);
        }
        let is_missing = match when {
            When::Latest => !self.answered.contains(group),
            When::Tick(..) => self.series.value(metric, when).is_none(),
        };
        if let Some(blocked) = blocked.filter(|_| is_missing) {
            let last = if when == When::Latest { self.read_at(group) } else { None };
            return Missing::Blocked(blocked.by, self.age_of(last.unwrap_or(blocked.since), when));
        }
        if let Some(reason) = calls.iter().find_map(|&call| host.unsupported(call)) {
            return Missing::Unsupported(reason.to_owned());
        }
        if when != When::Latest {
            return Missing::NoPastValue;
        }
        if self.unanswered.contains(group) && !self.answered.contains(group) {
            return Missing::Unanswered(self.unanswered);
        }
        let is_for_metric = |unsupported: &&UnsupportedCall| calls.contains(&unsupported.call);
        if let Some(unsupported) = self.unsupported.iter().find(is_for_metric) {
            return Missing::CallFailed(unsupported.reason.clone());
        }
        if self.read_at(group).is_none() {
            return Missing::NotSampled;
        }
        let no_device = match group {
            Groups::BLOCK => no_counted_device(self.disks.iter().map(|disk| disk.reason)),
            Groups::NET => no_counted_device(self.nics.iter().map(|nic| nic.reason)),
            _ => None,
        };
        if let Some(no_device) = no_device {
            return no_device;
        }
        match metric {
            MemoryUsed | MemoryAvailable | MemoryCached | SwapIn | SwapOut | MajorFaults => {
                self.missing_guest_memory(metric)
            }
            MemoryGiven | Rss => Missing::CounterReset,
            Steal if self.vcpus.iter().all(|vcpu| vcpu.sample.is_some_and(|sample| sample.delay.is_none())) => {
                Missing::NotCounted
            }
            WorstLatency if self.disks.iter().filter_map(|disk| disk.sample.as_ref()).all(counts_no_time) => {
                Missing::NotCounted
            }
            _ if self.readings(group) < 2 => Missing::FirstReading,
            WorstLatency => Missing::NoRequest,
            _ => Missing::CounterReset,
        }
    }

    fn missing_guest_memory(&self, metric: DomainMetric) -> Missing {
        let definition = self.definition.as_deref();
        let has_balloon = |model: Option<&str>| model.is_some_and(|model| model != "none");
        if definition.is_some_and(|definition| !has_balloon(definition.balloon_model.as_deref())) {
            Missing::NoBalloonDevice
        } else if definition.is_some_and(|definition| definition.balloon_period.is_none_or(|period| period.is_zero())) {
            Missing::NoBalloonPeriod
        } else if self.has_guest_counter(metric) {
            if self.readings(Groups::MEMORY) < 2 { Missing::FirstReading } else { Missing::CounterReset }
        } else {
            Missing::NoBalloonDriver
        }
    }

    fn has_guest_counter(&self, metric: DomainMetric) -> bool {
        match metric {
            DomainMetric::SwapIn => self.memory.swap_in.is_some(),
            DomainMetric::SwapOut => self.memory.swap_out.is_some(),
            DomainMetric::MajorFaults => self.memory.major_faults.is_some(),
            _ => false,
        }
    }
}

/// Why figures of devices with these reasons are missing, if no device is counted. `None`: one is.
fn no_counted_device(reasons: impl Iterator<Item = Option<&'static str>>) -> Option<Missing> {
    let reasons: Option<Vec<_>> = reasons.collect();
    Some(reasons?.first().map_or(Missing::NoDevice, |reason| Missing::NotCountedDevice(reason)))
}

/// Whether no request of the disk has a time.
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
