//! The encoder of CSV.

use super::row::RowWriter;
use super::table::Table;
use crate::fleet::{Disk, Domain, Host, Nic, Vcpu};
use crate::model::{Event, EventKind};
use crate::outputs::encoder::{Encoder, Rows};
use crate::outputs::entries::{DiskEntry, DomainEntry, EventEntry, HostEntry, NicEntry, VcpuEntry};
use crate::outputs::fields::{Entry, Fields, Value};
use crate::outputs::report::{Content, Record};
use crate::table::{DeviceKey, List};
use crate::time::Timestamp;
use std::io;
use std::time::Duration;
use uuid::Uuid;

/// Writes one table: the headings with the first record, then rows. While a host cannot be reached, only
/// [`Table::Events`] has rows.
#[derive(Clone, Debug)]
pub struct Csv {
    table: Table,
    headings_written: bool,
}

impl Csv {
    /// An encoder that has written nothing yet.
    pub fn new(table: Table) -> Self {
        Self { table, headings_written: false }
    }

    fn headings(&self, rows: &mut RowWriter<'_>) -> io::Result<()> {
        match self.table {
            Table::Host => rows.headings(&HostRow::default()),
            Table::Domains => rows.headings(&domain_row(Place::default(), None, None)),
            Table::Disks => rows.headings(&device_row(Place::default(), None, "disk", None::<&str>, DiskEntry(None))),
            Table::Nics => rows.headings(&device_row(Place::default(), None, "nic", None::<&str>, NicEntry(None))),
            Table::Vcpus => rows.headings(&device_row(Place::default(), None, "vcpu", None::<u32>, VcpuEntry(None))),
            Table::Events => rows.headings(&EventRow::default()),
        }
    }

    fn sample<'a>(&self, record: &Record<'a>, elapsed: Option<Duration>, rows: &mut RowWriter<'_>) -> io::Result<()> {
        let place = Place::of(record);
        match self.table {
            Table::Events => {}
            Table::Host => rows.values(&HostRow { place, elapsed, host: Some(record.host) })?,
            Table::Domains => {
                for domain in record.domains() {
                    rows.values(&domain_row(place, Some(domain), record.host.cpus()))?;
                }
            }
            Table::Disks => {
                let key = |disk: &Disk| DeviceKey::Disk(disk.key.clone());
                for (domain, disk) in record.devices(List::Disks, |domain| domain.disks.iter(), key) {
                    rows.values(&device_row(place, Some(domain), "disk", Some(&*disk.key), DiskEntry(Some(disk))))?;
                }
            }
            Table::Nics => {
                let key = |nic: &Nic| DeviceKey::Nic(nic.key.clone());
                for (domain, nic) in record.devices(List::Nics, |domain| domain.nics.iter(), key) {
                    rows.values(&device_row(place, Some(domain), "nic", Some(&*nic.key), NicEntry(Some(nic))))?;
                }
            }
            Table::Vcpus => {
                let read = |domain: &'a Domain| domain.vcpus.iter().filter(|vcpu| vcpu.sample.is_some());
                let vcpus = record.devices(List::Vcpus, read, |vcpu: &Vcpu| DeviceKey::Vcpu(vcpu.key));
                for (domain, vcpu) in vcpus {
                    rows.values(&device_row(place, Some(domain), "vcpu", Some(vcpu.key), VcpuEntry(Some(vcpu))))?;
                }
            }
        }
        Ok(())
    }

    fn events(&self, record: &Record<'_>, rows: &mut RowWriter<'_>) -> io::Result<()> {
        let host = host_name(record.host);
        if record.events_left_out > 0 {
            let event = Event { at: record.at, domain: None, kind: EventKind::LeftOut(record.events_left_out) };
            rows.values(&EventRow { place: Place::of(record), event: Some(&event) })?;
        }
        record.events.iter().try_for_each(|event| {
            rows.values(&EventRow { place: Place { at: Some(event.at), host }, event: Some(event) })
        })
    }
}

impl Encoder for Csv {
    fn encode(&mut self, record: &Record<'_>, rows: &mut Rows) -> io::Result<()> {
        let mut rows = RowWriter::new(rows);
        if !std::mem::replace(&mut self.headings_written, true) {
            self.headings(&mut rows)?;
        }
        if self.table == Table::Events {
            self.events(record, &mut rows)?;
        }
        match record.content {
            Content::Sample { elapsed } => self.sample(record, elapsed, &mut rows),
            Content::Failure { .. } => Ok(()),
        }
    }
}

/// The first columns of every row.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    at: Option<Timestamp>,
    host: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(record: &Record<'a>) -> Self {
        Self { at: Some(record.at), host: host_name(record.host) }
    }
}

impl Entry for Place<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        fields.value("time", self.at)?;
        fields.value("host", self.host)
    }
}

/// The hostname; before the host was ever reached, what the user calls the host.
fn host_name(host: &Host) -> Option<&str> {
    let hostname = host.info.as_deref().map(|info| info.hostname.as_str());
    hostname.or(Some(host.name.as_str()).filter(|name| !name.is_empty()))
}

#[derive(Default)]
struct HostRow<'a> {
    place: Place<'a>,
    elapsed: Option<Duration>,
    host: Option<&'a Host>,
}

impl Entry for HostRow<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        self.place.write(fields)?;
        fields.value("elapsed_seconds", self.elapsed.map(|elapsed| elapsed.as_secs_f64()))?;
        HostEntry { host: self.host, sampled: true }.write(fields)
    }
}

/// A row that belongs to a domain: of the domain itself, or of a device, which then has a column for its name.
struct DomainRow<'a, E> {
    place: Place<'a>,
    domain: Option<&'a Domain>,
    device: Option<(&'static str, Value<'a>)>,
    entry: E,
}

fn domain_row<'a>(
    place: Place<'a>,
    domain: Option<&'a Domain>,
    host_cpus: Option<u32>,
) -> DomainRow<'a, DomainEntry<'a>> {
    DomainRow { place, domain, device: None, entry: DomainEntry { domain, host_cpus } }
}

fn device_row<'a, E: Entry>(
    place: Place<'a>,
    domain: Option<&'a Domain>,
    kind: &'static str,
    name: Option<impl Into<Value<'a>>>,
    entry: E,
) -> DomainRow<'a, E> {
    DomainRow { place, domain, device: Some((kind, name.into())), entry }
}

impl<E: Entry> Entry for DomainRow<'_, E> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        self.place.write(fields)?;
        write_domain(fields, self.domain.map(|domain| (domain.uuid, domain.name.as_str())))?;
        if let Some((kind, name)) = &self.device {
            fields.value(kind, name.clone())?;
        }
        self.entry.write(fields)
    }
}

#[derive(Default)]
struct EventRow<'a> {
    place: Place<'a>,
    event: Option<&'a Event>,
}

impl Entry for EventRow<'_> {
    fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        self.place.write(fields)?;
        let domain = self.event.and_then(|event| event.domain.as_ref());
        write_domain(fields, domain.map(|domain| (domain.uuid, domain.name.as_str())))?;
        EventEntry(self.event).write(fields)
    }
}

fn write_domain<F: Fields>(fields: &mut F, domain: Option<(Uuid, &str)>) -> Result<(), F::Error> {
    fields.value("uuid", domain.map(|(uuid, _)| uuid.to_string()))?;
    fields.value("domain", domain.map(|(_, name)| name))
}
