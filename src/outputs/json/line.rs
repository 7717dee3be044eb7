//! One line: a record as a JSON object.

use super::object::{Array, Keys, Named};
use crate::fleet::Domain;
use crate::model::{Event, UnsupportedCall};
use crate::outputs::entries::{DiskEntry, DomainEntry, EventEntry, HostCpuEntry, HostEntry, NicEntry, VcpuEntry};
use crate::outputs::fields::{Entry, Value};
use crate::outputs::report::{Content, Record};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::time::Duration;

/// The version of the keys. It grows when a key or a value changes its meaning or goes away, not for a new key.
pub const SCHEMA_VERSION: u32 = 1;

/// A record.
pub(super) struct Line<'a>(pub(super) &'a Record<'a>);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Record { host, at, content, events, events_left_out, .. } = self.0;
        let sampled = matches!(content, Content::Sample { .. });
        let elapsed = match content {
            Content::Sample { elapsed } => *elapsed,
            Content::Failure { .. } => None,
        };
        let info = host.info.as_deref();
        let domains = sampled.then(|| self.0.domains());
        let domains = domains.as_ref().map(|domains| Array(domains.iter().map(|d| DomainLine(d, host.cpus()))));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("time", &Value::from(*at))?;
        map.serialize_entry("elapsed_seconds", &elapsed.map(|elapsed| elapsed.as_secs_f64()))?;
        map.serialize_entry(
            "host",
            &Named {
                key: "hostname",
                name: info.map(|info| &info.hostname),
                entry: HostEntry { host: Some(host), sampled },
            },
        )?;
        map.serialize_entry("domains", &domains)?;
        map.serialize_entry("events", &Array(events.iter().map(|event| EventLine(event))))?;
        map.serialize_entry("events_left_out", events_left_out)?;
        map.serialize_entry("unsupported", &sampled.then(|| unsupported(&host.unsupported)))?;
        map.serialize_entry("error", &ErrorLine::new(content))?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct ErrorLine<'a> {
    message: &'a str,
    advice: Option<&'a str>,
    retry_in_seconds: Option<f64>,
}

impl<'a> ErrorLine<'a> {
    fn new(content: &Content<'a>) -> Option<Self> {
        match *content {
            Content::Sample { .. } => None,
            Content::Failure { message, advice, retry_in } => {
                Some(Self { message, advice, retry_in_seconds: retry_in.as_ref().map(Duration::as_secs_f64) })
            }
        }
    }
}

/// A domain, and the number of host CPUs.
struct DomainLine<'a>(&'a Domain, Option<u32>);

impl Serialize for DomainLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(domain, host_cpus) = *self;
        let vcpus = domain.vcpus.iter().filter(|vcpu| vcpu.sample.is_some());
        let vcpus = vcpus.map(|vcpu| Named { key: "number", name: vcpu.key, entry: VcpuEntry(Some(vcpu)) });
        let disks = domain.disks.iter();
        let disks = disks.map(|disk| Named { key: "name", name: &*disk.key, entry: DiskEntry(Some(disk)) });
        let nics = domain.nics.iter();
        let nics = nics.map(|nic| Named { key: "name", name: &*nic.key, entry: NicEntry(Some(nic)) });
        let cpus = domain.host_cpus.iter();
        let cpus = cpus.map(|cpu| Named { key: "number", name: cpu.key, entry: HostCpuEntry(Some(cpu)) });
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("uuid", &Value::from(domain.uuid.to_string()))?;
        map.serialize_entry("name", &*domain.name)?;
        DomainEntry { domain: Some(domain), host_cpus }.write(&mut Keys(&mut map))?;
        map.serialize_entry("vcpus", &Array(vcpus))?;
        map.serialize_entry("disks", &Array(disks))?;
        map.serialize_entry("nics", &Array(nics))?;
        map.serialize_entry("host_cpus", &(!domain.host_cpus.is_empty()).then_some(Array(cpus)))?;
        map.serialize_entry("unsupported", &unsupported(&domain.unsupported))?;
        map.end()
    }
}

struct EventLine<'a>(&'a Event);

impl Serialize for EventLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let domain = self.0.domain.as_ref();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("time", &Value::from(self.0.at))?;
        map.serialize_entry("uuid", &domain.map(|domain| domain.uuid.to_string()))?;
        map.serialize_entry("name", &domain.map(|domain| &domain.name))?;
        EventEntry(Some(self.0)).write(&mut Keys(&mut map))?;
        map.end()
    }
}

fn unsupported(calls: &[UnsupportedCall]) -> Array<impl Iterator<Item = UnsupportedLine<'_>> + Clone> {
    Array(calls.iter().map(|call| UnsupportedLine { call: call.call.name(), reason: &call.reason }))
}

#[derive(serde::Serialize)]
struct UnsupportedLine<'a> {
    call: &'static str,
    reason: &'a str,
}
